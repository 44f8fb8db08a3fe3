package index

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What is tested is what is found, not how fast.
func init() { deadline = time.Minute }

func docs(n int, change int64) []Doc {
	list := make([]Doc, n)
	for i := range list {
		list[i] = Doc{ID: strconv.Itoa(i), Title: fmt.Sprintf("Artikel nummer%d", i), Body: "Om tält och sovsäckar", Change: change}
	}
	return list
}

func opened(t testing.TB, dir string, change int64, list []Doc) (x *Index, rebuilt bool) {
	t.Helper()
	x, err := Open(dir, "sv")
	if err != nil {
		t.Fatal(err)
	}
	if rebuilt, err = x.Load(change, list); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() }) // some tests close it themselves
	return x, rebuilt
}

func found(t testing.TB, typed string, in ...*Index) []string {
	t.Helper()
	hits, err := Search(t.Context(), typed, 10, 0, in...)
	if err != nil {
		t.Fatal(err)
	}
	return hitIDs(hits)
}

func TestOpenedAgain(t *testing.T) {
	dir := t.TempDir()
	list := docs(20, 5)
	x, rebuilt := opened(t, dir, 5, list)
	if !rebuilt {
		t.Error("an empty index was not filled")
	}
	newer := Doc{ID: "20", Title: "Stormkök", Change: 6}
	if err := x.Put(6, []Doc{newer}, []string{"3"}); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	now := append(slices.Delete(slices.Clone(list), 3, 4), newer)
	x, rebuilt = opened(t, dir, 6, now)
	if rebuilt {
		t.Error("an index in step was made anew")
	}
	if got := found(t, "stormkök", x); len(got) == 0 || got[0] != "20" {
		t.Errorf("got %v want 20", got)
	}
	if got := found(t, "nummer3", x); slices.Contains(got, "3") {
		t.Error("a removed text was found")
	}
}

func TestOpenedBehind(t *testing.T) {
	dir := t.TempDir()
	x, _ := opened(t, dir, 5, docs(20, 5))
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	now := docs(20, 5)
	now[7] = Doc{ID: "7", Title: "Pulka", Change: 9}
	x, rebuilt := opened(t, dir, 9, now)
	if got := found(t, "pulka", x); rebuilt || len(got) == 0 || got[0] != "7" {
		t.Errorf("got %v, rebuilt %v; want 7 put alone", got, rebuilt)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if _, rebuilt = opened(t, dir, 10, now[:19]); !rebuilt {
		t.Error("a text was removed while the index was closed, and that was not noticed")
	}
}

// TestAudit: the store is another one, restored from a backup perhaps.
func TestAudit(t *testing.T) {
	dir := t.TempDir()
	x, _ := opened(t, dir, 5, docs(20, 5))
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	other := docs(20, 5)
	other[2].Body = "Något annat"
	if _, rebuilt := opened(t, dir, 5, other); !rebuilt {
		t.Error("other contents under the same change were not noticed")
	}
}

func TestDamagedIsRebuilt(t *testing.T) {
	for _, c := range []struct{ name, glob string }{{"segment", "*.zap"}, {"root", "root.bolt"}} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			x, _ := opened(t, dir, 5, docs(200, 5))
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "*", "store", c.glob))
			if err != nil || len(files) == 0 {
				t.Fatalf("no %s: %v", c.glob, err)
			}
			for _, f := range files {
				flip(t, f)
			}
			x, rebuilt := opened(t, dir, 5, docs(200, 5))
			if got := found(t, "nummer17", x); !rebuilt || len(got) == 0 || got[0] != "17" {
				t.Errorf("got %v, rebuilt %v", got, rebuilt)
			}
		})
	}
}

