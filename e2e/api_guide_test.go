package e2e

import (
	"go/ast"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// refusals are the functions and fields by which rooms refuse with a code.
var (
	refusing = []string{"Invalid", "NotFound", "Forbidden", "Conflict", "denied"}
	oneCode  = regexp.MustCompile(`^[a-z][a-z_]+[a-z]$`)
)

// inside are codes that never leave through the API: they are between rooms, or of the
// widget's socket.
var inside = []string{"unknown_command", "unknown_event", "unknown_end", "no_interaction_id", "unknown_frame"}

// TestTheGuideNamesEveryCode holds docs/api.md to the refusals of the rooms behind the
// API: a program decides by their codes.
func TestTheGuideNamesEveryCode(t *testing.T) {
	guide, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, src := range sources(t) {
		if src.Test || !behindTheAPI(src.Room) {
			continue
		}
		ast.Inspect(src.File, func(n ast.Node) bool {
			code := codeIn(n)
			if code == "" || slices.Contains(inside, code) {
				return true
			}
			seen++
			if !strings.Contains(string(guide), "`"+code+"`") {
				t.Errorf("%s refuses with %s, which docs/api.md does not explain", src.Path, code)
			}
			return true
		})
	}
	if seen < 80 {
		t.Errorf("found %d refusals only", seen)
	}
}

func behindTheAPI(room string) bool {
	return room == "tickets" || room == "kb" || room == "channels/voice" || strings.HasPrefix(room, "gateway")
}

// codeIn is the code of a refusal: a call of gateway.Invalid and the like, or a Code field.
func codeIn(n ast.Node) string {
	var value ast.Expr
	switch n := n.(type) {
	case *ast.CallExpr:
		if len(n.Args) > 0 && slices.Contains(refusing, nameOf(n.Fun)) {
			value = n.Args[0]
		}
	case *ast.KeyValueExpr:
		if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Code" {
			value = n.Value
		}
	}
	literal, ok := value.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	code, err := strconv.Unquote(literal.Value)
	if err != nil || !oneCode.MatchString(code) {
		return ""
	}
	return code
}

func nameOf(f ast.Expr) string {
	switch f := f.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}
