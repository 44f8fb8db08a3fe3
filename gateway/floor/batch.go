package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// batch is everything that is committed together. Its first part says what has come, its
// second what that led to.
type batch struct {
	replan bool // the plan has changed
	asks   []*ask
	known  map[string]json.RawMessage // answers given before to the same keys
	taken  []admitted                 // from floor_inbox
	lost   []gateway.Consoles         // of nodes that died
	part   bool                       // of a batch that is sifted: nothing else joins it
	own    bool                       // the part that is nobody else's: what is due

	events  []eventRow            // what goes into the log
	answers []answerRow           // to new keys
	told    []told                // who is answered after the commit
	changed []gateway.Interaction // for cases
	turned  []gateway.Interaction // for conversations
	tale    tale
	alerts  []alertRow
	news    []gateway.Event // what was written to the feed
}

// admitted is a row of floor_inbox: a routing.Admit, or a routing.Regroup.
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
		select {
		default: // it has its answer: its body was no command
		case a.answer <- reply{err: &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again", Detail: "The store did not answer; send the same request again."}}:
		}
	}
}

// work lets routing decide on all that has come, commits it and tells. An error leaves the
// core ahead of the store: the caller drops it. A batch that did nothing, such as a poll of
// an empty inbox, writes nothing and costs one read.
func (l *leader) work(ctx context.Context, b *batch) error {
	if err := l.read(ctx, b); err != nil {
		return err
	}
	if err := l.apply(ctx, b); err != nil {
		return err
	}
	if len(b.events)+len(b.answers)+len(b.taken) > 0 {
		if err := l.commit(ctx, b); err != nil {
			return err
		}
		l.board = true
	}
	l.f.rooms.Feed.Announce(b.news...)
	for _, t := range b.told {
		t.ask.answer <- reply{body: t.body}
	}
	l.alert(b.alerts)
	if len(b.taken) == batchMax { // there may be more
		poke(l.inbox)
	}
	return nil
}

// read fetches what intake has stored, and earlier answers to the same keys, in one exchange
// with the database. It takes no locks: this term's leader is the only one who takes rows
// from floor_inbox, and one who has lost the term is refused at the commit. A row that is
// no admission is set aside here, before routing ever meets it.
func (l *leader) read(ctx context.Context, b *batch) error {
	var torn []torn
	q := &pgx.Batch{}
	if !b.part {
		q.Queue(`
			select id, admission, regroup from floor_inbox
			where set_aside_at is null
			order by id
			limit $1`, batchMax).Query(func(rows pgx.Rows) (err error) {
			b.taken, torn, err = readInbox(rows)
			return err
		})
	}
	if keys := b.keys(); len(keys) > 0 {
		b.known = map[string]json.RawMessage{}
		q.Queue(`select key, answer from command where key = any($1)`, keys).Query(func(rows pgx.Rows) error {
			var key string
			var answer json.RawMessage
			_, err := pgx.ForEachRow(rows, []any{&key, &answer}, func() error {
				b.known[key] = append(json.RawMessage(nil), answer...)
				return nil
			})
			return err
		})
	}
	if q.Len() == 0 {
		return nil
	}
	if err := l.f.pool.SendBatch(ctx, q).Close(); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	for _, t := range torn {
		if err := l.setAside(ctx, t.id, t.why); err != nil {
			return err
		}
	}
	return nil
}

// torn is a row of floor_inbox that cannot be read.
type torn struct {
	id  int64
	why error
}

func readInbox(rows pgx.Rows) (good []admitted, bad []torn, err error) {
	var id int64
	var admission, regroup []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &admission, &regroup}, func() error {
		ev, err := readRow(admission, regroup)
		if err != nil {
			bad = append(bad, torn{id, err})
			return nil //nolint:nilerr // of this row only; the others are taken
		}
		good = append(good, admitted{id, ev})
		return nil
	})
	return good, bad, err
}

func readRow(admission, regroup []byte) (routing.Event, error) {
	if regroup != nil {
		var r routing.Regroup
		err := json.Unmarshal(regroup, &r)
		return r, err
	}
	var a routing.Admit
	err := json.Unmarshal(admission, &a)
	return a, err
}

// keys are those under which an earlier answer may be kept.
func (b *batch) keys() []string {
	var keys []string
	for _, a := range b.asks {
		if a.key != "" {
			keys = append(keys, a.key)
		}
	}
	return keys
}

// apply runs the core over everything in the batch, in one order for all time. The plan goes
// first, so that whatever came after a change of it is decided by it; what is due goes
// before what has come, because its time was earlier. Nothing is stored yet.
func (l *leader) apply(ctx context.Context, b *batch) error {
	if b.replan {
		plan, err := l.f.rooms.Plans.Plan(ctx)
		if err != nil {
			return fmt.Errorf("read the plan: %w", err)
		}
		if _, err := l.step(b, routing.Configure{Plan: plan}); err != nil {
			return err
		}
	}
	if (!b.part || b.own) && !l.wakeAt.IsZero() && !l.wakeAt.After(l.time()) {
		if _, err := l.step(b, routing.Wake{}); err != nil {
			return err
		}
	}
	for _, c := range b.lost {
		if _, err := l.step(b, c); err != nil {
			return err
		}
	}
	if err := l.admit(ctx, b); err != nil {
		return err
	}
	for _, a := range b.asks {
		if err := l.obey(b, a); err != nil {
			return err
		}
	}
	b.close(l)
	return nil
}

// admit puts what was taken in the queue, or regroups it. What routing refuses is set aside: the customer
// has been told that it was received, so it must not be lost. Its row is then not deleted
// with those that were taken.
func (l *leader) admit(ctx context.Context, b *batch) error {
	refused := map[int64]*gateway.Error{}
	for _, a := range b.taken {
		r, err := l.step(b, a.event)
		if err != nil {
			return err
		}
		if r.Err != nil {
			refused[a.id] = r.Err
		}
	}
	for id, why := range refused {
		if err := l.setAside(ctx, id, why); err != nil {
			return err
		}
	}
	b.taken = slices.DeleteFunc(b.taken, func(a admitted) bool { return refused[a.id] != nil })
	return nil
}

// obey runs one command, unless its key has been answered: before this batch, or earlier in
// it. Refusals are answers and kept under the key, too: asked again, an agent who was too
// late stays too late.
func (l *leader) obey(b *batch, a *ask) error {
	if answer, ok := b.known[a.key]; ok {
		b.told = append(b.told, told{a, answer})
		return nil
	}
	cmd, err := gateway.UnmarshalCommand(a.body)
	if err != nil {
		a.answer <- reply{err: err}
		return nil //nolint:nilerr // the asker has it; the batch goes on
	}
	if c, ok := cmd.(gateway.Consoles); ok {
		cmd = l.there.note(l.f.now(), c)
	}
	r, err := l.step(b, cmd)
	if err != nil {
		return err
	}
	body, err := answerOf(r)
	if err != nil {
		return err
	}
	b.told = append(b.told, told{a, body})
	if a.key != "" {
		if b.known == nil {
			b.known = map[string]json.RawMessage{}
		}
		b.known[a.key] = body
		b.answers = append(b.answers, answerRow{Key: a.key, Answer: body, At: l.last})
	}
	return nil
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
