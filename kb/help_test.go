package kb_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb"
)

// centre is the sample's help centre, and a reader who follows no redirects.
func centre(t *testing.T) (*kb.Store, *httptest.Server, *http.Client) {
	t.Helper()
	s := open(t)
	importSample(t, s)
	sync1(t, s)
	return serve(t, s)
}

func serve(t *testing.T, s *kb.Store) (*kb.Store, *httptest.Server, *http.Client) {
	t.Helper()
	site := func(context.Context) kb.Site {
		return kb.Site{Name: "Nordvind", Icon: "tent", Widget: "nordvind", Mail: "hej@nordvind.example"}
	}
	server := httptest.NewServer(s.Customers().Handler(site, slog.New(slog.DiscardHandler)))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, server, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is what the help centre said, read to its end.
type answer struct {
	StatusCode int
	Header     http.Header
	Cookies    []*http.Cookie
	Body       string
}

func ask(t *testing.T, c *http.Client, method, address string, form url.Values, head ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "Mozilla/5.0")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{w.StatusCode, w.Header, w.Cookies(), string(body)}
}

func get(t *testing.T, c *http.Client, address string, head ...string) answer {
	t.Helper()
	return ask(t, c, http.MethodGet, address, nil, head...)
}

func TestHelpCentre(t *testing.T) {
	_, server, c := centre(t)
	if r := get(t, c, server.URL+"/help/", "Accept-Language", "sv-SE,sv;q=0.9,en;q=0.5"); r.Header.Get("Location") != "/help/sv/" {
		t.Errorf("a Swede is led to %q", r.Header.Get("Location"))
	}
	for _, p := range []struct{ path, has string }{
		{"/help/sv/", "Hur kan vi hjälpa dig?"},
		{"/help/en/", "Product advice"},
		{"/help/sv/c/returns", "Skriva ut en retursedel"},
		{"/help/sv/search?q=f%C3%B6rfallodag", "Flytta <mark>"},
		{"/help/en/a/121-invoice-after-a-return-should-i-pay", "Your parcel is scanned at our warehouse in Borås."},
		{"/help/en/suggest?q=invoice+after+retu", "<mark>retu</mark>rn"},
		{"/help/sitemap.xml", "https://help.example/help/sv/a/132-sa-valjer-du-talt"},
		{"/help/assets/help.css", "prose"},
		{"/help/assets/look.css", "--c-canvas"},
	} {
		r := get(t, c, server.URL+p.path)
		body := r.Body
		if r.StatusCode != http.StatusOK || !strings.Contains(body, p.has) {
			t.Errorf("%s: got %d without %q", p.path, r.StatusCode, p.has)
		}
		if strings.Contains(body, " style=") || strings.Contains(body, "<script>") || strings.Contains(body, " onclick") {
			t.Errorf("%s holds something inline", p.path)
		}
		if policy := r.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", p.path, policy)
		}
		if len(r.Cookies) > 0 {
			t.Errorf("%s sets a cookie", p.path)
		}
	}
	for _, path := range []string{"/help/xx/", "/help/sv/a/999-nix", "/help/sv/a/nix", "/help/sv/c/nix", "/help/assets/pages.html"} {
		if r := get(t, c, server.URL+path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %d want 404", path, r.StatusCode)
		}
	}
}

