package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConsoleFirstLoadLeavesOutWhatIsLazy(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"src/main.tsx":          `import s from "./row.module.css"; import {x} from "./shared"; document.title = s.row + x; void import("./lazy")`,
		"src/lazy.ts":           `import {x} from "./shared"; console.log("lazy", x)`,
		"src/shared.ts":         `export const x = Math.random()`,
		"src/row.module.css":    `.row { color: light-dark(#fff, #000) }`,
		"public/icon.svg":       `<svg/>`,
		"public/sub/manifest.x": `{}`,
	})
	b, err := buildConsole(dir)
	if err != nil {
		t.Fatal(err)
	}
	first := b.pages[0].files
	if !strings.HasPrefix(first[0], "assets/main-") || slices.ContainsFunc(first, func(f string) bool { return strings.Contains(f, "lazy") }) {
		t.Errorf("first load is %v, want main first and no lazy part", first)
	}
	if len(first) != 3 { // main, its style sheet, the shared chunk
		t.Errorf("first load is %v, want three files", first)
	}
	for _, f := range first {
		if !bytes.Contains(b.files["index.html"], []byte("/"+f)) {
			t.Errorf("index.html does not name %s", f)
		}
	}
	if b.files["icon.svg"] == nil || b.files["sub/manifest.x"] == nil {
		t.Error("public files were not copied")
	}
	again, err := buildConsole(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(b.files, again.files, bytes.Equal) {
		t.Error("the same sources gave other bytes")
	}
}

func TestEachFileOfTheWidgetCarriesTheHashOfTheNext(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"src/words/sv.json": `{"chat": {"openChat": "Öppna"}, "later": {}, "shared": {}, "invite": {}}`,
		"src/loader.ts":     `declare const CHAT_HASH: string; declare const COLLABORATE_HASH: string; document.title = CHAT_HASH + COLLABORATE_HASH`,
		"src/chat.tsx":      `import css from "./chat.css"; declare const LATER_HASH: string; export const sheet = css + LATER_HASH`,
		"src/later.tsx":     `export const x = <b />`,
		"src/invite.ts":     `export const i = 1`, "src/preview.ts": `document.title = "p"`,
		"src/mirror.ts":      `export const x = 1`,
		"src/collaborate.ts": `declare const MIRROR_HASH: string; export const x = MIRROR_HASH`,
		"src/jsx.ts":         `export const h = 1, Fragment = 2`,
		"src/kit.ts":         `export let h: any, Fragment: any`,
		"tsconfig.json":      `{"compilerOptions": {"jsx": "react-jsx", "jsxImportSource": "preact"}}`,
		"src/chat.css":       ".a {  color : light-dark( #ffffff , #000 ) }",
	})
	build := func() bundle {
		b, err := buildWidget(dir)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	before := build()
	if !bytes.Contains(before.files["sv/chat.js"], []byte(".a{color:light-dark(#ffffff,#000)}")) {
		t.Errorf("style sheet is not minified text: %s", before.files["sv/chat.js"])
	}
	write(t, dir, map[string]string{"src/chat.css": ".a { color: red }"})
	if bytes.Equal(before.files["v1.js"], build().files["v1.js"]) {
		t.Error("chat.js changed, the loader did not")
	}
	before = build()
	write(t, dir, map[string]string{"src/later.tsx": `export const x = <i />`})
	after := build()
	if bytes.Equal(before.files["sv/chat.js"], after.files["sv/chat.js"]) || bytes.Equal(before.files["v1.js"], after.files["v1.js"]) {
		t.Error("later.js changed, chat.js or the loader did not")
	}
	before = after
	write(t, dir, map[string]string{"src/mirror.ts": `export const x = 2`})
	after = build()
	if bytes.Equal(before.files["sv/collaborate.js"], after.files["sv/collaborate.js"]) || bytes.Equal(before.files["v1.js"], after.files["v1.js"]) {
		t.Error("mirror.js changed, collaborate.js or the loader did not")
	}
}

