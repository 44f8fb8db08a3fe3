package localpg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The major versions that Växel is tested with.
const (
	OldestMajor = 15
	NewestMajor = 18
)

// ErrNotInstalled is returned when there is no PostgreSQL that could serve.
var ErrNotInstalled = errors.New("no suitable PostgreSQL is installed")

// binaries is one installed PostgreSQL.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(name string) string { return filepath.Join(b.dir, name) }

// binaries chooses what serves the data: the major that made it, else the newest.
func (h home) binaries(ctx context.Context) (binaries, error) {
	made, err := h.major()
	if err != nil {
		return binaries{}, err
	}
	return choose(made, installed(ctx))
}

func choose(made string, found []binaries) (binaries, error) {
	if made != "" {
		for _, b := range found {
			if strconv.Itoa(b.major) == made {
				return b, nil
			}
		}
		return binaries{}, fmt.Errorf("%w: the data was made by PostgreSQL %s, and only that major version can read it; found %s. "+
			"Install it (apt-get install postgresql-%s), then move with \"vaxel backup\" and, in a new directory, \"vaxel restore\"",
			ErrNotInstalled, made, majors(found), made)
	}
	for _, b := range slices.Backward(found) {
		if b.major >= OldestMajor && b.major <= NewestMajor {
			return b, nil
		}
	}
	return binaries{}, fmt.Errorf("%w: versions %d to %d will do; found %s. Install one (apt-get install postgresql), "+
		"or name a database with --database-url", ErrNotInstalled, OldestMajor, NewestMajor, majors(found))
}

func majors(found []binaries) string {
	if len(found) == 0 {
		return "none"
	}
	var s []string
	for _, b := range found {
		s = append(s, strconv.Itoa(b.major))
	}
	return strings.Join(s, ", ")
}

var inPath = regexp.MustCompile(`/(?:usr/lib/postgresql/|usr/pgsql-)(\d+)/bin$`)

// installed lists what is there, oldest first: Debian's places, Red Hat's, PATH.
func installed(ctx context.Context) []binaries {
	var found []binaries
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		dirs, _ := filepath.Glob(pattern) // its only error is a bad pattern
		for _, dir := range dirs {
			if m := inPath.FindStringSubmatch(dir); m != nil && whole(dir) {
				major, _ := strconv.Atoi(m[1]) // digits, by the pattern
				found = append(found, binaries{dir, major})
			}
		}
	}
	if len(found) == 0 {
		found = append(found, onPath(ctx)...)
	}
	slices.SortFunc(found, func(a, b binaries) int { return cmp.Compare(a.major, b.major) })
	return found
}

// whole says whether dir holds a server, not just the clients.
func whole(dir string) bool {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func onPath(ctx context.Context) []binaries {
	path, err := exec.LookPath("postgres")
	if err != nil {
		return nil
	}
	if path, err = filepath.EvalSymlinks(path); err != nil || !whole(filepath.Dir(path)) {
		return nil
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return nil
	}
	m := versionLine.FindSubmatch(out)
	if m == nil {
		return nil
	}
	major, _ := strconv.Atoi(string(m[1])) // digits, by the pattern
	return []binaries{{filepath.Dir(path), major}}
}