func TestArticlePageLinks(t *testing.T) {
	_, server, c := centre(t)
	body := get(t, c, server.URL+"/help/en/a/132-how-to-choose-a-tent?k=abc").Body
	for _, want := range []string{
		`<link rel="canonical" href="https://help.example/help/en/a/132-how-to-choose-a-tent">`,
		`<link rel="alternate" hreflang="sv" href="https://help.example/help/sv/a/132-sa-valjer-du-talt">`,
		`"@type":"FAQPage"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	r := get(t, c, server.URL+"/help/en/a/132-an-old-title?k=abc")
	if r.StatusCode != http.StatusMovedPermanently || r.Header.Get("Location") != "/help/en/a/132-how-to-choose-a-tent?k=abc" {
		t.Errorf("an old slug: got %d %q", r.StatusCode, r.Header.Get("Location"))
	}
}

func TestInternalHasNoPage(t *testing.T) {
	_, server, c := centre(t)
	for _, path := range []string{"/help/sv/a/158-goodwill-vad-du-far-bjuda-pa", "/help/sv/a/158", "/help/en/a/158-goodwill-what-you-may-give"} {
		if r := get(t, c, server.URL+path); r.StatusCode != http.StatusNotFound || strings.Contains(r.Body, "500 kr") {
			t.Errorf("%s: got %d", path, r.StatusCode)
		}
	}
	for _, path := range []string{"/help/sitemap.xml", "/help/sv/search?q=goodwill", "/help/sv/suggest?q=goodwill", "/help/sv/c/returns", "/help/sv/search?q=%23158", "/help/sv/"} {
		if r := get(t, c, server.URL+path); strings.Contains(r.Body, "bjuda") {
			t.Errorf("%s tells of an internal article", path)
		}
	}
}

func TestVoteOncePerVisitor(t *testing.T) {
	s, server, c := centre(t)
	address := server.URL + "/help/sv/a/132-sa-valjer-du-talt"
	for _, helpful := range []string{"yes", "no"} {
		r := ask(t, c, http.MethodPost, address+"/vote", url.Values{"helpful": {helpful}})
		if r.StatusCode != http.StatusSeeOther {
			t.Fatalf("vote: got %d", r.StatusCode)
		}
	}
	if r := ask(t, c, http.MethodPost, address+"/vote", url.Values{"helpful": {"yes"}}, "Sec-Fetch-Site", "cross-site"); r.StatusCode != http.StatusForbidden {
		t.Errorf("a vote from another site: got %d want 403", r.StatusCode)
	}
	hit, _ := s.Shortcut(t.Context(), "#132", "sv")
	yes, no, err := s.Votes(t.Context(), hit.ID)
	if err != nil || yes != 0 || no != 1 {
		t.Errorf("got %d yes, %d no, %v want one no", yes, no, err)
	}
}

func TestOpenedLinkIsNoted(t *testing.T) {
	s, server, c := centre(t)
	hit, _ := s.Shortcut(t.Context(), "/tält", "sv")
	card, err := s.Card(t.Context(), hit.ID, "sv", 7, 3)
	if err != nil {
		t.Fatal(err)
	}
	opened := func() []gateway.ArticleID {
		t.Helper()
		list, err := s.Opened(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	link := strings.Replace(card.URL, "https://help.example", server.URL, 1)
	get(t, c, link, "User-Agent", "Slackbot-LinkExpanding 1.0")
	ask(t, c, http.MethodHead, link, nil)
	if got := opened(); len(got) != 0 {
		t.Errorf("a robot's visit was noted: %v", got)
	}
	get(t, c, link)
	if got := opened(); len(got) != 1 || got[0] != hit.ID {
		t.Errorf("got %v opened, want %d", got, hit.ID)
	}
}

var (
	anyTag  = regexp.MustCompile(`<[^>]*>`)
	safeTag = regexp.MustCompile(`^</?(h[1-6]|p|a|b|i|em|strong|del|code|pre|ul|ol|li|blockquote|hr|br|img|table|thead|tbody|tr|th|td)\b`)
	unsafe  = regexp.MustCompile(`(?i)[\s"']on[a-z]+\s*=|href\s*=\s*"\s*javascript:|src\s*=\s*"\s*javascript:`)
)

func FuzzHTML(f *testing.F) {
	for _, seed := range []string{
		"# Hej\n\n**fet** [länk](https://x.example)", "<script>alert(1)</script>", "[x](javascript:alert(1))", `<img src=x onerror=alert(1)>`,
		"> a\n\n1. b\n\n| a | b |\n|---|---|\n| <b> | ` |", "![x](https://x.example/a.png)",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		for _, tag := range anyTag.FindAllString(kb.HTML(source), -1) {
			if !safeTag.MatchString(tag) || unsafe.MatchString(tag) && !strings.Contains(tag, "title=") && !strings.Contains(tag, "alt=") {
				t.Errorf("%q gave %q", source, tag)
			}
		}
	})
}
