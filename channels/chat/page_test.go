package chat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/channels/chat"
)

// TestAVisit: an agent sees where the visitor is and what the website passes along, and nothing
// that its addresses hold of secrets or of somebody.
func TestAVisit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	c.begin("Hej")
	c.send(m{
		"t": "page", "url": "https://anna:hemligt@shop.example/kassa?order=991&token=abc&q=t%C3%A4lt&who=anna%40kund.example&pnr=1&p=19640823-3234#card",
		"title": "Kassan", "referrer": "https://shop.example/reset/9f8e7d6c5b4a39281706f5e4d3c2/nytt?bara", "facts": m{"cart": "3 varor", "empty": " "},
	})
	c.send(m{"t": "msg", "cid": "m-1", "text": "Är ni där?"})
	c.until("ack")
	got, err := chat.NewStore(h.pool).Visit(t.Context(), conversation)
	if err != nil {
		t.Fatal(err)
	}
	want := chat.Visit{
		Widget: "nordvind", Name: "Anna", Topic: "invoice", Language: "sv", Title: "Kassan", Facts: map[string]string{"cart": "3 varor"}, Here: true, Began: got.Began,
		URL:      "https://shop.example/kassa?order=991&token=***&q=t%C3%A4lt&who=***&pnr=***&p=***",
		Referrer: "https://shop.example/reset/***/nytt?bara",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v, err := chat.NewStore(h.pool).Visit(t.Context(), 4711); err != nil || v.Widget != "" {
		t.Error("somebody visited where nobody chatted")
	}
}

// TestAddressesThatAreNone are not kept.
func TestAddressesThatAreNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.start().dial(t)
	c.begin("Hej")
	c.send(m{"t": "page", "url": "javascript:alert(1)", "referrer": "//x"})
	c.send(m{"t": "msg", "cid": "m-1", "text": "Är ni där?"})
	c.until("ack")
	if v, err := chat.NewStore(h.pool).Visit(t.Context(), conversation); err != nil || v.URL != "" || v.Referrer != "" {
		t.Errorf("visiting %+v, %v", v, err)
	}
}