// A visitor fetches the words of one language, before the code that says them.
func TestEachLanguageIsAFileOfItsOwn(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"src/loader.ts": `declare const OPEN: any; declare const CHAT_HASH: string; document.title = OPEN.de + CHAT_HASH`,
		"src/chat.tsx":  `declare const WORDS: any; declare const LANG: string; document.title = WORDS.hi + LANG`,
		"src/later.tsx": `declare const WORDS: any; document.title = WORDS.later`,
		"src/invite.ts": `export const i = 1`, "src/preview.ts": `document.title = "p"`, "src/mirror.ts": `export const x = 1`,
		"src/collaborate.ts": `export const x = 1`, "src/jsx.ts": `export const h = 1, Fragment = 2`, "src/kit.ts": `export let h: any, Fragment: any`,
		"src/words/sv.json": `{"chat": {"openChat": "Öppna", "hi": "Hej {}", "n": {"one": "{} sak", "other": "{} st"}}, "later": {"later": "Sen"}, "shared": {}, "invite": {}}`,
		"src/words/de.json": `{"chat": {"openChat": "Öffnen", "hi": "Hallo {}", "n": {"one": "{} Ding", "other": "{} Dinge"}}, "later": {"later": "Später"}, "shared": {}, "invite": {}}`,
	})
	b, err := buildWidget(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"de/chat.js": "Hallo {}", "sv/chat.js": "Hej {}", "de/later.js": "Später", "de/words.js": "Hallo {}", "v1.js": "Öffnen"} {
		if !bytes.Contains(b.files[name], []byte(want)) {
			t.Errorf("%s does not say %q:\n%s", name, want, b.files[name])
		}
	}
	if bytes.Contains(b.files["de/chat.js"], []byte("Hej")) || bytes.Contains(b.files["de/chat.js"], []byte("Später")) {
		t.Errorf("de/chat.js carries what it never says: %s", b.files["de/chat.js"])
	}
	chat := b.files["v1.js"]
	write(t, dir, map[string]string{"src/words/de.json": `{"chat": {"openChat": "Öffnen", "hi": "Tag {}", "n": {"one": "{} Ding", "other": "{} Dinge"}}, "later": {"later": "Später"}, "shared": {}, "invite": {}}`})
	if b, err = buildWidget(dir); err != nil || bytes.Equal(chat, b.files["v1.js"]) {
		t.Errorf("a word changed, the loader did not: %v", err)
	}
	for fault, text := range map[string]string{
		"chat.hi is missing":               `{"chat": {"openChat": "Öffnen", "n": {"one": "{} Ding", "other": "{} Dinge"}}, "later": {"later": "Später"}}`,
		"chat.hi speaks of something else": `{"chat": {"openChat": "Öffnen", "hi": "Tag", "n": {"one": "{} Ding", "other": "{} Dinge"}}, "later": {"later": "Später"}}`,
		"chat.n.other is missing":          `{"chat": {"openChat": "Öffnen", "hi": "Tag {}", "n": {"one": "{} Ding"}}, "later": {"later": "Später"}}`,
		"chat.ho is in no other language":  `{"chat": {"openChat": "Öffnen", "hi": "Tag {}", "ho": "x", "n": {"one": "{} Ding", "other": "{} Dinge"}}, "later": {"later": "Später"}}`,
	} {
		write(t, dir, map[string]string{"src/words/de.json": text})
		if _, err := buildWidget(dir); err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("got %v, want %q", err, fault)
		}
	}
}

// What one style sheet of the widget's defines, another uses: each is built with the same short names, and
// what a script or a class is called stays.
func TestTheWidgetsTokensHaveShortNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"src/words/sv.json": `{"chat": {}, "later": {}, "shared": {}, "invite": {}}`,
		"src/tokens.css":    ":host { --c-text: black; --ring: 0 0 0 2px var(--c-text); } :host([brand]) { --c-text: var(--brand) }",
		"src/chat.css":      ".btn--ring { color: var(--c-text); box-shadow: var(--ring), var(--none) }",
		"src/loader.ts":     `import css from "./tokens.css"; document.title = css`,
		"src/chat.tsx":      `import css from "./chat.css"; document.title = css`,
		"src/later.tsx":     `export const x = 1`, "src/invite.ts": `export const i = 1`, "src/preview.ts": `document.title = "p"`, "src/mirror.ts": `export const x = 1`,
		"src/collaborate.ts": `export const x = 1`, "src/jsx.ts": `export const h = 1, Fragment = 2`, "src/kit.ts": `export let h: any, Fragment: any`,
	})
	b, err := buildWidget(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"v1.js":      ":host{--va: black;--vb: 0 0 0 2px var(--va)}:host([brand]){--va: var(--brand)",
		"sv/chat.js": ".btn--ring{color:var(--va);box-shadow:var(--vb),var(--none)}",
	} {
		if !bytes.Contains(b.files[name], []byte(want)) {
			t.Errorf("%s has not %s:\n%s", name, want, b.files[name])
		}
	}
}

