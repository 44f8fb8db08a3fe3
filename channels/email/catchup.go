package email

import (
	"context"
	"slices"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway/crash"
)

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
	pending, sizes, err := p.pending(ctx, s, c)
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
		done, err := p.chunk(ctx, s, chunk, open, sizes)
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

// pending looks for what is not taken in yet. What has come since the last look is little: its
// sizes, which are asked for in any case, tell what there is. A server that refuses them is
// asked as at first, as is one for a gap.
func (p *poller) pending(ctx context.Context, s *session, c cursor) (uids []imap.UID, sizes map[imap.UID]int64, err error) {
	if p.brief && len(c.Gaps) == 0 {
		uids, sizes, err = s.above(ctx, c)
		if !refusal(err) {
			return uids, sizes, err
		}
		p.brief = false
		p.log.Warn("the server refuses the sizes of what is new; searching for it from now on", "err", err)
	}
	uids, err = s.search(ctx, c)
	return uids, nil, err
}

// chunk reads up to sizeBatch mails and gives those that are dealt with. Three goroutines
// work in a row, each a batch ahead of the next: one has the connection, one the parser
// and the blobs, one the database. The first error ends all three; done then still names
// what was committed before it. Sizes that are not known are asked for.
func (p *poller) chunk(ctx context.Context, s *session, uids, pending []imap.UID, sizes map[imap.UID]int64) (done []imap.UID, err error) {
	if sizes == nil {
		if sizes, err = s.sizes(ctx, imap.UIDSetNum(uids...)); err != nil {
			return nil, err
		}
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

// mark settles mails that are committed. A server that refuses (no such folder, a
// read-only mailbox) is a problem to show, and no reason to read no more mail.
func (p *poller) mark(ctx context.Context, s *session, uids []imap.UID) error {
	if len(uids) == 0 {
		return nil
	}
	err := s.settle(ctx, uids, p.box.MoveTo)
	if !refusal(err) {
		p.unmarked = ""
		return err
	}
	if p.unmarked != err.Error() {
		p.log.Warn("mails are read but not marked", "err", err)
	}
	p.unmarked = err.Error()
	return nil
}

// missing gives those of all that are not there, in their order.
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
