package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// came is what a batch has to see to.
type came struct {
	replan bool // the plan has changed
	look   bool // floor_inbox may have rows
	asks   []*ask
	taken  []admitted         // from floor_inbox
	lost   []gateway.Consoles // of nodes that died
}

// batch is everything that is committed together: what has come, and what that led to. It
// grows until it is sealed.
type batch struct {
	came
	part   bool // of a batch that is sifted: nothing else joins it
	own    bool // the part that is nobody else's: what is due
	sealed bool

	known   map[string]json.RawMessage // answers to keys, given before or by this batch
	events  []eventRow                 // what goes into the log
	answers []answerRow                // to new keys
	aside   []torn                     // rows of floor_inbox that nothing comes of
	told    []told                     // who is answered after the commit
	changed []gateway.Interaction      // for cases
	turned  []gateway.Interaction      // for conversations
	tale    tale
	alerts  []alertRow
	news    []gateway.Event     // what was written to the feed
	then    []func(stored bool) // what waits for the commit; see afterwards
}

// full says that what else comes is for the next batch.
func (b *batch) full() bool {
	return b.sealed || len(b.asks) >= batchMax || len(b.taken) >= batchMax
}

// writes says whether there is anything to store: a batch that did nothing, such as a poll of
// an empty inbox, costs one read.
func (b *batch) writes() bool { return len(b.events)+len(b.answers)+len(b.taken)+len(b.aside) > 0 }

// holds says whether anybody waits for it.
func (b *batch) holds() bool { return b.writes() || len(b.told) > 0 }

// admitted is a row of floor_inbox: a routing.Admit, Regroup or Settle.
type admitted struct {
	id    int64
	event routing.Event
}

// told is an answer that waits for the commit.
type told struct {
	ask  *ask
	body []byte
}

