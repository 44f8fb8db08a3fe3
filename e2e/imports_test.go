package e2e

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mayImport is who may import whom, beside the words (gateway), the tools of all and a
// room's own sub-packages. Change it in the same commit as the import, and say why.
var mayImport = map[string][]string{
	"gateway":           {},
	"gateway/beat":      {},
	"gateway/crash":     {},
	"gateway/lazy":      {},
	"gateway/retry":     {},
	"gateway/tidy":      {},
	"gateway/routing":   {"gateway"},
	"gateway/floor":     {"gateway", "gateway/routing"},
	"gateway/intake":    {"gateway"},
	"gateway/outbox":    {"gateway"},
	"gateway/feed":      {"gateway"},
	"gateway/bus":       {"gateway"},
	"gateway/roster":    {"gateway"},
	"gateway/access":    {"gateway"},
	"gateway/stats":     {"gateway"},
	"gateway/staffchat": {"gateway"},
	"gateway/timeline":  {"gateway"},
	"gateway/blob":      {"gateway"},
	"gateway/api":       {"gateway", "gateway/*", "tickets", "kb"},
	"tickets":           {"gateway"},
	"kb":                {"gateway", "kb/index", "look"},
	"kb/index":          {},
	"channels/email":    {"gateway"},
	"channels/chat":     {"gateway"},
	"channels/voice":    {"gateway"},
	"migrations":        {},
	"localpg":           {},
	"look":              {},
	"web-widget":        {},
	"web-console":       {},
	"cmd/webbuild":      {},
	"cmd/vaxel":         {"*"},
	"bench":             {"*"},
	"e2e":               {"*"},
	"docs/client":       {}, // what the API's guide shows
	"migrations/pgtest": {"migrations", "localpg"},

	// small rooms of the API's own, tested by themselves: the API takes a minute to compile
	"gateway/api/consoles": {"gateway"},
	"gateway/api/names":    {"gateway", "gateway/roster"},
	"gateway/api/pace":     {"gateway", "gateway/feed"},
}

// tools may be imported by every room but the two that know no clock and no database.
var tools = []string{"gateway/beat", "gateway/crash", "gateway/lazy", "gateway/retry", "gateway/tidy"}

// testHelpers may be imported by every test.
var testHelpers = []string{"migrations/pgtest", "channels/email/mailtest", "channels/voice/phonetest", "gateway/bus/natstest", "gateway/api/frametest", "migrations", "localpg"}

func TestImports(t *testing.T) {
	for _, src := range sources(t) {
		room := roomOf(src.Room)
		allowed, ok := mayImport[room]
		if !ok {
			t.Errorf("%s stands in %q, which is no room: put it in one, or add the room to mayImport and docs/architecture.md", src.Path, src.Room)
			continue
		}
		for _, spec := range src.File.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			target, ours := strings.CutPrefix(p, module)
			if ours && !allows(src, room, allowed, target) {
				t.Errorf("%s imports %s: %s may import %v", src.Path, target, room, allowed)
			}
		}
	}
}

func allows(src source, room string, allowed []string, target string) bool {
	switch {
	case target == room || strings.HasPrefix(target, room+"/") && room != "gateway" && room != "kb":
		return true
	case slices.Contains(tools, target) && room != "gateway" && room != "gateway/routing":
		return true
	case src.Test && slices.Contains(testHelpers, target):
		return true
	case helper(src.Room) && slices.Contains(testHelpers, target):
		return true
	}
	return slices.ContainsFunc(allowed, func(pattern string) bool {
		ok, err := path.Match(pattern, target)
		return pattern == "*" || (err == nil && ok)
	})
}

func helper(room string) bool { return slices.Contains(testHelpers, room) }

// roomOf is the nearest folder above that mayImport knows.
func roomOf(dir string) string {
	for d := dir; d != "." && d != "/"; d = path.Dir(d) {
		if _, ok := mayImport[d]; ok {
			return d
		}
	}
	return dir
}
