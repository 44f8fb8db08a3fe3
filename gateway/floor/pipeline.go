package floor

import (
	"context"
	"time"

	"github.com/vaxelhq/vaxel/gateway/routing"
)

// Two batches are under way at once, and never more:
//
//	           next: read, decided          under: stored beside the loop
//	came ──▶ grows until it is sealed ──▶ one transaction ──▶ told
//	                  ▲                        │ refused
//	                  └── decided anew ◀───────┴──▶ sifted
//
// The core is ahead of the store by both. So what is read from the core is told when the
// batch that made it is stored (afterwards), and when a batch fails, the one decided after
// it is undone with it: the core is loaded again and that one decided anew.

// advance decides on what has come and has it stored as soon as what was before it is.
func (l *leader) advance(ctx context.Context, more came) error {
	if err := l.decide(ctx, l.next, more); err != nil {
		return l.undo(ctx, err)
	}
	l.launch(ctx)
	return nil
}

// launch begins to store the next batch unless one is being stored. A full one is made ready
// meanwhile; one that nobody waits for is dropped.
func (l *leader) launch(ctx context.Context) {
	b := l.next
	if !b.holds() {
		l.next = &batch{}
		return
	}
	if l.under == nil || b.full() {
		b.seal(l)
	}
	if l.under != nil {
		return
	}
	l.under, l.next = b, &batch{}
	go func() { l.stored <- l.store(ctx, b) }()
}

// outlast gives what is under way some time when ctx has ended: a term that ends in good order
// leaves nothing half done, and one that is lost is refused by the fence.
func outlast(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := context.AfterFunc(ctx, func() { time.AfterFunc(leaseLength, cancel) })
	return out, func() { ended(); cancel() }
}

// land tells of the batch that has been stored, or does it and the next one anew.
func (l *leader) land(ctx context.Context, err error) error {
	b := l.under
	l.under = nil
	if err == nil {
		l.announce(b)
		return nil
	}
	after := l.next
	l.next = &batch{}
	return l.redo(ctx, err, b, after)
}

// undo is for a next batch that could not be decided.
func (l *leader) undo(ctx context.Context, why error) error {
	if l.under != nil {
		if err := <-l.stored; err != nil {
			return l.land(ctx, err)
		}
		_ = l.land(ctx, nil)
	}
	b := l.next
	l.next = &batch{}
	return l.redo(ctx, why, b, &batch{})
}

// redo takes up a batch that was refused, part by part, and then what was decided after it.
// An error says that the store is to blame, or the term: then everybody is told to ask again.
func (l *leader) redo(ctx context.Context, err error, refused, after *batch) error {
	again := &batch{came: came{look: true, replan: after.replan, asks: after.asks, lost: after.lost}} // what it took lies in the inbox
	if faulty(err) {
		err = l.sift(ctx, refused, err)
		if err == nil {
			err = l.work(ctx, again)
			if faulty(err) {
				err = l.sift(ctx, again, err)
			}
		}
	}
	if err != nil {
		refused.fail()
		after.fail()
		return err
	}
	for _, b := range []*batch{refused, after} {
		for _, f := range b.then {
			f(false)
		}
	}
	return nil
}

// halt stores what is decided, so that it can be handed over.
func (l *leader) halt(ctx context.Context) error {
	if l.under != nil {
		if err := l.land(ctx, <-l.stored); err != nil {
			return err
		}
	}
	b := l.next
	l.next = &batch{}
	b.seal(l)
	if err := l.store(ctx, b); err != nil {
		b.fail()
		return err
	}
	l.announce(b)
	return nil
}

// afterwards has f run when all that the core knows is stored, or was undone: then the core is
// as stored.
func (l *leader) afterwards(f func(stored bool)) {
	switch {
	case l.next.holds():
		l.next.then = append(l.next.then, f)
	case l.under != nil:
		l.under.then = append(l.under.then, f)
	default:
		f(true)
	}
}

// look answers a question of the core's.
func (l *leader) look(at func(*routing.Core) (tell func())) {
	tell := at(l.core)
	l.afterwards(func(stored bool) {
		if !stored {
			tell = at(l.core)
		}
		tell()
	})
}
