package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// buildConsole bundles the agent's console, and the page that shows customers' pages.
// Everything under assets/ is named by its hash and may be cached for ever; index.html and
// collaborate.html name the first of them. What lies in
// web-console/public is copied as it is.
func buildConsole(dir string) (bundle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return bundle{}, err
	}
	r, err := esbuild(consoleOptions(dir))
	if err != nil {
		return bundle{}, err
	}
	b := bundle{files: map[string][]byte{}}
	for _, f := range r.OutputFiles {
		name, err := filepath.Rel(filepath.Join(dir, "dist"), f.Path)
		if err != nil {
			return bundle{}, err
		}
		b.files[filepath.ToSlash(name)] = f.Contents
	}
	first, err := firstLoad(r.Metafile, "src/main.tsx")
	if err != nil {
		return bundle{}, err
	}
	b.files["index.html"] = indexPage(first)
	b.files["metafile.json"] = []byte(r.Metafile)
	if b.files["licences.txt"], err = licences("console", dir, r.Metafile); err != nil {
		return bundle{}, err
	}
	words, err := b.longest(r.Metafile, first, "src/i18n/sv.ts", "src/i18n/en.ts")
	if err != nil {
		return bundle{}, err
	}
	b.pages = append(b.pages, page{"console first load", slices.Concat(first, words), 260 << 10})
	replay, err := firstLoad(r.Metafile, replayEntry)
	if err != nil {
		return bundle{}, err
	}
	if len(replay) > 0 {
		b.files["collaborate.html"] = replayPage(replay)
		b.pages = append(b.pages, page{"console replay", replay, 90 << 10})
	}
	editor, err := b.longest(r.Metafile, first, editorEntry)
	if err != nil {
		return bundle{}, err
	}
	b.pages = append(b.pages, page{"console editor", editor, 80 << 10})
	return b, copyPublic(filepath.Join(dir, "public"), b.files)
}

// consoleOptions are of both pages, which share what both load.
func consoleOptions(dir string) api.BuildOptions {
	o := common(dir)
	o.EntryPoints = []string{"src/main.tsx"}
	if _, err := os.Stat(filepath.Join(dir, replayEntry)); err == nil {
		o.EntryPoints = append(o.EntryPoints, replayEntry)
	}
	o.EntryNames, o.ChunkNames, o.AssetNames = "assets/[name]-[hash]", "assets/[name]-[hash]", "assets/[name]-[hash]"
	o.Format = api.FormatESModule
	o.JSXImportSource = "react"
	o.Loader = map[string]api.Loader{".module.css": api.LoaderLocalCSS, ".svg": api.LoaderFile, ".woff2": api.LoaderFile}
	o.Metafile = true
	o.Outdir = "dist"
	o.PublicPath = "/"
	o.Splitting = true
	return o
}

// longest is what the heaviest of some entries loads beside what is there: agents fetch the
// words of one language.
func (b *bundle) longest(meta string, there []string, entries ...string) (files []string, err error) {
	most := 0
	for _, entry := range entries {
		all, err := firstLoad(meta, entry)
		if err != nil {
			return nil, err
		}
		more := slices.DeleteFunc(all, func(name string) bool { return slices.Contains(there, name) })
		if weight := b.weight(more); weight > most {
			most, files = weight, more
		}
	}
	return files, nil
}

// metafile is the part of esbuild's build description that says what loads what.
type metafile struct {
	Outputs map[string]struct {
		EntryPoint string `json:"entryPoint"`
		CSSBundle  string `json:"cssBundle"`
		Imports    []struct {
			Path string `json:"path"`
			Kind string `json:"kind"`
		} `json:"imports"`
	} `json:"outputs"`
}

// replayEntry is what shows a customer's page, in a frame with a policy of its own.
const replayEntry = "src/collaborate/replay.ts"

// editorEntry is the field for formatted mails, which is fetched when one is written.
const editorEntry = "src/editor/rich.tsx"

// firstLoad lists what a browser fetches before a page runs: the entry first, its
// style sheet, then the chunks that they import at once.
func firstLoad(meta, entry string) ([]string, error) {
	var m metafile
	if err := json.Unmarshal([]byte(meta), &m); err != nil {
		return nil, fmt.Errorf("read metafile: %w", err)
	}
	var files []string
	var add func(name string)
	add = func(name string) {
		short := strings.TrimPrefix(name, "dist/")
		if slices.Contains(files, short) {
			return
		}
		files = append(files, short)
		if css := m.Outputs[name].CSSBundle; css != "" {
			add(css)
		}
		for _, i := range m.Outputs[name].Imports {
			if i.Kind == "import-statement" {
				add(strings.TrimPrefix(i.Path, "/"))
			}
		}
	}
	for name, o := range m.Outputs {
		if o.EntryPoint == entry {
			add(name)
		}
	}
	return files, nil
}

// indexPage is the console's only page. The server replaces NONCE in every response,
// because React Aria adds one style element and the CSP allows no other.
func indexPage(first []string) []byte {
	var links strings.Builder
	for _, f := range first {
		switch path.Ext(f) {
		case ".css":
			fmt.Fprintf(&links, "<link rel=\"stylesheet\" href=\"/%s\">\n", f)
		case ".js":
			if f == first[0] {
				fmt.Fprintf(&links, "<script type=\"module\" src=\"/%s\"></script>\n", f)
			} else {
				fmt.Fprintf(&links, "<link rel=\"modulepreload\" href=\"/%s\">\n", f)
			}
		}
	}
	return []byte(`<!doctype html>
<html lang="sv">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta property="csp-nonce" nonce="NONCE">
<title>Växel</title>
` + links.String() + `</head>
<body><div id="root"></div></body>
</html>
`)
}

// replayPage is that frame: where the customer's page stands, and above it what the agent's
// pointer meets.
func replayPage(first []string) []byte {
	var links strings.Builder
	for _, f := range first {
		if path.Ext(f) == ".css" {
			fmt.Fprintf(&links, "<link rel=\"stylesheet\" href=\"/%s\">\n", f)
		}
	}
	return []byte(`<!doctype html>
<html lang="sv">
<head>
<meta charset="utf-8">
<title>Växel</title>
` + links.String() + `<script type="module" src="/` + first[0] + `"></script>
</head>
<body><div id="page"></div><div id="over"></div></body>
</html>
`)
}

func copyPublic(dir string, into map[string][]byte) error {
	if _, err := os.Stat(dir); err != nil {
		return nil //nolint:nilerr // a console without public files is fine
	}
	files := os.DirFS(dir)
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		into[name], err = fs.ReadFile(files, name)
		return err
	})
}
