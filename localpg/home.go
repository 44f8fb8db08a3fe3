package localpg

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// maxSocketPath is what sun_path holds besides its final NUL (unix(7)).
const maxSocketPath = 107

const socketName = "/.s.PGSQL.5432"

// home is the server's directory:
//
//	lock     held by flock while a Växel has the directory; holds its pid
//	data/    PostgreSQL's own
//	run/     the socket, unless its path would be too long
type home struct {
	dir     string
	account account
	handle  *os.File // of dir; nil if the account reaches dir by its path
}

// openHome makes the directory if needed and settles under which account the server runs.
func openHome(dir string) (home, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return home{}, err
	}
	acc, err := accountFor(dir)
	if err != nil {
		return home{}, err
	}
	h := home{dir: dir, account: acc}
	for _, d := range []string{dir, h.socketDir()} {
		if err := acc.mkdir(d); err != nil {
			return home{}, err
		}
	}
	if !acc.reaches(dir) {
		h.handle, err = os.Open(dir)
	}
	return h, err
}

func (h home) close() {
	if h.handle != nil {
		h.handle.Close()
	}
}

func (h home) data() string { return filepath.Join(h.dir, "data") }

// seen is a path under dir as the server's process sees it. A directory above dir may
// be closed to the account (/root is): then we open dir and hand the descriptor down
// as number 3, and the server goes through that.
func (h home) seen(path string) string {
	rest, under := strings.CutPrefix(path, h.dir)
	if h.handle == nil || !under {
		return path
	}
	return "/proc/self/fd/3" + rest
}

// socketDir is where the socket is: in dir, or under /tmp if its path were too long.
func (h home) socketDir() string {
	dir := filepath.Join(h.dir, "run")
	if len(dir+socketName) <= maxSocketPath {
		return dir
	}
	sum := sha256.Sum256([]byte(h.dir))
	return "/tmp/vaxel-pg-" + hex.EncodeToString(sum[:8])
}

func (h home) url(database string) string {
	q := url.Values{"host": {h.socketDir()}, "user": {Role}}
	return "postgres:///" + database + "?" + q.Encode()
}

// URL is where the server of a directory is reached, while one runs there.
func URL(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return home{dir: dir}.url(Database), nil
}

// lock takes the directory for this process. The lock is the kernel's, not the file's:
// it cannot be left behind, and the file is never removed.
func (h home) lock() (*os.File, error) {
	path := filepath.Join(h.dir, "lock")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		pid, _ := os.ReadFile(path)
		return nil, fmt.Errorf("%w: process %s has it; stop that one first, or choose another directory",
			ErrInUse, strings.TrimSpace(string(pid)))
	}
	if err := f.Truncate(0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ErrInUse is returned when another process runs a server in the directory.
var ErrInUse = errors.New("the directory is in use")

// major is the version that the data was made by, "" if there is no data yet.
func (h home) major() (string, error) {
	b, err := os.ReadFile(filepath.Join(h.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// postmaster reads postmaster.pid: the process that says it serves the data, and
// whether it takes connections (line 8 is "ready" then).
func (h home) postmaster() (pid int, ready bool) {
	b, err := os.ReadFile(filepath.Join(h.data(), "postmaster.pid"))
	if err != nil {
		return 0, false
	}
	lines := strings.Split(string(b), "\n")
	pid, err = strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return 0, false
	}
	return pid, len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
}
