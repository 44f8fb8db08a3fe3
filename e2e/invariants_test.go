package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// floorCheck reads a floor's log from its first event, decides it again, and holds what is
// decided to the invariants I1 to I12 of routing, and to the rows that the floor stored. It
// reads all at one moment, so the floor may be at work.
type floorCheck struct {
	t         testing.TB
	core      *routing.Core
	events    int
	at        time.Time
	plan      gateway.Plan
	needs     map[gateway.InteractionID][]gateway.SkillLevel // as they arrived, or were given away
	spans     map[spanKey][]gateway.Status                   // as told; one event may tell two, of which the last stays
	live      map[gateway.AgentID]gateway.Presence
	in, shown map[gateway.AgentID]time.Duration             // logged in, and the sum of the statuses that were told
	items     map[gateway.InteractionID]gateway.Interaction // those that are not finished
	offers    map[offerKey]gateway.Offer
	segments  int
	open      map[offerKey]bool
	all       map[gateway.InteractionID]gateway.Interaction // as last told
	joined    map[gateway.InteractionID]bool                // what arrivals would have been that joined another
	moved     map[gateway.InteractionID]bool                // by a step of this event
}

type offerKey struct {
	interaction gateway.InteractionID
	no          int
	agent       gateway.AgentID
}

// spanKey is since when an agent has had a status, in microseconds.
type spanKey struct {
	agent gateway.AgentID
	since int64
}

func newFloorCheck(t testing.TB) *floorCheck {
	t.Helper()
	return &floorCheck{
		t: t, core: routing.New(), live: map[gateway.AgentID]gateway.Presence{},
		in: map[gateway.AgentID]time.Duration{}, shown: map[gateway.AgentID]time.Duration{},
		items: map[gateway.InteractionID]gateway.Interaction{}, offers: map[offerKey]gateway.Offer{},
		open: map[offerKey]bool{}, all: map[gateway.InteractionID]gateway.Interaction{}, joined: map[gateway.InteractionID]bool{},
		needs: map[gateway.InteractionID][]gateway.SkillLevel{}, spans: map[spanKey][]gateway.Status{},
	}
}

func checkFloor(t testing.TB, db *pgxpool.Pool) *floorCheck {
	t.Helper()
	c := newFloorCheck(t)
	pool, err := db.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	must(t, err)
	defer func() { _ = pool.Rollback(t.Context()) }() // it has only read
	snapshots := readSnapshots(t, pool)
	events := readLog(t, pool)
	c.events = len(events)
	for _, l := range events {
		c.learn(l.Event)
		r := c.core.Apply(l.At, l.Event)
		if r.Err != nil {
			t.Fatalf("I11: event %d stands in the log and is refused: %v", l.Seq, r.Err)
		}
		c.hear(l, r.Effects)
		if want, ok := snapshots[l.Seq]; ok {
			c.same(l.Seq, want)
		}
	}
	c.rows(pool)
	return c
}

// learn notes what offers are judged by: the plan, and what each interaction needs.
func (c *floorCheck) learn(e routing.Event) {
	switch e := e.(type) {
	case routing.Configure:
		c.plan = e.Plan
	case routing.Admit:
		c.needs[e.Interaction] = e.Skills
	case gateway.Transfer:
		if e.ToQueue != 0 && e.Skills != nil {
			c.needs[e.Interaction] = e.Skills
		}
	}
}

// readLog holds I11 by what a stale writer would leave: a term after a newer one, a gap, or
// a time before an earlier one.
func readLog(t testing.TB, pool pgx.Tx) (log []routing.Logged) {
	t.Helper()
	rows, err := pool.Query(t.Context(), `select seq, term, version, at, body from routing_event order by seq`)
	must(t, err)
	var term, before int64
	var version int
	var l routing.Logged
	var body json.RawMessage
	_, err = pgx.ForEachRow(rows, []any{&l.Seq, &term, &version, &l.At, &body}, func() error {
		if l.Seq != int64(len(log))+1 || term < before || version != routing.Version || len(log) > 0 && l.At.Before(log[len(log)-1].At) {
			return fmt.Errorf("I11: event %d of term %d at %v follows %d events, the last of term %d", l.Seq, term, l.At, len(log), before)
		}
		before = term
		l.Event, err = routing.UnmarshalEvent(body)
		log = append(log, l)
		return err
	})
	must(t, err)
	return log
}

func readSnapshots(t testing.TB, pool pgx.Tx) map[int64][]byte {
	t.Helper()
	rows, err := pool.Query(t.Context(), `select seq, body from routing_snapshot`)
	must(t, err)
	out := map[int64][]byte{}
	var seq int64
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&seq, &body}, func() error {
		out[seq] = slices.Clone(body)
		return nil
	})
	must(t, err)
	return out
}

