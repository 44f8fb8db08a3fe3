package blob

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// How the directory is locked.
const (
	alone    = syscall.LOCK_EX // to look at an object and remove it
	together = syscall.LOCK_SH // to name or mark one
)

// locked keeps Remove's look and removal together, so that an object that is Put again in
// between stays, whoever does it: a serve that sweeps beside an import, or another machine
// that shares the directory (flock(2) reaches over NFS). It is held for single files only,
// and ends with its process.
func (d *Dir) locked(how int, do func() error) (err error) {
	f, err := os.OpenFile(filepath.Join(d.root, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }() // which lets go
	for {
		switch err := syscall.Flock(int(f.Fd()), how); {
		case err == nil:
			return do()
		case !errors.Is(err, syscall.EINTR):
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}

// name gives a written file the name of its object.
func (d *Dir) name(written, path string) error {
	return d.locked(together, func() error { return os.Rename(written, path) })
}

// mark makes an object that is there as if it were Put now.
func (d *Dir) mark(key string) error {
	return d.locked(together, func() error {
		now := time.Now()
		return os.Chtimes(d.path(key), now, now)
	})
}
