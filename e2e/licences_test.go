package e2e

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// licences are texts by which an Apache-2.0 project may carry a library.
var licences = map[string]string{
	"Apache":       "apache license",
	"MIT":          "permission is hereby granted, free of charge",
	"BSD":          "redistribution and use in source and binary forms",
	"ISC":          "permission to use, copy, modify, and",
	"MPL-2.0":      "mozilla public license version 2.0",
	"MPL-2.0 long": "mozilla public license, version 2.0",
	"Unlicense":    "this is free and unencumbered software",
	"CC0":          "cc0 1.0 universal",
	"Zlib":         "this software is provided 'as-is'",
}

// TestLicences looks at the licence of every module that is linked into the binary.
func TestLicences(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "../cmd/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		name, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		if !licensed(t, dir) {
			t.Errorf("%s: no licence in %s that an Apache-2.0 project may carry", name, filepath.Base(dir))
		}
	}
	if len(seen) < 20 {
		t.Fatalf("looked at %d modules only", len(seen))
	}
}

func licensed(t *testing.T, dir string) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || found {
			return err
		}
		if d.IsDir() && path != dir {
			return filepath.SkipDir
		}
		upper := strings.ToUpper(d.Name())
		if !strings.Contains(upper, "LICEN") && !strings.Contains(upper, "COPYING") && !strings.Contains(upper, "UNLICENSE") {
			return nil
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return nil //nolint:nilerr // a folder of licences; its files are looked at by name above
		}
		text := strings.ToLower(strings.Join(strings.Fields(string(body)), " "))
		for _, known := range licences {
			found = found || strings.Contains(text, known)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
