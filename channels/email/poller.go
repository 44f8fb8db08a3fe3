package email

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/emersion/go-imap/v2"
)

// poller reads one mailbox under one term of its lease. One goroutine has it, and others
// only while chunk waits for them. What it knows and is not stored may be lost: a new one
// finds it out again.
type poller struct {
	*Email

	box      Mailbox
	term     int64 // of the lease: every advance of the cursor is made under it
	log      *slog.Logger
	validity uint32           // of the open folder
	refused  map[imap.UID]int // how often the intake has refused a mail
	lacking  string           // which folder of the settings the server does not give
	unmarked string           // why the server marks no mail; empty: it does
	answers  string           // what the mails that come now are answered by themselves; empty: nothing
	us       ours             // which are not
	old      []imap.UID       // what is still to be taken in of what lay there before us
	looked   bool             // for that, on this connection
	brief    bool             // the folder was read to the end on this connection: what is new is little
	noted    struct {         // the health that was written last
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

// hold connects again and again while the lease lasts. Pauses double and are spread, so
// that many mailboxes of one provider don't come back in step after it was away.
func (p *poller) hold(ctx context.Context) {
	ctx, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	defer p.keep(p.box.ID, p.term, lose)()
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
	p.looked, p.brief = false, false
	if err := p.open(ctx, s); err != nil {
		return false, err
	}
	if err := p.lookForSent(ctx, s); err != nil {
		return false, err
	}
	if err := p.settleRest(ctx, s); err != nil {
		return false, err
	}
	for {
		if err := p.catchUp(ctx, s); err != nil {
			return caughtUp, err
		}
		p.brief, caughtUp = p.brief || !caughtUp, true
		p.note(ctx, true, len(p.refused), cmp.Or(p.unmarked, p.lacking))
		more, err := p.backfill(ctx, s)
		if err != nil {
			return caughtUp, err
		}
		if more { // what comes now is looked for between two parts of what is old
			continue
		}
		if err := s.wait(ctx, p.pace.look); err != nil {
			return caughtUp, err
		}
		if err := context.Cause(ctx); err != nil {
			return caughtUp, err
		}
	}
}

// lookForSent finds out whether the folder of sent mail is there. It is asked for only when
// nobody knows whether a mail has left: too late to hear that its name is wrong. A server
// that refuses is a problem to show, and no reason to read no mail.
func (p *poller) lookForSent(ctx context.Context, s *session) error {
	p.lacking = ""
	if p.box.SentFolder == "" || p.box.SentFolder == p.box.Folder { // that one is open
		return nil
	}
	err := s.look(ctx, p.box.SentFolder)
	if refusal(err) {
		p.lacking = fmt.Sprintf("folder %q, which sent_folder names, is not there to be read: %v", p.box.SentFolder, err)
		p.log.Warn("the folder of sent mail is not there", "folder", p.box.SentFolder, "err", err)
		return nil
	}
	return err
}

// open compares the folder's epoch with the cursor's and begins a new one if need be.
func (p *poller) open(ctx context.Context, s *session) error {
	p.validity = s.folder.UIDValidity
	c, found, err := p.cursor(ctx, p.box)
	if err != nil || found && c.Validity == p.validity {
		return err
	}
	fresh := cursor{Validity: p.validity}
	if p.box.fromNow() {
		fresh.Start = s.folder.UIDNext - 1
		fresh.UID = fresh.Start
	}
	if found {
		p.log.Error("the server has numbered the mailbox anew; reading it from the start", "uidvalidity", p.validity, "was", c.Validity)
		if p.box.fromNow() { // what came since we know the mailbox may be among it
			if fresh.Gaps, err = s.uids(ctx, &imap.SearchCriteria{Since: p.box.CreatedAt}); err != nil {
				return err
			}
		}
	}
	return p.begin(ctx, p.box, p.term, fresh)
}
