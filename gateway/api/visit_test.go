package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// passerby is where the visitor of every chat is.
type passerby struct{ of gateway.ConversationID }

func (p *passerby) Visit(_ context.Context, c gateway.ConversationID) (api.Visit, error) {
	if c != p.of {
		return api.Visit{}, nil
	}
	return api.Visit{Widget: "butik", Language: "sv", URL: "https://shop.example/kassa?token=***", Facts: map[string]string{"cart": "3"}, Here: true, Began: time.Now()}, nil
}

// TestAVisitIsSeen by agents, where somebody has chatted.
func TestAVisitIsSeen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	mail := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "v@kund.example", Subject: "Kassan"})
	all := &passerby{}
	h.Visits = all
	at := "/conversations/" + mail.Conversation.String() + "/visit"
	if got := anna.get(at); got["widget"] != "" {
		t.Errorf("of a mail: got %v", got)
	}
	all.of = mail.Conversation
	if got := anna.get(at); got["url"] != "https://shop.example/kassa?token=***" || got["facts"].(m)["cart"] != "3" || got["here"] != true {
		t.Errorf("got %v", got)
	}
	anna.refused("GET", "/conversations/999/visit", nil, 404, "no_conversation")
}
