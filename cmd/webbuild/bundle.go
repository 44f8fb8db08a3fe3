package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/klauspost/compress/gzip" // packs the widget in a hundredth less than compress/gzip
)

// bundle is what one app becomes: the files of its dist folder and the pages whose
// first load is limited.
type bundle struct {
	files map[string][]byte // by path below dist, with slashes
	pages []page
}

// page is what a browser must fetch before it can show something.
type page struct {
	name  string
	files []string
	limit int // bytes, gzipped
}

// write replaces the dist folder's content; the .gitkeep stays, so that the folder can be embedded.
func (b *bundle) write(dist string) error {
	old, err := os.ReadDir(dist)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range old {
		if e.Name() == ".gitkeep" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dist, e.Name())); err != nil {
			return err
		}
	}
	for name, data := range b.files {
		if err := writeFile(filepath.Join(dist, filepath.FromSlash(name)), data); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a file and, if it is text that browsers load, its gzip beside it: the
// server compresses nothing while it serves.
func writeFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return err
	}
	switch filepath.Ext(path) {
	case ".js", ".css", ".svg":
		if err := os.WriteFile(path+".gz", gzipped(data), 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(path, data, 0o600)
}

// report prints what each page weighs. With enforce, a page past its limit is an error.
func (b *bundle) report(enforce bool) []error {
	var errs []error
	for _, p := range b.pages {
		size := b.weight(p.files)
		fmt.Printf("  %-18s %7d B gzip of %d\n", p.name, size, p.limit)
		if enforce && size > p.limit {
			errs = append(errs, fmt.Errorf("%s is %d B gzip, limit %d; see the metafile for what is in it", p.name, size, p.limit))
		}
	}
	return errs
}

// weight is what files are to a browser that loads them.
func (b *bundle) weight(files []string) (size int) {
	for _, name := range files {
		size += len(gzipped(b.files[name]))
	}
	return size
}

func gzipped(data []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a valid constant
	_, _ = w.Write(data)                                    // a bytes.Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

// common are the options of every bundle: minified, reproducible, nothing written by esbuild itself.
func common(dir string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir:     dir,
		Bundle:            true,
		Charset:           api.CharsetUTF8,
		Define:            map[string]string{"process.env.NODE_ENV": `"production"`},
		JSX:               api.JSXAutomatic,
		LegalComments:     api.LegalCommentsNone,
		LogLevel:          api.LogLevelWarning,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		MinifyWhitespace:  true,
		Platform:          api.PlatformBrowser,
		Target:            api.ES2022,
	}
}

// esbuild runs one build. Its messages are already printed with their lines.
func esbuild(o api.BuildOptions) (api.BuildResult, error) {
	r := api.Build(o)
	if len(r.Errors) > 0 {
		hint := ""
		if _, err := os.Stat(filepath.Join(o.AbsWorkingDir, "node_modules")); err != nil {
			hint = "; its packages are missing: run `npm ci --ignore-scripts` in " + filepath.Base(o.AbsWorkingDir)
		}
		return r, fmt.Errorf("%d errors, first: %s%s", len(r.Errors), r.Errors[0].Text, hint)
	}
	return r, nil
}
