package kb

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb/index"
)

// Visibility is who may read an article.
type Visibility string

// The visibilities.
const (
	VisibilityPublic   Visibility = "public"
	VisibilityInternal Visibility = "internal" // agents only; it has no link
)

// Status is how far an article's text in one language has come.
type Status string

// The statuses. Only what is published is found.
const (
	Draft     Status = "draft"
	Published Status = "published"
	Archived  Status = "archived"
)

// Article is one answer, in one or more languages.
type Article struct {
	ID         gateway.ArticleID  `json:"id"`
	Number     int64              `json:"number"`
	Category   string             `json:"category"` // a Category's key
	Visibility Visibility         `json:"visibility"`
	Wordings   map[string]Wording `json:"wordings"` // by language
	CreatedAt  time.Time          `json:"created_at"`
	UpdatedAt  time.Time          `json:"updated_at"`
	Rev        int64              `json:"rev"`

	change int64 // that made it what it is
}

// Wording is an article in one language.
type Wording struct {
	Shortcut   string    `json:"shortcut,omitempty"` // without the slash
	Slug       string    `json:"slug"`
	Title      string    `json:"title"`
	Question   string    `json:"question,omitempty"`
	Answer     string    `json:"answer"` // Markdown
	Alternates []string  `json:"alternates,omitempty"`
	Tags       []string  `json:"tags,omitempty"`
	Status     Status    `json:"status"`
	Version    int64     `json:"version"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Category is a heading of the help centre.
type Category struct {
	Key   string            `json:"key"`
	Icon  string            `json:"icon"`
	Names map[string]string `json:"names"` // by language
}

// Name is the category's name in a language, else its key.
func (c Category) Name(language string) string {
	if name := c.Names[language]; name != "" {
		return name
	}
	return c.Key
}

// Limits on an article. Characters, not bytes.
const (
	maxTitle      = 200
	maxAnswer     = 100_000
	maxAlternates = 200
	maxLine       = 300
	maxShortcut   = 40
)

var (
	languageForm = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	keyForm      = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	slugForm     = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

// tidied is what a person wrote made fit to be stored, or what is wrong with it.
func (a Article) tidied() (Article, error) {
	if a.Visibility == "" {
		a.Visibility = VisibilityPublic
	}
	switch {
	case a.Visibility != VisibilityPublic && a.Visibility != VisibilityInternal:
		return a, gateway.Invalid("bad_visibility", fmt.Sprintf("Visibility is public or internal, not %.20q.", a.Visibility))
	case a.Category != "" && !keyForm.MatchString(a.Category):
		return a, gateway.Invalid("bad_category", fmt.Sprintf("%.40q is not a category's key.", a.Category))
	case len(a.Wordings) == 0:
		return a, gateway.Invalid("no_wording", "An article needs a text in at least one language.")
	}
	tidied := map[string]Wording{}
	for language, w := range a.Wordings {
		if !languageForm.MatchString(language) {
			return a, gateway.Invalid("bad_language", fmt.Sprintf("%.20q is not a language; use sv, en …", language))
		}
		var err error
		if tidied[language], err = w.tidied(); err != nil {
			return a, err
		}
	}
	a.Wordings = tidied
	return a, nil
}

func (w Wording) tidied() (Wording, error) {
	w.Shortcut = strings.TrimPrefix(line(w.Shortcut), "/")
	w.Title, w.Question = line(w.Title), line(w.Question)
	w.Answer = strings.TrimSpace(strings.ReplaceAll(gateway.Clean(w.Answer), "\r\n", "\n"))
	w.Alternates, w.Tags = listed(w.Alternates), listed(w.Tags)
	if w.Status == "" {
		w.Status = Draft
	}
	if w.Slug == "" {
		w.Slug = slugOf(w.Title)
	}
	too := func(what string, limit int) (Wording, error) {
		return w, gateway.Invalid("too_long", fmt.Sprintf("The %s may have %d characters.", what, limit))
	}
	switch {
	case w.Title == "":
		return w, gateway.Invalid("no_title", "Give the article a title.")
	case long(w.Title, maxTitle) || long(w.Slug, maxTitle):
		return too("title", maxTitle)
	case long(w.Question, maxLine):
		return too("question", maxLine)
	case long(w.Answer, maxAnswer):
		return too("answer", maxAnswer)
	case long(w.Shortcut, maxShortcut):
		return too("shortcut", maxShortcut)
	case w.Shortcut != "" && index.Fold(w.Shortcut) == "", strings.ContainsAny(w.Shortcut, " /#?"):
		return w, gateway.Invalid("bad_shortcut", "A shortcut is one word of letters and digits.")
	case len(w.Alternates) > maxAlternates || len(w.Tags) > maxAlternates:
		return w, gateway.Invalid("too_many", fmt.Sprintf("An article may have %d other wordings and as many tags.", maxAlternates))
	case tooLong(slices.Concat(w.Alternates, w.Tags)):
		return too("wording", maxLine)
	case !slugForm.MatchString(w.Slug):
		return w, gateway.Invalid("bad_slug", "A slug is lower-case letters a to z, digits and single hyphens.")
	case w.Status != Draft && w.Status != Published && w.Status != Archived:
		return w, gateway.Invalid("bad_status", fmt.Sprintf("Status is draft, published or archived, not %.20q.", w.Status))
	}
	return w, nil
}

func long(s string, limit int) bool { return utf8.RuneCountInString(s) > limit }

// tooLong says whether any line of a list is.
func tooLong(list []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return long(s, maxLine) })
}

// line is text on one line, single-spaced.
func line(s string) string { return strings.Join(strings.Fields(gateway.Clean(s)), " ") }

func listed(list []string) []string {
	var out []string
	for _, s := range list {
		if s = line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// slugOf is a title as a part of an address.
func slugOf(title string) string {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return index.Fold(string(r)) == "" })
	for i, w := range words {
		words[i] = strings.Map(func(r rune) rune {
			if r < 'a' && (r < '0' || r > '9') || r > 'z' {
				return -1
			}
			return r
		}, index.Fold(w))
	}
	slug := strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), "-")
	if slug == "" {
		return "article"
	}
	return strings.Trim(slug[:min(len(slug), 80)], "-")
}

// same says whether two texts read the same.
func (w Wording) same(other Wording) bool {
	return w.Shortcut == other.Shortcut && w.Slug == other.Slug && w.Title == other.Title && w.Question == other.Question &&
		w.Answer == other.Answer && w.Status == other.Status &&
		slices.Equal(w.Alternates, other.Alternates) && slices.Equal(w.Tags, other.Tags)
}
