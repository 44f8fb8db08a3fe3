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
// customer has said yes. Each carries the hash of the one
// it fetches, so that those may be cached for ever.
func buildWidget(dir string) (bundle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return bundle{}, err
	}
	later, laterMeta, err := widgetFile(dir, "src/later.tsx", api.FormatESModule, nil, "src/kit.ts")
	if err != nil {
		return bundle{}, err
	}
	mirror, mirrorMeta, err := widgetFile(dir, "src/mirror.ts", api.FormatESModule, nil)
	if err != nil {
		return bundle{}, err
	}
	shared, sharedMeta, err := widgetFile(dir, "src/collaborate.ts", api.FormatESModule, hashOf("MIRROR_HASH", mirror))
	if err != nil {
		return bundle{}, err
	}
	chat, chatMeta, err := widgetFile(dir, "src/chat.tsx", api.FormatESModule, hashOf("LATER_HASH", later), "src/jsx.ts")
	if err != nil {
		return bundle{}, err
	}
	invite, inviteMeta, err := widgetFile(dir, "src/invite.ts", api.FormatESModule, nil)
	if err != nil {
		return bundle{}, err
	}
	hashes := hashOf("CHAT_HASH", chat)
	maps.Copy(hashes, hashOf("INVITE_HASH", invite))
	maps.Copy(hashes, hashOf("COLLABORATE_HASH", shared))
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
	return bundle{
		files: map[string][]byte{"v1.js": loader, "chat.js": chat, "later.js": later, "collaborate.js": shared, "mirror.js": mirror, "invite.js": invite, "preview.js": preview, "licences.txt": notices},
		pages: []page{
			{"widget loader", []string{"v1.js"}, 3 << 10},
			{"widget chat", []string{"chat.js"}, 20 << 10},
			{"widget later", []string{"later.js"}, 8 << 10},
			{"widget invite", []string{"invite.js"}, 2 << 10},
			{"widget co-browsing", []string{"collaborate.js"}, 7 << 10},
			{"widget mirror", []string{"mirror.js"}, 28 << 10},
		},
	}, nil
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
	o.Plugins = []api.Plugin{cssAsText}
	maps.Copy(o.Define, define)
	r, err := esbuild(o)
	if err != nil {
		return nil, "", err
	}
	return r.OutputFiles[0].Contents, r.Metafile, nil
}

// cssAsText turns an imported style sheet into a minified string: the widget makes
// constructable style sheets of it, which a page's CSP without style-src allows.
var cssAsText = api.Plugin{
	Name: "css-as-text",
	Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			source, err := os.ReadFile(a.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			r := api.Transform(string(source), api.TransformOptions{
				Charset: api.CharsetUTF8, Loader: api.LoaderCSS, MinifySyntax: true, MinifyWhitespace: true,
			})
			if len(r.Errors) > 0 {
				return api.OnLoadResult{Errors: r.Errors}, nil
			}
			text := string(r.Code)
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderText}, nil
		})
	},
}
