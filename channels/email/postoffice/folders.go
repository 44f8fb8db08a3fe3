package postoffice

import (
	"bytes"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// open gives a folder that exists.
func (s *session) open(folder string) (*box, error) {
	if len(folder) == len(Inbox) && bytes.EqualFold([]byte(folder), []byte(Inbox)) {
		folder = Inbox // RFC 3501 §5.1
	}
	if !slices.Contains(s.office.folders(s.user), folder) {
		return nil, refuse(imap.ResponseCodeNonExistent, "no such folder")
	}
	return s.office.box(s.user, folder)
}

// Select opens a folder, for reading only if it came as EXAMINE (RFC 3501 §6.3.1).
func (s *session) Select(folder string, options *imap.SelectOptions) (*imap.SelectData, error) {
	b, err := s.open(folder)
	if err != nil {
		return nil, err
	}
	s.box, s.readOnly, s.seen = b, options.ReadOnly, nil
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.mails {
		s.seen = append(s.seen, m.uid)
	}
	var flags []imap.Flag
	for f := range flagLetters {
		flags = append(flags, f)
	}
	return &imap.SelectData{
		Flags: flags, PermanentFlags: flags, NumMessages: number(len(s.seen)),
		UIDNext: b.next, UIDValidity: b.validity,
	}, nil
}

// Unselect leaves the folder as it is.
func (s *session) Unselect() error {
	s.box, s.seen = nil, nil
	return nil
}

// Create makes a folder.
func (s *session) Create(folder string, _ *imap.CreateOptions) error {
	if _, err := s.open(folder); err == nil {
		return refuse(imap.ResponseCodeAlreadyExists, "the folder exists")
	}
	_, err := s.office.box(s.user, folder)
	return err
}

// Delete refuses: no mail is lost by a slip in a demo.
func (s *session) Delete(string) error {
	return refuse(imap.ResponseCodeCannot, "folders stay here")
}

// Rename refuses.
func (s *session) Rename(string, string, *imap.RenameOptions) error {
	return refuse(imap.ResponseCodeCannot, "folders keep their names here")
}

// Subscribe does nothing: every folder is shown.
func (s *session) Subscribe(string) error { return nil }

// Unsubscribe does nothing.
func (s *session) Unsubscribe(string) error { return nil }

// List gives the folders that match a pattern. Without a pattern it tells the separator
// (RFC 3501 §6.3.8).
func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, _ *imap.ListOptions) error {
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: '/'})
	}
	for _, folder := range s.office.folders(s.user) {
		if slices.ContainsFunc(patterns, func(p string) bool { return imapserver.MatchList(folder, '/', ref, p) }) {
			if err := w.WriteList(&imap.ListData{Mailbox: folder, Delim: '/'}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Status counts a folder that need not be open. No mail is recent here.
func (s *session) Status(folder string, _ *imap.StatusOptions) (*imap.StatusData, error) {
	b, err := s.open(folder)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var unseen, deleted, recent uint32
	var size int64
	for _, m := range b.mails {
		size += m.size
		if !m.has(imap.FlagSeen) {
			unseen++
		}
		if m.has(imap.FlagDeleted) {
			deleted++
		}
	}
	count := number(len(b.mails))
	return &imap.StatusData{
		Mailbox: folder, NumMessages: &count, NumUnseen: &unseen, NumDeleted: &deleted, NumRecent: &recent,
		Size: &size, UIDNext: b.next, UIDValidity: b.validity,
	}, nil
}

// Append puts a mail into a folder, as a mail program does with what it has sent.
func (s *session) Append(folder string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	b, err := s.open(folder)
	if err != nil {
		return nil, refuse(imap.ResponseCodeTryCreate, "no such folder")
	}
	if r.Size() > maxMail {
		return nil, refuse(imap.ResponseCodeTooBig, "the mail is too large")
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	at := options.Time
	if at.IsZero() {
		at = time.Now()
	}
	uid, err := b.add(raw, options.Flags, at)
	if err != nil {
		return nil, err
	}
	return &imap.AppendData{UID: uid, UIDValidity: b.validity}, nil
}
