package look_test

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/look"
)

var (
	used     = regexp.MustCompile(`var\((--[a-z0-9-]+)`)
	declared = regexp.MustCompile(`(--[a-z0-9-]+):`)
)

// TestTokensStandOnce: what a sheet uses is declared, and nobody has tokens of their own beside the widget, whose
// shadow root takes a part of them.
func TestTokensStandOnce(t *testing.T) {
	sheet := string(look.Sheet())
	names := map[string]bool{}
	for _, m := range declared.FindAllStringSubmatch(sheet, -1) {
		names[m[1]] = true
	}
	for _, m := range used.FindAllStringSubmatch(sheet, -1) {
		if !names[m[1]] {
			t.Errorf("%s is used and not declared", m[1])
		}
	}
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "web-widget" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case d.Name() == "tokens.css" && path != filepath.Join("..", "look", "tokens.css"):
			t.Errorf("%s: the tokens stand in look/tokens.css", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
