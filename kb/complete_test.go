package kb_test

import (
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
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

// The shortcut that an agent remembers may be of another language than the customer's: it
// leads to the same article, in the customer's language where that has it.
func TestCompleteGivesTheCustomersLanguage(t *testing.T) {
	s := open(t)
	both := article("retur", "Returnera en vara", "Du har trettio dagar.")
	both.Wordings["en"] = kb.Wording{Shortcut: "return", Title: "Return an article", Answer: "You have thirty days.", Status: kb.Published}
	both = create(t, s, both)
	swedish := create(t, s, article("returfrakt", "Fraktsedel", "Skriv ut den."))
	title := article("", "Rabatt", "Tio procent.")
	title.Wordings["en"] = kb.Wording{Title: "Returning customers", Answer: "Ten per cent.", Status: kb.Published}
	title = create(t, s, title)
	sync1(t, s)
	type found struct {
		id       gateway.ArticleID
		language string
	}
	for typed, want := range map[string][]found{
		"/ret":        {{both.ID, "en"}, {swedish.ID, "sv"}, {title.ID, "en"}},
		"/retur":      {{both.ID, "en"}, {swedish.ID, "sv"}, {title.ID, "en"}}, // exact, though Swedish
		"/returfrakt": {{swedish.ID, "sv"}},
		"/return":     {{both.ID, "en"}, {title.ID, "en"}},
	} {
		var got []found
		for _, h := range s.Complete(t.Context(), typed, "en", 5) {
			got = append(got, found{h.ID, h.Language})
		}
		if !slices.Equal(got, want) {
			t.Errorf("Complete(%q, en): got %v want %v", typed, got, want)
		}
	}
}
