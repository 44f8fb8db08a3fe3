package roster

import (
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// Label is a name in several languages: language (sv, en, …) → text.
type Label map[string]string

// In is the label in the language, else in English, Swedish, or any that there is.
func (l Label) In(language string) string {
	base, _, _ := strings.Cut(language, "-")
	for _, k := range []string{language, base, "en", "sv"} {
		if l[k] != "" {
			return l[k]
		}
	}
	first := ""
	for k, v := range l {
		if v != "" && (first == "" || k < first) {
			first = k
		}
	}
	return l[first]
}

func (l Label) check(what string) error {
	if l.In("en") == "" {
		return gateway.Invalid("name_missing", what+" needs a name in at least one language, like {\"sv\": \"Faktura\", \"en\": \"Billing\"}")
	}
	for _, v := range l {
		if !clean(v) || len(v) > 200 {
			return gateway.Invalid("bad_name", "a name has at most 200 bytes, all of them text")
		}
	}
	return nil
}

// checkName checks a name that is the same in every language.
func checkName(what, name string) error {
	if strings.TrimSpace(name) == "" {
		return gateway.Invalid("name_missing", what+" needs a name")
	}
	if !clean(name) || len(name) > 200 {
		return gateway.Invalid("bad_name", "a name has at most 200 bytes, all of them text")
	}
	return nil
}
