package kb

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// FuzzFrontMatter: whatever a file holds, it is refused with a code, or it is read so that
// writing it and reading it again gives the same.
func FuzzFrontMatter(f *testing.F) {
	for _, seed := range []string{
		"---\nnumber: 101\ncategory: returns\nvisibility: public\nstatus: published\nshortcut: återköp\ntitle: Ångerrätt\ntags:\n  - retur\n  - \"a: b\"\n---\n\nDu har **30 dagar**.\n",
		"---\r\ntitle: \"Ja \\\"du\\\"\"\r\n---\r\n", "---\nalternates:\n  - yes\n  - \"\"\n---\n---\n", "---\n---\n", "---\nnumber: 0\n---\n", "---\ntitle: \"\n---\n", "",
		"---\ntitle: 0101\nquestion:   x\n---\n \n x\n", "---\ntags: a\n---\n",
		"\ufeff---\nalternates:\n  - \xff\n---\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		read, err := readFile("sv", "x", body)
		if err != nil {
			if _, refused := errors.AsType[*gateway.Error](err); !refused {
				t.Fatalf("%q: %v is no refusal", body, err)
			}
			return
		}
		read.number = max(read.number, 1) // what is written has one
		written := string(read.bytes())
		again, err := readFile("sv", "x", written)
		if strings.Contains(written, ": 0101\n") {
			t.Errorf("%q holds a text that YAML takes for a number", written)
		}
		if err != nil || !reflect.DeepEqual(again, read) {
			t.Errorf("%q was read as %+v, written as %q and read as %+v, %v", body, read, written, again, err)
		}
	})
}
