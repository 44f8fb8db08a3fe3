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

// buildWidget makes the two files of the customer's widget: v1.js, which every page of
// a website loads, and chat.js, which it fetches when the customer wants to talk. v1.js
// carries chat.js's hash, so that chat.js may be cached for ever.
func buildWidget(dir string) (bundle, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return bundle{}, err
	}
	chat, err := widgetFile(dir, "src/chat.tsx", api.FormatESModule, nil, "src/jsx.ts")
	if err != nil {
		return bundle{}, err
	}
	sum := sha256.Sum256(chat)
	loader, err := widgetFile(dir, "src/loader.ts", api.FormatIIFE,
		map[string]string{"CHAT_HASH": fmt.Sprintf("%q", hex.EncodeToString(sum[:6]))})
	if err != nil {
		return bundle{}, err
	}
	return bundle{
		files: map[string][]byte{"v1.js": loader, "chat.js": chat},
		pages: []page{
			{"widget loader", []string{"v1.js"}, 3 << 10},
			{"widget chat", []string{"chat.js"}, 20 << 10},
		},
	}, nil
}

func widgetFile(dir, entry string, format api.Format, define map[string]string, inject ...string) ([]byte, error) {
	o := common(dir)
	o.EntryPoints = []string{entry}
	o.Format = format
	o.JSX, o.JSXFactory, o.JSXFragment = api.JSXTransform, "h", "Fragment" // smaller than the automatic form
	o.Inject = inject
	o.Plugins = []api.Plugin{cssAsText}
	maps.Copy(o.Define, define)
	r, err := esbuild(o)
	if err != nil {
		return nil, err
	}
	return r.OutputFiles[0].Contents, nil
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
