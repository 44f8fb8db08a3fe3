package localpg

import (
	"errors"
	"strings"
	"testing"
)

func TestChoose(t *testing.T) {
	old, good, better, tooNew := binaries{"/a", 13}, binaries{"/b", 15}, binaries{"/c", 17}, binaries{"/d", 19}
	for _, c := range []struct {
		name  string
		made  string
		found []binaries
		want  binaries
		says  []string // of the refusal
	}{
		{"no data: the newest", "", []binaries{good, better}, better, nil},
		{"no data: not one that we do not know", "", []binaries{old, good, tooNew}, good, nil},
		{"data: the major that made it", "15", []binaries{good, better}, good, nil},
		{"data: even one that we would not choose", "13", []binaries{old, good}, old, nil},
		{"foreign data", "14", []binaries{good, better}, binaries{}, []string{"PostgreSQL 14", "found 15, 17", "apt-get install postgresql-14", "vaxel backup"}},
		{"nothing installed", "", nil, binaries{}, []string{"found none", "apt-get install postgresql", "--database-url"}},
		{"only too old", "", []binaries{old}, binaries{}, []string{"15 to 18", "found 13"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := choose(c.made, c.found)
			if got != c.want || errors.Is(err, ErrNotInstalled) != (c.says != nil) {
				t.Fatalf("got %v, %v", got, err)
			}
			for _, s := range c.says {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%q does not say %q", err, s)
				}
			}
		})
	}
}

func TestRootIsToldWhichUserToMake(t *testing.T) {
	_, err := lookUp("vaxel-nobody-has-this-name")
	if err == nil || !strings.Contains(err.Error(), "adduser --system --group vaxel-nobody-has-this-name") {
		t.Errorf("got %v", err)
	}
}

func TestPasswordsStayOffTheCommandLine(t *testing.T) {
	rest, password := withoutPassword("postgres://anna:s3cret@db/vaxel?sslmode=require")
	if rest != "postgres://anna@db/vaxel?sslmode=require" || password != "s3cret" {
		t.Errorf("got %q and %q", rest, password)
	}
}

func TestMemoryIsWithinBounds(t *testing.T) {
	shared, cache := memory()
	if shared < 64 || shared > 1024 || cache < 256 {
		t.Errorf("got %d and %d MB", shared, cache)
	}
}
