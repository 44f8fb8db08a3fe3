// Command webbuild bundles the customer's widget and the agent's console into their
// dist folders, which the server embeds. The bundler is a Go library: Node is needed
// only to install the packages.
//
//	go run ./cmd/webbuild             both apps
//	go run ./cmd/webbuild widget      one of them
//	go run ./cmd/webbuild -watch      again whenever a source changes
//	go run ./cmd/webbuild -sizes      build, then fail if a page grew past its limit
//
// The same sources give the same bytes, so a file's name or address can carry its hash.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

func main() {
	root := flag.String("root", ".", "folder that holds web-widget and web-console")
	watch := flag.Bool("watch", false, "build again whenever a source changes, until interrupted")
	sizes := flag.Bool("sizes", false, "fail if a page is larger than its limit")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *root, flag.Args(), *watch, *sizes); err != nil {
		fmt.Fprintln(os.Stderr, "webbuild:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, names []string, watch, sizes bool) error {
	chosen, err := choose(root, names)
	if err != nil {
		return err
	}
	for _, a := range chosen {
		if err := buildOnce(a, sizes); err != nil && !watch {
			return err
		}
	}
	if !watch {
		return nil
	}
	return watchSources(ctx, chosen, sizes)
}

// app is one of the two web apps.
type app struct {
	name  string
	dir   string
	build func(dir string) (bundle, error)
}

func choose(root string, names []string) ([]app, error) {
	all := []app{
		{"widget", filepath.Join(root, "web-widget"), buildWidget},
		{"console", filepath.Join(root, "web-console"), buildConsole},
	}
	if len(names) == 0 {
		return all, nil
	}
	var chosen []app
	for _, name := range names {
		found := false
		for _, a := range all {
			if a.name == name {
				chosen, found = append(chosen, a), true
			}
		}
		if !found {
			return nil, fmt.Errorf("no app is called %q; there are widget and console", name)
		}
	}
	return chosen, nil
}

func buildOnce(a app, sizes bool) error {
	start := time.Now()
	b, err := a.build(a.dir)
	if err == nil {
		err = b.write(filepath.Join(a.dir, "dist"))
	}
	if err == nil {
		fmt.Printf("%s: %d files in %d ms\n", a.name, len(b.files), time.Since(start).Milliseconds())
		err = errors.Join(b.report(sizes)...)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", a.name, err)
	}
	return nil
}
