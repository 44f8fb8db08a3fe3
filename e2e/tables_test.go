package e2e

import (
	"go/ast"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	ownerLine  = regexp.MustCompile(`^-- owner: ([a-z]+)`)
	viewLine   = regexp.MustCompile(`^-- view: ([a-z_]+), readers: ([a-z ]+)$`)
	tableLine  = regexp.MustCompile(`(?i)^create (?:unlogged )?table (?:if not exists )?([a-z_]+)`)
	namedInSQL = regexp.MustCompile(`(?i)\b(?:from|join|into|update|table|truncate)\s+(?:only\s+)?([a-z_]+)\b`)
	looksSQL   = regexp.MustCompile(`(?is)^\s*(select|insert|update|delete|with|truncate|create|drop|alter|where|order by|copy)\b`)
)

// houseTables reads from the migrations who owns each table, and who may read each view.
func houseTables(t *testing.T) (owner map[string]string, readers map[string][]string) {
	t.Helper()
	files, err := filepath.Glob("../migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	owner, readers = map[string]string{}, map[string][]string{}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		room := ""
		for line := range strings.Lines(string(body)) {
			line = strings.TrimSpace(line)
			if m := ownerLine.FindStringSubmatch(line); m != nil {
				room = m[1]
			}
			if m := viewLine.FindStringSubmatch(line); m != nil {
				readers[m[1]] = append(strings.Fields(m[2]), room)
			}
			if m := tableLine.FindStringSubmatch(line); m != nil {
				if room == "" {
					t.Errorf("%s: table %s stands before any -- owner: line", f, m[1])
				}
				owner[m[1]] = room
			}
		}
	}
	return owner, readers
}

func TestTables(t *testing.T) {
	owner, readers := houseTables(t)
	if len(owner) < 20 {
		t.Fatalf("found %d tables; the fence looks in the wrong place", len(owner))
	}
	for _, src := range sources(t) {
		room := path.Base(roomOf(src.Room))
		if src.Test || room == "e2e" || room == "bench" || room == "migrations" {
			continue
		}
		for _, sql := range literals(src.File) {
			for _, m := range namedInSQL.FindAllStringSubmatch(sql, -1) {
				name := strings.ToLower(m[1])
				if o, ok := owner[name]; ok && o != room {
					t.Errorf("%s names table %s, which belongs to %s: ask that room, or read a view of it", src.Path, name, o)
				}
				if r, ok := readers[name]; ok && !slices.Contains(r, room) {
					t.Errorf("%s reads view %s, which is for %v", src.Path, name, r)
				}
			}
		}
	}
}

// literals are the strings of a file that look like SQL.
func literals(file *ast.File) []string {
	var out []string
	ast.Inspect(file, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		if s, err := strconv.Unquote(lit.Value); err == nil && looksSQL.MatchString(s) {
			out = append(out, s)
		}
		return true
	})
	return out
}
