package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// buildWidget makes the files of the customer's widget: v1.js, which every page of a
// website loads, chat.js, which it fetches when the customer wants to talk, later.js,
// which chat.js fetches for what many chats never show, and invite.js, which v1.js fetches
// where the website asks its visitors; and preview.js for the administration. v1.js also
// fetches collaborate.js, when an agent asks to see the page, and that mirror.js, when the
// customer has said yes. Those that say something are made in each language (language.go). Each carries the hash of the one
// it fetches, so that those may be cached for ever.
func buildWidget(dir string) (bundle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return bundle{}, err
	}
	words, err := readWords(filepath.Join(dir, "src", "words"))
	if err != nil {
		return bundle{}, err
	}
	b := bundle{files: map[string][]byte{}}
	alone := words.alone()
	maps.Copy(b.files, alone)
	later, laterMeta, err := widgetFile(dir, "src/later.tsx", api.FormatESModule, nil, "src/kit.ts")
	if err != nil {
		return bundle{}, err
	}
	laters := b.speak(words, "later", "later.js", later, 8<<10)
	mirror, mirrorMeta, err := widgetFile(dir, "src/mirror.ts", api.FormatESModule, nil)
	if err != nil {
		return bundle{}, err
	}
	shared, sharedMeta, err := widgetFile(dir, "src/collaborate.ts", api.FormatESModule, hashOf("MIRROR_HASH", mirror))
	if err != nil {
		return bundle{}, err
	}
	shares := b.speak(words, "shared", "collaborate.js", shared, 7<<10)
	hashes := hashOf("LATER_HASH", laters)
	maps.Copy(hashes, hashOf("WORDS_HASH", joined(alone)))
	chat, chatMeta, err := widgetFile(dir, "src/chat.tsx", api.FormatESModule, hashes, "src/jsx.ts")
	if err != nil {
		return bundle{}, err
	}
	chats := b.speak(words, "chat", "chat.js", chat, 20<<10)
	invite, inviteMeta, err := widgetFile(dir, "src/invite.ts", api.FormatESModule, nil)
	if err != nil {
		return bundle{}, err
	}
	hashes = hashOf("CHAT_HASH", chats)
	maps.Copy(hashes, hashOf("INVITE_HASH", b.speak(words, "invite", "invite.js", invite, 2<<10)))
	maps.Copy(hashes, hashOf("COLLABORATE_HASH", shares))
	hashes["OPEN"] = words.openings()
	loader, loaderMeta, err := widgetFile(dir, "src/loader.ts", api.FormatIIFE, hashes)
	if err != nil {
		return bundle{}, err
	}
	preview, previewMeta, err := widgetFile(dir, "src/preview.ts", api.FormatIIFE, nil)
	if err != nil {
		return bundle{}, err
	}
	notices, err := licences("widget", dir, laterMeta, mirrorMeta, sharedMeta, chatMeta, inviteMeta, loaderMeta, previewMeta)
	if err != nil {
		return bundle{}, err
	}
	maps.Copy(b.files, map[string][]byte{"v1.js": loader, "mirror.js": mirror, "preview.js": preview, "licences.txt": notices})
	b.pages = append(b.pages, page{"v1.js", []string{"v1.js"}, 3 << 10}, page{"mirror.js", []string{"mirror.js"}, 28 << 10})
	return b, nil
}

// hashOf defines a name in the next file as the hash of this one.
func hashOf(name string, file []byte) map[string]string {
	sum := sha256.Sum256(file)
	return map[string]string{name: fmt.Sprintf("%q", hex.EncodeToString(sum[:6]))}
}

func widgetFile(dir, entry string, format api.Format, define map[string]string, inject ...string) (file []byte, meta string, err error) {
	o := common(dir)
	o.EntryPoints = []string{entry}
	o.Format = format
	o.JSX, o.JSXFactory, o.JSXFragment = api.JSXTransform, "h", "Fragment" // smaller than the automatic form
	o.TsconfigRaw = "{}"                                                   // the file's own jsx setting would win over these
	o.Inject = inject
	o.Metafile = true
	o.Plugins = []api.Plugin{cssAsText(tokenNames(dir))}
	maps.Copy(o.Define, define)
	r, err := esbuild(o)
	if err != nil {
		return nil, "", err
	}
	return r.OutputFiles[0].Contents, r.Metafile, nil
}

// cssAsText turns an imported style sheet into a minified string, with its tokens' short names: the
// widget makes constructable style sheets of it, which a page's CSP without style-src allows.
func cssAsText(names map[string]string) api.Plugin {
	load := func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		source, err := os.ReadFile(a.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		r := api.Transform(rename(string(source), names), api.TransformOptions{
			Charset: api.CharsetUTF8, Loader: api.LoaderCSS, MinifySyntax: true, MinifyWhitespace: true,
		})
		if len(r.Errors) > 0 {
			return api.OnLoadResult{Errors: r.Errors}, nil
		}
		text := string(r.Code)
		return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, nil
	}
	return api.Plugin{Name: "css-as-text", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, load)
	}}
}
