package kb

import (
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// page is everything a page shows.
type page struct {
	Kind        string // home, list or article
	Lang        string
	T           texts
	Site        Site
	SiteTitle   string
	Edition     string
	Title       string
	Description string
	Canonical   string // empty: not to be found by search engines
	Alternates  []pageLink
	Languages   []pageLink
	Query       string
	Heading     string
	Note        string
	Crumb       *pageLink
	Categories  []pageLink
	Links       []pageLink
	Hits        []pageHit
	Article     *pageArticle
	Voted       bool
	Data        any // JSON-LD
}

type pageLink struct{ Lang, Name, Path, URL, Title, Note, Icon string }

type pageHit struct {
	Path           string
	Title, Snippet template.HTML
}

type pageArticle struct {
	Title, Path, Date, Day, Minutes string
	HTML                            template.HTML
	Contents                        []heading
}

type heading struct{ ID, Title string }

// newPage is what every page has; at gives its path in a language, empty where it is not.
func (h *help) newPage(r *http.Request, l, kind, title string, at func(l string) string) page {
	t, site := h.texts[l], h.site(r.Context())
	if site.Icon == "" {
		site.Icon = "book"
	}
	p := page{Kind: kind, Lang: l, T: t, Site: site, SiteTitle: t["help"]}
	if site.Name != "" {
		p.SiteTitle = t.form("title", site.Name)
	}
	p.Title = p.SiteTitle
	if title != "" {
		p.Title = title + " – " + p.SiteTitle
	}
	for _, other := range h.spoken() {
		to := at(other)
		if to != "" {
			p.Alternates = append(p.Alternates, pageLink{Lang: other, URL: h.url + to})
		} else {
			to = "/help/" + other + "/"
		}
		p.Languages = append(p.Languages, pageLink{Lang: other, Name: h.texts[other]["name"], Path: to})
	}
	if to := at(l); to != "" {
		p.Canonical = h.url + to
	}
	return p
}

func nowhere(string) string { return "" }

// popularLinks is how many articles the first page names.
const popularLinks = 6

func (h *help) homePage(r *http.Request, l string) page {
	p := h.newPage(r, l, "home", "", func(l string) string { return "/help/" + l + "/" })
	p.Alternates = append(p.Alternates, pageLink{Lang: "x-default", URL: h.url + "/help/"})
	count := map[string]int{}
	all := h.open.all(l)
	for _, a := range all {
		count[a.Category]++
	}
	h.mu.RLock()
	headings, popular := h.categories, h.popular
	h.mu.RUnlock()
	for _, c := range headings {
		if n := count[c.Key]; n > 0 {
			p.Categories = append(p.Categories, pageLink{Path: "/help/" + l + "/c/" + c.Key, Title: c.Name(l), Note: p.T.count(n), Icon: c.Icon})
		}
	}
	for _, id := range popular {
		if a, ok := h.open.hit(id, l); ok && a.Language == l {
			p.Links = append(p.Links, linkTo(a))
		}
	}
	p.Heading = p.T["popular"]
	if len(p.Links) < popularLinks/2 {
		p.Heading, p.Links = p.T["first"], firsts(all)
	}
	return p
}

// firsts are the first articles of each category.
func firsts(all []Hit) []pageLink {
	var links []pageLink
	seen := map[string]bool{}
	for _, a := range all {
		if !seen[a.Category] || a.Category == "" {
			seen[a.Category] = true
			links = append(links, linkTo(a))
		}
	}
	return links
}

func linkTo(h Hit) pageLink { return pageLink{Path: place(h), Title: h.Wording.Title} }

func (t texts) count(n int) string {
	if n == 1 {
		return t.form("article", n)
	}
	return t.form("articles", n)
}

func (h *help) categoryPage(r *http.Request, l, key string) (page, bool) {
	c, ok := h.heading(key)
	if !ok {
		return page{}, false
	}
	p := h.newPage(r, l, "list", c.Name(l), func(l string) string { return "/help/" + l + "/c/" + key })
	p.Heading, p.Crumb = c.Name(l), &pageLink{Title: c.Name(l)}
	for _, a := range h.open.all(l) {
		if a.Category == key {
			p.Links = append(p.Links, linkTo(a))
		}
	}
	p.Note = p.T.count(len(p.Links))
	return p, len(p.Links) > 0
}

func (h *help) heading(key string) (Category, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, c := range h.categories {
		if c.Key == key {
			return c, true
		}
	}
	return Category{}, false
}

func (h *help) foundPage(r *http.Request, l, q string, hits []Hit) page {
	p := h.newPage(r, l, "list", q, nowhere)
	for i, other := range p.Languages {
		p.Languages[i].Path = "/help/" + other.Lang + "/search?q=" + escaped(q)
	}
	p.Query, p.Heading, p.Hits = q, p.T.form("results", q), marked(hits, q)
	if len(hits) == 0 {
		p.Heading, p.Note = p.T.form("none", q), p.T["none_text"]
	}
	return p
}

func (h *help) gone(r *http.Request, l string) page {
	p := h.newPage(r, l, "list", h.texts[l]["gone"], nowhere)
	p.Heading, p.Note = p.T["gone"], p.T["gone_text"]
	return p
}

func (h *help) articlePage(r *http.Request, l string, hit Hit) page {
	a, _ := h.open.byNumber(hit.Number)
	p := h.newPage(r, l, "article", hit.Wording.Title, func(l string) string {
		if at, ok := h.open.hit(hit.ID, l); ok && at.Language == l {
			return place(at)
		}
		return ""
	})
	html := HTML(hit.Wording.Answer)
	p.Description, p.Voted = hit.Snippet, r.FormValue("voted") != ""
	p.Article = &pageArticle{
		Title: hit.Wording.Title, Path: place(hit), HTML: template.HTML(html), Contents: headings(html), //nolint:gosec // sanitised by HTML
		Date: a.Wordings[l].UpdatedAt.Format(time.DateOnly), Day: p.T.day(a.Wordings[l].UpdatedAt),
		Minutes: p.T.form("minutes", 1+len(strings.Fields(hit.Wording.Answer))/200),
	}
	if c, ok := h.heading(hit.Category); ok {
		p.Crumb = &pageLink{Path: "/help/" + l + "/c/" + c.Key, Title: c.Name(l)}
	}
	p.Links = h.related(r, l, hit)
	p.Data = map[string]any{
		"@context": "https://schema.org", "@type": "FAQPage", "inLanguage": l,
		"mainEntity": []any{map[string]any{
			"@type": "Question", "name": hit.Wording.Title,
			"acceptedAnswer": map[string]any{"@type": "Answer", "text": plainText(hit.Wording.Answer)},
		}},
	}
	return p
}

// relatedLinks is how many other articles a page names.
const relatedLinks = 3

// related are articles that answer nearly the same question.
func (h *help) related(r *http.Request, l string, hit Hit) []pageLink {
	near, err := search(r.Context(), hit.Wording.Title+" "+strings.Join(hit.Wording.Tags, " "), l, relatedLinks+1, 0, h.open)
	if err != nil {
		return nil // the page is whole without them
	}
	var links []pageLink
	for _, other := range near {
		if other.ID != hit.ID && len(links) < relatedLinks {
			links = append(links, linkTo(other))
		}
	}
	return links
}

func (t texts) day(at time.Time) string {
	return fmt.Sprintf("%d %s %d", at.Day(), strings.Fields(t["months"])[at.Month()-1], at.Year())
}

var headingForm = regexp.MustCompile(`<h2 id="([^"]+)">(.*?)</h2>`)

// headings are the article's own, for its table of contents.
func headings(html string) []heading {
	var out []heading
	for _, m := range headingForm.FindAllStringSubmatch(html, -1) {
		out = append(out, heading{m[1], plainTags.ReplaceAllString(m[2], "")})
	}
	return out
}

var plainTags = regexp.MustCompile(`<[^>]*>`)
