package kb

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// A file of an article in one language: a head that every tool reads as YAML, then
// Markdown. What can be written is one form only, so that reading a file and writing it
// again gives the same bytes.
//
//	---
//	number: 101
//	category: returns
//	visibility: public
//	status: published
//	shortcut: återköp
//	title: Ångerrätt och återköp
//	question: Hur länge kan jag ångra mig?
//	tags:
//	  - retur
//	alternates:
//	  - kan jag lämna tillbaka det jag köpt
//	---
//
//	Du har **30 dagar** på dig.
const fence = "---\n"

// file is one file of a folder.
type file struct {
	number     int64
	language   string
	category   string
	visibility Visibility
	wording    Wording
}

// name is the file's place in the folder.
func (f *file) name() string {
	return fmt.Sprintf("%s/%d-%s.md", f.language, f.number, f.wording.Slug)
}

func (f *file) bytes() []byte {
	var b strings.Builder
	b.WriteString(fence)
	put := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, scalar(value))
		}
	}
	list := func(key string, values []string) {
		if len(values) > 0 {
			fmt.Fprintf(&b, "%s:\n", key)
		}
		for _, v := range values {
			fmt.Fprintf(&b, "  - %s\n", scalar(v))
		}
	}
	fmt.Fprintf(&b, "number: %d\n", f.number)
	put("category", f.category)
	put("visibility", string(f.visibility))
	put("status", string(f.wording.Status))
	put("shortcut", f.wording.Shortcut)
	put("title", f.wording.Title)
	put("question", f.wording.Question)
	list("tags", f.wording.Tags)
	list("alternates", f.wording.Alternates)
	b.WriteString(fence)
	if f.wording.Answer != "" {
		b.WriteString("\n" + f.wording.Answer + "\n")
	}
	return []byte(b.String())
}

// plain is a value that YAML reads as the text it is without quotes.
var plain = regexp.MustCompile(`^[\pL][\pL\pN ,.?!()/’%–-]*$`)

// words are texts that YAML would take for something else.
var yamlWords = []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n"}

func scalar(v string) string {
	if plain.MatchString(v) && !strings.HasSuffix(v, " ") && !slices.Contains(yamlWords, strings.ToLower(v)) {
		return v
	}
	return quote(v)
}

// quote is a JSON string, which is a YAML one too.
func quote(v string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// readFile reads what bytes wrote.
func readFile(language, slug, body string) (file, error) {
	f := file{language: language, wording: Wording{Slug: slug}}
	body = strings.ReplaceAll(gateway.Clean(strings.TrimPrefix(body, "\ufeff")), "\r\n", "\n") // some editors begin with U+FEFF
	rest, ok := strings.CutPrefix(body, fence)
	head, answer, closed := strings.Cut(rest, "\n"+fence)
	if !ok || !closed {
		return f, gateway.Invalid("bad_front_matter", "The file must begin with a head between two lines of three hyphens.")
	}
	f.wording.Answer = strings.TrimSpace(answer)
	var list *[]string
	for n, text := range strings.Split(head, "\n") {
		if err := f.take(text, &list); err != nil {
			return f, fmt.Errorf("line %d: %w", n+2, err)
		}
	}
	return f, nil
}

// take reads one line of the head; list is where the items that follow belong.
func (f *file) take(text string, list **[]string) error {
	if item, ok := strings.CutPrefix(text, "  - "); ok && *list != nil {
		value, err := unscalar(item)
		**list = append(**list, value)
		return err
	}
	key, value, ok := strings.Cut(text, ":")
	value, err := unscalar(strings.TrimSpace(value))
	if err != nil || !ok {
		return gateway.Invalid("bad_front_matter", fmt.Sprintf("%.60q is not key: value.", text))
	}
	*list = nil
	switch key {
	case "number":
		if f.number, err = strconv.ParseInt(value, 10, 64); err != nil || f.number <= 0 {
			return gateway.Invalid("bad_number", fmt.Sprintf("%.20q is not an article's number.", value))
		}
	case "category":
		f.category = value
	case "visibility":
		f.visibility = Visibility(value)
	case "status":
		f.wording.Status = Status(value)
	case "shortcut":
		f.wording.Shortcut = value
	case "title":
		f.wording.Title = value
	case "question":
		f.wording.Question = value
	case "tags":
		*list = &f.wording.Tags
	case "alternates":
		*list = &f.wording.Alternates
	default:
		return gateway.Invalid("bad_front_matter", fmt.Sprintf("No article has a %.40q.", key))
	}
	return nil
}

func unscalar(v string) (string, error) {
	if !strings.HasPrefix(v, `"`) {
		return v, nil
	}
	var s string
	if err := json.Unmarshal([]byte(v), &s); err != nil {
		return "", gateway.Invalid("bad_front_matter", fmt.Sprintf("%.60s is not closed by a quotation mark.", v))
	}
	return s, nil
}