// same holds I8: what the log makes of an empty floor is what was stored, byte for byte.
func (c *floorCheck) same(seq int64, stored []byte) {
	c.t.Helper()
	got, err := c.core.Snapshot()
	must(c.t, err)
	if !bytes.Equal(got, stored) {
		c.t.Errorf("I8: the log up to event %d makes another state than its snapshot", seq)
	}
}

func (c *floorCheck) hear(l routing.Logged, effects []routing.Effect) {
	c.t.Helper()
	for id, p := range c.live {
		if p.Status != gateway.LoggedOut {
			c.in[id] += l.At.Sub(c.at)
		}
	}
	c.at, c.moved = l.At, map[gateway.InteractionID]bool{}
	for _, e := range effects {
		if s, ok := e.(routing.StepTaken); ok {
			c.moved[s.Interaction] = true
		}
	}
	for _, e := range effects {
		switch e := e.(type) {
		case routing.InteractionChanged:
			c.changed(l.Seq, *e.Interaction)
		case routing.PresenceChanged:
			if old := c.live[e.Presence.Agent]; old.Status != gateway.LoggedOut && old.Status != "" {
				c.shown[old.Agent] += e.Presence.Since.Sub(old.Since)
			}
			c.live[e.Presence.Agent] = *e.Presence
			span := spanKey{e.Presence.Agent, e.Presence.Since.UnixMicro()}
			c.spans[span] = append(c.spans[span], e.Presence.Status)
		case routing.OfferCreated:
			c.offered(l.Seq, e.Offer)
		case routing.OfferClosed:
			c.closed(l.Seq, e.Offer)
		case routing.Joined:
			c.joined[e.Reserved] = true
		case routing.SegmentClosed:
			c.segments++
		}
	}
	c.settled(l.Seq)
}

// changed holds I6 and I7: a place is kept, and each interaction ends once.
func (c *floorCheck) changed(seq int64, i gateway.Interaction) {
	old, known := c.all[i.ID]
	c.items[i.ID], c.all[i.ID] = i, i
	switch {
	case !known:
	case i.Rev != old.Rev+1:
		c.t.Errorf("event %d: interaction %v has revision %d after %d", seq, i.ID, i.Rev, old.Rev)
	case i.DueAt.After(old.DueAt) || i.Seq != old.Seq || !i.ArrivedAt.Equal(old.ArrivedAt):
		c.t.Errorf("I6: event %d: interaction %v has a worse place: %+v after %+v", seq, i.ID, i, old)
	case i.Queue == old.Queue && !c.moved[i.ID] && old.State != gateway.StateActive && (i.Band != old.Band || !i.DueAt.Equal(old.DueAt)):
		c.t.Errorf("I6: event %d: interaction %v changes its key without a transfer", seq, i.ID)
	case old.End != "" && i.End != old.End, // who gave it away may finish their own part later
		old.State == gateway.StateFinished && (i.State != gateway.StateFinished || !i.FinishedAt.Equal(old.FinishedAt)):
		c.t.Errorf("I7: event %d: interaction %v ends as %q after %q", seq, i.ID, i.End, old.End)
	}
}

func (c *floorCheck) offered(seq int64, o gateway.Offer) {
	k := offerKey{o.Interaction, o.No, o.Agent}
	if _, twice := c.offers[k]; twice {
		c.t.Errorf("I10: event %d: offer %v is made twice", seq, k)
	}
	c.offers[k], c.open[k] = o, true
}

func (c *floorCheck) closed(seq int64, o gateway.Offer) {
	k := offerKey{o.Interaction, o.No, o.Agent}
	if old, ok := c.offers[k]; !ok || old.Outcome != "" || o.Outcome == "" {
		c.t.Errorf("I10: event %d: offer %v closes as %q after %q", seq, k, o.Outcome, old.Outcome)
	}
	c.offers[k] = o
	delete(c.open, k)
}

