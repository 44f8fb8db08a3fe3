package main

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// quarantine is the e-mail channel's, as the API wants it.
type quarantine struct{ *email.Email }

func (q quarantine) Quarantined(ctx context.Context, before int64, limit int) ([]api.Quarantined, error) {
	list, err := q.Quarantine(ctx, before, limit)
	return mapped(list, func(m email.Quarantined) api.Quarantined {
		return api.Quarantined{ID: strconv.FormatInt(m.ID, 10), Mailbox: m.Address, From: m.From, Subject: m.Subject, Reason: m.Reason, Held: m.Held, At: m.At}
	}), err
}

func (q quarantine) Blocked(ctx context.Context, before int64, limit int) ([]api.BlockedSender, error) {
	list, err := q.Email.Blocked(ctx, before, limit)
	return mapped(list, blockedSender), err
}

func (q quarantine) Block(ctx context.Context, tx pgx.Tx, who, note string) (api.BlockedSender, error) {
	b, err := q.Email.Block(ctx, tx, who, note)
	return blockedSender(b), err
}

func blockedSender(b email.Block) api.BlockedSender {
	return api.BlockedSender{ID: strconv.FormatInt(b.ID, 10), Who: b.Who, Note: b.Note, At: b.At}
}
