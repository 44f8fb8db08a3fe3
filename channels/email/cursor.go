package email

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// cursor is how far a folder has been read in one UIDVALIDITY epoch: everything up to
// UID but the Gaps. Mails up to Start were there before us and are left alone.
type cursor struct {
	Validity uint32
	Start    imap.UID
	UID      imap.UID
	Gaps     []imap.UID
}

// cursor reads a mailbox's cursor; found is false before the first contact.
func (e *Email) cursor(ctx context.Context, m Mailbox) (c cursor, found bool, err error) {
	var gaps []int64
	err = e.pool.QueryRow(ctx, `
		select uidvalidity, start, uid, gaps
		from mailbox_cursor
		where mailbox_id = $1 and folder = $2`, int64(m.ID), m.Folder).Scan(&c.Validity, &c.Start, &c.UID, &gaps)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return c, false, nil
	case err != nil:
		return c, false, fmt.Errorf("read cursor of %s: %w", m.Address, err)
	}
	for _, g := range gaps {
		c.Gaps = append(c.Gaps, imap.UID(g))
	}
	return c, c.Validity != 0, nil // 0: only its health was written so far
}

// begin starts an epoch.
//
// RFC 3501 §2.3.1.1: UIDs mean nothing once UIDVALIDITY has changed, so the folder is
// read from the start; what is known by its content is dropped.
func (e *Email) begin(ctx context.Context, m Mailbox, term int64, c cursor) error {
	tag, err := e.pool.Exec(ctx, `
		insert into mailbox_cursor (mailbox_id, folder, uidvalidity, start, uid, gaps)
		select id, $2, $3, $7, $4, $5::bigint[]
		from mailbox
		where id = $1 and term = $6
		on conflict (mailbox_id, folder) do update set
			uidvalidity = excluded.uidvalidity, start = excluded.start, uid = excluded.uid, gaps = excluded.gaps,
			backfilled_since = null, backfilled = 0, backfill_done = 0, backfill_left = 0`,
		int64(m.ID), m.Folder, int64(c.Validity), int64(c.UID), numbers(c.Gaps), term, int64(c.Start))
	if err != nil {
		return fmt.Errorf("begin to read %s: %w", m.Address, err)
	}
	if tag.RowsAffected() == 0 {
		return errLost
	}
	return nil
}

// advance notes in the caller's transaction that UIDs are dealt with. Those of pending
// that lie between the cursor and the last of them and are not become gaps. A holder whose
// term has passed gets errLost, which undoes its transaction.
func (p *poller) advance(ctx context.Context, tx pgx.Tx, uids, pending []imap.UID) error {
	var ask pgx.Batch
	p.advancing(&ask, uids, pending)
	if err := tx.SendBatch(ctx, &ask).Close(); err != nil {
		return fmt.Errorf("advance cursor of %s to %d: %w", p.box.Address, slices.Max(uids), err)
	}
	return nil
}

// advancing is advance, together with what else there is to ask.
func (p *poller) advancing(ask *pgx.Batch, uids, pending []imap.UID) {
	ask.Queue(`
		update mailbox_cursor c
		set gaps = array(
				select g
				from (
					select unnest(gaps) as g
					union
					select w from unnest($4::bigint[]) as w where w > c.uid and w < $7) as all_gaps
				where g <> all ($3::bigint[])
				order by g),
			uid = greatest(c.uid, $7)
		where mailbox_id = $1 and folder = $2 and uidvalidity = $5
			and exists (select from mailbox m where m.id = $1 and m.term = $6 for key share)`,
		int64(p.box.ID), p.box.Folder, numbers(uids), numbers(pending), int64(p.validity), p.term, int64(slices.Max(uids))).
		Exec(func(tag pgconn.CommandTag) error {
			if tag.RowsAffected() == 0 {
				return errLost
			}
			return nil
		})
}

// skip advances over UIDs that need nothing: duplicates, and mails that have gone.
func (p *poller) skip(ctx context.Context, uids, pending []imap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error { return p.advance(ctx, tx, uids, pending) })
}

// numbers are UIDs as PostgreSQL has them, which knows no unsigned numbers.
func numbers(uids []imap.UID) []int64 {
	list := make([]int64, len(uids))
	for i, uid := range uids {
		list[i] = int64(uid)
	}
	return list
}

// noteEvery is how often health that has not changed is written.
const noteEvery = 10 * time.Second

// note writes the mailbox's health: whether it was read to the end now, and what is wrong.
func (p *poller) note(ctx context.Context, synced bool, behind int, problem string) {
	now := time.Now()
	if synced && problem == p.noted.problem && behind == 0 && p.noted.behind == 0 && now.Sub(p.noted.at) < noteEvery {
		return
	}
	p.noted.at, p.noted.behind, p.noted.problem = now, behind, problem
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err := p.pool.Exec(ctx, `
		insert into mailbox_cursor (mailbox_id, folder, uidvalidity, uid, problem)
		values ($1, $2, 0, 0, $4)
		on conflict (mailbox_id, folder) do update set
			synced_at = case when $5 then now() else mailbox_cursor.synced_at end,
			behind = $3, problem = $4`, int64(p.box.ID), p.box.Folder, behind, problem, synced)
	if err != nil {
		p.log.Warn("health of a mailbox not written", "err", err)
	}
}
