package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// carried are the licences, by SPDX identifier, of what an Apache-2.0 project may put into
// its pages.
var carried = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unlicense"}

// licences gives the notices of the packages that an app's bundles are made of, as their
// metafiles say; they must go wherever the code goes. A package under a licence that we may
// not carry fails the build.
func licences(app, dir string, metas ...string) ([]byte, error) {
	packages := map[string]bool{}
	for _, meta := range metas {
		var m struct {
			Inputs map[string]struct{} `json:"inputs"`
		}
		if err := json.Unmarshal([]byte(meta), &m); err != nil {
			return nil, fmt.Errorf("read metafile: %w", err)
		}
		for input := range m.Inputs {
			if home := packageOf(input); home != "" {
				packages[home] = true
			}
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "The %s carries these packages.\n", app)
	for _, home := range slices.Sorted(maps.Keys(packages)) {
		if err := notice(&out, filepath.Join(dir, filepath.FromSlash(home))); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// packageOf is the folder of the package that a source file belongs to; "" for our own.
func packageOf(input string) string {
	const modules = "node_modules/"
	at := strings.LastIndex(input, modules)
	if at < 0 {
		return ""
	}
	before, inside := input[:at+len(modules)], input[at+len(modules):]
	parts := strings.SplitN(inside, "/", 3)
	if strings.HasPrefix(inside, "@") && len(parts) > 1 {
		return before + parts[0] + "/" + parts[1]
	}
	return before + parts[0]
}

func notice(out *bytes.Buffer, home string) error {
	about, err := os.ReadFile(filepath.Join(home, "package.json"))
	if err != nil {
		return err
	}
	var p struct{ Name, Version, License string }
	if err := json.Unmarshal(about, &p); err != nil {
		return fmt.Errorf("read package.json in %s: %w", home, err)
	}
	if !slices.Contains(carried, p.License) {
		return fmt.Errorf("%s is under %q, which we may not carry; see carried in licences.go", p.Name, p.License)
	}
	fmt.Fprintf(out, "\n%s\n%s %s, %s\n\n", strings.Repeat("-", 80), p.Name, p.Version, p.License)
	files, err := os.ReadDir(home)
	if err != nil {
		return err
	}
	for _, f := range files {
		if lower := strings.ToLower(f.Name()); f.IsDir() || !strings.HasPrefix(lower, "licen") && !strings.HasPrefix(lower, "notice") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(home, f.Name()))
		if err != nil {
			return err
		}
		out.Write(append(bytes.TrimSpace(text), '\n'))
	}
	return nil
}
