package floor

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// Case 11 becomes a part of case 12: what is open and what is finished goes with it, what
// is written on case 12 joins what was open, and the next leader knows no other.
func TestInteractionsFollowTheirCase(t *testing.T) {
	pool := pgtest.New(t)
	h := open(t, pool, "one")
	finished := h.arrive(t, 11)
	await[gateway.Interaction](t, h, "interaction.changed", nil)
	h.do(t, gateway.Leave{Interaction: finished, End: gateway.EndClosed})
	waiting := h.arrive(t, 11)
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == waiting })

	h.regroup(t, gateway.Regroup{From: 11, Into: 12})
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == waiting && i.Case == 12 })
	for _, id := range []gateway.InteractionID{finished, waiting} {
		if i, err := h.Interaction(t.Context(), id); err != nil || i.Case != 12 {
			t.Errorf("interaction %d is of case %d (%v), want 12", id, i.Case, err)
		}
	}
	h.stop()

	next := open(t, pool, "two")
	joining := next.arrive(t, 12)
	next.eventually(t, "the arrival was taken", func() bool {
		var left int
		return pool.QueryRow(t.Context(), `select count(*) from floor_inbox`).Scan(&left) == nil && left == 0
	})
	if list, err := next.OfCase(t.Context(), 12); err != nil || len(list) != 2 {
		t.Errorf("case 12 has %d interactions (%v), want 2: %d should have joined %d", len(list), err, joining, waiting)
	}

	next.regroup(t, gateway.Regroup{From: 12, Into: 13, Conversations: []gateway.ConversationID{404}})
	next.regroup(t, gateway.Regroup{From: 12, Into: 14, Conversations: []gateway.ConversationID{11}})
	await(t, next, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == waiting && i.Case == 14 })
	if list, err := next.OfCase(t.Context(), 14); err != nil || len(list) != 2 {
		t.Errorf("case 14 has %d interactions (%v), want both of conversation 11", len(list), err)
	}
}

func (h *house) regroup(t *testing.T, r gateway.Regroup) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.Regroup(t.Context(), tx, r) }); err != nil {
		t.Fatal(err)
	}
	h.Hint()
}
