package main

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

// TestTheManualNamesEveryKey: an operator finds each key of the configuration in the
// manual's examples, where some are commented out.
func TestTheManualNamesEveryKey(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	aside := regexp.MustCompile(`(?m)^# (\w+ = )`)
	named := map[string]bool{}
	for _, block := range strings.Split(string(manual), "```toml\n")[1:] {
		block, _, _ = strings.Cut(block, "\n```")
		meta, err := toml.Decode(aside.ReplaceAllString(block, "$1"), &map[string]any{})
		if err != nil {
			t.Fatalf("%v in\n%s", plainly(err), block)
		}
		for _, k := range meta.Keys() {
			named[k.String()] = true
		}
	}
	for _, name := range keyNames(reflect.TypeFor[Config](), "") {
		if !named[name] {
			t.Errorf("docs/operating.md does not name %s", name)
		}
	}
}
