package timeline_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestTalked: only a call that was answered counts, from its end on, on whichever of the case's conversations.
func TestTalked(t *testing.T) {
	h := newHouse(t)
	asked := time.Now().Add(-time.Minute)
	talked := func(since time.Time) (yes bool) {
		t.Helper()
		h.tx(func(tx pgx.Tx) (err error) {
			yes, err = h.Talked(t.Context(), tx, 7, since)
			return err
		})
		return yes
	}
	call := func(of gateway.ConversationID, talk int64) {
		t.Helper()
		body, err := json.Marshal(gateway.CallSummary{From: "100", To: "0701234567", TalkMS: talk})
		if err != nil {
			t.Fatal(err)
		}
		h.tx(func(tx pgx.Tx) error {
			return h.Append(t.Context(), tx, &gateway.Entry{
				Conversation: of, Kind: gateway.EntryCall, Author: gateway.Author{Kind: gateway.BySystem}, Channel: gateway.Voice, Body: body, At: time.Now(),
			})
		})
	}
	h.open(0)
	other := h.open(0) // of the same case
	call(other, 0)
	if talked(asked) {
		t.Error("talked with, though nobody has answered")
	}
	call(other, 4000)
	if !talked(asked) {
		t.Error("not talked with, though somebody has answered")
	}
	if talked(time.Now().Add(time.Minute)) {
		t.Error("talked with after the call has ended")
	}
}
