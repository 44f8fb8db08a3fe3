package api

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type forwardIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ClientID    string               `json:"client_id,omitempty" maxLength:"100" doc:"Your own id; the same id twice is one mail"`
		To          []gateway.Address    `json:"to" minItems:"1" maxItems:"100"`
		Cc          []gateway.Address    `json:"cc,omitempty" maxItems:"100"`
		Bcc         []gateway.Address    `json:"bcc,omitempty" maxItems:"100" doc:"They get it, and nobody else hears of it"`
		From        gateway.QueueID      `json:"from,omitempty" doc:"From whose identity: a queue that you are in; the interaction's, unless set"`
		Pos         int64                `json:"pos,omitempty" minimum:"0" doc:"The mail to pass on; the latest from the customer unless set"`
		Text        string               `json:"text,omitempty" maxLength:"200000" doc:"Above it"`
		HTML        string               `json:"html,omitempty" maxLength:"1000000"`
		Subject     string               `json:"subject,omitempty" maxLength:"500"`
		SendAt      *time.Time           `json:"send_at,omitempty" doc:"Not before this, within a year; until it leaves it can be cancelled"`
		Hold        int                  `json:"hold,omitempty" minimum:"0" maximum:"600" doc:"Seconds in which it can be cancelled, before it leaves"`
		Sign        bool                 `json:"sign,omitempty" doc:"With the signature of the queue, or your own, below the text"`
		Attachments []gateway.Attachment `json:"attachments,omitempty" maxItems:"50" doc:"Beside its own, which go with it"`
		Draft       int64                `json:"draft,omitempty" minimum:"0" doc:"The rev of your draft that it was, which ends with it; a later one stays. Any unless set"`
	}
}

// forward passes a mail on to somebody else, from the same case: what they answer comes to
// it, and they are customers of their own. The customer does not see it.
func (s *Server) forward(ctx context.Context, by access.Caller, in *forwardIn) (gateway.Entry, error) {
	b := in.Body
	if err := mailAddresses(b.To, b.Cc, b.Bcc); err != nil {
		return gateway.Entry{}, err
	}
	id := cmp.Or(b.ClientID, in.Key)
	i, before, err := s.speaking(ctx, by, in.ID, id)
	if err != nil || before.Pos != 0 {
		return before, err
	}
	if err := s.carried(ctx, b.HTML, b.Attachments); err != nil {
		return gateway.Entry{}, err
	}
	r, pos, err := s.answering(ctx, i)
	if err != nil {
		return gateway.Entry{}, err
	}
	original, err := s.mailAt(ctx, i.Conversation, cmp.Or(b.Pos, pos))
	if err != nil {
		return gateway.Entry{}, err
	}
	if r, err = s.signedFrom(ctx, by, r, b.From); err != nil {
		return gateway.Entry{}, err
	}
	sendAt, err := leaves(b.SendAt, b.Hold)
	if err != nil {
		return gateway.Entry{}, err
	}
	r.To, r.Cc, r.Bcc, r.Subject, r.Attachments = b.To, b.Cc, b.Bcc, b.Subject, b.Attachments
	w, err := s.signedFor(ctx, by, i, b.Sign, tickets.Words{Text: b.Text, HTML: b.HTML})
	if err != nil {
		return gateway.Entry{}, err
	}
	tied, links := s.KB.Tie(i.Conversation, by.Agent, w.Text, w.HTML)
	r.Text, r.HTML = tied[0], tied[1]
	r, quoted, err := s.Mail.Forward(r, original)
	if err != nil {
		return gateway.Entry{}, err
	}
	e := s.mailEntry(by, i, id, r.Text)
	e.Internal = true
	return s.send(ctx, i, ready{entry: e, reply: r, links: links, passes: original.Pos, quoted: quoted, sendAt: sendAt, draft: tickets.DraftForward, rev: b.Draft})
}

// mailAt gives the mail at a position of a conversation.
func (s *Server) mailAt(ctx context.Context, conversation gateway.ConversationID, pos int64) (gateway.Entry, error) {
	e, err := s.Timeline.Entry(ctx, conversation, pos)
	if errors.Is(err, gateway.ErrNotFound) || err == nil && e.Kind != gateway.EntryMail {
		return e, &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_mail", Detail: "there is no mail at that position to pass on; give pos of one"}
	}
	return e, err
}