// flip changes the middle of a file, and its beginning where that tells what it is.
func flip(t *testing.T, path string) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{len(body) / 2, 20} {
		body[at] ^= 0xff
	}
	if strings.HasSuffix(path, ".bolt") {
		clear(body[:min(len(body), 16<<10)])
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestRebuildUnderSearch: no search misses what is there before and after.
func TestRebuildUnderSearch(t *testing.T) {
	list := docs(500, 1)
	x, _ := opened(t, t.TempDir(), 1, list)
	done := make(chan error)
	go func() {
		var wrong error
		for change := range int64(3) {
			wrong = errors.Join(wrong, x.rebuild(change+2, list))
		}
		done <- wrong
	}()
	for {
		if got := found(t, "nummer17", x); len(got) == 0 || got[0] != "17" {
			t.Errorf("got %v want 17", got)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			return
		default:
		}
	}
}

// TestSearchAcrossIndexes: hits of two indexes are ranked together.
func TestSearchAcrossIndexes(t *testing.T) {
	a, _ := opened(t, t.TempDir(), 1, []Doc{{ID: "1", Title: "Tvätta dun"}, {ID: "2", Title: "Tält"}})
	b, _ := opened(t, t.TempDir(), 1, []Doc{{ID: "3", Title: "Hur man tvättar en dunjacka hemma"}, {ID: "4", Title: "Skidor"}})
	got := found(t, "tvätta dunjacka", a, b)
	if len(got) < 2 || got[0] != "3" || got[1] != "1" {
		t.Errorf("got %v want 3, then 1", got)
	}
}

// TestWhatPeopleType is never read as a query.
func TestWhatPeopleType(t *testing.T) {
	x, _ := opened(t, t.TempDir(), 1, docs(1000, 1))
	for _, typed := range []string{
		"", " ", "*", "body:*", "title:/.*/", `"`, `+a -b ~2 ^9`, "\x00\xff", strings.Repeat("a", 1<<20), strings.Repeat("tält ", 1<<16),
		strings.Repeat("å", 600), "🙂🙂🙂", "((((", "nummer1~5",
	} {
		if _, err := Search(t.Context(), typed, 10, 0, x); err != nil {
			t.Errorf("%.20q: %v", typed, err)
		}
	}
}

// TestTooLate: a search whose time is up finds nothing, and that is no error.
func TestTooLate(t *testing.T) {
	x, _ := opened(t, t.TempDir(), 1, docs(10, 1))
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if hits, err := Search(ctx, "nummer7", 10, 0, x); err != nil || len(hits) > 0 {
		t.Errorf("got %v, %v", hits, err)
	}
}

// TestKilled: whatever moment the writer dies, what is there opens and is in step with
// its change number.
func TestKilled(t *testing.T) {
	if dir := os.Getenv("INDEX_KILLED"); dir != "" {
		writeForever(dir)
	}
	dir := t.TempDir()
	for i := range 5 {
		ctx := t.Context()
		writer := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestKilled$")
		writer.Env = append(os.Environ(), "INDEX_KILLED="+dir)
		said, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := said.Read(make([]byte, 1+i)); err != nil { // it has put something
			t.Fatal(err)
		}
		_ = writer.Process.Kill()
		_ = writer.Wait()
		x, err := Open(dir, "sv")
		if err != nil {
			t.Fatal(err)
		}
		x.writing.Lock()
		had := x.stampLocked()
		n, err := x.store.DocCount()
		x.writing.Unlock()
		if err != nil || had.change == 0 || int64(n) != had.change { // small
			t.Errorf("killed: change %d with %d texts, %v", had.change, n, err)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// writeForever puts one text for each change number.
func writeForever(dir string) {
	x, err := Open(dir, "sv")
	if err != nil {
		panic(err)
	}
	x.writing.Lock()
	change := x.stampLocked().change
	x.writing.Unlock()
	for {
		change++
		if err := x.Put(change, []Doc{{ID: strconv.FormatInt(change, 10), Title: "Tält"}}, nil); err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString(".") // whoever listened has killed us
	}
}

func TestHeads(t *testing.T) {
	h := NewHeads()
	h.Put(
		Head{"1", "återköp", "Ångerrätt och återköp"}, Head{"2", "återbetalning", "När får jag pengarna tillbaka?"},
		Head{"3", "", "Invoice after a return: should I pay?"}, Head{"4", "retur-butik", "Return in a shop"},
		Head{"5", "medlemskap", "Bli medlem"}, Head{"6", "medlem", "Klubben"},
	)
	for typed, want := range map[string][]string{
		"återk": {"1"}, "ATER": {"1", "2"}, "med": {"6", "5"}, "medlem": {"6", "5"}, "medlems": {"5"}, "after a ret": {"3"}, "ret shop": {"4"}, "pay inv": {"3"}, "x": nil, "": nil, "!": nil, "pengar": {"2"},
		"return": {"4", "3"}, "returbutik": {"4"},
	} {
		if got := h.Complete(typed, 5); !slices.Equal(got, want) {
			t.Errorf("Complete(%q): got %v want %v", typed, got, want)
		}
	}
	if id, ok := h.Shortcut("Återköp"); !ok || id != "1" {
		t.Errorf("got %s %v want 1", id, ok)
	}
	h.Put(Head{"1", "ångra", "Ångra"})
	if _, ok := h.Shortcut("återköp"); ok {
		t.Error("the old shortcut is still there")
	}
	h.Remove("1", "9")
	if got := h.Complete("ångra", 5); got != nil {
		t.Errorf("removed, but found %v", got)
	}
}

func TestLanguage(t *testing.T) {
	for text, want := range map[string]string{
		"May I return a lamp that I have opened?": "en", "Kan jag lämna tillbaka en lampa som jag har öppnat?": "sv",
		"where is my order": "en", "var är min order": "sv",
		"ok": "", "": "", "order 21007": "", "日本語で書いています": "", "i i": "",
	} {
		if got := Language(text); got != want {
			t.Errorf("Language(%q): got %q want %q", text, got, want)
		}
	}
	if got := Language("21007", "where is it"); got != "en" {
		t.Errorf("several lines: got %q want en", got)
	}
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{"Återköp": "aterkop", "/É-pöst 2": "epost2", "ÆØ": "ao", "": "", "…": "", "日本": "日本"} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q): got %q want %q", in, got, want)
		}
	}
}

func FuzzComplete(f *testing.F) {
	f.Add("Invoice after", "inv")
	f.Add("å\xff\x00", "   ")
	f.Fuzz(func(t *testing.T, title, typed string) {
		h := NewHeads()
		h.Put(Head{"1", title, title})
		if got := h.Complete(typed, 3); len(got) > 1 {
			t.Errorf("one document was found %d times", len(got))
		}
		if Fold(title) != "" {
			if _, ok := h.Shortcut(title); !ok {
				t.Errorf("%q does not find itself", title)
			}
		}
	})
}
