package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// What lay in a mailbox before us is taken in afterwards, if the mailbox says since which
// day: oldest first, as an archive is (Import), a part at a time between two looks for what
// comes now. The server's flags stay as they are.
//
//	first contact ─▶ catch up ─▶ a part of what is old ─┐ … nothing left ─▶ wait
//	                    ▲───────────────────────────────┘
//
// How far that has come is stored after each part. A part that is done again after a crash
// changes nothing: its mails are known by their content.

// Backfill is how far that has come, in mails.
type Backfill struct {
	Done, Left int
}

// backfill takes in one more part of what is old, and says whether there is more.
func (p *poller) backfill(ctx context.Context, s *session) (more bool, err error) {
	if !p.looked {
		if err := p.findOld(ctx, s); err != nil {
			return false, err
		}
	}
	if len(p.old) == 0 {
		return false, nil
	}
	part := p.old[:min(len(p.old), sizeBatch)]
	if err := p.backfillPart(ctx, s, part); err != nil {
		return false, err
	}
	p.old = p.old[len(part):]
	return len(p.old) > 0, p.backfilled(ctx, part[len(part)-1], len(part), len(p.old))
}

// findOld looks for what is old and not taken in yet. A day that has been changed begins anew.
func (p *poller) findOld(ctx context.Context, s *session) error {
	p.old, p.looked = nil, true
	if p.box.Backfill.IsZero() {
		return nil
	}
	start, done, err := p.oldCursor(ctx)
	if err != nil || start <= done {
		return err
	}
	uids, err := s.uids(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{{{Start: done + 1, Stop: start}}}, Since: p.box.Backfill})
	if err != nil {
		return err
	}
	slices.Sort(uids)
	p.old = uids
	if len(uids) == 0 {
		return p.backfilled(ctx, start, 0, 0)
	}
	p.log.Info("taking in what lay in the mailbox", "since", p.box.Backfill.Format(time.DateOnly), "mails", len(uids))
	return p.backfilled(ctx, done, 0, len(uids))
}

// oldCursor gives the last UID that is old, and up to which of them all is done.
func (p *poller) oldCursor(ctx context.Context) (start, done imap.UID, err error) {
	err = p.pool.QueryRow(ctx, `
		update mailbox_cursor c
		set backfilled_since = $3,
			backfilled = case when backfilled_since = $3 then backfilled else 0 end,
			backfill_done = case when backfilled_since = $3 then backfill_done else 0 end
		where mailbox_id = $1 and folder = $2
		returning start, backfilled`, int64(p.box.ID), p.box.Folder, dayOf(p.box.Backfill)).Scan(&start, &done)
	if err != nil {
		return 0, 0, fmt.Errorf("read how far %s is filled: %w", p.box.Address, err)
	}
	return start, done, nil
}

// backfilled notes progress, under the lease's term.
func (p *poller) backfilled(ctx context.Context, upTo imap.UID, mails, left int) error {
	tag, err := p.pool.Exec(ctx, `
		update mailbox_cursor c
		set backfilled = $3, backfill_done = backfill_done + $4, backfill_left = $5
		where mailbox_id = $1 and folder = $2 and uidvalidity = $6
			and exists (select from mailbox m where m.id = $1 and m.term = $7 for key share)`,
		int64(p.box.ID), p.box.Folder, int64(upTo), mails, left, int64(p.validity), p.term)
	if err != nil {
		return fmt.Errorf("note how far %s is filled: %w", p.box.Address, err)
	}
	if tag.RowsAffected() == 0 {
		return errLost
	}
	return nil
}

// backfillPart reads, parses and takes in some old mails. What the intake refuses for
// its own sake goes into quarantine: nobody will look for it again.
func (p *poller) backfillPart(ctx context.Context, s *session, uids []imap.UID) error {
	sizes, err := s.sizes(ctx, imap.UIDSetNum(uids...))
	if err != nil {
		return err
	}
	us, err := p.ourselves(ctx)
	if err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	batches := make(chan []fetched, 1)
	work.Go(func() error {
		defer close(batches)
		return p.readAhead(ctx, s, uids, sizes, batches)
	})
	work.Go(func() error {
		for batch := range batches {
			refused, err := p.importSome(ctx, p.box, us, p.parseAll(batch), &Imported{})
			if err := errors.Join(err, p.quarantineAll(ctx, refused)); err != nil {
				return err
			}
		}
		return nil
	})
	return work.Wait()
}

// quarantineAll puts away what could not be taken in.
func (p *poller) quarantineAll(ctx context.Context, mails []*receivedMail) error {
	if len(mails) == 0 {
		return nil
	}
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		for _, r := range mails {
			if err := p.quarantine(ctx, tx, p.box, r, r.broken, false); err != nil {
				return err
			}
		}
		return p.remember(ctx, tx, p.box.ID, mails)
	})
}
