package main

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/localpg"
)

type restoreCmd struct {
	File string `arg:"" help:"A file that backup wrote." type:"path"`
}

// Run reads a backup into an empty data directory and an empty database. The file is
// looked at first: a wrong one changes nothing.
func (r restoreCmd) Run(ctx context.Context, c *cli) error {
	config, log, err := c.load()
	if err != nil {
		return err
	}
	in, err := os.Open(r.File)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { _ = in.Close() }()
	archive := tar.NewReader(in)
	if head, err := archive.Next(); err != nil || head.Name != dumpName {
		return fmt.Errorf("restore: %s is no backup of Växel's; vaxel backup writes them", r.File)
	}
	if entries, err := os.ReadDir(config.DataDir); err == nil && len(entries) > 0 {
		return fmt.Errorf("restore: %s is not empty; name another directory with VAXEL_DATA_DIR, or move it away", config.DataDir)
	}
	if err := r.into(ctx, config, archive, log); err != nil {
		return fmt.Errorf("restore %s: %w; what has come into %s is of no use, remove it before you try again", r.File, err, config.DataDir)
	}
	fmt.Printf("Restored into %s. Put your copy of the key file at %s before you start.\n", config.DataDir, config.keyFile())
	return nil
}

func (restoreCmd) into(ctx context.Context, config Config, archive *tar.Reader, log *slog.Logger) error {
	url, done, err := fresh(ctx, config, log)
	if err != nil {
		return err
	}
	defer done()
	if err := emptyDatabase(ctx, url); err != nil {
		return err
	}
	if err := localpg.Restore(ctx, url, archive); err != nil {
		return err
	}
	return restoreBlobs(archive, config.DataDir)
}

// emptyDatabase refuses a database that somebody uses.
func emptyDatabase(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return unreachable(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var tables int
	err = conn.QueryRow(ctx, "select count(*) from pg_catalog.pg_tables where schemaname = 'public'").Scan(&tables)
	if err == nil && tables > 0 {
		err = fmt.Errorf("the database holds %d tables; name an empty one in database_url", tables)
	}
	return err
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
