package main

import (
	"context"
	"net/netip"
	"path/filepath"
	"strconv"
	"time"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/blob"
)

// objects is where files lie.
func (c Config) objects() (blob.Objects, error) {
	if c.Blobs.Bucket == "" {
		return blob.NewDir(filepath.Join(c.DataDir, "blobs"))
	}
	return blob.NewS3(blob.S3Config(c.Blobs))
}

// ways are the ways in as the API wants them.
type ways struct{ h *house }

func (w ways) Mailboxes(ctx context.Context) ([]api.Mailbox, error) {
	list, err := w.h.email.Mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	all, err := w.h.email.Health(ctx)
	health := map[email.MailboxID]email.Health{}
	for _, h := range all {
		health[h.Mailbox] = h
	}
	out := make([]api.Mailbox, len(list))
	for i, m := range list {
		h := health[m.ID]
		out[i] = api.Mailbox{
			ID: strconv.FormatInt(int64(m.ID), 10), Address: m.Address, Name: m.Name, Queue: m.Queue, Skills: append([]gateway.SkillLevel{}, m.Skills...), Folder: m.Folder, Enabled: m.Enabled,
			IMAP: m.IMAP.Address, SMTP: m.SMTP.Address, Node: h.Holder, Behind: h.Behind, Problem: h.Problem,
		}
		if !m.Backfill.IsZero() {
			out[i].Backfill = &api.Backfill{Since: m.Backfill.Format(time.DateOnly), Done: h.Backfill.Done, Left: h.Backfill.Left}
		}
		if !h.SyncedAt.IsZero() {
			out[i].SyncedAt = &h.SyncedAt
		}
	}
	return out, err
}

func (w ways) Trunks(context.Context) ([]api.Trunk, error) {
	if w.h.voice == nil {
		return nil, nil
	}
	list := w.h.voice.Trunks()
	return mapped(list, func(t voice.Trunk) api.Trunk {
		sources := mapped(t.Sources, netip.Prefix.String)
		return api.Trunk{ID: strconv.FormatInt(t.ID, 10), Name: t.Name, Number: t.Number, Sources: sources, Queue: t.Queue, Skills: append([]gateway.SkillLevel{}, t.Skills...), Language: t.Language, MaxWait: t.MaxWait}
	}), nil
}
