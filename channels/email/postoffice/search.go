package postoffice

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"
)

// Search finds mails (RFC 3501 §6.4.4). Words are looked for in the bytes as they came.
func (s *session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	var uids imap.UIDSet
	var seqs imap.SeqSet
	data := &imap.SearchData{}
	for _, m := range s.pick(imap.SeqSet{{Start: 1, Stop: 0}}) {
		match, err := s.matches(m, criteria)
		if err != nil {
			return nil, err
		}
		if !match {
			continue
		}
		uids.AddNum(m.uid)
		seqs.AddNum(m.seq)
		num := m.seq
		if kind == imapserver.NumKindUID {
			num = uint32(m.uid)
		}
		if data.Count++; data.Min == 0 {
			data.Min = num
		}
		data.Max = num
	}
	if data.All = seqs; kind == imapserver.NumKindUID {
		data.All = uids
	}
	return data, nil
}

// matches says whether a mail meets all criteria; bytes are read only if they are asked about.
func (s *session) matches(m numbered, c *imap.SearchCriteria) (bool, error) {
	if !s.inSets(m, c) || !flagsMatch(m.mail, c) || !between(m.at, c.Since, c.Before) ||
		c.Larger != 0 && m.size <= c.Larger || c.Smaller != 0 && m.size >= c.Smaller {
		return false, nil
	}
	if ok, err := s.contentMatches(m, c); !ok || err != nil {
		return false, err
	}
	for i := range c.Not {
		if hit, err := s.matches(m, &c.Not[i]); hit || err != nil {
			return false, err
		}
	}
	for i := range c.Or {
		first, err := s.matches(m, &c.Or[i][0])
		if err != nil {
			return false, err
		}
		second, err := s.matches(m, &c.Or[i][1])
		if err != nil || !first && !second {
			return false, err
		}
	}
	return true, nil
}

func (s *session) inSets(m numbered, c *imap.SearchCriteria) bool {
	isLast := int(m.seq) == len(s.seen)
	for _, set := range c.SeqNum {
		if !set.Contains(m.seq) && (!isLast || !set.Dynamic()) {
			return false
		}
	}
	for _, set := range c.UID {
		if !set.Contains(m.uid) && (!isLast || !set.Dynamic()) {
			return false
		}
	}
	return true
}

func flagsMatch(m mail, c *imap.SearchCriteria) bool {
	return !slices.ContainsFunc(c.Flag, func(f imap.Flag) bool { return !m.has(f) }) &&
		!slices.ContainsFunc(c.NotFlag, m.has)
}

// between compares days, as RFC 3501 §6.4.4 does.
func between(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return (since.IsZero() || !day.Before(since)) && (before.IsZero() || day.Before(before))
}

func (s *session) contentMatches(m numbered, c *imap.SearchCriteria) (bool, error) {
	if len(c.Header)+len(c.Body)+len(c.Text) == 0 && c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true, nil
	}
	raw, err := s.box.read(m.mail)
	if err != nil {
		return false, fmt.Errorf("search: %w", err)
	}
	h := header(raw)
	for _, f := range c.Header {
		if !slices.ContainsFunc(h.Values(f.Key), func(v string) bool { return containsFold(v, f.Value) }) {
			return false, nil
		}
	}
	for _, text := range slices.Concat(c.Body, c.Text) {
		if !containsFold(string(raw), text) {
			return false, nil
		}
	}
	if env := imapserver.ExtractEnvelope(h); !between(env.Date, c.SentSince, c.SentBefore) {
		return false, nil
	}
	return true, nil
}

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// header is as much of a header as can be read.
func header(raw []byte) textproto.Header {
	h, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(raw)))
	return h
}

func envelope(raw []byte) *imap.Envelope { return imapserver.ExtractEnvelope(header(raw)) }
