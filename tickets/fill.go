package tickets

import (
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// Variables are those that words kept ready may name, as {{customer.name}}. What is empty
// may be said otherwise: {{customer.first_name|kund}}.
var Variables = []string{
	"agent.first_name", "agent.name", "agent.signature",
	"case.number", "case.subject",
	"customer.address", "customer.company", "customer.first_name", "customer.name",
	"queue.name",
}

// variable is a name in braces, and what stands there when it is empty.
var variable = regexp.MustCompile(`\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}`)

// CheckVariables refuses texts that name a variable that there is not, and says which one
// is nearest to it.
func CheckVariables(texts ...string) error {
	for _, text := range texts {
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(Variables, m[1]) {
				near := nearest(m[1])
				return &gateway.Error{
					Kind: gateway.KindInvalid, Code: "unknown_variable", Data: map[string]string{"variable": m[1], "nearest": near},
					Detail: fmt.Sprintf("there is no variable {{%.100s}}; did you mean {{%s}}?", m[1], near),
				}
			}
		}
	}
	return nil
}

// Fill puts values in place of variables. What has none is empty.
func Fill(text string, values map[string]string) string {
	return fill(text, values, func(s string) string { return s })
}

// FillHTML is Fill for HTML: values are text, unless they are markup themselves.
func FillHTML(text string, values, markup map[string]string) string {
	safe := maps.Clone(values)
	for name, v := range values {
		safe[name] = strings.ReplaceAll(html.EscapeString(v), "\n", "<br>")
	}
	maps.Copy(safe, markup)
	return fill(text, safe, html.EscapeString)
}

func fill(text string, values map[string]string, otherwise func(string) string) string {
	return variable.ReplaceAllStringFunc(text, func(named string) string {
		m := variable.FindStringSubmatch(named)
		if v := values[m[1]]; v != "" {
			return v
		}
		return otherwise(strings.TrimSpace(m[2]))
	})
}

// nearest is the variable that takes the fewest changes of a letter to become.
func nearest(name string) string {
	return slices.MinFunc(Variables, func(a, b string) int { return distance(name, a) - distance(name, b) })
}

// distance is how many letters must be put in, taken out or changed (Levenshtein).
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	if len(from) > 100 {
		from = from[:100]
	}
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range from {
		corner := row[0]
		row[0] = i + 1
		for j, y := range to {
			change := corner
			if x != y {
				change++
			}
			corner = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}
