package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// watchSources builds an app again when a file below its folder is newer than before,
// until ctx is done. A build that fails is shown and waits for the next change.
func watchSources(ctx context.Context, apps []app, sizes bool) error {
	seen := make([]time.Time, len(apps))
	for i, a := range apps {
		seen[i] = a.newest()
	}
	tick := time.NewTicker(300 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for i, a := range apps {
			at := a.newest()
			if !at.After(seen[i]) {
				continue
			}
			seen[i] = at
			if err := buildOnce(a, sizes); err != nil {
				fmt.Fprintln(os.Stderr, "webbuild:", err)
			}
		}
	}
}

// newest is when the youngest source of an app was written: its own, or the look that all share.
func (a app) newest() time.Time {
	own, shared := newest(a.dir), newest(filepath.Join(filepath.Dir(a.dir), "look"))
	if shared.After(own) {
		return shared
	}
	return own
}

// newest is when the youngest source below dir was written.
func newest(dir string) time.Time {
	var at time.Time
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // an editor's passing file is not worth stopping for
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "dist") {
			return filepath.SkipDir
		}
		if info, err := d.Info(); err == nil && info.ModTime().After(at) {
			at = info.ModTime()
		}
		return nil
	})
	return at
}
