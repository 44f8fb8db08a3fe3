package email

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/emersion/go-imap/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/lazy"
)

const (
	intakeBatch = 50 // mails committed together: what the intake takes in one transaction
	// giveUpAfter is how many times a mail is tried that the intake refuses for its own sake.
	// Then it is put into quarantine, so that it does not stand in the way for ever.
	giveUpAfter = 5
)

// ingest takes a batch in that is kept and parsed: made arrivals, committed with the
// cursor. It gives the UIDs that are dealt with. A mail that fails alone stays a gap and is tried
// again; an error is for the whole batch.
func (p *poller) ingest(ctx context.Context, mails []*receivedMail, pending []imap.UID) (done []imap.UID, err error) {
	met, err := p.met(ctx, p.box, mails)
	if err != nil {
		return nil, err
	}
	fresh, known := met.sift(mails)
	fresh, done, err = p.putAside(ctx, met, fresh, pending)
	if err != nil {
		return nil, err
	}
	if p.us, err = p.lately(ctx); err != nil {
		return nil, err
	}
	items := make([]Item, len(fresh))
	for i, r := range fresh {
		items[i].Arrival = p.arrival(p.box, p.us, r)
	}
	if p.answers, err = p.acknowledgements(ctx); err != nil {
		return nil, err
	}
	_, errs := p.in.Intake.ReceiveBatch(ctx, items, p.also(fresh, pending))
	crash.At("email.received")
	taken := map[[32]byte]bool{}
	for i, r := range fresh {
		if errs[i] != nil {
			errs[i] = p.again(ctx, items[i], r, pending, errs[i])
		}
		if errors.Is(errs[i], errLost) || ctx.Err() != nil {
			return done, errors.Join(errs[i], ctx.Err())
		}
		if errs[i] == nil {
			done = append(done, r.uid)
			taken[r.digest] = true
			delete(p.refused, r.uid)
		}
	}
	var repeats []imap.UID
	for _, r := range known {
		if r.first == nil || taken[r.first.digest] {
			repeats = append(repeats, r.uid)
		}
	}
	return append(done, repeats...), p.skip(ctx, repeats, pending)
}

