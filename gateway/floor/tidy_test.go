package floor

import (
	"strconv"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// Answers are forgotten by the clock also when next to nothing happens.
func TestOldAnswersAreForgottenOnAQuietDay(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.pool.Exec(t.Context(), `
		insert into command (key, answer, at)
		values ('old', '{}', now() - interval '25 hours'), ('young', '{}', now() - interval '23 hours')`); err != nil {
		t.Fatal(err)
	}
	h.stop()
	h.start(t)
	h.eventually(t, "the old answer is gone", func() bool { return count(t, h, `select count(*) from command where key = 'old'`) == 0 })
	if count(t, h, `select count(*) from command where key = 'young'`) != 1 {
		t.Error("the young answer is gone as well")
	}
}

// Of the log goes what is old and stands before a snapshot that is old too; the rest
// can be played again from there.
func TestTheLogIsSweptUpToAnOldSnapshot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	h.wantReplayed(t) // leaves a snapshot
	h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentOnBreak})
	sweep := func() (events int) {
		t.Helper()
		if err := h.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		return count(t, h, `select count(*) from routing_event`)
	}
	all := sweep()
	age := func(table string) {
		t.Helper()
		if _, err := h.pool.Exec(t.Context(), `update `+table+` set at = at - interval '31 days'`); err != nil {
			t.Fatal(err)
		}
	}
	age("routing_event")
	if got := sweep(); got != all {
		t.Errorf("%d of %d events are left, want all: no snapshot is so old", got, all)
	}
	age("routing_snapshot")
	base := count(t, h, `select max(seq) from routing_snapshot`)
	if got := sweep(); got != all-base || got == 0 {
		t.Errorf("%d events are left, want the %d after the snapshot", got, all-base)
	}
	if got := count(t, h, `select count(*) from routing_snapshot where seq = `+strconv.Itoa(base)); got != 1 {
		t.Error("the snapshot is gone")
	}
	h.stop()
	h.start(t)
	if a := h.do(t, gateway.SetStatus{Agent: anna, Intent: gateway.IntentAvailable}); a.Presence == nil || a.Presence.Intent != gateway.IntentAvailable {
		t.Errorf("after the sweep: got %+v, want Anna available", a)
	}
}
