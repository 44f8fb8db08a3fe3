package email

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway/crash"
)

const (
	sizeBatch = 200      // mails whose sizes are asked at once
	byteBatch = 16 << 20 // bytes of mails that are in memory as one batch; two are
	maxWhole  = 50 << 20 // a larger mail is read in pieces
	pieceSize = 4 << 20  // bytes
)

// Run reads every enabled mailbox that no other node reads, until ctx ends.
func (e *Email) Run(ctx context.Context) error {
	type running struct {
		rev  int64
		stop func()
	}
	pollers := map[MailboxID]running{}
	defer func() {
		for _, r := range pollers {
			r.stop()
		}
	}()
	tick := time.NewTicker(e.pace.check)
	defer tick.Stop()
	for ctx.Err() == nil {
		changed := e.change()
		boxes, err := e.Mailboxes(ctx)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("mailboxes not listed; trying again", "err", err)
			boxes = nil
		}
		for id, r := range pollers {
			same := func(m Mailbox) bool { return m.ID == id && m.Rev == r.rev && m.Enabled }
			if err == nil && !slices.ContainsFunc(boxes, same) {
				r.stop()
				delete(pollers, id)
			}
		}
		for _, m := range boxes {
			if _, ok := pollers[m.ID]; !ok && m.Enabled {
				pollers[m.ID] = running{m.Rev, start(ctx, func(ctx context.Context) { e.poll(ctx, m) })}
			}
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-tick.C:
		}
	}
	return nil
}

// start runs do until stop is called, which waits for its end.
func start(ctx context.Context, do func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); do(ctx) }()
	return func() { cancel(); <-ended }
}

// poller reads one mailbox under one term of its lease.
type poller struct {
	*Email

	box      Mailbox
	term     int64
	log      *slog.Logger
	validity uint32 // of the open folder
	refused  map[imap.UID]int
	unmarked string   // why the server marks no mail; empty: it does
	answers  string   // what the mails that come now are answered by themselves; empty: nothing
	own      []string // addresses of ours, which are not
	noted    struct {
		at      time.Time
		behind  int
		problem string
	}
}

// poll reads a mailbox whenever its lease can be had.
func (e *Email) poll(ctx context.Context, m Mailbox) {
	for ctx.Err() == nil {
		term, ok, err := e.acquire(ctx, m.ID)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("mailbox waits for the database", "mailbox", m.Address, "err", err)
		}
		if !ok {
			sleep(ctx, e.pace.check)
			continue
		}
		p := &poller{
			Email: e, box: m, term: term, log: e.log.With("mailbox", m.Address), refused: map[imap.UID]int{},
		}
		p.hold(ctx)
		e.release(ctx, m.ID, term)
	}
}

// hold connects again and again while the lease lasts.
func (p *poller) hold(ctx context.Context) {
	ctx, lose := context.WithCancelCause(ctx)
	stopKeeping := start(ctx, func(ctx context.Context) { lose(p.keep(ctx, p.box.ID, p.term)) })
	defer stopKeeping()
	for backoff := p.pace.backoff; ctx.Err() == nil; {
		caughtUp, err := p.attend(ctx)
		if errors.Is(err, errLost) || ctx.Err() != nil {
			return
		}
		if caughtUp {
			backoff = p.pace.backoff
		}
		p.note(ctx, false, p.noted.behind, err.Error())
		p.log.Warn("mailbox connection ended; connecting again", "after", backoff, "err", err)
		sleep(ctx, backoff/2+rand.N(backoff))
		backoff = min(2*backoff, p.pace.most)
	}
}

// attend is one connection: catch up, wait, catch up … until something breaks.
func (p *poller) attend(ctx context.Context) (caughtUp bool, err error) {
	c, err := p.credential(ctx, p.box)
	if err != nil {
		return false, err
	}
	s, err := p.signIn(ctx, p.box, c)
	if err != nil {
		return false, err
	}
	defer s.close()
	if err := p.open(ctx, s); err != nil {
		return false, err
	}
	if err := p.settleRest(ctx, s); err != nil {
		return false, err
	}
	for {
		if err := p.catchUp(ctx, s); err != nil {
			return caughtUp, err
		}
		caughtUp = true
		p.note(ctx, true, len(p.refused), p.unmarked)
		if err := s.wait(ctx, p.pace.look); err != nil {
			return caughtUp, err
		}
		if err := context.Cause(ctx); err != nil {
			return caughtUp, err
		}
	}
}

// open compares the folder's epoch with the cursor's and begins a new one if need be.
func (p *poller) open(ctx context.Context, s *session) error {
	p.validity = s.folder.UIDValidity
	c, found, err := p.cursor(ctx, p.box)
	if err != nil || found && c.Validity == p.validity {
		return err
	}
	fresh := cursor{Validity: p.validity}
	if p.box.FromNow {
		fresh.Start = s.folder.UIDNext - 1
		fresh.UID = fresh.Start
	}
	if found {
		p.log.Error("the server has numbered the mailbox anew; reading it from the start", "uidvalidity", p.validity, "was", c.Validity)
		if p.box.FromNow { // what came since we know the mailbox may be among it
			if fresh.Gaps, err = s.uids(ctx, &imap.SearchCriteria{Since: p.box.CreatedAt}); err != nil {
				return err
			}
		}
	}
	return p.begin(ctx, p.box, p.term, fresh)
}

