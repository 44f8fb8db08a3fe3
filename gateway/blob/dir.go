package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/vaxelhq/vaxel/gateway/crash"
)

// leftoverAge is how old a half-written file is when it surely has no writer.
const leftoverAge = time.Hour

// Dir keeps objects in a directory, for every process that has it open:
//
//	ab/abcdef…   an object, under the first two digits of its key
//	tmp/         what is being written
//	lock         empty; see locked
type Dir struct{ root string }

// NewDir opens the directory, makes it if needed, and clears what killed writers left.
func NewDir(root string) (*Dir, error) {
	d := &Dir{root: root}
	if err := os.MkdirAll(d.tmp(), 0o700); err != nil {
		return nil, fmt.Errorf("open blob directory: %w", err)
	}
	if err := d.locked(alone, func() error { return nil }); err != nil {
		return nil, fmt.Errorf("open blob directory: its file system must be able to lock files: %w", err)
	}
	leftovers, err := os.ReadDir(d.tmp())
	if err != nil {
		return nil, fmt.Errorf("open blob directory: %w", err)
	}
	for _, l := range leftovers {
		if info, err := l.Info(); err == nil && time.Since(info.ModTime()) > leftoverAge {
			_ = os.Remove(filepath.Join(d.tmp(), l.Name())) // the next start tries again
		}
	}
	return d, nil
}

func (d *Dir) tmp() string            { return filepath.Join(d.root, "tmp") }
func (d *Dir) path(key string) string { return filepath.Join(d.root, key[:2], key) }

// Put is described at Objects. A full disk is refused with try_again and leaves nothing
// behind.
func (d *Dir) Put(ctx context.Context, r io.Reader) (Info, error) {
	f, info, err := spool(ctx, d.tmp(), r)
	if err != nil {
		return Info{}, err
	}
	crash.At("blob.written")
	defer crash.At("blob.stored")
	if err := d.settle(f, info.Key); err != nil {
		return Info{}, errors.Join(full(fmt.Errorf("store blob: %w", err)), discard(f))
	}
	return info, nil
}

// spool writes r to a new file in dir and learns its key.
func spool(ctx context.Context, dir string, r io.Reader) (*os.File, Info, error) {
	f, err := os.CreateTemp(dir, "")
	if err != nil {
		return nil, Info{}, full(fmt.Errorf("store blob: %w", err))
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), readerOf(ctx, r))
	if err != nil {
		return nil, Info{}, errors.Join(full(fmt.Errorf("store blob: %w", err)), discard(f))
	}
	return f, Info{Key: hex.EncodeToString(sum.Sum(nil)), Size: n}, nil
}

// settle gives a written file its name. What is there already is as good: it is only
// marked as Put now. Its name may be another Put's of this moment, not yet on disk.
func (d *Dir) settle(f *os.File, key string) error {
	path := d.path(key)
	if d.mark(key) == nil {
		return errors.Join(discard(f), syncDir(filepath.Dir(path)))
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := d.makeFan(filepath.Dir(path)); err != nil {
		return err
	}
	if err := d.name(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

func (d *Dir) makeFan(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(d.root)
}

// syncDir makes names last: a rename is not on disk before its directory is (fsync(2)).
func syncDir(dir string) error {
	f, err := os.Open(dir) //nolint:gosec // G304: below the directory that the operator names
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func discard(f *os.File) error {
	_ = f.Close() // closed already, or about to be gone
	if err := os.Remove(f.Name()); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// full turns the errors of a disk with no room into the refusal, and keeps the cause.
func full(err error) error {
	for _, no := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, no) {
			return fmt.Errorf("%w (%w)", noRoom(), err)
		}
	}
	return err
}

// Open is described at Objects.
func (d *Dir) Open(_ context.Context, key string) (io.ReadSeekCloser, Info, error) {
	if !keyPattern.MatchString(key) {
		return nil, Info{}, noSuchFile()
	}
	f, err := os.Open(d.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, noSuchFile()
	}
	if err != nil {
		return nil, Info{}, fmt.Errorf("open blob: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, Info{}, errors.Join(fmt.Errorf("open blob: %w", err), f.Close())
	}
	return f, Info{Key: key, Size: info.Size(), Touched: info.ModTime()}, nil
}

// Touch is described at Objects.
func (d *Dir) Touch(_ context.Context, key string) error {
	if !keyPattern.MatchString(key) {
		return noSuchFile()
	}
	err := d.mark(key)
	if errors.Is(err, fs.ErrNotExist) {
		return noSuchFile()
	}
	return err
}

// All is described at Objects.
func (d *Dir) All(ctx context.Context) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil || e.IsDir() || !keyPattern.MatchString(e.Name()) {
				return err
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil // removed since
			}
			if err == nil && !yield(Info{Key: e.Name(), Size: info.Size(), Touched: info.ModTime()}, nil) {
				return filepath.SkipAll
			}
			return err
		})
		if err != nil {
			yield(Info{}, err)
		}
	}
}

// Remove is described at Objects.
func (d *Dir) Remove(_ context.Context, key string, before time.Time) (removed bool, err error) {
	err = d.locked(alone, func() error {
		info, err := os.Stat(d.path(key))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || info.ModTime().After(before) {
			return err
		}
		removed = true
		return os.Remove(d.path(key))
	})
	return removed, err
}

// readerOf stops with its context, between reads.
func readerOf(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(b)
	})
}

// readerFunc is a function as an io.Reader.
type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