// prepareAhead keeps and parses batches while earlier ones are committed.
func (p *poller) prepareAhead(ctx context.Context, batches <-chan []fetched, ready chan<- []*receivedMail) error {
	for batch := range batches {
		mails, err := p.prepare(ctx, batch)
		if err != nil {
			return err
		}
		crash.At("email.kept")
		select {
		case ready <- mails:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// prepare parses mails, several at once, and keeps their bytes and their attachments, all
// at once.
func (p *poller) prepare(ctx context.Context, batch []fetched) ([]*receivedMail, error) {
	mails := p.parseAll(batch)
	return mails, p.keepBytes(ctx, mails)
}

func (p *poller) parseAll(batch []fetched) []*receivedMail {
	mails := make([]*receivedMail, len(batch))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var work sync.WaitGroup
	for i := range batch {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			mails[i] = p.read(batch[i])
		})
	}
	work.Wait()
	return mails
}

// read parses a mail.
func (p *poller) read(f fetched) *receivedMail {
	r := &receivedMail{fetched: f, key: p.key(f.uid), digest: digest(f.raw, f.at), raw: f.kept}
	r.letter, r.broken = parse(f.raw)
	if r.raw.key != "" {
		r.letter.Defects = append(r.letter.Defects, tooLarge)
	}
	return r
}

const tooLarge = "too large: only its beginning was read, see the source"

// keepBytes keeps the sources of mails and their attachments.
func (e *Email) keepBytes(ctx context.Context, mails []*receivedMail) error {
	var contents [][]byte
	var places []*stored // in step: where the keys belong
	for _, r := range mails {
		if r.raw.key == "" {
			r.raw = stored{size: int64(len(r.fetched.raw)), kind: rawType, name: rawName}
			contents, places = append(contents, r.fetched.raw), append(places, &r.raw)
		}
		r.files = make([]stored, len(r.letter.Attachments))
		for i, a := range r.letter.Attachments {
			r.files[i] = stored{size: int64(len(a.Data)), kind: a.Type, name: a.Name}
			contents, places = append(contents, a.Data), append(places, &r.files[i])
		}
	}
	keys, err := e.in.Blobs.PutAll(ctx, contents)
	if err != nil {
		return fmt.Errorf("keep mails: %w", err)
	}
	for i, key := range keys {
		places[i].key = key
	}
	return nil
}

// What the source of a mail is called, for whoever downloads it.
const (
	rawType = "message/rfc822"
	rawName = "mail.eml"
)

// key is the mail's name for the intake. RFC 3501 §2.3.1.1: folder, UIDVALIDITY and UID
// together name one mail for ever.
func (p *poller) key(uid imap.UID) string {
	return fmt.Sprintf("email/%d/%d/%s/%d", p.box.ID, p.validity, p.box.Folder, uid)
}

// parse reads a mail. A parser that panics is a bug of ours, and no reason to lose a
// mail: it comes in unread, with its source attached.
func parse(raw []byte) (l *letter.Letter, broken string) {
	defer func() {
		if r := recover(); r != nil {
			broken = fmt.Sprint("parser: ", r)
			l = &letter.Letter{Subject: "(?)", Defects: []string{"could not be read, see the source"}}
		}
	}()
	return letter.Parse(raw), ""
}

// repeated is a mail that has been taken in before, or stands in the batch twice.
type repeated struct {
	*receivedMail
	first *receivedMail // in this batch; nil: before it
}

// met is what is known of some mails and of whom they are from.
type met struct {
	keys    map[[32]byte]string // of mails that were taken in, by content
	blocked map[string]bool     // senders, and domains
}

// met asks both in one go.
func (e *Email) met(ctx context.Context, box Mailbox, mails []*receivedMail) (met, error) {
	known := met{map[[32]byte]string{}, map[string]bool{}}
	digests := make([][]byte, len(mails))
	for i, r := range mails {
		digests[i] = r.digest[:]
	}
	var ask pgx.Batch
	ask.Queue(`
		select digest, key
		from mailbox_digest
		where mailbox_id = $1 and digest = any($2)`, int64(box.ID), digests).Query(func(rows pgx.Rows) error {
		var sum []byte
		var key string
		_, err := pgx.ForEachRow(rows, []any{&sum, &key}, func() error {
			known.keys[[32]byte(sum)] = key
			return nil
		})
		return err
	})
	ask.Queue(blockedAmong, senders(mails)).Query(known.block)
	if err := e.pool.SendBatch(ctx, &ask).Close(); err != nil {
		return known, fmt.Errorf("look for known mails and blocked senders: %w", err)
	}
	return known, nil
}

// sift finds what is known by its content under another key: a mail that was moved away
// and back, or delivered twice, or numbered anew. It would otherwise be a second arrival.
// Under its own key a mail is left to the intake, which knows what became of it.
func (m met) sift(mails []*receivedMail) (fresh []*receivedMail, known []repeated) {
	here := map[[32]byte]*receivedMail{}
	for _, r := range mails {
		if key, ok := m.keys[r.digest]; ok && key != r.key {
			known = append(known, repeated{receivedMail: r})
		} else if first := here[r.digest]; first != nil {
			known = append(known, repeated{r, first})
		} else {
			here[r.digest] = r
			fresh = append(fresh, r)
		}
	}
	return fresh, known
}

// also is our part of the intake's transaction: the cursor, the digests, the blobs' names,
// what bounced, the quarantine, and what is answered by itself.
func (p *poller) also(mails []*receivedMail, pending []imap.UID) Together {
	return func(ctx context.Context, tx pgx.Tx, first int, received []gateway.Received) error {
		var uids []imap.UID
		var fresh []*receivedMail
		for i, r := range mails[first : first+len(received)] {
			uids = append(uids, r.uid)
			if !received[i].Repeated {
				fresh = append(fresh, r)
			}
		}
		var ask pgx.Batch
		p.advancing(&ask, uids, pending)
		if err := p.rememberWith(ctx, tx, &ask, p.box.ID, fresh); err != nil {
			return err
		}
		for _, r := range fresh {
			if err := p.report(ctx, tx, r); err != nil {
				return err
			}
		}
		return p.acknowledge(ctx, tx, mails[first:first+len(received)], received, p.answers)
	}
}

// remember keeps what the mails are known by, and their blobs.
func (e *Email) remember(ctx context.Context, tx pgx.Tx, mailbox MailboxID, mails []*receivedMail) error {
	return e.rememberWith(ctx, tx, &pgx.Batch{}, mailbox, mails)
}

// rememberWith does so in one exchange with what is asked before.
func (e *Email) rememberWith(ctx context.Context, tx pgx.Tx, ask *pgx.Batch, mailbox MailboxID, mails []*receivedMail) error {
	if len(mails) == 0 {
		return exchange(ctx, tx, ask)
	}
	var digests [][]byte
	var keys, blobs, kinds, names []string
	var sizes []int64
	for _, r := range mails {
		digests, keys = append(digests, r.digest[:]), append(keys, r.key)
		for _, b := range append([]stored{r.raw}, r.files...) {
			blobs, sizes, kinds, names = append(blobs, b.key), append(sizes, b.size), append(kinds, b.kind), append(names, b.name)
		}
	}
	if err := rememberDigests(ctx, tx, ask, mailbox, digests, keys); err != nil {
		return fmt.Errorf("remember mails: %w", err)
	}
	return e.in.Blobs.NoteAll(ctx, tx, blobs, sizes, kinds, names)
}

// exchange asks what there is to ask.
func exchange(ctx context.Context, tx pgx.Tx, ask *pgx.Batch) error {
	if ask.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, ask).Close()
}