// fail answers everybody who still waits: nothing of theirs was stored, or nobody knows.
func (b *batch) fail() {
	for _, a := range b.asks {
		a.tell(reply{err: &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again", Detail: "The store did not answer; send the same request again."}})
	}
}

// work does a batch by itself, from reading to telling. An error leaves the core ahead of the
// store: the caller drops it.
func (l *leader) work(ctx context.Context, b *batch) error {
	all := b.came
	b.came = came{}
	if err := l.decide(ctx, b, all); err != nil {
		return err
	}
	b.seal(l)
	if err := l.store(ctx, b); err != nil {
		return err
	}
	l.announce(b)
	return nil
}

// decide reads what belongs to what has come and lets routing decide on it, after what the
// batch holds already. An error leaves the core ahead of the batch.
func (l *leader) decide(ctx context.Context, b *batch, more came) error {
	err := l.read(ctx, b, &more)
	b.replan, b.asks, b.taken, b.lost = b.replan || more.replan, append(b.asks, more.asks...), append(b.taken, more.taken...), append(b.lost, more.lost...)
	if err != nil {
		return err
	}
	more.replan = l.replans(more)
	return l.apply(ctx, b, more)
}

// store commits the batch, if there is anything to commit. What nothing comes of is set aside
// first, each by itself, for the rest may yet fail. It runs beside the loop and touches
// nothing of the leader's but what never changes.
func (l *leader) store(ctx context.Context, b *batch) error {
	for _, t := range b.aside {
		if err := l.setAside(ctx, t.id, t.why); err != nil {
			return err
		}
	}
	if len(b.events)+len(b.answers)+len(b.taken) == 0 {
		return nil
	}
	return l.commit(ctx, b)
}

// announce tells what is stored.
func (l *leader) announce(b *batch) {
	l.board = l.board || b.writes()
	l.f.rooms.Feed.Announce(b.news...)
	for _, t := range b.told {
		t.ask.tell(reply{body: t.body})
	}
	l.alert(b.alerts)
	for _, f := range b.then {
		f(true)
	}
}

// apply runs the core over everything that has come, in one order for all time. The plan goes
// first, so that whatever came after a change of it is decided by it; what is due goes
// before what has come, because its time was earlier. Nothing is stored yet.
func (l *leader) apply(ctx context.Context, b *batch, more came) error {
	if more.replan {
		if err := l.configure(ctx, b); err != nil {
			return err
		}
	}
	if (!b.part || b.own) && !l.wakeAt.IsZero() && !l.wakeAt.After(l.time()) {
		if _, err := l.step(b, routing.Wake{}); err != nil {
			return err
		}
	}
	for _, c := range more.lost {
		if _, err := l.step(b, c); err != nil {
			return err
		}
	}
	for _, a := range more.taken {
		if err := l.admit(b, a); err != nil {
			return err
		}
	}
	for _, a := range more.asks {
		if err := l.obey(b, a); err != nil {
			return err
		}
	}
	return nil
}

// admit puts what was taken in the queue, or regroups it. What routing refuses is set aside:
// the customer has been told that it was received, so it must not be lost. Its row is then
// not deleted with those that were taken.
func (l *leader) admit(b *batch, a admitted) error {
	r, err := l.step(b, a.event)
	if err != nil || r.Err == nil {
		return err
	}
	b.aside = append(b.aside, torn{a.id, r.Err})
	b.taken = slices.DeleteFunc(b.taken, func(t admitted) bool { return t.id == a.id })
	return nil
}

// obey runs one command, unless its key has been answered: before this batch, or earlier in
// it. Refusals are answers and kept under the key, too: asked again, an agent who was too
// late stays too late.
func (l *leader) obey(b *batch, a *ask) error {
	if answer, ok := l.answered(b, a.key); ok {
		b.told = append(b.told, told{a, answer})
		return nil
	}
	cmd, err := gateway.UnmarshalCommand(a.body)
	if err != nil {
		a.tell(reply{err: err})
		return nil //nolint:nilerr // the asker has it; the batch goes on
	}
	if c, ok := cmd.(gateway.Consoles); ok {
		cmd = l.there.note(l.f.now(), c)
	}
	r, err := l.step(b, cmd)
	if err != nil {
		return err
	}
	if l.tooEarly(cmd, r) {
		l.early = append(l.early, a)
		b.asks = slices.DeleteFunc(b.asks, func(o *ask) bool { return o == a })
		poke(l.inbox)
		return nil
	}
	body, err := answerOf(r)
	if err != nil {
		return err
	}
	b.told = append(b.told, told{a, body})
	if a.key != "" {
		b.know(a.key, body)
		b.answers = append(b.answers, answerRow{Key: a.key, Answer: body, At: l.last})
	}
	return nil
}

// tooEarly says that somebody leaves what is not known and may lie in the inbox, which was not
// read or has more than one batch takes: they have gone before it is opened, and are asked for
// again when it is.
func (l *leader) tooEarly(cmd gateway.Command, r routing.Result) bool {
	switch cmd.(type) {
	case gateway.Leave, gateway.CallBack:
		return l.more && r.Err != nil && r.Err.Kind == gateway.KindNotFound
	}
	return false
}

// answered is what a key was answered before: long ago, in this batch, or in the one that is
// being stored, which is then stored before this one is told.
func (l *leader) answered(b *batch, key string) (answer json.RawMessage, ok bool) {
	if answer, ok = b.known[key]; !ok && l.under != nil {
		answer, ok = l.under.known[key]
	}
	return answer, ok
}

// step gives the core one event and notes what it did. A refused event has changed
// nothing and is not logged.
func (l *leader) step(b *batch, ev routing.Event) (routing.Result, error) {
	at := l.time()
	r, err := decide(l.core, at, ev)
	if err != nil {
		return r, err
	}
	if r.Err != nil {
		return r, nil //nolint:nilerr // a refusal is an answer, not a fault
	}
	l.last, l.wakeAt = at, r.WakeAt
	body, err := routing.MarshalEvent(ev)
	if err != nil {
		return r, fmt.Errorf("log event: %w", err)
	}
	l.seq++
	b.events = append(b.events, eventRow{Seq: l.seq, Term: l.term, Version: routing.Version, At: at, Body: body})
	b.raise(l.seq, at, r.Effects)
	b.tale.add(r.Effects)
	return r, nil
}
