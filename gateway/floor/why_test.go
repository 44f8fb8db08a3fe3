package floor

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// Each offer is explained after the interaction has ended, from a snapshot and the log
// after it: who was asked and why, and why nobody was.
func TestWhyIsToldAfterTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.arrive(t, 11)
	h.eventually(t, "it waits", func() bool { return count(t, h, `select count(*) from interaction`) == 1 })
	h.ready(t)
	first := await[gateway.Offer](t, h, "offer.created", nil)
	h.wantReplayed(t) // stops and starts: the log goes on after a snapshot, and the offer is withdrawn
	h.do(t, gateway.Consoles{Agent: anna, Live: true})
	again := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.No > first.No })
	h.do(t, gateway.Accept{Interaction: id, No: again.No, Agent: anna})
	h.do(t, gateway.Consoles{Agent: bo, Live: true})
	h.do(t, gateway.SetStatus{Agent: bo, Intent: gateway.IntentAvailable})
	h.do(t, gateway.Transfer{Interaction: id, Agent: anna, ToAgent: bo})
	named := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.Kind == gateway.OfferTransfer })

	all, err := h.Why(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if e := all[0]; e.OfferNo != 0 || len(e.Candidates) != 2 || e.Candidates[0].Rule != routing.RuleStatus {
		t.Errorf("first %+v, want that nobody was there", e)
	}
	told := map[int]Decision{}
	for _, d := range all {
		told[d.OfferNo] = d
	}
	for no, want := range map[int]gateway.Outcome{first.No: gateway.Withdrawn, again.No: gateway.Accepted} {
		d := told[no]
		if len(d.Candidates) != 2 || !d.Candidates[0].Chosen || d.Candidates[0].Rule != routing.RuleOnly ||
			len(d.Offers) != 1 || d.Offers[0].Outcome != want {
			t.Errorf("offer %d: %+v, want Anna, the only one free, and %s", no, d, want)
		}
	}
	if d := told[named.No]; len(d.Candidates) != 0 || len(d.Offers) != 1 || d.Offers[0].Agent != bo {
		t.Errorf("offer %d: %+v, want one that a colleague made", named.No, d)
	}
}

// A mail that a server held back arrived long before it came here: its log begins when it
// came. Where that is forgotten, what is left is told.
func TestWhyBeginsWhenItCame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	restart := func() { // leaves a snapshot
		h.stop()
		h.start(t)
		h.do(t, gateway.Consoles{Agent: anna, Live: true})
	}
	restart()
	h.exec(t, `delete from routing_event where seq <= (select min(seq) from routing_snapshot)`)
	var id gateway.InteractionID
	if err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) (err error) {
		id, err = h.Admit(t.Context(), tx, gateway.Admission{
			Channel: gateway.Email, Queue: queueID, Case: 1, Conversation: 11, Customer: 1, ArrivedAt: time.Now().AddDate(0, -2, 0),
		})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	h.Hint()
	first := await[gateway.Offer](t, h, "offer.created", nil)
	told := func() map[int]Decision {
		t.Helper()
		all, err := h.Why(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		byNo := map[int]Decision{}
		for _, d := range all {
			byNo[d.OfferNo] = d
		}
		return byNo
	}
	if d := told()[first.No]; len(d.Candidates) != 2 || !d.Candidates[0].Chosen {
		t.Errorf("got %+v, want Anna chosen", d)
	}
	restart()
	again := await(t, h, "offer.created", func(o gateway.Offer) bool { return o.No > first.No })
	h.exec(t, `delete from routing_snapshot where seq < (select max(seq) from routing_snapshot)`)
	h.exec(t, `delete from routing_event where seq <= (select max(seq) from routing_snapshot)`)
	byNo := told()
	if d := byNo[first.No]; len(d.Candidates) != 0 || len(d.Offers) != 1 || d.Offers[0].Kind != gateway.OfferQueue {
		t.Errorf("of what is forgotten: %+v, want the offer alone", d)
	}
	if d := byNo[again.No]; len(d.Candidates) != 2 {
		t.Errorf("of what is left: %+v, want who was looked at", d)
	}
}

func TestWhyRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	refused := func(id gateway.InteractionID, code string) {
		t.Helper()
		_, err := h.Why(t.Context(), id)
		if refusal, ok := errors.AsType[*gateway.Error](err); !ok || refusal.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	refused(99, "no_interaction")
	id := h.arrive(t, 11)
	h.eventually(t, "it waits", func() bool { return count(t, h, `select count(*) from interaction`) == 1 })
	h.stop()
	for _, broken := range []struct{ how, code string }{
		{`update routing_event set version = version - 1`, "log_of_other_rules"},
		{`delete from routing_event where seq = 1`, "log_forgotten"},
	} {
		if _, err := h.pool.Exec(t.Context(), `delete from routing_snapshot`); err != nil {
			t.Fatal(err)
		}
		if _, err := h.pool.Exec(t.Context(), broken.how); err != nil {
			t.Fatal(err)
		}
		refused(id, broken.code)
	}
}
