package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/vaxelhq/vaxel/localpg"
)

// A backup is a tar: database.dump first, then blobs/ as they lie. The dump is taken
// first: a blob that comes later is one too many, never one too few. The key file is
// not in it; keep that apart.
const dumpName = "database.dump"

type backupCmd struct {
	File string `arg:"" help:"The file to write; it must not exist." type:"path"`
}

// Run writes the backup, of a Växel that may be running.
func (b backupCmd) Run(ctx context.Context, c *cli) (err error) {
	config, _, err := c.load()
	if err != nil {
		return err
	}
	url, done, err := reach(ctx, config)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer done()
	out, err := os.OpenFile(b.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("back up: %s is there already, and no backup is overwritten: name another file", b.File)
	}
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			_ = os.Remove(b.File)
		}
	}()
	archive := tar.NewWriter(out)
	if err := addDump(ctx, archive, url, filepath.Dir(b.File)); err != nil {
		return fmt.Errorf("back up the database: %w", err)
	}
	if err := addBlobs(archive, filepath.Join(config.DataDir, "blobs")); err != nil {
		return fmt.Errorf("back up the blobs: %w", err)
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	fmt.Printf("Backed up to %s. Keep %s apart from it: without the key the sealed passwords are lost.\n", b.File, config.keyFile())
	return out.Sync()
}

// addDump goes by way of a file, since a tar must know sizes first.
func addDump(ctx context.Context, archive *tar.Writer, url, dir string) error {
	dump, err := os.CreateTemp(dir, ".dump-*")
	if err != nil {
		return err
	}
	defer func() { _ = dump.Close(); _ = os.Remove(dump.Name()) }()
	if err := localpg.Dump(ctx, url, dump); err != nil {
		return err
	}
	size, err := dump.Seek(0, io.SeekEnd) // pg_dump ends by writing its contents list at the start
	if err != nil {
		return err
	}
	if _, err := dump.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return addFile(archive, dumpName, size, dump)
}

func addFile(archive *tar.Writer, name string, size int64, r io.Reader) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size}); err != nil {
		return err
	}
	_, err := io.CopyN(archive, r, size)
	return err
}

// addBlobs adds every file below dir. It is called after the database is dumped: a blob is
// written before its row, so each row of the dump finds its own.
func addBlobs(archive *tar.Writer, dir string) error {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && path == "tmp" {
			return fs.SkipDir // what is being written: no row names it, and it may be gone the next moment
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := root.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		return addFile(archive, "blobs/"+path, info.Size(), f)
	})
}
