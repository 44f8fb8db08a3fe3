package gateway

import (
	"encoding/json"
	"testing"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"hej":          "hej",
		"a\x00b":       "ab",
		"å\xffä":       "å\uFFFDä",
		"\x00\xc3\x28": "\uFFFD(",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q): got %q want %q", in, got, want)
		}
	}
}

func TestCleanJSON(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"b"}`:                             `{"a":"b"}`,
		`{"a":"x\u0000y"}`:                      `{"a":"xy"}`,
		`{"a":["\u0000"],"n":9007199254740993}`: `{"a":[""],"n":9007199254740993}`,
		`"\\u0000"`:                             `"\\u0000"`,
		`{broken \u0000`:                        `{broken \u0000`,
		``:                                      ``,
	} {
		if got := CleanJSON(json.RawMessage(in)); string(got) != want {
			t.Errorf("CleanJSON(%s): got %s want %s", in, got, want)
		}
	}
}
