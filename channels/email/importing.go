package email

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/channels/email/archive"
	"github.com/vaxelhq/vaxel/gateway"
)

// importBatch is how many mails are parsed and kept at once.
const importBatch = 200

// Imported counts what became of an archive's mails.
type Imported struct {
	Total   int // in the archive
	Taken   int // in cases now
	Known   int // that had been taken in before, by an earlier import or by IMAP
	Held    int // whose sender is blocked: in quarantine
	Refused int // that could not be taken in; they are still in the archive
}

// Done is how many of them have been dealt with.
func (n Imported) Done() int { return n.Taken + n.Known + n.Held + n.Refused }

// Import takes the mails of an archive in as if the mailbox had read them, but quietly:
// their cases are closed, nobody is asked or answered, and what they reported of our mail
// is no news. What we have sent ourselves stands on the case of whom it was sent to.
//
// It may be stopped at any moment and begun again: a mail is known by its content, in the
// transaction that takes it in. tell is called after each batch.
func (e *Email) Import(ctx context.Context, box Mailbox, mails []archive.Mail, tell func(Imported)) (n Imported, err error) {
	us, err := e.ourselves(ctx)
	if err != nil {
		return n, err
	}
	n.Total = len(mails)
	for batch := range slices.Chunk(mails, importBatch) {
		read, err := e.readArchived(ctx, box, batch)
		if err != nil {
			return n, err
		}
		refused, err := e.importSome(ctx, box, us, read, &n)
		n.Refused += len(refused)
		if err != nil {
			return n, err
		}
		tell(n)
	}
	return n, nil
}

// readArchived parses mails, several at once.
func (e *Email) readArchived(ctx context.Context, box Mailbox, batch []archive.Mail) ([]*receivedMail, error) {
	mails := make([]*receivedMail, len(batch))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, m := range batch {
		work.Go(func() (err error) {
			mails[i], err = e.archived(ctx, box, m)
			return err
		})
	}
	return mails, work.Wait()
}

// archived reads one mail. Of one that is too large the whole is kept, and its beginning
// read.
func (e *Email) archived(ctx context.Context, box Mailbox, m archive.Mail) (*receivedMail, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	raw, err := m.Read(maxWhole)
	if err != nil {
		return nil, err
	}
	at := m.At
	if at.IsZero() {
		at = time.Now()
	}
	r := &receivedMail{fetched: fetched{raw: raw, at: at}, digest: digest(raw, m.At)}
	r.key = fmt.Sprintf("email/%d/import/%s", box.ID, hex.EncodeToString(r.digest[:]))
	r.letter, r.broken = parse(raw)
	if m.Size() <= maxWhole {
		return r, nil
	}
	r.letter.Defects = append(r.letter.Defects, tooLarge)
	whole, err := m.Open()
	if err != nil {
		return nil, err
	}
	r.raw = stored{kind: rawType, name: rawName}
	r.raw.key, r.raw.size, err = e.in.Blobs.Put(ctx, whole)
	return r, errors.Join(err, whole.Close())
}

// importSome takes mails in that are parsed, and gives those that never could be. Trouble of
// the store's ends it with an error: the same mails are taken in when that is over.
func (e *Email) importSome(ctx context.Context, box Mailbox, us ours, read []*receivedMail, n *Imported) (refused []*receivedMail, err error) {
	met, err := e.met(ctx, box, read)
	if err != nil {
		return nil, err
	}
	fresh := met.unknown(read)
	n.Known += len(read) - len(fresh)
	if err := e.keepBytes(ctx, fresh); err != nil {
		return nil, err
	}
	fresh, held, err := e.holdBlocked(ctx, box, met, fresh)
	if err != nil {
		return nil, err
	}
	n.Held += held
	items := make([]Item, len(fresh))
	for i, r := range fresh {
		items[i].Arrival = e.arrival(box, us, r)
		quiet(&items[i].Arrival, r, us)
	}
	received, errs := e.in.Intake.ReceiveBatch(ctx, items, e.imported(box, fresh))
	for i, r := range fresh {
		if errs[i] != nil && errors.Is(errs[i], gateway.ErrNotFound) && items[i].Arrival.Conversation != 0 {
			items[i].Arrival.Conversation = 0 // it answers what is gone
			again, err := e.in.Intake.ReceiveBatch(ctx, items[i:i+1], e.imported(box, fresh[i:i+1]))
			received[i], errs[i] = again[0], err[0]
		}
		switch {
		case ctx.Err() != nil || errs[i] != nil && !unfit(errs[i]):
			return refused, errors.Join(errs[i], ctx.Err())
		case errs[i] != nil:
			e.log.Error("old mail not taken in", "key", r.key, "err", errs[i])
			r.broken = errs[i].Error()
			refused = append(refused, r)
		case received[i].Repeated:
			n.Known++
		default:
			n.Taken++
		}
	}
	return refused, nil
}

// unfit says that a mail itself was refused: by a room, or by the store for a value, a
// constraint or a limit. It would be refused again. Anything else, such as a database that
// is shut down, is no fault of the mail's.
func unfit(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return slices.Contains([]string{"21", "22", "23", "44", "54", "P0"}, pg.Code[:2]) // PostgreSQL, appendix A: errors of data
	}
	refusal, ok := errors.AsType[*gateway.Error](err)
	return ok && refusal.Kind != gateway.KindTryAgain
}

// quiet has an arrival ask for nobody. What we sent ourselves is from an agent whom we
// don't know, and of the customer to whom it went.
func quiet(a *gateway.Arrival, r *receivedMail, us ours) {
	a.Quiet = true
	if !us.has(r.letter.From) {
		return
	}
	to := slices.Concat(r.letter.To, r.letter.Cc)
	if i := slices.IndexFunc(to, func(x gateway.Address) bool { return x.Value != "" && !us.has(x) }); i >= 0 {
		a.From = to[i]
		a.From.Kind = gateway.AddressEmail
	}
	a.Entry.Author = gateway.Author{Kind: gateway.ByAgent, Name: r.letter.From.Name}
}

// unknown leaves out what the mailbox has by its content, and what stands there twice.
func (m met) unknown(mails []*receivedMail) (fresh []*receivedMail) {
	here := map[[32]byte]bool{}
	for _, r := range mails {
		if _, ok := m.keys[r.digest]; !ok && !here[r.digest] {
			here[r.digest], fresh = true, append(fresh, r)
		}
	}
	return fresh
}

// imported is our part of the intake's transaction.
func (e *Email) imported(box Mailbox, mails []*receivedMail) Together {
	return func(ctx context.Context, tx pgx.Tx, first int, received []gateway.Received) error {
		some := mails[first : first+len(received)]
		for _, r := range some {
			if r.broken == "" {
				continue
			}
			if err := e.quarantine(ctx, tx, box, r, r.broken, false); err != nil {
				return err
			}
		}
		return e.remember(ctx, tx, box.ID, some)
	}
}

// holdBlocked puts mails of blocked senders into quarantine, and gives the others.
func (e *Email) holdBlocked(ctx context.Context, box Mailbox, known met, mails []*receivedMail) (free []*receivedMail, n int, err error) {
	free, held := known.part(mails)
	if len(held) == 0 {
		return free, 0, nil
	}
	return free, len(held), pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error { return e.setAside(ctx, tx, box, held) })
}
