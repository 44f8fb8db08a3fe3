package chat

import (
	"maps"
	"slices"
	"testing"
)

// What visitors are told is told in each language of the widget.
func TestEachLanguageHasWords(t *testing.T) {
	t.Parallel()
	want := slices.Sorted(maps.Keys(voices["sv"].Refusals))
	for _, l := range Languages {
		v := voices[l]
		if v.Nudge == "" || v.Transcript.Subject == "" || v.Transcript.Said == "" || v.Transcript.You == "" || v.Continued.Said == "" || v.Continued.Before == "" || v.Continued.After == "" {
			t.Errorf("%s: something is not said: %+v", l, v)
		}
		if l == "en" {
			continue // English stands where refusals are made
		}
		if got := slices.Sorted(maps.Keys(v.Refusals)); !slices.Equal(got, want) {
			t.Errorf("%s: refusals of %v, want %v", l, got, want)
		}
		for code, text := range v.Refusals {
			if text == "" {
				t.Errorf("%s: %s is refused without a word", l, code)
			}
		}
	}
}
