package chat

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

const maxAnswer = 500 // characters

// answered writes what the form asks beside the question below it, in the form's order and
// the visitor's language: so the agent reads it, and the visitor sees what was sent.
func (f Form) answered(text string, given map[string]string, language string) (string, error) {
	var b strings.Builder
	b.WriteString(text)
	gap := "\n\n"
	for _, field := range f.Fields {
		answer := clip(given[field.ID], maxAnswer)
		if field.Kind == "choice" && answer != "" && !slices.Contains(field.Options, answer) {
			answer = ""
		}
		name := field.name(language)
		switch {
		case answer == "" && field.Required:
			return "", gateway.Invalid("field_missing", fmt.Sprintf("Tell us first: %s.", name))
		case answer == "":
			continue
		case field.Kind == "tick":
			fmt.Fprintf(&b, "%s☑ %s", gap, name)
		default:
			fmt.Fprintf(&b, "%s%s: %s", gap, name, answer)
		}
		gap = "\n"
	}
	return b.String(), checkLength(b.String())
}

// name is the field's in a language, or in any.
func (f Field) name(language string) string {
	all := slices.Sorted(maps.Keys(f.Label))
	if len(all) == 0 {
		return f.ID
	}
	return cmp.Or(f.Label[language], f.Label["en"], f.Label[all[0]])
}
