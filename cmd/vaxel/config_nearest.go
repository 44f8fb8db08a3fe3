package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// plainly shows the line of a file that is no TOML, or has a value of another kind.
func plainly(err error) error {
	if at, ok := errors.AsType[toml.ParseError](err); ok {
		return errors.New(strings.TrimSpace(at.ErrorWithPosition()))
	}
	return err
}

// unknownKeys names what is nearest to each key that is not known. Of an unknown table
// only the table itself is told, and not all that is in it.
func unknownKeys(keys []toml.Key) error { return unknownKeysOf[Config](keys) }

// unknownKeysOf is the same for another file than the configuration.
func unknownKeysOf[file any](keys []toml.Key) error {
	known := keyNames(reflect.TypeFor[file](), "")
	var errs []error
	told := map[string]bool{}
	for _, k := range keys {
		name := k.String()
		if i := strings.LastIndexByte(name, '.'); told[name] || i > 0 && told[name[:i]] {
			told[name] = true
			continue
		}
		told[name] = true
		errs = append(errs, fmt.Errorf("unknown key %q: did you mean %q?", k, nearest(name, known)))
	}
	return errors.Join(errs...)
}

// keyNames lists every key and table of a configuration as the file spells it.
func keyNames(t reflect.Type, prefix string) []string {
	var names []string
	for f := range t.Fields() {
		name := prefix + f.Tag.Get("toml")
		names = append(names, name)
		ft := f.Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			names = append(names, keyNames(ft, name+".")...)
		}
	}
	return names
}

func sortedKeys[v any](m map[string]v) []string { return slices.Sorted(maps.Keys(m)) }

// nearest is the known word with the fewest edits from a mistyped one.
func nearest(word string, known []string) string {
	best, least := "", len(word)+64
	for _, k := range known {
		if d := edits(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
