// Package look is what every page of ours wears: the tokens (colours in both themes, sizes, spaces, type) and the plain
// controls. The console bundles the two style sheets from this folder; the help centre and the demonstration serve Sheet.
package look

import _ "embed"

//go:embed tokens.css
var tokens string

//go:embed base.css
var base string

// Sheet is the tokens and the base as one style sheet; a page's own comes after it.
func Sheet() []byte { return []byte(tokens + base) }
