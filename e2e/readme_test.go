package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
	var named []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.Contains(line, "---") || strings.Contains(cells[2], "File") {
			continue
		}
		rows++
		for _, m := range inCode.FindAllStringSubmatch(cells[2], -1) {
			named = append(named, m[1])
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("README: %q is at `%s`, which does not exist", strings.TrimSpace(cells[1]), m[1])
			}
		}
	}
	for room := range mayImport {
		leads := func(p string) bool { return roomOf(p) == room }
		if !slices.ContainsFunc(named, leads) && room != "docs/client" {
			t.Errorf("README: nothing leads to the room %s", room)
		}
	}
	if rows < 20 {
		t.Errorf("the table has %d rows; every capability needs one", rows)
	}
}

// TestArchitectureListsTheCommands holds the map's list to the command line, in any order.
func TestArchitectureListsTheCommands(t *testing.T) {
	listed := regexp.MustCompile(`The binary: ([a-z, ]+)\.`).FindStringSubmatch(readFile(t, "../docs/architecture.md"))
	if listed == nil {
		t.Fatal("docs/architecture.md does not list the commands")
	}
	told, known := strings.Split(listed[1], ", "), commands(t)
	slices.Sort(told)
	slices.Sort(known)
	if diff := cmp.Diff(known, told); diff != "" {
		t.Errorf("docs/architecture.md lists other commands (-command line +docs):\n%s", diff)
	}
}

// commands are the fields of cmd/vaxel's command line that kong takes as such.
func commands(t *testing.T) (names []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../cmd/vaxel/main.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.Field)
		if !ok || f.Tag == nil {
			return true
		}
		text, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			t.Fatal(err)
		}
		tag := reflect.StructTag(text)
		if _, command := tag.Lookup("cmd"); !command {
			return true
		}
		name := strings.ToLower(f.Names[0].Name)
		if own := tag.Get("name"); own != "" {
			name = own
		}
		names = append(names, name)
		return true
	})
	return names
}

// TestArchitectureListsTheLibraries: each that it names is in go.mod, and each that go.mod
// requires directly is named, by the end of its path.
func TestArchitectureListsTheLibraries(t *testing.T) {
	_, list, found := strings.Cut(readFile(t, "../docs/architecture.md"), "## Chosen libraries")
	list, _, ended := strings.Cut(list, "\n\n")
	if !found || !ended {
		t.Fatal(`docs/architecture.md has no list "## Chosen libraries"`)
	}
	required := regexp.MustCompile(`(?m)^\t(\S+) v\S+$`).FindAllStringSubmatch(readFile(t, "../go.mod"), -1)
	named := inCode.FindAllStringSubmatch(list, -1)
	is := func(module, name string) bool { return strings.HasSuffix(module, "/"+name) }
	for _, n := range named {
		if !slices.ContainsFunc(required, func(r []string) bool { return is(r[1], n[1]) }) {
			t.Errorf("docs/architecture.md names the library %s, which go.mod does not require", n[1])
		}
	}
	for _, r := range required {
		if !slices.ContainsFunc(named, func(n []string) bool { return is(r[1], n[1]) }) {
			t.Errorf("docs/architecture.md does not name %s, which go.mod requires", r[1])
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
