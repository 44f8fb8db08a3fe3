package postoffice

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

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
