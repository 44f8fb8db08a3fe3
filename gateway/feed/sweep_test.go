package feed

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// A midnight may pass between the sweep's look at the clock and its lock: what has been written
// to the slot by then is the new day's.
func TestASlotWhoseDayHasBegunIsKept(t *testing.T) {
	pool := pgtest.New(t)
	f := New(pool, quiet{}, slog.New(slog.DiscardHandler))
	n, err := readNow(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	today := n.time.Unix() / 86400
	if _, err := pool.Exec(t.Context(), `insert into event (slot, topics, events) values ($1, '{a}', '')`, today%slots); err != nil {
		t.Fatal(err)
	}
	if err := f.empty(t.Context(), today); !errors.Is(err, errBegun) {
		t.Errorf("got %v want %v", err, errBegun)
	}
	var left int
	if err := pool.QueryRow(t.Context(), `select count(*) from event`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d rows are left (%v), want 1", left, err)
	}
}
