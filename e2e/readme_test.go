package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var inCode = regexp.MustCompile("`([a-zA-Z0-9_./-]+)`")

// TestWhereIs holds the README's table "Where is…" true: each path exists, and each room
// can be found there.
func TestWhereIs(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(readme), "## Where is…")
	if !found {
		t.Fatal(`README.md has no section "## Where is…"`)
	}
	if end := strings.Index(table, "\n## "); end >= 0 {
		table = table[:end]
	}
	rows := 0
	var named strings.Builder
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.Contains(line, "---") || strings.Contains(cells[2], "File") {
			continue
		}
		rows++
		for _, m := range inCode.FindAllStringSubmatch(cells[2], -1) {
			named.WriteString(" " + m[1])
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("README: %q is at `%s`, which does not exist", strings.TrimSpace(cells[1]), m[1])
			}
		}
	}
	for room := range mayImport {
		if !strings.Contains(named.String(), " "+room) && room != "docs/client" {
			t.Errorf("README: nothing leads to the room %s", room)
		}
	}
	if rows < 20 {
		t.Errorf("the table has %d rows; every capability needs one", rows)
	}
}
