package chat_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

func refusal(err error) string {
	if e, ok := errors.AsType[*gateway.Error](err); ok {
		return e.Code + ": " + e.Detail
	}
	return ""
}

func keep(t *testing.T, s *chat.Store, h *house, w chat.Widget) (kept chat.Widget, err error) {
	t.Helper()
	err = pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		var e error
		kept, e = s.KeepWidget(t.Context(), tx, w)
		return e
	})
	return kept, err
}

// TestWidgetsAreKept: a widget is added and changed, a stale change and a taken key are
// refused, the key stays, and one out of use is not found by its key.
func TestWidgetsAreKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	w, err := keep(t, n.Store, h, chat.Widget{Key: "butik", Queue: 7, Color: "#0b6e4f", Active: true})
	if err != nil || w.Rev != 1 || w.Name != "butik" || len(w.Languages) != 2 {
		t.Fatalf("got %+v, %v", w, err)
	}
	if _, err := keep(t, n.Store, h, chat.Widget{Key: "butik", Queue: 7}); !strings.HasPrefix(refusal(err), "key_taken") {
		t.Errorf("got %v", err)
	}
	change := w
	change.Key, change.Name = "annan", "Butiken"
	w2, err := keep(t, n.Store, h, change)
	if err != nil || w2.Key != "butik" || w2.Name != "Butiken" || w2.Rev != 2 {
		t.Errorf("got %+v, %v", w2, err)
	}
	if _, err := keep(t, n.Store, h, change); !strings.HasPrefix(refusal(err), "stale") {
		t.Errorf("got %v", err)
	}
	w2.Active = false
	if _, err := keep(t, n.Store, h, w2); err != nil {
		t.Error(err)
	}
	c := n.dial(t)
	c.send(m{"t": "hello", "key": "butik"})
	if f := c.until("error"); f.Code != "origin_refused" {
		t.Errorf("got %v", f)
	}
}

func TestWidgetsThatWouldNotWorkAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := chat.NewStore(h.pool)
	for what, change := range map[string]func(*chat.Widget){
		"stands in the page":  func(w *chat.Widget) { w.Key = "Min Butik" },
		"choose the queue":    func(w *chat.Widget) { w.Queue = 0 },
		"as #1a2b3c":          func(w *chat.Widget) { w.Color = "green" },
		"too light":           func(w *chat.Widget) { w.Color = "#ffcc00" },
		"no words in":         func(w *chat.Widget) { w.Languages = []string{"sv", "xx"} },
		"is no origin":        func(w *chat.Widget) { w.Origins = []string{"shop.example/kassa"} },
		"short id of its own": func(w *chat.Widget) { w.Form.Fields = []chat.Field{{ID: "A B", Kind: "text"}} },
		"has options": func(w *chat.Widget) {
			w.Form.Fields = []chat.Field{{ID: "a", Kind: "choice", Label: map[string]string{"sv": "A"}}}
		},
		"name in each language": func(w *chat.Widget) { w.Form.Fields = []chat.Field{{ID: "a", Kind: "text"}} },
		"an invitation has":     func(w *chat.Widget) { w.Invites = []chat.Invite{{ID: "a"}} },
		"off, optional":         func(w *chat.Widget) { w.Form.Email = "maybe" },
		"the consent is":        func(w *chat.Widget) { w.Form.Consent = "yes" },
		"at most 500":           func(w *chat.Widget) { w.Texts = map[string]chat.Texts{"sv": {Greeting: strings.Repeat("x", 501)}} },
		"0 to 3,600 seconds": func(w *chat.Widget) {
			w.Invites = []chat.Invite{{ID: "a", Text: map[string]string{"sv": "Hej"}, After: -1}}
		},
		"whole address":       func(w *chat.Widget) { w.Form.Privacy = "shop.example/privacy" },
		"kept for 0 to 1,200": func(w *chat.Widget) { w.Form.Months = -1 },
		"asked or off":        func(w *chat.Widget) { w.Form.Question = "maybe" },
		"text, choice or tick": func(w *chat.Widget) {
			w.Form.Fields = []chat.Field{{ID: "a", Kind: "date", Label: map[string]string{"sv": "A"}}}
		},
		"each invitation has a": func(w *chat.Widget) { w.Invites = []chat.Invite{{ID: "Å"}} },
		"at most 12 fields":     func(w *chat.Widget) { w.Form.Fields = make([]chat.Field, 13) },
		"each subject has a": func(w *chat.Widget) {
			w.Form.Topics = []chat.Topic{{ID: "a", Label: map[string]string{"sv": "A"}}, {ID: "a", Label: map[string]string{"sv": "B"}}}
		},
		"a subject has a name": func(w *chat.Widget) {
			w.Form.Topics = []chat.Topic{{ID: "a", Label: map[string]string{"sv": strings.Repeat("x", 501)}}}
		},
		"at most 20 skills": func(w *chat.Widget) {
			w.Form.Topics = []chat.Topic{{ID: "a", Label: map[string]string{"sv": "A"}, Skills: make([]gateway.SkillLevel, 21)}}
		},
		"at most 20 invitations":   func(w *chat.Widget) { w.Invites = make([]chat.Invite, 21) },
		"white words on it: the c": func(w *chat.Widget) { w.Color = "#888888" },
	} {
		w := chat.Widget{Key: "butik", Queue: 7}
		change(&w)
		if _, err := s.SaveWidget(t.Context(), w); !strings.Contains(refusal(err), what) {
			t.Errorf("got %v, want one that says %q", err, what)
		}
	}
}

// TestTheFormsOwnQuestions: what is required is asked for, answers stand below the question in
// the form's order, and the widget is shown the line as it was stored.
func TestTheFormsOwnQuestions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.site.Form.Fields = []chat.Field{
		{ID: "order", Kind: "text", Label: map[string]string{"sv": "Ordernummer", "en": "Order"}, Required: true},
		{ID: "size", Kind: "choice", Label: map[string]string{"sv": "Storlek"}, Options: []string{"S", "M"}},
		{ID: "terms", Kind: "tick", Label: map[string]string{"sv": "Jag är medlem"}},
	}
	if _, err := chat.NewStore(h.pool).SaveWidget(t.Context(), h.site); err != nil {
		t.Fatal(err)
	}
	n := h.start()
	c := n.dial(t)
	c.hello()
	c.send(m{"t": "form", "cid": "c1", "text": "Var är min jacka?", "fields": m{"size": "M"}})
	if f := c.until("error"); f.Code != "field_missing" || f.CID != "c1" {
		t.Errorf("got %v", f)
	}
	c.send(m{"t": "form", "cid": "c1", "text": "Var är min jacka?", "fields": m{"terms": "ja", "size": "XXL", "order": " 991 ", "unknown": "x"}})
	if f := c.until("ack"); f.Done {
		t.Errorf("got %v: the widget would show what it said, not what was stored", f)
	}
	want := "Var är min jacka?\n\nOrdernummer: 991\n☑ Jag är medlem"
	c.line(want)
	if got := h.texts(1); len(got) != 1 || got[0] != want {
		t.Errorf("stored %q", got)
	}
}
