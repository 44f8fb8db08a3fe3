package letter

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"golang.org/x/net/html"
)

// policy is what a mail's HTML may hold: what newsletters and people need to look as
// they were made, and nothing that acts. Remote images stay in: the frame that shows
// them has a policy that blocks them until a click.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowStandardAttributes()
	p.AllowLists()
	p.AllowTables()
	p.AllowElements("a", "abbr", "address", "b", "big", "blockquote", "br", "caption", "center",
		"cite", "code", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font",
		"h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "mark", "p", "pre", "q",
		"s", "samp", "section", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var", "wbr")
	p.AllowAttrs("align", "valign", "bgcolor", "width", "height", "border", "cellpadding", "cellspacing",
		"color", "face", "size", "dir", "lang", "title", "role").Globally()
	p.AllowAttrs("colspan", "rowspan").OnElements("td", "th")
	p.AllowAttrs("start", "type").OnElements("ol", "ul", "li")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("src").OnElements("img")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto", "tel", "cid")
	p.AllowDataURIImages()
	p.RequireParseableURLs(true)
	p.AllowRelativeURLs(false)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	p.AllowStyles("background").Matching(ground).Globally()
	p.AllowStyles("color", "background-color", "font", "font-family", "font-size", "font-style", "font-weight",
		"line-height", "letter-spacing", "text-align", "text-decoration", "text-transform", "text-indent",
		"vertical-align", "white-space", "width", "max-width", "height", "display", "direction",
		"border", "border-top", "border-right", "border-bottom", "border-left", "border-color",
		"border-style", "border-width", "border-radius", "border-collapse", "border-spacing",
		"margin", "margin-top", "margin-right", "margin-bottom", "margin-left",
		"padding", "padding-top", "padding-right", "padding-bottom", "padding-left",
		"list-style-type").MatchingHandler(safeStyle).Globally()
	return p
})

// ground is a background that is a colour and nothing that could be fetched: an image-set
// needs no url. Without it white words would stand on white.
var ground = regexp.MustCompile(`^(?i:#[0-9a-f]{3,8}|[a-z]+|(?:rgb|hsl)a?\([0-9., %/]+\))$`)

// safeStyle lets through values that cannot fetch, script or leave their place.
func safeStyle(value string) bool {
	return len(value) < 300 && !strings.ContainsAny(value, `\<>{}@`) &&
		!strings.Contains(value, "url") && !strings.Contains(value, "expression") && !strings.Contains(value, "javascript")
}

// Safe makes HTML that somebody else wrote fit to be shown and sent.
func Safe(s string) string {
	if s == "" {
		return ""
	}
	return clean(strings.TrimSpace(policy().Sanitize(s)))
}

var metaTag = regexp.MustCompile(`(?i)<meta[^>]{0,200}charset\s*=\s*["']?\s*([a-z0-9_:.-]{2,40})`)

// metaCharset is what HTML says of itself, for parts that declare nothing.
func metaCharset(b []byte) string {
	if m := metaTag.FindSubmatch(b[:min(len(b), 4096)]); m != nil {
		return string(m[1])
	}
	return ""
}

// Elements that begin and end a line in text.
var blocks = map[string]bool{
	"p": true, "div": true, "tr": true, "table": true, "ul": true, "ol": true, "li": true, "hr": true,
	"h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "blockquote": true,
	"pre": true, "section": true, "address": true, "dl": true, "dt": true, "dd": true, "center": true,
}

// hidden elements have no text for people.
var hidden = map[string]bool{"script": true, "style": true, "head": true, "title": true, "template": true}

// textOf is HTML as plain text: lines where blocks end, links after their words,
// quotes behind ">".
func textOf(s string) string {
	if s == "" {
		return ""
	}
	t := textWriter{}
	z := html.NewTokenizer(strings.NewReader(s))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return t.done()
		}
		switch kind {
		case html.TextToken:
			t.words(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			t.open(string(name), attribute(z, more, map[string]string{"a": "href", "img": "alt"}[string(name)]))
		case html.EndTagToken:
			name, _ := z.TagName()
			t.close(string(name))
		case html.ErrorToken, html.CommentToken, html.DoctypeToken:
		}
	}
}

func attribute(z *html.Tokenizer, more bool, want string) (value string) {
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		if want != "" && string(key) == want {
			value = string(val)
		}
	}
	return value
}

// textWriter lays the text of HTML out in lines.
type textWriter struct {
	out    bytes.Buffer
	blank  bool // a space is due before the next word
	lines  int  // line ends since the last word
	hide   string
	quotes int
	pre    int
	link   string
	label  int // where the link's words begin
}

func (t *textWriter) words(s string) {
	if t.hide != "" {
		return
	}
	s = html.UnescapeString(s)
	if t.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				t.lineEnd(1)
			}
			t.word(strings.TrimRight(line, "\r"))
		}
		return
	}
	fields := strings.Fields(strings.ReplaceAll(s, "\u00a0", " "))
	if len(fields) == 0 || strings.TrimLeft(s, " \t\r\n\u00a0") != s {
		t.blank = true
	}
	for i, f := range fields {
		if i > 0 {
			t.blank = true
		}
		t.word(f)
	}
	if len(fields) > 0 && strings.TrimRight(s, " \t\r\n\u00a0") != s {
		t.blank = true
	}
}

func (t *textWriter) word(w string) {
	if w == "" {
		return
	}
	if t.lines > 0 && t.out.Len() > 0 {
		t.out.WriteString("\n\n"[:min(t.lines, 2)])
	}
	if t.lines > 0 || t.out.Len() == 0 {
		t.out.WriteString(strings.Repeat("> ", min(t.quotes, 5)))
	} else if t.blank {
		t.out.WriteByte(' ')
	}
	t.blank, t.lines = false, 0
	t.out.WriteString(w)
}

func (t *textWriter) lineEnd(n int) { t.lines, t.blank = max(t.lines, n), false }

func (t *textWriter) open(name, attr string) {
	switch {
	case t.hide != "":
		return
	case hidden[name]:
		t.hide = name
	case name == "br":
		t.lines, t.blank = t.lines+1, false
	case name == "img" && attr != "":
		t.words(attr)
	case name == "td" || name == "th":
		t.blank = true
	case name == "a":
		t.link, t.label = attr, t.out.Len()
	case blocks[name]:
		t.lineEnd(1)
	}
	switch name {
	case "li":
		t.word("•")
		t.blank = true
	case "blockquote":
		t.quotes++
	case "pre":
		t.pre++
	}
}

func (t *textWriter) close(name string) {
	if t.hide != "" {
		if t.hide == name {
			t.hide = ""
		}
		return
	}
	switch name {
	case "blockquote":
		t.quotes = max(0, t.quotes-1)
	case "pre":
		t.pre = max(0, t.pre-1)
	case "p", "h1", "h2", "h3", "table":
		t.lineEnd(2)
	case "a":
		t.endLink()
	}
	if blocks[name] {
		t.lineEnd(1)
	}
}

// endLink writes the address behind the words of a link that do not show it.
func (t *textWriter) endLink() {
	link := t.link
	t.link = ""
	if !strings.HasPrefix(link, "http") || len(link) > 500 || t.out.Len() == t.label {
		return
	}
	if shown := string(t.out.Bytes()[min(t.label, t.out.Len()):]); !strings.Contains(link, strings.TrimSpace(shown)) {
		t.out.WriteString(" (" + link + ")")
	}
}

func (t *textWriter) done() string { return strings.TrimSpace(clean(t.out.String())) }
