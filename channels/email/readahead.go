package email

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
)

const (
	sizeBatch = 200      // mails whose sizes are asked at once
	byteBatch = 16 << 20 // bytes of mails that are in memory as one batch; two are
	maxWhole  = 50 << 20 // a larger mail is read in pieces
	pieceSize = 4 << 20  // bytes
)

// readAhead fetches mails in the order of their UIDs and hands them over in batches of
// bounded size. It blocks while nobody takes a batch: then two are in memory, the one
// that is worked on and the one that waits.
func (p *poller) readAhead(ctx context.Context, s *session, uids []imap.UID, sizes map[imap.UID]int64, batches chan<- []fetched) error {
	b := batcher{session: s, batches: batches}
	for _, uid := range uids {
		size, there := sizes[uid]
		var err error
		switch {
		case !there: // expunged since the search
		case size > maxWhole:
			err = p.giveLarge(ctx, &b, uid, size)
		default:
			err = b.add(ctx, uid, size)
		}
		if err != nil {
			return err
		}
	}
	return b.flush(ctx)
}

// giveLarge makes a large mail a batch of its own, after those that came before it.
func (p *poller) giveLarge(ctx context.Context, b *batcher, uid imap.UID, size int64) error {
	if err := b.flush(ctx); err != nil {
		return err
	}
	mail, err := p.large(ctx, b.session, uid, size)
	if err != nil {
		return err
	}
	return b.give(ctx, []fetched{mail})
}

// batcher gathers the UIDs of mails until they are worth one FETCH.
type batcher struct {
	session *session
	batches chan<- []fetched
	ask     []imap.UID // not fetched yet
	bytes   int64      // which those have
}

// add takes a mail into the batch, which is fetched first if it is full.
func (b *batcher) add(ctx context.Context, uid imap.UID, size int64) error {
	if len(b.ask) == intakeBatch || b.bytes+size > byteBatch {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.ask, b.bytes = append(b.ask, uid), b.bytes+size
	return nil
}

// flush fetches what was gathered. A server may answer in any order (RFC 3501 §6.4.5);
// what goes on is in the order of arrival.
func (b *batcher) flush(ctx context.Context) error {
	if len(b.ask) == 0 {
		return nil
	}
	batch := make([]fetched, 0, len(b.ask))
	if err := b.session.fetch(ctx, b.ask, func(f fetched) { batch = append(batch, f) }); err != nil {
		return err
	}
	b.ask, b.bytes = b.ask[:0], 0
	slices.SortFunc(batch, func(x, y fetched) int { return cmp.Compare(x.uid, y.uid) })
	return b.give(ctx, batch)
}

// give hands a batch over unless it is empty: all its mails may have gone.
func (b *batcher) give(ctx context.Context, batch []fetched) error {
	if len(batch) == 0 {
		return nil
	}
	select {
	case b.batches <- batch:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// large reads a mail in pieces, straight to disk; its beginning is kept in memory.
func (p *poller) large(ctx context.Context, s *session, uid imap.UID, size int64) (fetched, error) {
	r := &pieces{ctx: ctx, session: s, uid: uid, size: size}
	key, size, err := p.in.Blobs.Put(ctx, r)
	if err != nil {
		return fetched{}, fmt.Errorf("keep a large mail: %w", err)
	}
	return fetched{uid: uid, at: r.at, raw: r.head, kept: stored{key, size, rawType, rawName}}, nil
}

// pieces is a mail that is fetched as it is read.
type pieces struct {
	ctx     context.Context //nolint:containedctx // lives for one Put
	session *session
	uid     imap.UID
	size    int64
	offset  int64
	rest    []byte
	head    []byte
	at      time.Time
}

// Read fetches the next piece when the last is used up. A piece without bytes, before the
// size that the server named, is a mail that has gone meanwhile, or a server that lies.
func (r *pieces) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.offset >= r.size {
			return 0, io.EOF
		}
		m, err := r.session.piece(r.ctx, r.uid, r.offset, min(pieceSize, r.size-r.offset))
		if err != nil {
			return 0, err
		}
		if len(m.raw) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		r.rest, r.offset, r.at = m.raw, r.offset+int64(len(m.raw)), m.at
		if len(r.head) < maxWhole {
			r.head = append(r.head, m.raw...)
		}
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
