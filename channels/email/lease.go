package email

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	leaseTime  = 20 * time.Second // after this another node may read the mailbox
	renewEvery = 5 * time.Second
)

// errLost ends a poller whose mailbox is another node's now, or was saved anew.
var errLost = errors.New("another node reads the mailbox now")

// acquire takes the lease on a mailbox and gives its new term; ok is false while another
// node holds it.
func (e *Email) acquire(ctx context.Context, id MailboxID) (term int64, ok bool, err error) {
	err = e.pool.QueryRow(ctx, `
		update mailbox
		set term = term + 1, holder = $2, held_until = now() + $3
		where id = $1 and enabled and (holder in ('', $2) or held_until < now())
		returning term`, int64(id), e.node, leaseTime).Scan(&term)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("take the lease on mailbox %d: %w", id, err)
	}
	return term, true, nil
}

// keep renews the lease until ctx ends, and gives errLost when the term has passed. A
// database that does not answer is not a loss: each transaction checks the term.
func (e *Email) keep(ctx context.Context, id MailboxID, term int64) error {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		tag, err := e.pool.Exec(ctx, `
			update mailbox
			set held_until = now() + $3
			where id = $1 and term = $2`, int64(id), term, leaseTime)
		if err == nil && tag.RowsAffected() == 0 {
			return errLost
		}
	}
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
