package e2e

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// statusOf says which status each way to refuse comes to: the constructors of package
// gateway, its kinds, and the statuses that a Problem names itself.
var statusOf = map[string]string{
	"Invalid": "400", "NotFound": "404", "Forbidden": "403", "Conflict": "409",
	"KindInvalid": "400", "KindDenied": "401", "KindForbidden": "403", "KindNotFound": "404", "KindConflict": "409",
	"KindUnprocessed": "422", "KindTooMany": "429", "KindTryAgain": "503", "KindInternal": "500",
	"StatusInternalServerError": "500", "StatusServiceUnavailable": "503",
}

// unseen are refusals whose status or code is chosen while the program runs, with where.
// What stands in codeOf, of gateway/api/errors.go, is held to be here.
var unseen = []refusal{
	{"400", "bad_request"}, {"422", "bad_request"}, {"413", "too_large"}, {"415", "unsupported_media_type"}, {"404", "not_found"}, {"405", "no_such_method"}, {"408", "refused"},
}

// inside are codes that never leave through the API: they are between rooms.
var inside = []string{"unknown_command", "unknown_event", "unknown_end", "no_interaction_id"}

// madeOfNoun ends the codes that are made of what was looked for.
const madeOfNoun = "_not_found"

var (
	oneCode    = regexp.MustCompile(`^[a-z][a-z_]+[a-z]$`)
	codeStatus = regexp.MustCompile(`^\*\*(\d{3})\*\*`)
	quotedCode = regexp.MustCompile("`([a-z_]+)`")
)

// refusal is a code and the status that it comes with.
type refusal struct{ Status, Code string }

// TestTheGuideNamesEveryCode holds docs/api.md to the refusals of the rooms behind the
// API, each under its status: a program decides by them. A code that nobody gives any
// more is named no longer.
func TestTheGuideNamesEveryCode(t *testing.T) {
	given := map[refusal]string{} // by where
	for _, r := range unseen {
		given[r] = "gateway/api/errors.go"
	}
	words := map[string]bool{} // every literal: some codes are chosen while the program runs
	rooms := map[string][]source{}
	for _, src := range sources(t) {
		if !src.Test && behindTheAPI(src) {
			rooms[src.Room] = append(rooms[src.Room], src)
			ast.Inspect(src.File, func(n ast.Node) bool {
				if l, ok := n.(*ast.BasicLit); ok {
					words[literal(l)] = true
				}
				return true
			})
		}
	}
	for _, files := range rooms {
		own := makers(files)
		for _, src := range files {
			for _, r := range refusals(src.File, own) {
				given[r] = src.Path
			}
		}
	}
	told := toldRefusals(t)
	for r, path := range given {
		if !told[r] && !slices.Contains(inside, r.Code) {
			t.Errorf("%s refuses with %s %s, which docs/api.md does not explain there", path, r.Status, r.Code)
		}
	}
	for r := range told {
		if given[r] == "" && !words[r.Code] && !strings.HasSuffix(r.Code, madeOfNoun) {
			t.Errorf("docs/api.md explains %s %s, which nobody gives", r.Status, r.Code)
		}
	}
	if len(given) < 150 {
		t.Errorf("found %d refusals only", len(given))
	}
}

// TestTheGuideKnowsWhatHumaRefuses: each code that codeOf chooses is in the list above.
func TestTheGuideKnowsWhatHumaRefuses(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../gateway/api/errors.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		f, ok := n.(*ast.FuncDecl)
		if !ok || f.Name.Name != "codeOf" {
			return true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if r, ok := n.(*ast.ReturnStmt); ok {
				code := literal(r.Results[0])
				codes++
				if !slices.ContainsFunc(unseen, func(r refusal) bool { return r.Code == code }) {
					t.Errorf("codeOf gives %q, which the test above does not know", code)
				}
			}
			return true
		})
		return false
	})
	if codes < 5 {
		t.Errorf("found %d codes in codeOf only", codes)
	}
}

