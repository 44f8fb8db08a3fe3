package email

import (
	"context"
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"
)

// settle marks mails as seen, or moves them. Doing it again is harmless.
func (s *session) settle(ctx context.Context, uids []imap.UID, moveTo string) error {
	if len(uids) == 0 {
		return nil
	}
	set := imap.UIDSetNum(uids...)
	err := s.raw.within(ctx, s.pace.search, func(more func()) error {
		if moveTo == "" {
			return s.flag(set, imap.FlagSeen)
		}
		err := s.move(set, moveTo, more)
		if refusal := (*imap.Error)(nil); errors.As(err, &refusal) && refusal.Code == imap.ResponseCodeTryCreate {
			if err = s.client.Create(moveTo, nil).Wait(); err == nil {
				err = s.move(set, moveTo, more)
			}
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("mark mails as read: %w", err)
	}
	return nil
}

// flag adds a flag. RFC 3501 §6.4.6: .SILENT, because nobody looks at the answers.
func (s *session) flag(set imap.UIDSet, f imap.Flag) error {
	return s.client.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{f}}, nil).Close()
}

// move moves mails, by hand where the server has no MOVE. Each step waits for the one
// before, unlike go-imap's own way: what could not be copied must not be removed.
//
// RFC 4315 §2.1: UID EXPUNGE removes these alone. Without it they stay, flagged: EXPUNGE
// would also remove what somebody else has flagged and may yet take back.
func (s *session) move(set imap.UIDSet, to string, more func()) error {
	if s.moves {
		_, err := s.client.Move(set, to).Wait()
		return err
	}
	if _, err := s.client.Copy(set, to).Wait(); err != nil {
		return err
	}
	more()
	if err := s.flag(set, imap.FlagDeleted); err != nil {
		return err
	}
	more()
	if !s.client.Caps().Has(imap.CapUIDPlus) {
		return nil
	}
	return s.client.UIDExpunge(set).Close()
}
