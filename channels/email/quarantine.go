package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Quarantined is a mail that somebody should look at: it could not be read or taken in, or
// its sender is blocked. Nothing is dropped.
type Quarantined struct {
	ID      int64
	Mailbox MailboxID
	Address string // the mailbox's
	From    string // the sender's address, as far as it could be read
	Subject string
	Reason  string
	Held    bool   // its sender is blocked: it has no case and asks for nobody until released
	Raw     string // blob of its source
	At      time.Time
	Key     string // the arrival's
}

const quarantineColumns = `
	q.id, q.mailbox_id as mailbox, m.address, q.sender as "from", q.subject, q.reason, q.held, q.raw, q.at, q.key`

// Quarantine lists what is in quarantine, the latest first: those before an id, 0 for all.
func (e *Email) Quarantine(ctx context.Context, before int64, limit int) ([]Quarantined, error) {
	rows, _ := e.pool.Query(ctx, `
		select `+quarantineColumns+`
		from quarantine q
		join mailbox m on m.id = q.mailbox_id
		where $1::bigint = 0 or q.id < $1
		order by q.id desc
		limit $2`, before, limit) // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Quarantined])
	if err != nil {
		return nil, fmt.Errorf("list the quarantine: %w", err)
	}
	return list, nil
}

// Source opens the source of a mail in quarantine. The caller closes it.
func (e *Email) Source(ctx context.Context, id int64) (io.ReadSeekCloser, error) {
	q, err := e.quarantined(ctx, id)
	if err != nil {
		return nil, err
	}
	return e.in.Blobs.Open(ctx, q.Raw)
}

func (e *Email) quarantined(ctx context.Context, id int64) (Quarantined, error) {
	rows, _ := e.pool.Query(ctx, `
		select `+quarantineColumns+`
		from quarantine q
		join mailbox m on m.id = q.mailbox_id
		where q.id = $1`, id) // the error comes with the rows
	q, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Quarantined])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return q, noQuarantined()
	case err != nil:
		return q, fmt.Errorf("read mail %d of the quarantine: %w", id, err)
	}
	return q, nil
}

func noQuarantined() error {
	return gateway.NotFound("not_in_quarantine", "there is no such mail in quarantine; somebody may have released it")
}

// Release reads a mail in quarantine again and takes it in. One that opened a case unread
// is added to that, readable. One that still can't be read is refused and stays.
func (e *Email) Release(ctx context.Context, id int64) (gateway.Received, error) {
	q, err := e.quarantined(ctx, id)
	if err != nil {
		return gateway.Received{}, err
	}
	box, err := e.mailbox(ctx, q.Mailbox)
	if err != nil {
		return gateway.Received{}, err
	}
	r, err := e.reread(ctx, q)
	if err != nil {
		return gateway.Received{}, err
	}
	us, err := e.ourselves(ctx)
	if err != nil {
		return gateway.Received{}, err
	}
	a := e.arrival(box, us, r)
	if r.broken != "" {
		return gateway.Received{}, stillUnreadable()
	}
	got, err := e.admit(ctx, q, r, a)
	if err != nil || !got.Repeated {
		return got, err
	}
	a.Key += "/again"
	a.Entry.ClientID = a.Key
	a.Conversation, a.Trusted, a.References = got.Conversation, true, nil
	return e.admit(ctx, q, r, a)
}

// reread parses a mail of the quarantine and keeps its attachments.
func (e *Email) reread(ctx context.Context, q Quarantined) (*receivedMail, error) {
	f, err := e.in.Blobs.Open(ctx, q.Raw)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, maxWhole))
	var size int64
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read the source of mail %d: %w", q.ID, err)
	}
	r := &receivedMail{
		fetched: fetched{raw: raw, at: q.At}, key: q.Key, digest: digest(raw, q.At),
		raw: stored{q.Raw, size, rawType, rawName},
	}
	if r.letter, r.broken = parse(raw); r.broken != "" {
		return nil, stillUnreadable()
	}
	return r, e.keepBytes(ctx, []*receivedMail{r})
}

func stillUnreadable() error {
	return &gateway.Error{
		Kind: gateway.KindUnprocessed, Code: "still_unreadable",
		Detail: "the mail still can't be read; its source is kept, and a later version may read it",
	}
}

// admit takes a mail in and takes it out of the quarantine, once. One whose key is known
// has opened a case before, and stays for its second reading.
func (e *Email) admit(ctx context.Context, q Quarantined, r *receivedMail, a gateway.Arrival) (gateway.Received, error) {
	also := func(ctx context.Context, tx pgx.Tx, _ int, received []gateway.Received) error {
		statement := `delete from quarantine where id = $1`
		if received[0].Repeated {
			statement = `select from quarantine where id = $1 for update`
		}
		tag, err := tx.Exec(ctx, statement, q.ID)
		switch {
		case err != nil:
			return fmt.Errorf("release mail %d: %w", q.ID, err)
		case tag.RowsAffected() == 0:
			return noQuarantined()
		case received[0].Repeated || q.Held:
			return nil // held mail has its blobs named already
		}
		return e.remember(ctx, tx, q.Mailbox, []*receivedMail{r})
	}
	received, errs := e.in.Intake.ReceiveBatch(ctx, []Item{{Arrival: a}}, also)
	return received[0], errs[0]
}

// quarantine notes a mail that somebody should look at.
func (e *Email) quarantine(ctx context.Context, tx pgx.Tx, box Mailbox, r *receivedMail, reason string, held bool) error {
	_, err := tx.Exec(ctx, `
		insert into quarantine (mailbox_id, key, raw, reason, sender, subject, held)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (key) do update set reason = excluded.reason`,
		int64(box.ID), r.key, r.raw.key, gateway.Clean(strings.ToValidUTF8(reason, "?")),
		r.letter.From.Value, r.letter.Subject, held)
	if err != nil {
		return fmt.Errorf("put mail into quarantine: %w", err)
	}
	return nil
}

// putAside puts mails of blocked senders away, and gives the others.
func (p *poller) putAside(ctx context.Context, known met, mails []*receivedMail, pending []imap.UID) (free []*receivedMail, done []imap.UID, err error) {
	free, held := known.part(mails)
	if len(held) == 0 {
		return free, nil, nil
	}
	for _, r := range held {
		done = append(done, r.uid)
	}
	return free, done, pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if err := p.advance(ctx, tx, done, pending); err != nil {
			return err
		}
		return p.setAside(ctx, tx, p.box, held)
	})
}

// setAside keeps mails in quarantine until somebody releases them.
func (e *Email) setAside(ctx context.Context, tx pgx.Tx, box Mailbox, held []*receivedMail) error {
	for _, r := range held {
		if err := e.quarantine(ctx, tx, box, r, "the sender is blocked", true); err != nil {
			return err
		}
	}
	return e.remember(ctx, tx, box.ID, held)
}
