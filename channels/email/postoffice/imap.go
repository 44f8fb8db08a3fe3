package postoffice

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

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

// numbered is a mail with its sequence number in this session.
type numbered struct {
	mail
	seq uint32
}

// pick gives the mails that a set names, in the order of their numbers.
func (s *session) pick(set imap.NumSet) []numbered {
	var list []numbered
	mails := s.box.list()
	last := number(len(s.seen))
	for i, uid := range s.seen {
		seq := number(i + 1)
		var in bool
		switch set := set.(type) {
		case imap.SeqSet:
			in = set.Contains(seq) || seq == last && set.Dynamic()
		case imap.UIDSet:
			in = set.Contains(uid) || seq == last && set.Dynamic() // RFC 3501 §6.4.8: "*" is the last one
		}
		if j, there := find(mails, uid); in && there {
			list = append(list, numbered{mails[j], seq})
		}
	}
	return list
}

func uidsOf(list []numbered) []imap.UID {
	uids := make([]imap.UID, len(list))
	for i, m := range list {
		uids[i] = m.uid
	}
	return uids
}

// Fetch sends mails or parts of them; whoever reads a body without PEEK marks it as
// seen (RFC 3501 §6.4.5).
func (s *session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	list := s.pick(set)
	if !s.readOnly && slices.ContainsFunc(options.BodySection, func(b *imap.FetchItemBodySection) bool { return !b.Peek }) {
		if err := s.box.store(uidsOf(list), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}); err != nil {
			return err
		}
		list = s.pick(set)
	}
	for _, m := range list {
		raw, err := s.box.read(m.mail)
		if errors.Is(err, os.ErrNotExist) {
			continue // expunged meanwhile, which the next command tells
		}
		if err != nil {
			return fmt.Errorf("fetch: %w", err)
		}
		if err := write(w.CreateMessage(m.seq), m, raw, options); err != nil {
			return err
		}
	}
	return nil
}

func write(w *imapserver.FetchResponseWriter, m numbered, raw []byte, options *imap.FetchOptions) error {
	w.WriteUID(m.uid)
	if options.Flags {
		w.WriteFlags(m.flagList())
	}
	if options.InternalDate {
		w.WriteInternalDate(m.at)
	}
	if options.RFC822Size {
		w.WriteRFC822Size(int64(len(raw)))
	}
	if options.Envelope {
		w.WriteEnvelope(envelope(raw))
	}
	if options.BodyStructure != nil {
		w.WriteBodyStructure(imapserver.ExtractBodyStructure(bytes.NewReader(raw)))
	}
	for _, section := range options.BodySection {
		part := imapserver.ExtractBodySection(bytes.NewReader(raw), section)
		if section.Specifier == imap.PartSpecifierNone && len(section.Part) == 0 && section.Partial == nil {
			part = raw
		}
		body := w.WriteBodySection(section, int64(len(part)))
		_, err := body.Write(part)
		if err = errors.Join(err, body.Close()); err != nil {
			return err
		}
	}
	return w.Close()
}

// Store changes flags and, unless it shall be silent, tells what they are now.
func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions) error {
	if s.readOnly {
		return refuse("", "the folder is open for reading only")
	}
	if err := s.box.store(uidsOf(s.pick(set)), flags); err != nil || flags.Silent {
		return err
	}
	for _, m := range s.pick(set) {
		r := w.CreateMessage(m.seq)
		r.WriteUID(m.uid)
		r.WriteFlags(m.flagList())
		if err := r.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Copy adds the mails to another folder, with flags and dates, and tells the new UIDs
// (RFC 4315).
func (s *session) Copy(set imap.NumSet, folder string) (*imap.CopyData, error) {
	dest, err := s.open(folder)
	if err != nil {
		return nil, refuse(imap.ResponseCodeTryCreate, "no such folder")
	}
	data := &imap.CopyData{UIDValidity: dest.validity}
	for _, m := range s.pick(set) {
		raw, err := s.box.read(m.mail)
		if err != nil {
			return nil, fmt.Errorf("copy: %w", err)
		}
		uid, err := dest.add(raw, m.flagList(), m.at)
		if err != nil {
			return nil, err
		}
		data.SourceUIDs.AddNum(m.uid)
		data.DestUIDs.AddNum(uid)
	}
	return data, nil
}

// Move copies and then removes (RFC 6851); the expunges are told by the next poll.
func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, folder string) error {
	list := s.pick(set)
	data, err := s.Copy(set, folder)
	if err != nil {
		return err
	}
	if err := w.WriteCopyData(data); err != nil {
		return err
	}
	return s.box.remove(uidsOf(list))
}

// Expunge removes what is marked as deleted; the next poll tells it.
func (s *session) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	var gone []imap.UID
	for _, m := range s.box.list() {
		if m.has(imap.FlagDeleted) && (uids == nil || uids.Contains(m.uid)) {
			gone = append(gone, m.uid)
		}
	}
	if len(gone) == 0 || s.readOnly {
		return nil
	}
	return s.box.remove(gone)
}
