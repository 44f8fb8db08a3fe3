package kb_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb"
)

// sample is the demo's FAQ.
var sample = os.DirFS("../cmd/vaxel/sample/articles")

func contents(t *testing.T, folder fs.FS) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(folder, name)
		all[filepath.ToSlash(name)] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func importSample(t *testing.T, s *kb.Store) kb.Imported {
	t.Helper()
	done, err := s.Import(t.Context(), "sample", sample)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestImportAndExportGiveTheSameBytes(t *testing.T) {
	s := open(t)
	if done := importSample(t, s); done.Created != 60 {
		t.Errorf("imported %+v, want 60 created", done)
	}
	dir := t.TempDir()
	err := s.Export(t.Context(), func(name string, body []byte) error {
		at := filepath.Join(dir, filepath.FromSlash(name))
		return errors.Join(os.MkdirAll(filepath.Dir(at), 0o750), os.WriteFile(at, body, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(contents(t, sample), contents(t, os.DirFS(dir))); diff != "" {
		t.Errorf("exported otherwise than imported (-want +got):\n%s", diff)
	}
	if done := importSample(t, s); done.Unchanged != 60 {
		t.Errorf("imported again: %+v, want 60 unchanged", done)
	}
}

// TestSampleAnswers asks what newcomers will ask.
func TestSampleAnswers(t *testing.T) {
	s := open(t)
	importSample(t, s)
	sync1(t, s)
	for _, c := range []struct {
		language, asked string
		want            int64
	}{
		{"sv", "när får jag tillbaka mina pengar", 112},
		{"sv", "Hej! jag har skickat tillbaka skorna men fått en faktura, måste jag betala?", 121},
		{"sv", "dragkedjan gick sönder på min jacka", 145},
		{"sv", "jag är mellan två storlekar", 131},
		{"sv", "vilket tält ska jag ha på fjället", 132},
		{"sv", "glömt lösenordet", 154},
		{"sv", "hur tvättar jag jackan", 137},
		{"sv", "kan jag få hem grejerna till norge", 106},
		{"en", "invoice after retu", 121},
		{"en", "where is my parcel", 102},
		{"en", "can I pay the bill a bit later?", 122},
		{"en", "my jacket is not waterproof anymore", 137},
		{"en", "how do I exchange a christmas gift?", 118},
		{"en", "wich sleping bag for winter", 133}, //nolint:misspell // as people type
	} {
		hits, err := s.Customers().Find(t.Context(), c.asked, c.language, 3)
		var got []int64
		for _, h := range hits {
			got = append(got, h.Number)
		}
		if err != nil || len(got) == 0 || got[0] != c.want {
			t.Errorf("%q: got %v, %v want %d first", c.asked, got, err, c.want)
		}
	}
	for _, word := range []string{"/återköp", "/återbetalning", "/retursedel", "/leverans", "/faktura", "/förfallodag", "/storlek", "/tält", "/medlem", "/goodwill"} {
		if _, ok := s.Shortcut(t.Context(), word, "sv"); !ok {
			t.Errorf("no article has the shortcut %s", word)
		}
	}
	for _, nonsense := range []string{"vem vann matchen igår", "what is the capital of france", "berätta en rolig historia"} {
		if hits, _ := s.Customers().Search(t.Context(), nonsense, "sv", 3); len(hits) > 0 {
			t.Errorf("%q found %q (%.2f)", nonsense, hits[0].Wording.Title, hits[0].Score)
		}
	}
}

func TestImportRefuses(t *testing.T) {
	s := open(t)
	head := "---\nnumber: 7\ntitle: Hej\n---\n\nSvar\n"
	for _, c := range []struct{ name, body, code string }{
		{"sv/7-hej.md", "Hej", "bad_front_matter"},
		{"sv/7-hej.md", strings.Replace(head, "title", "tittle", 1), "bad_front_matter"},
		{"sv/8-hej.md", head, "bad_number"},
		{"sv/hej.md", head, "bad_file_name"},
		{"7-hej.md", head, "bad_file_name"},
		{"sv/7-Hej!.md", head, "bad_slug"},
		{"swedish/7-hej.md", head, "bad_language"},
		{"sv/7-hej.md", head + strings.Repeat("x", 1<<20), "too_large"},
	} {
		_, err := s.Import(t.Context(), "", fstest.MapFS{c.name: {Data: []byte(c.body)}})
		var refused *gateway.Error
		if !errors.As(err, &refused) || refused.Code != c.code {
			t.Errorf("%s: got %v want %s", c.name, err, c.code)
		}
	}
}
