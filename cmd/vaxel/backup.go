package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"

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
		return err
	}
	defer done()
	out, err := os.OpenFile(b.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
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

type restoreCmd struct {
	File string `arg:"" help:"A file that backup wrote." type:"existingfile"`
}

// Run reads a backup into an empty data directory.
func (r restoreCmd) Run(ctx context.Context, c *cli) error {
	config, log, err := c.load()
	if err != nil {
		return err
	}
	if config.DatabaseURL == "" {
		if entries, err := os.ReadDir(config.DataDir); err == nil && len(entries) > 0 {
			return fmt.Errorf("restore into %s: it is not empty; name another with VAXEL_DATA_DIR, or move it away", config.DataDir)
		}
	}
	in, err := os.Open(r.File)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = in.Close() }()
	url, done, err := fresh(ctx, config, log)
	if err != nil {
		return err
	}
	defer done()
	archive := tar.NewReader(in)
	head, err := archive.Next()
	if err != nil || head.Name != dumpName {
		return fmt.Errorf("restore %s: it is no backup of Växel", r.File)
	}
	if err := localpg.Restore(ctx, url, archive); err != nil {
		return fmt.Errorf("restore the database: %w", err)
	}
	if err := restoreBlobs(archive, config.DataDir); err != nil {
		return fmt.Errorf("restore the blobs: %w", err)
	}
	fmt.Printf("Restored into %s. Put your copy of the key file at %s before you start.\n", config.DataDir, config.keyFile())
	return nil
}

// restoreBlobs writes below dir only, whatever the names in the archive say.
func restoreBlobs(archive *tar.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := restoreBlob(root, head.Name, archive); err != nil {
			return err
		}
	}
}

func restoreBlob(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r) // our own backup, of any size
	return errors.Join(err, f.Sync(), f.Close())
}

// reach gives the database of a Växel that may be running: the external one, the private
// one started for this, or the running private one.
func reach(ctx context.Context, config Config) (url string, done func(), err error) {
	url, done, err = fresh(ctx, config, slog.New(slog.DiscardHandler))
	if errors.Is(err, localpg.ErrInUse) {
		url, err = localpg.URL(config.postgresDir())
		return url, func() {}, err
	}
	return url, done, err
}

// fresh starts the private database, unless there is an external one.
func fresh(ctx context.Context, config Config, log *slog.Logger) (url string, done func(), err error) {
	if config.DatabaseURL != "" {
		return config.DatabaseURL, func() {}, nil
	}
	if err := config.makeDataDir(); err != nil {
		return "", nil, err
	}
	server, err := localpg.Start(ctx, localpg.Options{Dir: config.postgresDir(), Logger: log})
	if err != nil {
		return "", nil, err
	}
	return server.URL(), func() {
		if err := server.Stop(); err != nil {
			log.Warn("stop the database", "err", err)
		}
	}, nil
}

// attach is reach with a pool.
func attach(ctx context.Context, config Config) (*pgxpool.Pool, func(), error) {
	url, done, err := reach(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		done()
		return nil, nil, fmt.Errorf("reach the database: %w", err)
	}
	return pool, func() { pool.Close(); done() }, nil
}
