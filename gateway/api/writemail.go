package api

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type writeMailIn struct {
	Body struct {
		To          []gateway.Address    `json:"to,omitempty" maxItems:"100" doc:"The customer's own address, unless set"`
		Cc          []gateway.Address    `json:"cc,omitempty" maxItems:"100"`
		Bcc         []gateway.Address    `json:"bcc,omitempty" maxItems:"100" doc:"They get it, and nobody else hears of it"`
		Case        gateway.CaseID       `json:"case,omitempty" doc:"The case it is about; a new one unless set"`
		Customer    gateway.CustomerID   `json:"customer,omitempty" doc:"Whose new case it is; whom the first address of to belongs to, unless set"`
		Queue       gateway.QueueID      `json:"queue,omitempty" doc:"From whose identity; the case's, or your first queue, unless set"`
		Subject     string               `json:"subject" minLength:"1" maxLength:"500"`
		Text        string               `json:"text" minLength:"1" maxLength:"200000"`
		HTML        string               `json:"html,omitempty" maxLength:"1000000"`
		Sign        bool                 `json:"sign,omitempty" doc:"With the signature of the queue, or your own, below"`
		SendAt      *time.Time           `json:"send_at,omitempty" doc:"Not before this, within a year; until it leaves it can be cancelled"`
		Hold        int                  `json:"hold,omitempty" minimum:"0" maximum:"600" doc:"Seconds in which it can be cancelled, before it leaves"`
		Attachments []gateway.Attachment `json:"attachments,omitempty" maxItems:"50"`
	}
}

// Written is a mail that nobody had asked for, and the case that it stands on.
type Written struct {
	Case       gateway.CaseID     `json:"case"`
	CaseNumber int64              `json:"case_number"`
	Customer   gateway.CustomerID `json:"customer"`
	Entry      gateway.Entry      `json:"entry"`
}

// writeMail begins a conversation with a mail of ours. Customer, case, conversation and
// mail are committed together; the answer comes to that case.
func (s *Server) writeMail(ctx context.Context, by access.Caller, in *writeMailIn) (Written, error) {
	if err := needAgent(by); err != nil {
		return Written{}, err
	}
	b := in.Body
	if err := mailAddresses(b.To, b.Cc, b.Bcc); err != nil {
		return Written{}, err
	}
	if strings.TrimSpace(b.Subject) == "" {
		return Written{}, gateway.Invalid("subject_missing", "say in a few words what the mail is about")
	}
	if err := s.carried(ctx, b.HTML, b.Attachments); err != nil {
		return Written{}, err
	}
	c, err := s.addressed(ctx, by, in)
	if err != nil {
		return Written{}, err
	}
	sendAt, err := leaves(b.SendAt, b.Hold)
	if err != nil {
		return Written{}, err
	}
	r, err := s.signed(ctx, by, MailReply{Queue: c.Queue, Cc: b.Cc, Bcc: b.Bcc, Subject: b.Subject, Attachments: b.Attachments})
	if err != nil {
		return Written{}, err
	}
	if in.Body.Sign {
		w, err := s.signedBelow(ctx, by, c.Queue, c, tickets.Words{Text: b.Text, HTML: b.HTML})
		if err != nil {
			return Written{}, err
		}
		in.Body.Text, in.Body.HTML = w.Text, w.HTML
	}
	written, err := once(ctx, s, by, "write-mail", func(w *work) (Written, error) { return w.write(ctx, by, in, c, r, sendAt) })
	if err == nil {
		s.Outbox.Wake()
	}
	return written, err
}

// addressed is the case that is written about, or what a new one will be like.
func (s *Server) addressed(ctx context.Context, by access.Caller, in *writeMailIn) (c tickets.Case, err error) {
	if in.Body.Case != 0 {
		if c, err = s.Cases.Case(ctx, in.Body.Case); err != nil || c.Queue != 0 && in.Body.Queue == 0 {
			return c, err
		}
	} else {
		c = tickets.Case{Subject: in.Body.Subject, Customer: in.Body.Customer, Assignee: by.Agent, Channel: gateway.Email}
	}
	c.Queue, err = s.ownQueue(ctx, by, in.Body.Queue)
	return c, err
}

// write opens the case and the conversation and puts the mail into the outbox, in one
// transaction: a customer is never written to from a case that does not exist.
func (w *work) write(ctx context.Context, by access.Caller, in *writeMailIn, c tickets.Case, r MailReply, sendAt time.Time) (out Written, err error) {
	b := in.Body
	if r.To, c.Customer, err = w.reached(ctx, b.To, c.Customer); err != nil {
		return out, err
	}
	if c.ID == 0 {
		c, err = w.cases().CreateCase(ctx, c)
	} else {
		c.ID, err = w.cases().HoldCase(ctx, c.ID)
	}
	if err != nil {
		return out, err
	}
	r.CaseNumber = c.Number
	if r.Conversation, err = w.s.Timeline.Open(ctx, w.tx, c.ID, c.Customer, gateway.Email); err != nil {
		return out, err
	}
	tied, links := w.s.KB.Tie(r.Conversation, by.Agent, b.Text, b.HTML)
	r.Text, r.HTML = tied[0], tied[1]
	e := gateway.Entry{
		Conversation: r.Conversation, Channel: gateway.Email, Kind: gateway.EntryMail, Author: author(by),
		ClientID: cmp.Or(keyFrom(ctx), uuid.Must(uuid.NewV7()).String()), Text: r.Text, At: time.Now().UTC(),
	}
	e, news, err := w.s.post(ctx, w.tx, c.ID, ready{entry: e, reply: r, links: links, sendAt: sendAt})
	if err != nil {
		return out, err
	}
	if err := w.s.Feed.Append(ctx, w.tx, news...); err != nil {
		return out, err
	}
	w.tells = append(w.tells, func() { w.s.Feed.Announce(news...) })
	out = Written{Case: c.ID, CaseNumber: c.Number, Customer: c.Customer, Entry: e}
	return out, w.audit(ctx, by, "mail.written", "case:"+c.ID.String(), map[string]any{"to": r.To})
}

// reached gives whom a mail goes to and whose case it is: nobody becomes somebody's address
// because both were written to.
func (w *work) reached(ctx context.Context, to []gateway.Address, customer gateway.CustomerID) ([]gateway.Address, gateway.CustomerID, error) {
	if customer == 0 {
		if len(to) == 0 {
			return nil, 0, gateway.Invalid("no_recipient", "a message needs at least one recipient")
		}
		id, err := w.cases().Reached(ctx, to[0])
		return to, id, err
	}
	if len(to) > 0 {
		return to, customer, nil
	}
	who, err := w.cases().Customer(ctx, customer)
	for _, a := range who.Addresses {
		if a.Kind == gateway.AddressEmail {
			return []gateway.Address{{Kind: a.Kind, Value: a.Value, Name: cmp.Or(a.Name, who.Name)}}, who.ID, nil
		}
	}
	if err == nil {
		err = &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_address", Detail: "the customer has no mail address; give one in to"}
	}
	return nil, customer, err
}