// settleRest marks what was committed but not marked when the last connection ended.
func (p *poller) settleRest(ctx context.Context, s *session) error {
	c, _, err := p.cursor(ctx, p.box)
	if err != nil || c.UID <= c.Start {
		return err
	}
	ours := &imap.SearchCriteria{UID: []imap.UIDSet{{{Start: c.Start + 1, Stop: c.UID}}}}
	switch {
	case p.box.MoveTo == "":
		ours.NotFlag = []imap.Flag{imap.FlagSeen}
	case !s.moves:
		ours.NotFlag = []imap.Flag{imap.FlagDeleted} // copied before
	}
	uids, err := s.uids(ctx, ours)
	if err != nil {
		return err
	}
	for done := range slices.Chunk(missing(uids, c.Gaps), sizeBatch) {
		if err := p.mark(ctx, s, done); err != nil {
			return err
		}
	}
	return nil
}

// catchUp takes everything in that is not yet. While one batch is committed, the next is
// kept and parsed, and the one after that is read. Marking comes after, when no command of the reader is under way.
func (p *poller) catchUp(ctx context.Context, s *session) error {
	c, _, err := p.cursor(ctx, p.box)
	if err != nil {
		return err
	}
	pending, err := s.search(ctx, c)
	if err != nil {
		return err
	}
	if gone := missing(c.Gaps, pending); len(gone) > 0 {
		if err := p.skip(ctx, gone, nil); err != nil {
			return err
		}
	}
	if len(pending) > sizeBatch {
		p.note(ctx, false, len(pending), p.noted.problem)
	}
	var left []imap.UID // not dealt with so far, though tried
	for chunk := range slices.Chunk(pending, sizeBatch) {
		open := slices.Concat(left, chunk)
		done, err := p.chunk(ctx, s, chunk, open)
		if err != nil {
			return err
		}
		left = missing(open, done)
		if err := p.mark(ctx, s, done); err != nil {
			return err
		}
		crash.At("email.settled")
	}
	return nil
}

// missing gives those of all that are not there.
func missing(all, there []imap.UID) (gone []imap.UID) {
	known := make(map[imap.UID]bool, len(there))
	for _, uid := range there {
		known[uid] = true
	}
	for _, uid := range all {
		if !known[uid] {
			gone = append(gone, uid)
		}
	}
	return gone
}

// mark settles mails that are committed. A server that refuses (no such folder, a
// read-only mailbox) is a problem to show, and no reason to read no more mail.
func (p *poller) mark(ctx context.Context, s *session, uids []imap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	err := s.settle(ctx, uids, p.box.MoveTo)
	refusal := (*imap.Error)(nil)
	if !errors.As(err, &refusal) || refusal.Type == imap.StatusResponseTypeBye {
		p.unmarked = ""
		return err
	}
	if p.unmarked != err.Error() {
		p.log.Warn("mails are read but not marked", "err", err)
	}
	p.unmarked = err.Error()
	return nil
}

// chunk reads up to sizeBatch mails and gives those that are dealt with.
func (p *poller) chunk(ctx context.Context, s *session, uids, pending []imap.UID) (done []imap.UID, err error) {
	sizes, err := s.sizes(ctx, uids)
	if err != nil {
		return nil, err
	}
	work, ctx := errgroup.WithContext(ctx)
	batches, ready := make(chan []fetched, 1), make(chan []*receivedMail, 1)
	work.Go(func() error {
		defer close(batches)
		return p.readAhead(ctx, s, uids, sizes, batches)
	})
	work.Go(func() error {
		defer close(ready)
		return p.prepareAhead(ctx, batches, ready)
	})
	work.Go(func() error {
		for mails := range ready {
			some, err := p.ingest(ctx, mails, pending)
			done = append(done, some...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	err = work.Wait()
	return done, err
}

// readAhead fetches mails in the order of their UIDs, in batches of bounded size.
func (p *poller) readAhead(ctx context.Context, s *session, uids []imap.UID, sizes map[imap.UID]int64, batches chan<- []fetched) error {
	give := func(batch []fetched) error {
		if len(batch) == 0 {
			return nil
		}
		select {
		case batches <- batch:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	var ask []imap.UID
	var bytes int64
	flush := func() error {
		if len(ask) == 0 {
			return nil
		}
		batch := make([]fetched, 0, len(ask))
		err := s.fetch(ctx, ask, func(f fetched) { batch = append(batch, f) })
		if err != nil {
			return err
		}
		slices.SortFunc(batch, func(a, b fetched) int { return int(int64(a.uid) - int64(b.uid)) })
		ask, bytes = ask[:0], 0
		return give(batch)
	}
	for _, uid := range uids {
		size, there := sizes[uid]
		if !there {
			continue // expunged since the search
		}
		if size > maxWhole {
			large, err := p.large(ctx, s, uid, size)
			if err = errors.Join(err, flush()); err != nil {
				return err
			}
			if err := give([]fetched{large}); err != nil {
				return err
			}
			continue
		}
		if len(ask) == intakeBatch || bytes+size > byteBatch && len(ask) > 0 {
			if err := flush(); err != nil {
				return err
			}
		}
		ask, bytes = append(ask, uid), bytes+size
	}
	return flush()
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

// sleep waits, but not longer than ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
