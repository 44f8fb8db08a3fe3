package kb

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"hash/fnv"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	bcp47 "golang.org/x/text/language"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/look"
)

//go:embed help
var helpFiles embed.FS

// Site is whose help centre it is.
type Site struct {
	Name   string // the company's
	Icon   string // one of the sprite's; book if empty
	Widget string // the key of a chat widget, empty: no chat
	Mail   string // an address, empty: no e-mail
}

// help serves the help centre: pages that work without a script, from memory.
type help struct {
	*Public
	site      func(context.Context) Site
	log       *slog.Logger
	texts     map[string]texts // by language
	pages     *template.Template
	edition   string // changes with the assets
	protector *http.CrossOriginProtection
}

type texts map[string]string

// Handler serves the public help centre under /help/. Site is asked for each page.
func (p *Public) Handler(site func(context.Context) Site, log *slog.Logger) http.Handler {
	h := &help{Public: p, site: site, log: log, protector: http.NewCrossOriginProtection()}
	must(json.Unmarshal(asset("texts.json"), &h.texts))
	h.pages = template.Must(template.ParseFS(helpFiles, "help/pages.html"))
	sum := fnv.New32a()
	for name := range assetTypes {
		_, _ = sum.Write(asset(name)) // never fails
	}
	h.edition = strconv.FormatUint(uint64(sum.Sum32()), 36)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /help/{$}", h.choose)
	mux.HandleFunc("GET /help/assets/{name}", h.serveAsset)
	mux.HandleFunc("GET /help/sitemap.xml", h.sitemap)
	mux.HandleFunc("GET /help/", func(w http.ResponseWriter, r *http.Request) {
		h.render(w, http.StatusNotFound, h.gone(r, h.preferred(r)))
	})
	for l := range h.texts {
		for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request, string){
			"GET /help/%s/{$}": h.home, "GET /help/%s/search": h.search, "GET /help/%s/suggest": h.suggest,
			"GET /help/%s/c/{category}": h.category, "GET /help/%s/a/{name}": h.article, "POST /help/%s/a/{name}/vote": h.vote,
		} {
			mux.HandleFunc(fmt.Sprintf(pattern, l), func(w http.ResponseWriter, r *http.Request) { serve(w, r, l) })
		}
	}
	return h.guard(mux)
}

func must(err error) {
	if err != nil {
		panic(err) // our own embedded file
	}
}

func asset(name string) []byte {
	if name == "look.css" {
		return look.Sheet()
	}
	body, err := helpFiles.ReadFile("help/" + name)
	must(err)
	return body
}

// policy lets nothing run or load but what this server serves.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; connect-src 'self'; " +
	"media-src 'self' blob:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (h *help) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Content-Security-Policy", policy)
		head.Set("X-Content-Type-Options", "nosniff")
		head.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		next.ServeHTTP(w, r)
	})
}

// preferred is the language of the reader's browser, if the help centre has it.
func (h *help) preferred(r *http.Request) string {
	known := []bcp47.Tag{bcp47.English, bcp47.Swedish}
	_, i := bcp47.MatchStrings(bcp47.NewMatcher(known), r.Header.Get("Accept-Language"))
	return []string{"en", "sv"}[i]
}

func (h *help) choose(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept-Language")
	http.Redirect(w, r, "/help/"+h.preferred(r)+"/", http.StatusFound)
}

var assetTypes = map[string]string{
	"look.css": "text/css; charset=utf-8", "help.css": "text/css; charset=utf-8",
	"help.js": "text/javascript; charset=utf-8", "info.svg": "image/svg+xml", "icon.svg": "image/svg+xml",
}

func (h *help) serveAsset(w http.ResponseWriter, r *http.Request) {
	kind := assetTypes[r.PathValue("name")]
	if kind == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(asset(r.PathValue("name"))) //nolint:gosec // G705: a file of ours, named above; an error is a reader who has gone
}

func (h *help) home(w http.ResponseWriter, r *http.Request, l string) {
	h.render(w, http.StatusOK, h.homePage(r, l))
}

// maxFound is how many answers a page of results has.
const maxFound = 20

func (h *help) search(w http.ResponseWriter, r *http.Request, l string) {
	q := line(r.FormValue("q"))
	if q == "" {
		http.Redirect(w, r, "/help/"+l+"/", http.StatusSeeOther)
		return
	}
	hits, err := h.Find(r.Context(), q, l, maxFound)
	if err != nil {
		h.fail(w, r, l, err)
		return
	}
	h.render(w, http.StatusOK, h.foundPage(r, l, q, hits))
}

// maxSuggested is how many answers are shown while somebody types.
const maxSuggested = 5

func (h *help) suggest(w http.ResponseWriter, r *http.Request, l string) {
	q := line(r.FormValue("q"))
	hits, err := h.Find(r.Context(), q, l, maxSuggested)
	if err != nil {
		h.fail(w, r, l, err)
		return
	}
	h.write(w, http.StatusOK, "suggest", marked(hits, q))
}