// prompt is the transaction for those who read what their statements change: of the intake's,
// which is lazy, the Exec says nothing.
func prompt(ctx context.Context, tx pgx.Tx) (pgx.Tx, error) {
	if lazily, ok := tx.(*lazy.Tx); ok {
		return lazily.Prompt(ctx)
	}
	return tx, nil
}

// errTaken undoes a transaction whose mail has been taken in by another way since it was
// sifted.
var errTaken = errors.New("the same mail has been taken in by another way")

func rememberDigests(ctx context.Context, tx pgx.Tx, ask *pgx.Batch, mailbox MailboxID, digests [][]byte, keys []string) error {
	const mails = `unnest($2::bytea[], $3::text[]) as w(digest, key)`
	var kept int64
	ask.Queue(`
		insert into mailbox_digest (mailbox_id, digest, key)
		select $1, digest, key
		from `+mails+`
		on conflict do nothing`, int64(mailbox), digests, keys).Exec(func(tag pgconn.CommandTag) error {
		kept = tag.RowsAffected()
		return nil
	})
	if err := exchange(ctx, tx, ask); err != nil || kept == int64(len(digests)) {
		return err
	}
	var taken bool
	err := tx.QueryRow(ctx, `
		select exists (
			select
			from mailbox_digest d
			join `+mails+` on w.digest = d.digest and w.key <> d.key
			where d.mailbox_id = $1)`, int64(mailbox), digests, keys).Scan(&taken)
	if err == nil && taken {
		return errTaken
	}
	return err
}

// report tells what bounced and who wants no more automatic mail, and puts what could not be
// read into quarantine.
func (p *poller) report(ctx context.Context, tx pgx.Tx, r *receivedMail) error {
	for _, b := range bounces(r.letter.Bounce) {
		tx, err := prompt(ctx, tx)
		if err != nil {
			return err
		}
		if _, _, err := p.in.Bounces.Bounced(ctx, tx, r.letter.Bounce.MessageID, b); err != nil {
			return err
		}
	}
	if _, address, ok := p.leaving(r.letter); ok {
		_, err := p.Unsubscribe(ctx, tx, address, ByMail)
		if _, refused := errors.AsType[*gateway.Error](err); refused { // nothing that is written keeps a mail out
			p.log.Warn("somebody who wants no automatic mail is not noted", "mailbox", p.box.Address, "err", err)
		} else if err != nil {
			return err
		}
	}
	if r.broken != "" {
		return p.quarantine(ctx, tx, p.box, r, r.broken, false)
	}
	return nil
}

// again deals with a mail that the intake has refused: a reply to a conversation that is
// gone begins a new one, anything else is tried some more times and then put away.
func (p *poller) again(ctx context.Context, item Item, r *receivedMail, pending []imap.UID, err error) error {
	if errors.Is(err, errLost) || ctx.Err() != nil {
		return err
	}
	if errors.Is(err, errTaken) {
		return p.skip(ctx, []imap.UID{r.uid}, pending)
	}
	if item.Arrival.Conversation != 0 && errors.Is(err, gateway.ErrNotFound) {
		item.Arrival.Conversation = 0
		_, errs := p.in.Intake.ReceiveBatch(ctx, []Item{item}, p.also([]*receivedMail{r}, pending))
		return errs[0]
	}
	tries := p.refused[r.uid] // of the store's own troubles none counts: they are no fault of the mail's
	if unfit(err) {
		tries++
	}
	p.refused[r.uid] = tries
	p.log.Error("mail not taken in", "uid", uint32(r.uid), "refused", tries, "err", err)
	if tries < giveUpAfter {
		return err
	}
	return pgx.BeginFunc(ctx, p.pool, func(tx pgx.Tx) error {
		if err := p.quarantine(ctx, tx, p.box, r, err.Error(), false); err != nil {
			return err
		}
		raw := r.raw
		if err := p.in.Blobs.NoteAll(ctx, tx, []string{raw.key}, []int64{raw.size}, []string{raw.kind}, []string{raw.name}); err != nil {
			return err
		}
		return p.advance(ctx, tx, []imap.UID{r.uid}, pending)
	})
}
