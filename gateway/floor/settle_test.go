package floor

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// A case is closed while its customer waits to be called: the callback ends as settled, once the
// closing is committed and however often it is asked for. What is rolled back ends nothing.
func TestCallbacksEndWithTheirCase(t *testing.T) {
	pool := pgtest.New(t)
	h := open(t, pool, "one")
	call := h.arrive(t, 11)
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == call })
	id, err := h.Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.do(t, gateway.CallBack{Interaction: call, Callback: id})
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == id })

	settle := func(tx pgx.Tx) error {
		return h.Settle(t.Context(), tx, gateway.Settle{Case: 11, At: time.Now().Add(time.Minute)})
	}
	tx, err := pool.Begin(t.Context())
	if err == nil {
		err = settle(tx)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Hint()
	other := h.arrive(t, 12)
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == other })
	if i, err := h.Interaction(t.Context(), id); err != nil || i.State != gateway.StateWaiting {
		t.Errorf("got %+v, %v: want it to wait, nothing was closed", i, err)
	}
	for range 2 {
		if err := pgx.BeginFunc(t.Context(), pool, settle); err != nil {
			t.Fatal(err)
		}
	}
	h.Hint()
	ended := await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == id && i.State == gateway.StateFinished })
	if ended.End != gateway.EndSettled {
		t.Errorf("it ended as %q, want settled", ended.End)
	}
	h.eventually(t, "both were taken", func() bool {
		var left int
		return pool.QueryRow(t.Context(), `select count(*) from floor_inbox`).Scan(&left) == nil && left == 0
	})
}
