package floor

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// Who leaves before the floor has opened what they came for is found by their conversation, the
// first of what it is to have, and only until it is opened.
func TestWhoIsNotOpenedYetIsFound(t *testing.T) {
	t.Parallel()
	h := build(t, pgtest.New(t), "one", newNeighbours(), nil)
	first, second := h.admit(t, queueID, 11), h.admit(t, queueID, 12)
	h.admit(t, queueID, 11) // their next line, which joins the first
	if got, err := h.Unopened(t.Context(), 11, 12, 13); err != nil || len(got) != 2 || got[11] != first || got[12] != second {
		t.Errorf("got %v, %v, want %d and %d", got, err, first, second)
	}
	h.start(t)
	h.eventually(t, "all is opened", func() bool {
		got, err := h.Unopened(t.Context(), 11, 12)
		return err == nil && len(got) == 0
	})
	if got, err := h.Serving(t.Context(), 11); err != nil || len(got) != 1 || got[0].ID != first {
		t.Errorf("got %+v, %v, want %d only", got, err, first)
	}
}

// Who is not opened yet is found by an index: visitors' places are asked for all the time, also
// while nobody leads and thousands wait to be opened.
func TestTheUnopenedAreFoundByAnIndex(t *testing.T) {
	t.Parallel()
	h := build(t, pgtest.New(t), "one", newNeighbours(), nil)
	if _, err := h.pool.Exec(t.Context(), `
		insert into floor_inbox (admission)
		select jsonb_build_object('conversation', n, 'interaction', n + 100000) from generate_series(1, 20000) n`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.pool.Exec(t.Context(), `analyze floor_inbox`); err != nil {
		t.Fatal(err)
	}
	if got, err := h.Unopened(t.Context(), 17); err != nil || got[17] != 100017 {
		t.Fatalf("got %v, %v", got, err)
	}
	rows, _ := h.pool.Query(t.Context(), `explain `+unopened, []int64{17}) // the error comes with the rows
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || !strings.Contains(strings.Join(plan, "\n"), "floor_inbox_conversation") {
		t.Errorf("%v\n%s", err, strings.Join(plan, "\n"))
	}
}

// Who leaves while more waits to be opened than one batch takes is not forgotten: they are
// offered to nobody, or it is taken back at once.
func TestWhoLeavesBeforeTheyAreOpenedIsLetGo(t *testing.T) {
	t.Parallel()
	h := build(t, pgtest.New(t), "one", newNeighbours(), nil)
	var last gateway.InteractionID
	for c := range gateway.ConversationID(2*batchMax + 10) {
		last = h.admit(t, queueID, c+11)
	}
	h.start(t)
	var a gateway.Answer
	h.eventually(t, "the floor answers", func() (done bool) {
		var err error
		if a, err = h.Do(t.Context(), "leave", gateway.Leave{Interaction: last}); errors.Is(err, gateway.ErrNotFound) {
			t.Fatal(err)
		}
		return err == nil
	})
	if a.Interaction == nil || a.Interaction.State != gateway.StateFinished {
		t.Errorf("got %+v, want it finished", a)
	}
	if n := count(t, h, `select count(*) from floor_inbox`); n != 0 {
		t.Errorf("%d are not opened", n)
	}
	if _, err := h.Do(t.Context(), "", gateway.Leave{Interaction: last + 1000}); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("leaving what there is not got %v, want not_found", err)
	}
	h.wantReplayed(t)
}

// Nobody has told the floor of what was admitted, and whoever it is leaves already.
func TestWhoLeavesIsFoundWithoutAHint(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	for c := range gateway.ConversationID(5) {
		id := h.admit(t, queueID, c+11)
		if a := h.do(t, gateway.Leave{Interaction: id}); a.Interaction == nil || a.Interaction.State != gateway.StateFinished {
			t.Errorf("got %+v, want it finished", a)
		}
	}
	id := h.admit(t, queueID, 99)
	if a := h.do(t, gateway.CallBack{Interaction: id, Callback: id + 1000}); a.Interaction == nil || a.Interaction.ID != id+1000 {
		t.Errorf("got %+v, want the callback", a)
	}
}
