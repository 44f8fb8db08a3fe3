package e2e

import (
	"go/ast"
	"go/token"
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
	createView = regexp.MustCompile(`(?i)^create (?:or replace )?(?:materialized )?view ([a-z_]+)`)
	// namedInSQL finds what SQL reads or writes; listInSQL what else a from lists.
	namedInSQL = regexp.MustCompile(`(?i)\b(?:from|join|into|update|table|truncate|references|using)\s+(?:only\s+)?([a-z_]+)\b`)
	listInSQL  = regexp.MustCompile(`(?i)\bfrom\s+[a-z_]+(?:\s+(?:as\s+)?[a-z_]+)?((?:\s*,\s*[a-z_]+(?:\s+(?:as\s+)?[a-z_]+)?)+)`)
	nextInList = regexp.MustCompile(`,\s*([a-z_]+)`)
	looksSQL   = regexp.MustCompile(`(?is)^[\s(,)]*(select|insert|update|delete|with|truncate|create|drop|alter|where|order by|copy|from|(left |inner |cross )?join|union|on conflict|returning|[a-z_]+ as (not |materialized )*\()`)
	endOfLine  = regexp.MustCompile(`--.*`)
)

// named are the tables and views that a piece of SQL names.
func named(sql string) (names []string) {
	for _, m := range namedInSQL.FindAllStringSubmatch(sql, -1) {
		names = append(names, strings.ToLower(m[1]))
	}
	for _, list := range listInSQL.FindAllStringSubmatch(sql, -1) {
		for _, m := range nextInList.FindAllStringSubmatch(list[1], -1) {
			names = append(names, strings.ToLower(m[1]))
		}
	}
	return names
}

// schema is what the migrations say: who owns each table, who may read each view, and what
// each room's own SQL there names.
type schema struct {
	owner   map[string]string
	readers map[string][]string
	sql     map[string]string // of views, triggers and constraints, by room
}

func houseTables(t *testing.T) schema {
	t.Helper()
	files, err := filepath.Glob("../migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	s := schema{map[string]string{}, map[string][]string{}, map[string]string{}}
	for _, f := range files {
		for _, fault := range s.read(readFile(t, f)) {
			t.Errorf("%s: %s", f, fault)
		}
	}
	return s
}

// read takes one migration in. Above each view stands who may read it.
func (s schema) read(migration string) (faults []string) {
	room, declared := "", ""
	for line := range strings.Lines(migration) {
		line = strings.TrimSpace(line)
		if m := ownerLine.FindStringSubmatch(line); m != nil {
			room = m[1]
		}
		if m := viewLine.FindStringSubmatch(line); m != nil {
			declared = m[1]
			s.readers[m[1]] = append(strings.Fields(m[2]), room)
		}
		if m := createView.FindStringSubmatch(line); m != nil && m[1] != declared {
			faults = append(faults, "above view "+m[1]+" no line says -- view: "+m[1]+", readers: …")
		}
		if m := tableLine.FindStringSubmatch(line); m != nil {
			if room == "" {
				faults = append(faults, "table "+m[1]+" stands before any -- owner: line")
			}
			s.owner[m[1]] = room
		}
		s.sql[room] += endOfLine.ReplaceAllString(line, "") + "\n"
	}
	return faults
}

// trespass says which of the names in a room's SQL are none of its business.
func (s schema) trespass(room, sql string) (faults []string) {
	for _, name := range named(sql) {
		if o, ok := s.owner[name]; ok && o != room {
			faults = append(faults, "names table "+name+", which belongs to "+o+": ask that room, or read a view of it")
		}
		if r, ok := s.readers[name]; ok && !slices.Contains(r, room) {
			faults = append(faults, "reads view "+name+", which is for "+strings.Join(r, ", "))
		}
	}
	return faults
}

func TestTables(t *testing.T) {
	s := houseTables(t)
	if len(s.owner) < 20 {
		t.Fatalf("found %d tables; the fence looks in the wrong place", len(s.owner))
	}
	for _, src := range sources(t) {
		room := path.Base(roomOf(src.Room))
		if src.Test || room == "e2e" || room == "bench" || room == "migrations" {
			continue
		}
		for _, sql := range literals(src.File) {
			for _, fault := range s.trespass(room, sql) {
				t.Errorf("%s %s", src.Path, fault)
			}
		}
	}
	for room, sql := range s.sql {
		for _, fault := range s.trespass(room, sql) {
			t.Errorf("the migrations of %s: what they define %s", room, fault)
		}
	}
}

// TestTheTablesFenceSees what has been climbed over in other houses: pieces of statements,
// lists, views that nobody declared and the bodies of views and triggers.
func TestTheTablesFenceSees(t *testing.T) {
	s := schema{map[string]string{}, map[string][]string{}, map[string]string{}}
	s.read("-- owner: kb\ncreate table article (\n-- view: shown, readers: api\ncreate view shown as select 1 from article;")
	for _, sql := range []string{
		"select 1 from article", "join article a on a.id = $1", ", x as (select * from only article)", "\n\tfrom task t, article a", "left join shown using (id)",
		"insert into article (id)", "create trigger t after insert on task execute function f(); create function f() as $$ update article set n = 1 $$",
	} {
		if !looksSQL.MatchString(sql) || len(s.trespass("tickets", sql)) != 1 {
			t.Errorf("%q: got %q", sql, s.trespass("tickets", sql))
		}
		if got := s.trespass("kb", sql); len(got) > 0 {
			t.Errorf("%q in its own room: got %q", sql, got)
		}
	}
	if faults := s.read("-- owner: kb\ncreate view secret as select 1;"); len(faults) != 1 {
		t.Errorf("a view without readers: got %q", faults)
	}
	for _, prose := range []string{"the answer came from article 7", "move it into article 7"} {
		if looksSQL.MatchString(prose) {
			t.Errorf("%q is no SQL", prose)
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