func (h *help) category(w http.ResponseWriter, r *http.Request, l string) {
	page, ok := h.categoryPage(r, l, r.PathValue("category"))
	if !ok {
		h.render(w, http.StatusNotFound, h.gone(r, l))
		return
	}
	h.render(w, http.StatusOK, page)
}

// article serves /a/NUMBER-SLUG. An old slug, or a language that the article has not,
// leads to where it is now.
func (h *help) article(w http.ResponseWriter, r *http.Request, l string) {
	hit, ok := h.named(r.PathValue("name"), l)
	if !ok {
		h.render(w, http.StatusNotFound, h.gone(r, l))
		return
	}
	if place(hit) != r.URL.Path {
		to := place(hit)
		if r.URL.RawQuery != "" {
			to += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, to, http.StatusMovedPermanently) //nolint:gosec // G710: place begins with /help/
		return
	}
	if r.Method == http.MethodGet {
		if err := h.readBy(r.Context(), hit.ID, r.UserAgent(), r.FormValue("k")); err != nil {
			h.log.WarnContext(r.Context(), "count a reading", "err", err)
		}
	}
	h.render(w, http.StatusOK, h.articlePage(r, l, hit))
}

func (h *help) named(name, l string) (Hit, bool) {
	number, _, _ := strings.Cut(name, "-")
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return Hit{}, false
	}
	a, ok := h.open.byNumber(n)
	if !ok {
		return Hit{}, false
	}
	return h.open.hit(a.ID, l)
}

// voterCookie tells one visitor from another, and nothing else. It is set by voting only.
const voterCookie = "vaxel_help"

func (h *help) vote(w http.ResponseWriter, r *http.Request, l string) {
	if err := h.protector.Check(r); err != nil {
		http.Error(w, "Vote on the article's own page.", http.StatusForbidden)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
	hit, ok := h.named(r.PathValue("name"), l)
	helpful := r.PostFormValue("helpful")
	if !ok || helpful != "yes" && helpful != "no" {
		h.render(w, http.StatusNotFound, h.gone(r, l))
		return
	}
	voter := ""
	if c, err := r.Cookie(voterCookie); err == nil && len(c.Value) <= 64 {
		voter = c.Value
	}
	if voter == "" {
		voter = rand.Text()
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // G124: Secure wherever the page is
			Name: voterCookie, Value: voter, Path: "/help/", MaxAge: int((90 * 24 * time.Hour).Seconds()),
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil,
		})
	}
	if err := h.Vote(r.Context(), hit.ID, l, voter, helpful == "yes"); err != nil {
		h.fail(w, r, l, err)
		return
	}
	http.Redirect(w, r, place(hit)+"?voted=1#vote", http.StatusSeeOther)
}

// sitemap lists every public page.
func (h *help) sitemap(w http.ResponseWriter, r *http.Request) {
	type place struct {
		Loc     string `xml:"loc"`
		LastMod string `xml:"lastmod,omitempty"`
	}
	list := struct {
		XMLName xml.Name `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		URLs    []place  `xml:"url"`
	}{}
	for _, l := range h.spoken() {
		list.URLs = append(list.URLs, place{Loc: h.url + "/help/" + l + "/"})
		for _, a := range h.open.all(l) {
			list.URLs = append(list.URLs, place{h.Link(a).URL, a.Wording.UpdatedAt.UTC().Format(time.DateOnly)})
		}
	}
	body, err := xml.MarshalIndent(list, "", " ")
	if err != nil {
		h.fail(w, r, h.preferred(r), err)
		return
	}
	w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	_, _ = w.Write(append([]byte(xml.Header), body...)) // the reader has gone
}

// spoken are the languages of the help centre, sorted.
func (h *help) spoken() []string {
	var out []string
	for l := range h.texts {
		out = append(out, l)
	}
	slices.Sort(out)
	return out
}

func (h *help) fail(w http.ResponseWriter, r *http.Request, l string, err error) {
	if errors.Is(err, gateway.ErrNotFound) {
		h.render(w, http.StatusNotFound, h.gone(r, l))
		return
	}
	if r.Context().Err() == nil {
		h.log.ErrorContext(r.Context(), "serve the help centre", "path", r.URL.Path, "err", err)
	}
	http.Error(w, h.texts[l]["wrong"], http.StatusServiceUnavailable)
}

func (h *help) render(w http.ResponseWriter, status int, p page) {
	p.Edition = h.edition
	h.write(w, status, "page", p)
}

func (h *help) write(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := h.pages.ExecuteTemplate(&b, name, data); err != nil {
		h.log.Error("write a help page", "err", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader has gone
}

func (t texts) form(key string, args ...any) string { return fmt.Sprintf(t[key], args...) }

func escaped(q string) string { return url.QueryEscape(q) }
