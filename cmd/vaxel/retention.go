package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// RetentionConfig is for how many days what nobody sees is kept, and what colleagues say to
// each other. 0 keeps it for good. What customers and agents said to each other is not among it.
type RetentionConfig struct {
	Arrivals    int `toml:"arrivals"`     // keys by which what is delivered twice is known; 30 at least
	MailDigests int `toml:"mail_digests"` // contents by which a mail is known that its server numbers anew; 365 at least
	Outbound    int `toml:"outbound"`     // how sendings ended; bounces find their mail by it; 30 at least
	Statuses    int `toml:"statuses"`     // agents' statuses, for figures; 92 at least
	Audit       int `toml:"audit"`        // who administered what
	Votes       int `toml:"votes"`        // on articles
	Collaborate int `toml:"collaborate"`  // which pages of customers' agents looked at, and when
	Networks    int `toml:"networks"`     // from where chats began; agents block by it
	Calls       int `toml:"calls"`        // who wanted to be called, once that has entered the queue
	Drafts      int `toml:"drafts"`       // mails that were begun and that nobody has touched since; 7 at least
	StaffChats  int `toml:"staff_chats"`  // what colleagues say to each other; 30 at least
	Files       int `toml:"files"`        // how long a file may wait for the message that it is attached to; 2 at least
}

func defaultRetention() RetentionConfig {
	return RetentionConfig{Arrivals: 90, Outbound: 400, Statuses: 400, Audit: 1095, Votes: 730, Collaborate: 400, Networks: 30, Calls: 30, Drafts: 90, Files: 7}
}

// check refuses what could lose something or take it in twice.
func (r RetentionConfig) check(bad func(key, why string, args ...any)) {
	for _, k := range []struct {
		key            string
		days, atLeast  int
		whatWouldBreak string
	}{
		{"arrivals", r.Arrivals, 30, "what is delivered again after that would come in twice"},
		{"mail_digests", r.MailDigests, 365, "mails that still lie in their mailbox could come in twice"},
		{"outbound", r.Outbound, 30, "bounces would not find their mail"},
		{"statuses", r.Statuses, 92, "figures reach back so far"},
		{"audit", r.Audit, 1, "it would be empty"},
		{"votes", r.Votes, 1, "there would be none"},
		{"collaborate", r.Collaborate, 1, "nobody could say what was looked at"},
		{"networks", r.Networks, 1, "nobody could be blocked by it"},
		{"calls", r.Calls, 2, "one visitor could ask more often than three times a day"},
		{"drafts", r.Drafts, 7, "a mail that is half written could go while its author is away"},
		{"staff_chats", r.StaffChats, 30, "who comes back from leave would not find what they were told"},
		{"files", r.Files, 2, "an attachment could go while its message is being written"},
	} {
		if k.days != 0 && k.days < k.atLeast {
			bad("retention."+k.key, "%d days are too few, %s; set %d or more, or 0 to keep it for good", k.days, k.whatWouldBreak, k.atLeast)
		}
	}
}

// tidy forgets what its days are over of. Every node does; they don't disturb each other.
func (h *house) tidy(ctx context.Context, now time.Time) error {
	r := h.config.Retention
	var errs []error
	for _, duty := range []struct {
		what   string
		days   int
		forget func(ctx context.Context, before time.Time) (int64, error)
	}{
		{"arrivals", r.Arrivals, h.intake.Sweep},
		{"mail_digests", r.MailDigests, h.email.Sweep},
		{"outbound", r.Outbound, h.outbox.Sweep},
		{"statuses", r.Statuses, h.stats.Sweep},
		{"audit", r.Audit, h.access.SweepAudit},
		{"votes", r.Votes, h.kb.SweepVotes},
		{"collaborate", r.Collaborate, h.shared.Forget},
		{"networks", r.Networks, h.chat.SweepSources},
		{"calls", r.Calls, h.chat.SweepWishes},
		{"drafts", r.Drafts, h.sweepDrafts},
		{"staff_chats", r.StaffChats, h.staff.Sweep},
		{"files", r.Files, h.sweepFiles},
		{"automatic answers", 2, h.email.SweepAnswers}, // they count for a day
	} {
		if duty.days == 0 {
			continue
		}
		gone, err := duty.forget(ctx, now.AddDate(0, 0, -duty.days))
		errs = append(errs, err)
		if gone > 0 {
			h.log.Info("tidied up", "what", duty.what, "gone", gone)
		}
	}
	return errors.Join(errs...)
}

// sweepDrafts throws away mails that were begun, with the files that only they name.
func (h *house) sweepDrafts(ctx context.Context, before time.Time) (int64, error) {
	return h.tickets.SweepDrafts(ctx, before, func(ctx context.Context, tx pgx.Tx, files []gateway.Attachment) error {
		for _, f := range files {
			if err := h.blobs.Forget(ctx, tx, f.Blob); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepFiles removes the files that no row names.
func (h *house) sweepFiles(ctx context.Context, before time.Time) (int64, error) {
	n, err := h.blobs.Sweep(ctx, time.Since(before))
	if err != nil {
		return int64(n), fmt.Errorf("sweep files: %w", err)
	}
	return int64(n), nil
}
