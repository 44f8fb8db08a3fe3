package e2e

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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

var updateNotices = flag.Bool("update-notices", false, "write cmd/vaxel/notices.txt anew")

const noticesFile = "../cmd/vaxel/notices.txt"

// TestNotices holds what /licences.txt says of the Go modules to those that are linked.
func TestNotices(t *testing.T) {
	var text bytes.Buffer
	text.WriteString("The program carries these modules, and the standard library of Go (https://go.dev/LICENSE).\n")
	carriers := map[string][]string{} // of one and the same text
	for name, dir := range modules(t, "../cmd/vaxel") {
		for _, path := range licenceFiles(t, dir) {
			notice := strings.TrimSpace(strings.ReplaceAll(readFile(t, path), "\r", ""))
			carriers[notice] = append(carriers[notice], name)
		}
	}
	for _, notice := range slices.SortedFunc(maps.Keys(carriers), func(a, b string) int {
		slices.Sort(carriers[a])
		slices.Sort(carriers[b])
		return cmp.Or(slices.Compare(carriers[a], carriers[b]), cmp.Compare(a, b))
	}) {
		fmt.Fprintf(&text, "\n%s\n%s\n\n%s\n", strings.Repeat("-", 80), strings.Join(slices.Compact(carriers[notice]), "\n"), notice)
	}
	if *updateNotices {
		if err := os.WriteFile(noticesFile, text.Bytes(), 0o644); err != nil { // it is public
			t.Fatal(err)
		}
	}
	if was := readFile(t, noticesFile); was != text.String() {
		t.Errorf("cmd/vaxel/notices.txt is not of the modules that are linked; run go test ./e2e -run Notices -update-notices%s", firstDifference([]byte(was), text.Bytes()))
	}
}

// modules are the folders of those that a command is made of, by name and version.
func modules(t *testing.T, command string) map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}", command).Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if name, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			found[name] = dir
		}
	}
	return found
}

// TestLicences looks at the licence of every module that is linked into the binaries.
func TestLicences(t *testing.T) {
	seen := modules(t, "../cmd/...")
	for name, dir := range seen {
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
	for _, path := range licenceFiles(t, dir) {
		text := strings.ToLower(strings.Join(strings.Fields(readFile(t, path)), " "))
		for _, known := range licences {
			if strings.Contains(text, known) {
				return true
			}
		}
	}
	return false
}

// licenceFiles are those at the top of a module: licences and notices.
func licenceFiles(t *testing.T, dir string) (paths []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		upper := strings.ToUpper(e.Name())
		if !e.IsDir() && (strings.Contains(upper, "LICEN") || strings.Contains(upper, "COPYING") || strings.HasPrefix(upper, "NOTICE")) {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	return paths
}
