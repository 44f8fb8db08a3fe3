package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
)

// session is an IMAP connection with one folder selected. Only its poller uses it; one
// command runs at a time.
type session struct {
	raw    *conn
	pace   pace
	client *imapclient.Client
	folder *imap.SelectData
	idles  bool
	moves  bool          // else a mail is moved by hand
	woken  chan struct{} // holds one hint that the folder has changed
}

// signIn connects and selects the mailbox's folder.
func (e *Email) signIn(ctx context.Context, m Mailbox, c credential) (*session, error) {
	raw, over, err := e.dial(ctx, m.IMAP)
	if err != nil {
		return nil, err
	}
	s := &session{raw: raw, pace: e.pace, woken: make(chan struct{}, 1)}
	err = raw.within(ctx, e.pace.search, func(more func()) error {
		if s.client, err = e.greet(m.IMAP, over, s.options()); err != nil {
			return fmt.Errorf("greet %s: %w", m.IMAP.Address, err)
		}
		more()
		if err := s.authenticate(m.IMAP, c); err != nil {
			e.tokens.drop(c.secret)
			return fmt.Errorf("sign in to %s as %s: %w", m.IMAP.Address, m.User, err)
		}
		more()
		caps := s.client.Caps()
		s.idles = caps.Has(imap.CapIdle) || caps.Has(imap.CapIMAP4rev2)
		s.moves = caps.Has(imap.CapMove)
		if s.folder, err = s.client.Select(m.Folder, nil).Wait(); err != nil {
			return fmt.Errorf("open folder %s of %s: %w", m.Folder, m.Address, err)
		}
		return nil
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// options make every unasked word of a changed number of mails a hint. One hint is enough:
// whoever takes it looks at all there is.
func (s *session) options() *imapclient.Options {
	hint := func() {
		select {
		case s.woken <- struct{}{}:
		default:
		}
	}
	return &imapclient.Options{
		WordDecoder: &mime.WordDecoder{},
		UnilateralDataHandler: &imapclient.UnilateralDataHandler{
			Mailbox: func(d *imapclient.UnilateralDataMailbox) {
				if d.NumMessages != nil {
					hint()
				}
			},
		},
	}
}

// greet waits for the server's first word, and secures the connection if it is not yet.
func (e *Email) greet(s Server, over net.Conn, options *imapclient.Options) (*imapclient.Client, error) {
	if s.TLS == StartTLS {
		options.TLSConfig = e.tlsFor(s)
		return imapclient.NewStartTLS(over, options)
	}
	c := imapclient.New(over, options)
	return c, c.WaitGreeting()
}

// authenticate signs in by the mechanism that the credential is for and the server offers,
// else by LOGIN.
func (s *session) authenticate(at Server, c credential) error {
	offers := func(mechanism string) bool { return s.client.Caps().Has(imap.AuthCap(mechanism)) }
	if by := c.client(at, offers); by != nil {
		return s.client.Authenticate(by)
	}
	return s.client.Login(c.user, c.secret).Wait()
}

// close ends the connection at once. The server keeps no state of ours that would be lost.
func (s *session) close() {
	_ = s.raw.Close() // not Logout: a server that hangs must not hang us
	if s.client != nil {
		_ = s.client.Close()
	}
}

// search gives the UIDs above the cursor and those of its gaps that still exist, in order.
func (s *session) search(ctx context.Context, c cursor) (uids []imap.UID, err error) {
	criteria := &imap.SearchCriteria{UID: []imap.UIDSet{{{Start: c.UID + 1, Stop: 0}}}}
	found, err := s.uids(ctx, criteria)
	if err != nil {
		return nil, err
	}
	if len(c.Gaps) > 0 {
		if uids, err = s.uids(ctx, &imap.SearchCriteria{UID: []imap.UIDSet{imap.UIDSetNum(c.Gaps...)}}); err != nil {
			return nil, err
		}
	}
	for _, uid := range found {
		if uid > c.UID { // RFC 3501 §6.4.8: "N:*" gives the last mail even if it is below N
			uids = append(uids, uid)
		}
	}
	return uids, nil
}

// uids gives what matches, as the server orders it.
func (s *session) uids(ctx context.Context, criteria *imap.SearchCriteria) (uids []imap.UID, err error) {
	err = s.raw.within(ctx, s.pace.search, func(func()) error {
		data, err := s.client.UIDSearch(criteria, nil).Wait()
		if err != nil {
			return fmt.Errorf("search folder: %w", err)
		}
		uids = data.AllUIDs()
		return nil
	})
	return uids, err
}

// look asks after a folder that is not selected. STATUS takes its name as it is, where LIST
// takes a pattern, and refuses a folder that could not be selected (RFC 3501 §6.3.10).
func (s *session) look(ctx context.Context, folder string) error {
	return s.raw.within(ctx, s.pace.search, func(func()) error {
		_, err := s.client.Status(folder, &imap.StatusOptions{UIDNext: true}).Wait()
		return err
	})
}

// refusal says that the server has answered NO or BAD: the connection is as good as before.
func refusal(err error) bool {
	answer, ok := errors.AsType[*imap.Error](err)
	return ok && answer.Type != imap.StatusResponseTypeBye
}

// above gives the mails above the cursor, in order, with their sizes: one exchange in place of
// two. It is for a folder that was read to the end a moment ago, as of a whole one the server
// would have to open every mail.
//
// RFC 3501 §6.4.8: "N:*" gives the last mail even if it is below N.
func (s *session) above(ctx context.Context, c cursor) (uids []imap.UID, sizes map[imap.UID]int64, err error) {
	sizes, err = s.sizes(ctx, imap.UIDSet{{Start: c.UID + 1, Stop: 0}})
	for uid := range sizes {
		if uid > c.UID {
			uids = append(uids, uid)
		}
	}
	slices.Sort(uids)
	return uids, sizes, err
}

// sizes gives the size of each mail that still exists, in bytes.
func (s *session) sizes(ctx context.Context, of imap.UIDSet) (map[imap.UID]int64, error) {
	sizes := map[imap.UID]int64{}
	err := s.raw.within(ctx, s.pace.search, func(more func()) error {
		list := s.client.Fetch(of, &imap.FetchOptions{UID: true, RFC822Size: true})
		for msg := list.Next(); msg != nil; msg = list.Next() {
			if m, err := msg.Collect(); err == nil && m.UID != 0 {
				sizes[m.UID] = m.RFC822Size
			}
			more()
		}
		return list.Close()
	})
	if err != nil {
		return nil, fmt.Errorf("ask sizes: %w", err)
	}
	return sizes, nil
}

// fetched is a mail as the server gave it.
type fetched struct {
	uid  imap.UID
	at   time.Time // INTERNALDATE
	raw  []byte    // of a mail that is too large, its beginning
	kept stored    // the whole, if it was too large to be held in memory
}

// whole asks for a mail without marking it as seen. Nothing is asked that a server could
// get wrong in a way that costs the connection, such as BODYSTRUCTURE.
var whole = &imap.FetchItemBodySection{Peek: true}

// fetch reads mails and gives each to take. A mail that has gone is not given.
func (s *session) fetch(ctx context.Context, uids []imap.UID, take func(fetched)) error {
	asked := imap.UIDSetNum(uids...)
	options := &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{whole}}
	err := s.raw.within(ctx, s.pace.search, func(more func()) error {
		return s.each(s.client.Fetch(asked, options), more, func(m fetched) {
			if asked.Contains(m.uid) && m.raw != nil { // a server may tell of others by the way
				take(m)
			}
		})
	})
	if err != nil {
		return fmt.Errorf("fetch mails: %w", err)
	}
	return nil
}

// each reads the answers to a FETCH. When the connection breaks within a mail it is left
// at once: go-imap goes on reading it then, and to drain the answer would disturb that.
func (s *session) each(list *imapclient.FetchCommand, more func(), give func(fetched)) error {
	for msg := list.Next(); msg != nil; msg = list.Next() {
		m, err := collect(msg, more)
		if err != nil {
			return errors.Join(err, s.raw.Close())
		}
		give(m)
		more()
	}
	return list.Close()
}

// collect reads one FETCH response.
func collect(msg *imapclient.FetchMessageData, more func()) (m fetched, err error) {
	for item := msg.Next(); item != nil; item = msg.Next() {
		switch item := item.(type) {
		case imapclient.FetchItemDataUID:
			m.uid = item.UID
		case imapclient.FetchItemDataInternalDate:
			m.at = item.Time
		case imapclient.FetchItemDataBodySection:
			if item.Literal == nil {
				continue
			}
			if m.raw, err = readLiteral(item.Literal, more); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// paceBytes buy a fetch its time again, so that a slow line is no silence; but a byte a
// second is.
const paceBytes = 256 << 10

// readLiteral reads a mail's bytes and asks for more time as they come. A literal that ends
// before its announced size is a broken connection, not a short mail.
func readLiteral(r imap.LiteralReader, more func()) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(int(min(r.Size(), maxWhole)))
	for {
		n, err := io.CopyN(&b, r, paceBytes)
		switch {
		case errors.Is(err, io.EOF) || err == nil && n == 0:
			if int64(b.Len()) != r.Size() {
				return nil, io.ErrUnexpectedEOF
			}
			return b.Bytes(), nil
		case err != nil:
			return nil, err
		}
		more()
	}
}

// piece reads a part of a mail that is too large to be read at once.
func (s *session) piece(ctx context.Context, uid imap.UID, offset, size int64) (m fetched, err error) {
	part := &imap.FetchItemBodySection{Peek: true, Partial: &imap.SectionPartial{Offset: offset, Size: size}}
	options := &imap.FetchOptions{UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{part}}
	err = s.raw.within(ctx, s.pace.search, func(more func()) error {
		return s.each(s.client.Fetch(imap.UIDSetNum(uid), options), more, func(one fetched) {
			if one.uid == uid {
				m = one
			}
		})
	})
	if err != nil {
		return m, fmt.Errorf("fetch a piece of mail %d: %w", uid, err)
	}
	return m, nil
}

// wait returns when the folder may have changed, or after limit at the latest. Without
// IDLE it looks every 30 s.
func (s *session) wait(ctx context.Context, limit time.Duration) error {
	if !s.idles {
		timer := time.NewTimer(min(limit, s.pace.poll))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		return context.Cause(ctx)
	}
	var idle *imapclient.IdleCommand
	err := s.raw.within(ctx, s.pace.answer, func(func()) (err error) {
		idle, err = s.client.Idle()
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to idle: %w", err)
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.woken:
	case <-timer.C:
	case <-s.client.Closed():
	case <-ctx.Done():
	}
	err = s.raw.within(ctx, s.pace.answer, func(func()) error { return errors.Join(idle.Close(), idle.Wait()) })
	if err != nil {
		return fmt.Errorf("end idling: %w", err)
	}
	return nil
}
