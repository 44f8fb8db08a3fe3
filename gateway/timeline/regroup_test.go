package timeline_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// What answers a mail that was taken out follows it, also when it was taken out twice; the
// conversation that our own mails name still has the rest.
func TestAnswersFollowWhatWasTakenOut(t *testing.T) {
	h := newHouse(t)
	id := h.open(0)
	maja := gateway.Address{Kind: gateway.AddressEmail, Value: "maja@example.se"}
	for _, name := range []string{"one@x", "two@x", "three@x"} {
		body, err := json.Marshal(gateway.Mail{MessageID: name, From: maja})
		if err != nil {
			t.Fatal(err)
		}
		e := line(id, name, name)
		e.Kind, e.Channel, e.Body = gateway.EntryMail, gateway.Email, body
		h.append(&e)
		h.tx(func(tx pgx.Tx) error { return h.Refer(t.Context(), tx, id, name, maja) })
	}
	joined := line(id, "", "joined")
	joined.Kind = gateway.EntryEvent
	h.append(&joined)
	extract := func(into, from gateway.CaseID, id gateway.ConversationID, positions ...int64) (out []gateway.Entry) {
		h.tx(func(tx pgx.Tx) (err error) {
			out, err = h.Extract(t.Context(), tx, into, from, id, positions...)
			return err
		})
		return out
	}
	taken := extract(9, 7, id, 2, 3)
	if len(taken) != 2 || taken[0].Text != "two@x" || taken[0].Pos != 1 || taken[1].Pos != 2 || len(h.all(id)) != 4 || len(h.all(taken[0].Conversation)) != 2 {
		t.Errorf("taken out: %+v", taken)
	}
	again := extract(11, 9, taken[0].Conversation, 2)
	for name, c := range map[string]struct {
		references []string
		want       gateway.ConversationID
		in         gateway.CaseID
	}{
		"what stayed":                    {[]string{"one@x"}, id, 7},
		"what went":                      {[]string{"two@x", "one@x"}, taken[0].Conversation, 9},
		"what went on":                   {[]string{"three@x"}, again[0].Conversation, 11},
		"newest is what stayed":          {[]string{"one@x", "two@x"}, id, 7},
		"unknown":                        {[]string{"four@x"}, id, 7},
		"nothing":                        {nil, id, 7},
		"newest of those that are known": {[]string{"four@x", "two@x", "three@x"}, taken[0].Conversation, 9},
	} {
		h.tx(func(tx pgx.Tx) error {
			got, on, _, err := h.Find(t.Context(), tx, gateway.Arrival{Conversation: id, References: c.references, Trusted: true})
			if err != nil || got != c.want || on != c.in {
				t.Errorf("%s, named: got %d of case %d, %v want %d of %d", name, got, on, err, c.want, c.in)
			}
			if len(c.references) == 0 || name == "unknown" {
				return nil
			}
			got, on, _, err = h.Find(t.Context(), tx, gateway.Arrival{References: c.references, From: maja})
			if err != nil || got != c.want || on != c.in {
				t.Errorf("%s, referred to: got %d of case %d, %v want %d of %d", name, got, on, err, c.want, c.in)
			}
			return nil
		})
	}
	for name, refused := range map[string]func(tx pgx.Tx) error{
		"what happened":               func(tx pgx.Tx) error { _, err := h.Extract(t.Context(), tx, 9, 7, id, 4); return err },
		"what is not there":           func(tx pgx.Tx) error { _, err := h.Extract(t.Context(), tx, 9, 7, id, 1, 99); return err },
		"another case's":              func(tx pgx.Tx) error { _, err := h.Extract(t.Context(), tx, 9, 8, id, 1); return err },
		"another case's conversation": func(tx pgx.Tx) error { return h.Move(t.Context(), tx, 9, 8, id) },
	} {
		var refusal *gateway.Error
		if err := pgx.BeginFunc(t.Context(), h.pool, refused); !errors.As(err, &refusal) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}
