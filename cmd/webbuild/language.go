package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// words are what the widget says, by language, part and name: src/words of the widget. A
// visitor fetches those of one language only, in the file that says them.
type words map[string]map[string]map[string]any

// readWords reads a file for each language, each with all that the Swedish one has.
func readWords(dir string) (words, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	all := words{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var own map[string]map[string]any
		if err := json.Unmarshal(data, &own); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[strings.TrimSuffix(filepath.Base(name), ".json")] = own
	}
	if all["sv"] == nil {
		return nil, fmt.Errorf("no words of the widget in %s", dir)
	}
	var errs []error
	for l := range all {
		for _, fault := range all.compare(l) {
			errs = append(errs, fmt.Errorf("words in %q: %s", l, fault))
		}
	}
	return all, errors.Join(errs...)
}

// compare says what a language has not as Swedish has it: names, and places for what a
// sentence speaks of.
func (w words) compare(l string) (faults []string) {
	for part, named := range w["sv"] {
		for name, want := range named {
			faults = append(faults, compareText(part+"."+name, want, w[l][part][name])...)
		}
		for name := range w[l][part] {
			if _, known := named[name]; !known {
				faults = append(faults, part+"."+name+" is in no other language")
			}
		}
	}
	slices.Sort(faults)
	return faults
}

func compareText(at string, want, got any) (faults []string) {
	if forms, ok := want.(map[string]any); ok {
		own, _ := got.(map[string]any)
		for name, text := range forms {
			faults = append(faults, compareText(at+"."+name, text, own[name])...)
		}
		return faults
	}
	wanted, _ := want.(string)
	text, _ := got.(string)
	switch {
	case text == "" && wanted != "":
		return []string{at + " is missing"}
	case strings.Count(text, "{}") != strings.Count(wanted, "{}"):
		return []string{at + " speaks of something else: count its {}"}
	}
	return nil
}

// speak adds a file in each language: its words by the names that the code knows them by, then
// the code. It gives them all, to be hashed.
func (b *bundle) speak(w words, part, name string, code []byte, limit int) []byte {
	files := map[string][]byte{}
	heaviest := page{name: name, limit: limit}
	most := 0
	for l, all := range w {
		path := l + "/" + name
		files[path] = slices.Concat([]byte(`var LANG="`+l+`",WORDS=`), packed(all[part]), []byte(";"), code)
		if size := len(gzipped(files[path])); size > most {
			most, heaviest.files = size, []string{path}
		}
	}
	maps.Copy(b.files, files)
	b.pages = append(b.pages, heaviest)
	return joined(files)
}

// alone are the chat's words without its code, for a website that speaks another language than
// its page.
func (w words) alone() map[string][]byte {
	files := map[string][]byte{}
	for l, all := range w {
		files[l+"/words.js"] = slices.Concat([]byte("export const words="), packed(all["chat"]), []byte(";"))
	}
	return files
}

// openings are what the launcher does, by language, for the loader.
func (w words) openings() string {
	all := map[string]any{}
	for l := range w {
		all[l] = w[l]["chat"]["openChat"]
	}
	return string(packed(all))
}

// joined are files in the order of their names, as one.
func joined(files map[string][]byte) []byte {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(files)) {
		out.Write(files[name])
	}
	return out.Bytes()
}

// packed is a value as a script has it; what came from a file of JSON always goes into one.
func packed(v any) []byte {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	return bytes.TrimSpace(out.Bytes())
}
