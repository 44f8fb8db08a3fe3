package postoffice

import (
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// session is one IMAP connection. Its seen are the UIDs that the client has been told
// of; a sequence number is a place in them (RFC 3501 §2.3.1.2).
type session struct {
	office   *Office
	user     string
	box      *box // nil while none is selected
	readOnly bool
	seen     []imap.UID
}

// number is a sequence number or a count of mails; a demo's mailbox is never so large
// that it would not fit.
func number(n int) uint32 { return uint32(n) }

func refuse(code imap.ResponseCode, text string) error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: code, Text: text}
}

// Login takes any address with the one password.
func (s *session) Login(user, password string) error {
	if !s.office.knows(password) || owner(user) == "" {
		return imapserver.ErrAuthFailed
	}
	s.user = user
	return nil
}

// Close has nothing to give back.
func (s *session) Close() error { return nil }

// Poll tells the client what has changed since it was told last.
func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if s.box == nil {
		return nil
	}
	mails := s.box.list()
	if allowExpunge {
		for i, uid := range slices.Backward(s.seen) {
			if _, there := find(mails, uid); !there {
				s.seen = slices.Delete(s.seen, i, i+1)
				if err := w.WriteExpunge(number(i + 1)); err != nil {
					return err
				}
			}
		}
	}
	known := len(s.seen)
	for _, m := range mails {
		if known == 0 || m.uid > s.seen[known-1] {
			s.seen = append(s.seen, m.uid)
		}
	}
	if len(s.seen) == known {
		return nil
	}
	return w.WriteNumMessages(number(len(s.seen)))
}

// Idle tells of every change at once (RFC 2177).
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	if s.box == nil {
		<-stop
		return nil
	}
	for {
		s.box.mu.Lock()
		changed := s.box.changed
		s.box.mu.Unlock()
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-stop:
			return nil
		}
	}
}
