package email

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway/beat"
)

const (
	leaseTime  = 20 * time.Second // after this another node may read the mailbox
	renewEvery = 5 * time.Second
)

// errLost ends a poller whose mailbox is another node's now, or was saved anew.
var errLost = errors.New("another node reads the mailbox now")

// A transaction that takes mail in holds its mailbox's row for key share: the lease is
// renewed beside it, however long and often there is one, and taken, for update, only
// between two.

// acquire takes the lease on a mailbox and gives its new term; ok is false while another
// node holds it.
func (e *Email) acquire(ctx context.Context, id MailboxID) (term int64, ok bool, err error) {
	err = e.pool.QueryRow(ctx, `
		with free as (
			select id
			from mailbox
			where id = $1 and enabled and (holder in ('', $2) or held_until < now())
			for update)
		update mailbox m
		set term = term + 1, holder = $2, held_until = now() + $3
		from free
		where m.id = free.id
		returning term`, int64(id), e.node, leaseTime).Scan(&term)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("take the lease on mailbox %d: %w", id, err)
	}
	return term, true, nil
}

// holding is a lease that this node has, and how its poller hears that it is lost.
type holding struct {
	term int64
	lose func(error)
}

// keep has a lease renewed until stop is called. lose is told errLost when its term has
// passed. A database that does not answer is not a loss: each transaction checks the term.
func (e *Email) keep(id MailboxID, term int64, lose func(error)) (stop func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.holding[id] = holding{term, lose}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.holding, id)
	}
}

// renew renews all leases of this node until ctx ends, in one statement for however many
// mailboxes.
func (e *Email) renew(ctx context.Context) {
	tick := time.NewTimer(beat.Next(renewEvery))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			tick.Reset(beat.Next(renewEvery))
		}
		if err := e.renewAll(ctx); err != nil && ctx.Err() == nil {
			e.log.Warn("leases on mailboxes not renewed", "err", err)
		}
	}
}

// renewAll passes over a mailbox that is just being saved or let go: it is renewed the next
// time, long before its end.
func (e *Email) renewAll(ctx context.Context) error {
	e.mu.Lock()
	held := maps.Clone(e.holding)
	e.mu.Unlock()
	if len(held) == 0 {
		return nil
	}
	var ids, terms []int64
	for id, h := range held {
		ids, terms = append(ids, int64(id)), append(terms, h.term)
	}
	rows, _ := e.pool.Query(ctx, `
		with held as (
			select *
			from unnest($1::bigint[], $2::bigint[]) as w(id, term)),
		ours as (
			select m.id
			from mailbox m
			join held using (id, term)
			order by m.id
			for no key update of m skip locked),
		renewed as (
			update mailbox m
			set held_until = now() + $3
			from ours
			where m.id = ours.id)
		select held.id
		from held
		left join mailbox m using (id)
		where m.term is distinct from held.term`, ids, terms, leaseTime) // the error comes with the rows
	lost, err := pgx.CollectRows(rows, pgx.RowTo[MailboxID])
	for _, id := range lost {
		held[id].lose(errLost)
	}
	return err
}

// release gives the lease back, so that the next node need not wait for its end.
func (e *Email) release(ctx context.Context, id MailboxID, term int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err := e.pool.Exec(ctx, `
		update mailbox
		set holder = '', held_until = now()
		where id = $1 and term = $2`, int64(id), term)
	if err != nil {
		e.log.Warn("lease on a mailbox not given back; it ends by itself", "mailbox", int64(id), "err", err)
	}
}
