package timeline_test

import (
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestForget: of a conversation of the staff what is older goes, with the last of it the conversation; one
// with a customer is refused.
func TestForget(t *testing.T) {
	h := newHouse(t)
	var staff gateway.ConversationID
	h.tx(func(tx pgx.Tx) (err error) {
		staff, err = h.Open(t.Context(), tx, 0, 0, gateway.Chat)
		return err
	})
	now := time.Now()
	for n, at := range []time.Time{now.AddDate(0, 0, -9), now.AddDate(0, 0, -8), now} {
		h.tx(func(tx pgx.Tx) error {
			return h.Append(t.Context(), tx, &gateway.Entry{
				Conversation: staff, Kind: gateway.EntryMessage, Author: gateway.Author{Kind: gateway.ByAgent, ID: 1}, Channel: gateway.Chat, Text: strconv.Itoa(n), Internal: true, At: at,
			})
		})
	}
	forget := func(of gateway.ConversationID, before time.Time) (got string, err error) {
		err = pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
			upTo, gone, whole, err := h.Forget(t.Context(), tx, of, before)
			got = fmt.Sprint(upTo, gone, whole)
			return err
		})
		return got, err
	}
	for _, step := range []struct {
		before time.Time
		want   string
	}{{now.AddDate(0, 0, -7), "2 2 false"}, {now.AddDate(0, 0, -7), "0 0 false"}, {now.Add(time.Hour), "3 1 true"}, {now, "0 0 true"}} {
		if got, err := forget(staff, step.before); err != nil || got != step.want {
			t.Errorf("before %v: got %s, %v want %s", step.before, got, err, step.want)
		}
	}
	if _, err := h.Get(t.Context(), staff); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("the conversation is there: %v", err)
	}
	if _, err := forget(h.open(0), now); !errors.Is(err, gateway.ErrForbidden) {
		t.Errorf("with a customer: got %v want a refusal", err)
	}
}
