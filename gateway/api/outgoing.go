package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/retry"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/kb"
	"github.com/vaxelhq/vaxel/tickets"
)

// ready is a mail that only has to be composed and committed.
type ready struct {
	entry  gateway.Entry
	reply  MailReply
	links  []kb.Given        // FAQ links in it
	seen   int64             // position; 0 does not care
	passes int64             // position of the mail that it passes on
	quoted int               // where that begins in the text
	sendAt time.Time         // not before this; zero: at once
	draft  tickets.DraftKind // that it was until now; empty: none
	rev    int64             // of it; 0: whichever it is
}

// signed says from whom a mail is: the agent, and the queue's identity.
func (s *Server) signed(ctx context.Context, by access.Caller, r MailReply) (MailReply, error) {
	r.Agent, r.AgentName = by.Agent, by.Name
	var err error
	if r.Ours, err = s.identities(ctx); err != nil || r.Queue == 0 {
		return r, err
	}
	q, err := s.Roster.Queue(ctx, r.Queue)
	r.Sender = gateway.Address{Kind: gateway.AddressEmail, Value: q.FromAddress, Name: q.FromName}
	return r, err
}

// signedFrom is signed with the identity of another queue that the agent is in, 0: the mail's.
func (s *Server) signedFrom(ctx context.Context, by access.Caller, r MailReply, from gateway.QueueID) (MailReply, error) {
	if from == 0 || from == r.Queue {
		return s.signed(ctx, by, r)
	}
	agent, err := s.Roster.Agent(ctx, by.Agent)
	if err != nil {
		return r, err
	}
	if !slices.Contains(memberOf(agent), from) {
		return r, gateway.Forbidden("not_in_queue", "you are not in the queue that the mail would be from; choose one of yours")
	}
	r.Queue = from
	return s.signed(ctx, by, r)
}

// identities are the addresses that queues write from, beside those of mailboxes.
func (s *Server) identities(ctx context.Context) (list []string, err error) {
	queues, err := s.Roster.Queues(ctx, roster.QueueFilter{})
	for _, q := range queues {
		if q.FromAddress != "" {
			list = append(list, q.FromAddress)
		}
	}
	return list, err
}

// send commits a mail of an interaction in one transaction.
func (s *Server) send(ctx context.Context, i gateway.Interaction, r ready) (e gateway.Entry, err error) {
	var news []gateway.Event
	crash.At("reply.begun")
	err = retry.Tx(ctx, s.Pool, func(tx pgx.Tx) error {
		if e, news, err = s.post(ctx, tx, i.Case, r); err != nil {
			return err
		}
		if err := s.Feed.Append(ctx, tx, news...); err != nil {
			return err
		}
		crash.At("reply.committing")
		return nil
	})
	if err != nil {
		return e, fmt.Errorf("reply in conversation %d: %w", i.Conversation, err)
	}
	crash.At("reply.committed")
	s.Feed.Announce(news...)
	s.Outbox.Wake()
	return e, nil
}

// post writes a mail down: the entry, the row that the outbox will hand over, the Message-ID
// by which its answer is known, and the FAQ links that it gives. A repeated one is news to
// nobody.
func (s *Server) post(ctx context.Context, tx pgx.Tx, c gateway.CaseID, r ready) (e gateway.Entry, news []gateway.Event, err error) {
	e = r.entry
	r.reply.SendAt = r.sendAt
	out, mail, err := s.Mail.Compose(ctx, tx, r.reply)
	if err != nil {
		return e, nil, err
	}
	mail.Forwards, mail.Quoted = r.passes, r.quoted
	if e.Text == "" { // an answer to an invitation without a word
		e.Text = mail.Subject
	}
	e.Body = mustJSON(mail)
	if r.seen > 0 {
		if err := s.Timeline.Compare(ctx, tx, e.Conversation, r.seen); err != nil {
			return e, nil, err
		}
	}
	if err := s.Timeline.Append(ctx, tx, &e); err != nil || e.Repeated {
		return e, nil, err
	}
	for _, a := range mail.Attachments {
		if err := s.Blobs.Note(ctx, tx, a.Blob, a.Size, a.Type, a.Name); err != nil {
			return e, nil, err
		}
	}
	out.Pos, out.SendAt = e.Pos, r.sendAt
	if _, err := s.Outbox.Add(ctx, tx, out); err != nil {
		return e, nil, err
	}
	if err := s.Timeline.Refer(ctx, tx, e.Conversation, out.MessageID); err != nil {
		return e, nil, err
	}
	if err := s.KB.Give(ctx, tx, r.links); err != nil {
		return e, nil, err
	}
	if !e.Internal {
		if err := s.Cases.Note(ctx, tx, c, e); err != nil {
			return e, nil, err
		}
	}
	news, err = s.drafted(ctx, tx, r)
	return e, append(news, gateway.MessageCreated(e)), err
}

// drafted ends the draft that its writer sends now.
func (s *Server) drafted(ctx context.Context, tx pgx.Tx, r ready) ([]gateway.Event, error) {
	if r.draft == "" {
		return nil, nil
	}
	was, news, err := s.Cases.DraftSent(ctx, tx, r.entry.Conversation, r.draft, r.reply.Agent, r.rev)
	if err != nil {
		return nil, err
	}
	return news, (&work{s: s, tx: tx}).keepFiles(ctx, was.Attachments, nil)
}
