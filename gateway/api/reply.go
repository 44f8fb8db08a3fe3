package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/retry"
	"github.com/vaxelhq/vaxel/kb"
)

type replyIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ClientID    string               `json:"client_id,omitempty" maxLength:"100" doc:"Your own id; the same id twice is one mail"`
		Text        string               `json:"text" minLength:"1" maxLength:"200000"`
		HTML        string               `json:"html,omitempty" maxLength:"1000000"`
		To          []gateway.Address    `json:"to,omitempty" doc:"Who wrote last, unless set"`
		Cc          []gateway.Address    `json:"cc,omitempty"`
		Subject     string               `json:"subject,omitempty" maxLength:"500"`
		Attachments []gateway.Attachment `json:"attachments,omitempty" maxItems:"50"`
		SeenPos     int64                `json:"seen_pos,omitempty" doc:"The last position you have read: refused when a colleague has answered since. 0 sends anyway"`
	}
}

func (s *Server) registerReply() {
	add(s, operation{
		Method: http.MethodPost, Path: "/interactions/{id}/reply", ID: "reply", Summary: "Answer a mail",
		Role: gateway.RoleAgent, Status: http.StatusCreated, MaxBody: 4 << 20,
	}, s.reply)
}

// mailsRead is how many of a conversation's latest entries are searched for what a
// reply answers and refers to.
const mailsRead = 100

func (s *Server) reply(ctx context.Context, by access.Caller, in *replyIn) (gateway.Entry, error) {
	for _, a := range slices.Concat(in.Body.To, in.Body.Cc) {
		if err := mailAddress(a); err != nil {
			return gateway.Entry{}, err
		}
	}
	id := cmp.Or(in.Body.ClientID, in.Key)
	i, before, err := s.mine(ctx, by, in.ID, id)
	if err != nil || before.Pos != 0 {
		return before, err
	}
	if before, ok := s.said(ctx, by, i, id); ok { // seen_pos is of before it
		return before, nil
	}
	if err := s.stored(ctx, in.Body.Attachments); err != nil {
		return gateway.Entry{}, err
	}
	r, err := s.answering(ctx, by, i)
	if err != nil {
		return gateway.Entry{}, err
	}
	r.To, r.Cc, r.Subject = in.Body.To, in.Body.Cc, in.Body.Subject
	tied, links := s.KB.Tie(i.Conversation, by.Agent, in.Body.Text, in.Body.HTML)
	r.Text, r.HTML, r.Attachments = tied[0], tied[1], in.Body.Attachments
	out, mail, err := s.Mail.Compose(ctx, r)
	if err != nil {
		return gateway.Entry{}, err
	}
	e := gateway.Entry{
		Conversation: i.Conversation, Interaction: i.ID, Channel: gateway.Email, Kind: gateway.EntryMail,
		Author: author(by), ClientID: cmp.Or(id, uuid.Must(uuid.NewV7()).String()), Text: r.Text, At: time.Now().UTC(),
	}
	return s.send(ctx, i, ready{e, mail, out, links, in.Body.SeenPos})
}

// stored refuses attachments that nobody has uploaded, or that were swept since.
func (s *Server) stored(ctx context.Context, list []gateway.Attachment) error {
	for _, a := range list {
		f, err := s.Blobs.Open(ctx, a.Blob)
		if errors.Is(err, gateway.ErrNotFound) {
			return &gateway.Error{
				Kind: gateway.KindUnprocessed, Code: "no_such_attachment", Data: map[string]string{"blob": a.Blob},
				Detail: fmt.Sprintf("the file %s is not here; send it again with POST /api/v1/attachments and name it as that answers", a.Blob),
			}
		}
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// answering gathers what the reply answers: the latest mail from the customer and the
// Message-IDs of the conversation.
func (s *Server) answering(ctx context.Context, by access.Caller, i gateway.Interaction) (MailReply, error) {
	r := MailReply{Conversation: i.Conversation, Queue: i.Queue, Agent: by.Agent, AgentName: by.Name}
	c, err := s.Cases.Case(ctx, i.Case)
	if err != nil {
		return r, err
	}
	r.CaseNumber, r.Subject = c.Number, c.Subject
	entries, err := s.Timeline.Before(ctx, i.Conversation, 0, mailsRead)
	if err != nil {
		return r, err
	}
	for _, e := range entries {
		var m gateway.Mail
		if e.Kind != gateway.EntryMail || json.Unmarshal(e.Body, &m) != nil {
			continue
		}
		if m.MessageID != "" {
			r.References = append(r.References, m.MessageID)
		}
		if e.Author.Kind == gateway.ByCustomer || r.Answers.MessageID == "" {
			r.Answers = m
		}
	}
	return r, nil
}

// ready is a mail that only has to be committed.
type ready struct {
	entry gateway.Entry
	mail  gateway.Mail
	out   gateway.Outbound
	links []kb.Given // FAQ links in it
	seen  int64      // position; 0 does not care
}

// send commits a mail in one transaction: the entry, the row that the outbox will hand
// over, the Message-ID by which its answer is known, and the FAQ links that it gives.
func (s *Server) send(ctx context.Context, i gateway.Interaction, r ready) (e gateway.Entry, err error) {
	var news []gateway.Event
	r.entry.Body = mustJSON(r.mail)
	crash.At("reply.begun")
	err = retry.Tx(ctx, s.Pool, func(tx pgx.Tx) error {
		e, news = r.entry, nil
		if r.seen > 0 {
			if err := s.Timeline.Compare(ctx, tx, i.Conversation, r.seen); err != nil {
				return err
			}
		}
		if err := s.Timeline.Append(ctx, tx, &e); err != nil {
			return err
		}
		if e.Repeated {
			return nil
		}
		for _, a := range r.mail.Attachments {
			if err := s.Blobs.Note(ctx, tx, a.Blob, a.Size, a.Type, a.Name); err != nil {
				return err
			}
		}
		r.out.Pos = e.Pos
		if _, err := s.Outbox.Add(ctx, tx, r.out); err != nil {
			return err
		}
		if err := s.Timeline.Refer(ctx, tx, i.Conversation, r.out.MessageID); err != nil {
			return err
		}
		if err := s.KB.Give(ctx, tx, r.links); err != nil {
			return err
		}
		if err := s.Cases.Note(ctx, tx, i.Case, e); err != nil {
			return err
		}
		news = []gateway.Event{gateway.MessageCreated(e)}
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

// mustJSON writes words of ours, which can always be written.
func mustJSON(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}