// settled holds what is so after each event: I1 to I5.
func (c *floorCheck) settled(seq int64) {
	asked := map[gateway.AgentID]int{}
	for k := range c.open {
		o, p := c.offers[k], c.live[k.agent]
		if o.Kind != gateway.OfferQueue {
			continue
		}
		if asked[k.agent]++; asked[k.agent] > 1 {
			c.t.Errorf("I2: event %d: agent %v has %d offers", seq, k.agent, asked[k.agent])
		}
		if o.CreatedAt.Equal(c.at) {
			if why := c.unfit(p, c.items[k.interaction], o); why != "" {
				c.t.Errorf("I4: event %d: agent %v is offered interaction %v, but %s", seq, k.agent, k.interaction, why)
			}
		}
	}
	owners := map[gateway.InteractionID]int{}
	for id, p := range c.live {
		if p.Units > 100 && !slices.ContainsFunc(p.Holds, func(i gateway.InteractionID) bool { return c.items[i].OverCapacity }) {
			c.t.Errorf("I3: event %d: agent %v has %d units", seq, id, p.Units)
		}
		for _, held := range p.Holds {
			if i := c.items[held]; i.Agent == id && (i.State == gateway.StateActive || i.State == gateway.StateParked) {
				owners[held]++
			}
		}
	}
	for id, i := range c.items {
		switch i.State {
		case gateway.StateActive, gateway.StateParked:
			if owners[id] != 1 {
				c.t.Errorf("I1: event %d: interaction %v is %s and has %d owners", seq, id, i.State, owners[id])
			}
		case gateway.StateWaiting:
			c.worked(seq, id)
		case gateway.StateOffered, gateway.StateWrapUp:
		case gateway.StateFinished:
			delete(c.items, id)
		}
	}
}

// worked holds I5: nobody waits while an agent is free to take it.
func (c *floorCheck) worked(seq int64, id gateway.InteractionID) {
	e, ok := c.core.Explain(id)
	if !ok {
		c.t.Errorf("I12: event %d: interaction %v waits, and the floor does not know it", seq, id)
	}
	for _, a := range e.Candidates {
		if a.Free {
			c.t.Errorf("I5: event %d: interaction %v waits while agent %v is free", seq, id, a.Agent)
		}
	}
}

// rows holds what is stored to what the log says, and I9: the statuses of each agent, from
// the beginning of one to the beginning of the next, add up to the time logged in.
func (c *floorCheck) rows(pool pgx.Tx) {
	c.t.Helper()
	for id, p := range c.live {
		shown := c.shown[id]
		if p.Status != gateway.LoggedOut {
			shown += c.at.Sub(p.Since)
		}
		if shown != c.in[id] {
			c.t.Errorf("I9: agent %v was logged in for %v, and shown for %v", id, c.in[id], shown)
		}
		c.number(pool, 1, "presence", `select count(*) from presence where agent = $1 and rev = $2 and status = $3 and units = $4`, id, p.Rev, p.Status, p.Units)
	}
	for k, o := range c.offers {
		c.number(pool, 1, "I10: offer", `select count(*) from offer where interaction = $1 and no = $2 and agent = $3 and outcome = $4 and cause = $5`, k.interaction, k.no, k.agent, o.Outcome, o.Cause)
	}
	c.number(pool, len(c.live), "presences", `select count(*) from presence`)
	c.number(pool, len(c.offers), "offers", `select count(*) from offer`)
	c.number(pool, len(c.all), "interactions", `select count(*) from interaction`)
	c.number(pool, c.segments, "segments", `select count(*) from segment`)
	for id, i := range c.all {
		c.number(pool, 1, "I7: interaction", `select count(*) from interaction where id = $1 and rev = $2 and state = $3 and ended = $4 and agent = $5`, id, i.Rev, i.State, i.End, i.Agent)
	}
	c.arrived(pool)
	for span, status := range readSpans(c.t, pool) {
		if told := c.spans[span]; !slices.Contains(told, status) {
			c.t.Errorf("I9: agent %v is noted as %s since %v, and was told to be %q", span.agent, status, time.UnixMicro(span.since), told)
		}
	}
	c.number(pool, 0, "I12: admissions left behind", `select count(*) from floor_inbox where set_aside_at is null`)
	c.number(pool, 0, "conversations with a gap", `
		select count(*) from conversation as c
		where last_pos <> (select count(*) from entry where conversation_id = c.id)`)
}

// arrived holds I12 by what intake took in: each arrival opened an interaction or joined one.
func (c *floorCheck) arrived(pool pgx.Tx) {
	c.t.Helper()
	rows, err := pool.Query(c.t.Context(), `
		select interaction_id
		from arrival as a
		where interaction_id is not null
			and not exists (select from floor_inbox where set_aside_at is not null and admission->>'interaction' = a.interaction_id::text)`)
	must(c.t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	must(c.t, err)
	for _, id := range ids {
		if _, opened := c.all[gateway.InteractionID(id)]; !opened && !c.joined[gateway.InteractionID(id)] {
			c.t.Errorf("I12: the arrival that was to be interaction %d is lost", id)
		}
	}
}

func (c *floorCheck) number(pool pgx.Tx, want int, what, sql string, args ...any) {
	c.t.Helper()
	var got int
	must(c.t, pool.QueryRow(c.t.Context(), sql, args...).Scan(&got))
	if got != want {
		c.t.Errorf("%s %v: got %d rows, want %d", what, args, got, want)
	}
}
