package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	property = regexp.MustCompile(`(^|[^\w-])--[\w-]+`)
	defined  = regexp.MustCompile(`(--[\w-]+)\s*:`)
)

// tokenNames are short names for the custom properties that the widget's tokens.css defines,
// which all its style sheets use by the hundred. Every file must be built with the same ones:
// what one defines, another uses. They begin with --v because a website's own properties
// reach into the widget. What only a script sets keeps its name.
func tokenNames(dir string) map[string]string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	source, _ := os.ReadFile(filepath.Join(dir, "src", "tokens.css")) // without it there is nothing to shorten
	names := map[string]string{}
	for _, m := range defined.FindAllSubmatch(source, -1) {
		name := string(m[1])
		if names[name] != "" {
			continue
		}
		n := len(names)
		short := string(letters[n%len(letters)])
		if n >= len(letters) {
			short = string(letters[n/len(letters)-1]) + short
		}
		names[name] = "--v" + short
	}
	return names
}

// rename gives a style sheet with those names; a class like btn--primary is no property.
func rename(css string, names map[string]string) string {
	return property.ReplaceAllStringFunc(css, func(found string) string {
		at := strings.Index(found, "--")
		if short := names[found[at:]]; short != "" {
			return found[:at] + short
		}
		return found
	})
}
