// Package e2e tells whole stories against real servers and browsers, and holds the
// walls of the house up.
package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/vaxelhq/vaxel/"

// source is one Go file of ours. Room is its folder, such as gateway/floor.
type source struct {
	Path, Room string
	Test       bool
	File       *ast.File
}

// sources parses the files themselves: a test that asked the go command would be
// cached, and pass when it should not.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || (strings.HasPrefix(d.Name(), ".") && d.Name() != "..")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("..", path)
		if err != nil {
			return err
		}
		all = append(all, source{
			Path: rel, Room: filepath.ToSlash(filepath.Dir(rel)),
			Test: strings.HasSuffix(path, "_test.go"), File: file,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("found %d Go files; the fence looks in the wrong place", len(all))
	}
	return all
}