func TestSizesRefuseAPagePastItsLimit(t *testing.T) {
	b := bundle{files: map[string][]byte{"a.js": []byte("1234567890")}, pages: []page{{"a", []string{"a.js"}, 5}}}
	if errs := b.report(false); errs != nil {
		t.Errorf("without -sizes got %v", errs)
	}
	if errs := b.report(true); len(errs) != 1 {
		t.Errorf("with -sizes got %v, want one error", errs)
	}
}

func TestWriteRemovesWhatIsOldAndKeepsTheFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{".gitkeep": "", "old.js": "x", "assets/old.js": "x"})
	if err := (&bundle{files: map[string][]byte{"new.js": nil}}).write(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{".gitkeep", "new.js", "new.js.gz"}; !slices.Equal(names, want) {
		t.Errorf("dist holds %v, want %v", names, want)
	}
}

// The widget goes to strangers' pages: a package that it is made of is named, and one that
// we may not carry fails the build, in whichever of its files.
func TestTheWidgetsLicencesAreCarried(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"src/words/sv.json":           `{"chat": {}, "later": {}, "shared": {}, "invite": {}}`,
		"src/loader.ts":               `document.title = "x"`,
		"src/chat.tsx":                `import {x} from "x"; console.log(x)`,
		"src/later.tsx":               `import {y} from "y"; console.log(y)`,
		"src/invite.ts":               `export const i = 1`,
		"src/preview.ts":              `document.title = "p"`,
		"src/mirror.ts":               `export const x = 1`,
		"src/collaborate.ts":          `export const x = 1`,
		"src/jsx.ts":                  `export const h = 1, Fragment = 2`,
		"src/kit.ts":                  `export let h: any, Fragment: any`,
		"node_modules/x/package.json": `{"name": "x", "version": "1.2.3", "license": "MIT", "main": "x.js"}`,
		"node_modules/x/x.js":         `export const x = 1`,
		"node_modules/x/LICENSE":      `Copyright (c) the authors of x`,
		"node_modules/y/package.json": `{"name": "y", "version": "4.0.0", "license": "ISC", "main": "y.js"}`,
		"node_modules/y/y.js":         `export const y = 1`,
	})
	b, err := buildWidget(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b.files["licences.txt"])
	for _, want := range []string{"The widget carries", "x 1.2.3, MIT", "the authors of x", "y 4.0.0, ISC"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	write(t, dir, map[string]string{"node_modules/y/package.json": `{"name": "y", "version": "4.0.0", "license": "AGPL-3.0", "main": "y.js"}`})
	if _, err := buildWidget(dir); err == nil || !strings.Contains(err.Error(), "AGPL-3.0") {
		t.Errorf("got %v, want a refusal of the licence", err)
	}
}

// The notices of what is bundled go with it, and only of that.
func TestLicencesAreCarried(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"src/main.tsx":                     `import {x} from "x"; import {y} from "@a/y"; console.log(x, y)`,
		"node_modules/x/package.json":      `{"name": "x", "version": "1.2.3", "license": "MIT", "main": "x.js"}`,
		"node_modules/x/x.js":              `export const x = 1`,
		"node_modules/x/LICENSE":           `Copyright (c) the authors of x`,
		"node_modules/@a/y/package.json":   `{"name": "@a/y", "version": "4.0.0", "license": "ISC", "main": "lib/y.js"}`,
		"node_modules/@a/y/lib/y.js":       `export const y = 2`,
		"node_modules/@a/y/license.md":     `Copyright (c) the authors of y`,
		"node_modules/unused/package.json": `{"name": "unused", "version": "1.0.0", "license": "AGPL-3.0"}`,
		"node_modules/unused/LICENSE":      `Copyright (c) somebody else`,
	})
	b, err := buildConsole(dir)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b.files["licences.txt"])
	for _, want := range []string{"x 1.2.3, MIT", "the authors of x", "@a/y 4.0.0, ISC", "the authors of y"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "somebody else") {
		t.Error("what is not in the bundle is named")
	}
	write(t, dir, map[string]string{"node_modules/x/package.json": `{"name": "x", "version": "1.2.3", "license": "AGPL-3.0", "main": "x.js"}`})
	if _, err := buildConsole(dir); err == nil || !strings.Contains(err.Error(), "AGPL-3.0") {
		t.Errorf("got %v, want a refusal of the licence", err)
	}
}
