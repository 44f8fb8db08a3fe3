package e2e

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	inComment = regexp.MustCompile(`RFC (\d{4,5})((?:(?:,| and| or) \d{4,5})*)`)
	rfcNumber = regexp.MustCompile(`\d{4,5}`)
)

// TestEveryStandardIsEntered: what the code says that it obeys stands in docs/protocols.md,
// and what is obeyed in part says which part is missing.
func TestEveryStandardIsEntered(t *testing.T) {
	table := readFile(t, "../docs/protocols.md")
	entered := map[string]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for _, n := range rfcNumber.FindAllString(cells[1], -1) {
			entered[n] = true
		}
		status := strings.TrimSpace(cells[3])
		if _, missing, _ := strings.Cut(status, ":"); strings.HasPrefix(status, "Partial") && strings.TrimSpace(missing) == "" {
			t.Errorf("docs/protocols.md: %s is obeyed in part, but what is missing is not named", strings.TrimSpace(cells[1]))
		}
	}
	obeyed := 0
	for _, path := range codeFiles(t) {
		for _, m := range inComment.FindAllStringSubmatch(readFile(t, path), -1) {
			for _, n := range append(rfcNumber.FindAllString(m[2], -1), m[1]) {
				if obeyed++; !entered[n] {
					t.Errorf("%s obeys RFC %s, which docs/protocols.md does not have", path, n)
				}
			}
		}
	}
	if obeyed < 100 {
		t.Errorf("found %d standards only", obeyed)
	}
}

// codeFiles are ours, without tests.
func codeFiles(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (slices.Contains([]string{"node_modules", "testdata", "test", "dist", "e2e"}, d.Name()) || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case strings.HasSuffix(path, "_test.go"):
			return nil
		}
		if slices.Contains([]string{".go", ".ts", ".tsx", ".sql"}, filepath.Ext(path)) {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

var (
	onTheMap  = regexp.MustCompile(`^([a-z][a-z0-9-]*(?:/[a-z0-9|-]+)*)/ `)
	codeBlock = regexp.MustCompile("(?s)```\n(.*?)```")
)

// TestTheMapShowsEveryRoom holds docs/architecture.md to the tree: each folder of Go code
// is on the map, and what is on it is there.
func TestTheMapShowsEveryRoom(t *testing.T) {
	guide := readFile(t, "../docs/architecture.md")
	_, rooms, _ := strings.Cut(guide, "## Rooms")
	block := codeBlock.FindStringSubmatch(rooms)
	if block == nil {
		t.Fatal("docs/architecture.md has no map of the rooms")
	}
	shown := map[string]bool{}
	for line := range strings.Lines(block[1]) {
		m := onTheMap.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		home := filepath.Dir(m[1])
		for name := range strings.SplitSeq(filepath.Base(m[1]), "|") {
			room := filepath.ToSlash(filepath.Join(home, name))
			shown[room] = true
			if _, err := os.Stat(filepath.Join("..", room)); err != nil && !strings.Contains(line, "To come") {
				t.Errorf("docs/architecture.md shows %s, which is not there", room)
			}
		}
	}
	for _, m := range inCode.FindAllStringSubmatch(rooms, -1) {
		shown[m[1]] = true // test helpers are named below the map
	}
	for _, src := range sources(t) {
		if !shown[src.Room] {
			t.Errorf("%s is in %s, which docs/architecture.md does not show", src.Path, src.Room)
			shown[src.Room] = true
		}
	}
	if len(shown) < 40 {
		t.Errorf("found %d rooms on the map only", len(shown))
	}
}

// TestTheMapNamesEveryTable: a table and its owner are found there.
func TestTheMapNamesEveryTable(t *testing.T) {
	_, list, _ := strings.Cut(readFile(t, "../docs/architecture.md"), "## Tables and their owners")
	list, _, _ = strings.Cut(list, "\n## ")
	rows := map[string]string{} // by the owner's name
	for line := range strings.Lines(list) {
		if cells := strings.Split(line, "|"); len(cells) > 3 {
			for owner := range strings.SplitSeq(strings.TrimSpace(cells[1]), ", ") {
				rows[filepath.Base(owner)] = cells[2]
			}
		}
	}
	owner := houseTables(t).owner
	for _, table := range slices.Sorted(maps.Keys(owner)) {
		if strings.HasSuffix(table, "_") {
			continue // a part of another, by its number
		}
		if !regexp.MustCompile(`\b` + table + `\b`).MatchString(rows[owner[table]]) {
			t.Errorf("docs/architecture.md does not say that table %s is %s's", table, owner[table])
		}
	}
}
