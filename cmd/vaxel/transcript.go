package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// transcripts sends chats by mail.
type transcripts struct{ h *house }

// Transcript commits the entry that says so with the outbox's row: from the queue's identity,
// by its mailbox. An answer to the mail comes to the chat's case.
func (t transcripts) Transcript(ctx context.Context, asked gateway.Entry, m chat.Transcript, also func(context.Context, pgx.Tx) error) (e gateway.Entry, err error) {
	q, err := t.h.roster.Queue(ctx, m.Queue)
	if err != nil {
		return e, err
	}
	letter := email.Reply{
		Conversation: asked.Conversation, Queue: m.Queue, To: []gateway.Address{m.To}, Subject: m.Subject, Text: m.Text,
		Sender: gateway.Address{Kind: gateway.AddressEmail, Value: q.FromAddress, Name: q.FromName},
	}
	err = retry.Tx(ctx, t.h.pool, func(tx pgx.Tx) error {
		e = asked
		return t.post(ctx, tx, &e, letter, m, also)
	})
	if err != nil {
		return e, fmt.Errorf("send a transcript of conversation %d: %w", asked.Conversation, err)
	}
	if !e.Repeated {
		t.h.feed.Announce(gateway.MessageCreated(e))
		t.h.outbox.Wake()
	}
	return e, nil
}

// post counts under the conversation's lock, which Append has taken: whoever asks at the same
// moment counts after this one.
func (t transcripts) post(ctx context.Context, tx pgx.Tx, e *gateway.Entry, letter email.Reply, m chat.Transcript, also func(context.Context, pgx.Tx) error) error {
	if err := t.h.timeline.Append(ctx, tx, e); err != nil || e.Repeated {
		return err
	}
	n, err := t.h.timeline.Begun(ctx, tx, e.Conversation, chat.TranscriptID)
	if err != nil {
		return err
	}
	if m.Most > 0 && n > m.Most {
		return chat.ErrTooManyTranscripts
	}
	out, err := t.compose(ctx, tx, letter, m.Unasked)
	if err != nil {
		return err
	}
	out.Kind, out.Pos = gateway.OutboundTranscript, e.Pos
	if _, err := t.h.outbox.Add(ctx, tx, out); err != nil {
		return err
	}
	if err := t.h.timeline.Refer(ctx, tx, e.Conversation, out.MessageID); err != nil {
		return err
	}
	if err := t.h.feed.Append(ctx, tx, gateway.MessageCreated(*e)); err != nil || also == nil {
		return err
	}
	return also(ctx, tx)
}

// compose makes a mail ready: as an automatic one, which its reader may have refused, if nobody has asked for it.
func (t transcripts) compose(ctx context.Context, tx pgx.Tx, letter email.Reply, unasked bool) (gateway.Outbound, error) {
	if !unasked {
		out, _, err := t.h.email.Compose(ctx, tx, letter)
		return out, err
	}
	out, may, err := t.h.email.ComposeAutomatic(ctx, tx, letter)
	if err == nil && !may {
		err = chat.ErrUnwanted
	}
	return out, err
}
