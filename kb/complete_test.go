package kb_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/kb"
)

func TestCompleteGivesTheLeastLeftToTypeFirst(t *testing.T) {
	s := open(t)
	create(t, s, article("återkallelse", "Återkallelse", "Lämna tillbaka den."))
	internal := article("återköp", "Återköp", "Fråga lagret.")
	internal.Visibility = kb.VisibilityInternal
	create(t, s, internal)
	sync1(t, s)
	for _, typed := range []string{"/återk", "aterk", "ÅTERKÖP"} {
		hits, err := s.Find(t.Context(), typed, "sv", 5)
		if err != nil || len(hits) == 0 || hits[0].Wording.Shortcut != "återköp" {
			t.Errorf("Find(%q): got %v, %v", typed, hits, err)
		}
	}
}
