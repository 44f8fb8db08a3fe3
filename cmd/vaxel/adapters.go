package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/blob"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/retry"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/timeline"
)

// Rooms say what they need in their own words; these say it in the words of the room
// that has it.

// files is the blobs as channels and API want them.
type files struct{ *blob.Store }

func (f files) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	info, err := f.Store.Put(ctx, r)
	return info.Key, info.Size, err
}

func (f files) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	body, _, err := f.Store.Open(ctx, key)
	return body, err
}

// sealed is the vault as the e-mail channel wants it.
type sealed struct{ *access.Vault }

func (s sealed) Put(ctx context.Context, tx pgx.Tx, name string, plain []byte) error {
	return s.Vault.Put(ctx, tx, name, plain)
}

func (h *house) secrets() sealed { return sealed{h.vault} }

// later hands an outbound to the e-mail channel, which is made after the outbox.
type later struct{ h *house }

func (l later) Send(ctx context.Context, out gateway.Outbound) (gateway.Delivery, error) {
	return l.h.email.Send(ctx, out)
}

// lines is the timeline as visitors write on it: the case's row shows what they said.
type lines struct {
	*timeline.Store
	h *house
}

func (l lines) Say(ctx context.Context, e gateway.Entry) (gateway.Entry, error) {
	said, err := l.Store.Say(ctx, e)
	if err == nil {
		l.h.tickets.Said(said)
	}
	return said, err
}

// SayAll locks the conversation first, as the intake does, and lets the channel write its rows last.
func (l lines) SayAll(ctx context.Context, entries []gateway.Entry, also func(context.Context, pgx.Tx) error) error {
	said, told := make([]*gateway.Entry, len(entries)), make([]gateway.Event, len(entries))
	err := retry.Tx(ctx, l.h.pool, func(tx pgx.Tx) error {
		for i, e := range entries {
			said[i] = &e
		}
		if err := l.Append(ctx, tx, said...); err != nil {
			return err
		}
		for i, e := range said {
			told[i] = gateway.MessageCreated(*e)
		}
		if err := l.h.feed.Append(ctx, tx, told...); err != nil {
			return err
		}
		return also(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("say %d lines: %w", len(entries), err)
	}
	l.h.feed.Announce(told...)
	for _, e := range said {
		l.h.tickets.Said(*e)
	}
	return nil
}

// places says where visitors stand.
type places struct{ h *house }

// Places tells of open interactions, and of those that the floor has yet to open; who is not in
// the answer is not waited for any more. The latter are read first: what is opened meanwhile is
// then among the former.
func (p places) Places(ctx context.Context, of []gateway.ConversationID) (map[gateway.ConversationID]chat.Place, error) {
	unopened, err := p.h.floor.Unopened(ctx, of...)
	if err != nil {
		return nil, err
	}
	serving, err := p.h.floor.Serving(ctx, of...)
	if err != nil {
		return nil, err
	}
	var waiting []gateway.InteractionID
	for _, i := range serving {
		if i.State == gateway.StateWaiting || i.State == gateway.StateOffered {
			waiting = append(waiting, i.ID)
		}
	}
	stand, err := p.h.commands.Places(ctx, waiting...)
	if err != nil {
		return nil, err
	}
	out := make(map[gateway.ConversationID]chat.Place, len(serving))
	for c, i := range unopened {
		out[c] = chat.Place{Interaction: i, State: gateway.StateWaiting}
	}
	for _, i := range serving {
		out[i.Conversation] = chat.Place{Interaction: i.ID, State: i.State, Position: stand[i.ID].Position, Wait: stand[i.ID].Wait}
	}
	return out, nil
}

// Opening asks the floor, which knows the queue's calendar, its line and who is at work.
func (p places) Opening(ctx context.Context, queue gateway.QueueID) (chat.Opening, error) {
	o, err := p.h.commands.Opening(ctx, queue, gateway.Chat)
	return chat.Opening(o), err
}

// Settled asks the case first: most that are done with are closed.
func (p places) Settled(ctx context.Context, tx pgx.Tx, id gateway.CaseID, since time.Time) (bool, error) {
	closed, err := p.h.tickets.ClosedSince(ctx, tx, id, since)
	if err != nil || closed {
		return closed, err
	}
	return p.h.timeline.Talked(ctx, tx, id, since)
}

// names are agents' names as customers see them.
type names struct{ *roster.Store }

func (n names) AgentName(ctx context.Context, id gateway.AgentID) (string, error) {
	a, err := n.Agent(ctx, id)
	return a.Name, err
}

// calls is the floor as the telephone wants it.
type calls struct {
	*floor.Client
	floor *floor.Floor
}

func (c calls) Reserve(ctx context.Context) (gateway.InteractionID, error) {
	return c.floor.Reserve(ctx)
}

// callers says where those who wait on the telephone stand.
type callers struct{ *floor.Client }

func (c callers) Place(ctx context.Context, id gateway.InteractionID) (int, time.Duration, error) {
	places, err := c.Places(ctx, id)
	return places[id].Position, places[id].Wait, err
}

// phones are the SIP addresses and numbers at which agents are rung.
type phones struct{ *roster.Store }

func (p phones) Phones(ctx context.Context, agent gateway.AgentID) ([]string, error) {
	list, err := p.Store.Phones(ctx, agent)
	var out []string
	for _, ph := range list {
		if ph.Usable() {
			out = append(out, ph.Address)
		}
	}
	return out, err
}

// queues says how long callers may wait.
type queues struct{ *roster.Store }

func (q queues) MaxWait(ctx context.Context, id gateway.QueueID) (gateway.Seconds, error) {
	queue, err := q.Queue(ctx, id)
	if queue.MaxWait == 0 && slices.ContainsFunc(queue.Steps, endsWaiting) {
		return -1, err
	}
	return queue.MaxWait, err
}

// endsWaiting says whether a step sends callers on.
func endsWaiting(s gateway.Step) bool {
	if len(s.Channels) > 0 && !slices.Contains(s.Channels, gateway.Voice) {
		return false
	}
	return s.Do == gateway.ToVoicemail || s.Do == gateway.ToExternal || s.Do == gateway.HangUp
}

// identities are the addresses that queues write from.
type identities struct{ *roster.Store }

func (i identities) Identities(ctx context.Context) (list []string, err error) {
	queues, err := i.Queues(ctx, roster.QueueFilter{})
	for _, q := range queues {
		if q.FromAddress != "" {
			list = append(list, q.FromAddress)
		}
	}
	return list, err
}

// replies makes agents' answers mail.
type replies struct {
	*email.Email
	language string // of what stands above a mail that is passed on
}

func (r replies) Compose(ctx context.Context, tx pgx.Tx, m api.MailReply) (gateway.Outbound, gateway.Mail, error) {
	return r.Email.Compose(ctx, tx, email.Reply(m))
}

func (r replies) Forward(m api.MailReply, e gateway.Entry) (api.MailReply, int, error) {
	forwarded, quoted, err := email.Forward(email.Reply(m), e, r.language)
	return api.MailReply(forwarded), quoted, err
}

func (r replies) Answer(ctx context.Context, m gateway.Mail, identities []string) (author, all api.Recipients, err error) {
	one, every, err := r.Email.Answer(ctx, m, identities)
	return api.Recipients(one), api.Recipients(every), err
}