// TestTheWidgetsGuideNamesEveryCode does the same for what the chat room refuses: a widget of
// somebody else's shows a sentence, but decides by the code.
func TestTheWidgetsGuideNamesEveryCode(t *testing.T) {
	var files []source
	for _, src := range sources(t) {
		if !src.Test && (src.Room == "channels/chat" || src.Path == forVisitors) {
			files = append(files, src)
		}
	}
	given := map[string]string{} // by where
	own := makers(files)
	for _, src := range files {
		for _, r := range refusals(src.File, own) {
			given[r.Code] = src.Path
		}
	}
	told := map[string]bool{}
	for line := range strings.Lines(readFile(t, "../docs/widget.md")) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range quotedCode.FindAllStringSubmatch(cells[1], -1) {
				told[m[1]] = true
			}
		}
	}
	for code, path := range given {
		if !told[code] {
			t.Errorf("%s refuses with %s, which docs/widget.md does not explain", path, code)
		}
	}
	if len(given) < 10 {
		t.Errorf("found %d codes only", len(given))
	}
}

// forVisitors refuses their files.
const forVisitors = "cmd/vaxel/scan.go"

// behindTheAPI leaves out what the command line alone is told, and visitors.
func behindTheAPI(src source) bool {
	switch src.Room {
	case "tickets", "kb", "channels/voice", "channels/email":
		return true
	case "cmd/vaxel":
		return !strings.HasPrefix(src.Path, "cmd/vaxel/admin") && src.Path != forVisitors
	}
	return strings.HasPrefix(src.Room, "gateway")
}

// toldRefusals reads the table of codes.
func toldRefusals(t *testing.T) map[refusal]bool {
	t.Helper()
	guide, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(guide), "<!-- codes -->")
	table, _, _ = strings.Cut(table, "<!-- /codes -->")
	told, status := map[refusal]bool{}, ""
	for line := range strings.Lines(table) {
		if m := codeStatus.FindStringSubmatch(line); m != nil {
			status = m[1]
		}
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range quotedCode.FindAllStringSubmatch(cells[1], -1) {
				told[refusal{status, m[1]}] = true
			}
		}
	}
	return told
}

// makers are the functions of a room, closures too, that refuse with a code that they are
// given first: by name, with their status.
func makers(files []source) map[string]string {
	found := map[string]string{}
	for _, src := range files {
		ast.Inspect(src.File, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if status := makes(n.Type, n.Body); status != "" {
					found[n.Name.Name] = status
				}
			case *ast.AssignStmt:
				if f, ok := n.Rhs[0].(*ast.FuncLit); ok {
					if status := makes(f.Type, f.Body); status != "" {
						found[nameOf(n.Lhs[0])] = status
					}
				}
			}
			return true
		})
	}
	return found
}

// makes is the status of what a function refuses with if its first parameter is the code.
func makes(of *ast.FuncType, body *ast.BlockStmt) (status string) {
	if body == nil || len(of.Params.List) == 0 || len(of.Params.List[0].Names) == 0 {
		return ""
	}
	code := of.Params.List[0].Names[0].Name
	ast.Inspect(body, func(n ast.Node) bool {
		if s, value := refusing(n, nil); s != "" && nameOf(value) == code {
			status = s
		}
		return true
	})
	return status
}

// refusals are all that a file refuses with. One way to refuse may have one of several
// codes: those of a constant are found where the constant stands.
func refusals(file *ast.File, own map[string]string) []refusal {
	found := map[refusal]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		status, value := refusing(n, own)
		if code := literal(value); status != "" && oneCode.MatchString(code) {
			found[refusal{status, code}] = true
		}
		return true
	})
	return slices.Collect(maps.Keys(found))
}

// refusing is the status and the code's expression of a node that refuses.
func refusing(n ast.Node, own map[string]string) (status string, code ast.Expr) {
	switch n := n.(type) {
	case *ast.CallExpr:
		status = own[nameOf(n.Fun)]
		if status == "" {
			status = statusOf[nameOf(n.Fun)]
		}
		if status != "" && len(n.Args) > 0 {
			return status, n.Args[0]
		}
	case *ast.CompositeLit:
		for _, e := range n.Elts {
			pair, ok := e.(*ast.KeyValueExpr)
			if !ok {
				return "", nil
			}
			switch nameOf(pair.Key) {
			case "Kind", "Status":
				status = statusOf[nameOf(pair.Value)]
			case "Code":
				code = pair.Value
			}
		}
		return status, code
	}
	return "", nil
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literal is the text of a string literal.
func literal(e ast.Expr) string {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(l.Value)
	if err != nil {
		return ""
	}
	return s
}
