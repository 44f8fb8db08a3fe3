package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type replyIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ClientID    string               `json:"client_id,omitempty" maxLength:"100" doc:"Your own id; the same id twice is one mail"`
		Text        string               `json:"text" minLength:"1" maxLength:"200000"`
		HTML        string               `json:"html,omitempty" maxLength:"1000000"`
		To          []gateway.Address    `json:"to,omitempty" maxItems:"100" doc:"Who wrote last, unless set"`
		Cc          []gateway.Address    `json:"cc,omitempty" maxItems:"100"`
		Bcc         []gateway.Address    `json:"bcc,omitempty" maxItems:"100" doc:"They get it, and nobody else hears of it"`
		From        gateway.QueueID      `json:"from,omitempty" doc:"From whose identity: a queue that you are in; the interaction's, unless set"`
		All         bool                 `json:"all,omitempty" doc:"Without to: also to the others who got the mail"`
		Subject     string               `json:"subject,omitempty" maxLength:"500"`
		Attachments []gateway.Attachment `json:"attachments,omitempty" maxItems:"50"`
		SendAt      *time.Time           `json:"send_at,omitempty" doc:"Not before this, within a year; until it leaves it can be cancelled"`
		Hold        int                  `json:"hold,omitempty" minimum:"0" maximum:"600" doc:"Seconds in which it can be cancelled, before it leaves"`
		Sign        bool                 `json:"sign,omitempty" doc:"With the signature of the queue, or your own, below"`
		SeenPos     int64                `json:"seen_pos,omitempty" doc:"The last position you have read: refused when a colleague has answered since. 0 sends anyway"`
		Draft       int64                `json:"draft,omitempty" minimum:"0" doc:"The rev of your draft that it was, which ends with it; a later one stays. Any unless set"`
	}
}

type answeringIn struct {
	ID gateway.InteractionID `path:"id"`
}

// Answering is whom the answer to a mail would go to, and from whom.
type Answering struct {
	Pos    int64      `json:"pos" doc:"The mail that is answered; 0 when there is none"`
	Author Recipients `json:"author" doc:"Who wrote it"`
	All    Recipients `json:"all" doc:"Who wrote it, and the others who got it, without ourselves"`
}

func (s *Server) registerReply() {
	agent := gateway.RoleAgent
	add(s, operation{
		Method: http.MethodPost, Path: "/interactions/{id}/reply", ID: "reply", Summary: "Answer a mail",
		Role: agent, Status: http.StatusCreated, MaxBody: mailMax,
	}, s.reply)
	add(s, operation{
		Method: http.MethodGet, Path: "/interactions/{id}/recipients", ID: "recipients", Summary: "Whom an answer goes to", Role: agent,
	}, s.recipients)
	add(s, operation{
		Method: http.MethodPost, Path: "/interactions/{id}/invitation", ID: "answer-invitation", Summary: "Answer an invitation to a meeting",
		Role: agent, Status: http.StatusCreated,
	}, s.answerInvitation)
	add(s, operation{
		Method: http.MethodPost, Path: "/interactions/{id}/forward", ID: "forward", Summary: "Pass a mail on to somebody else",
		Role: agent, Status: http.StatusCreated, MaxBody: mailMax,
	}, s.forward)
	addSilent(s, operation{
		Method: http.MethodPost, Path: "/conversations/{id}/entries/{pos}/cancel", ID: "cancel-mail", Summary: "Keep a mail of yours from leaving, while it has not",
		Role: agent,
	}, s.cancelMail)
	add(s, operation{
		Method: http.MethodPost, Path: "/mails", ID: "write-mail", Summary: "Write to somebody who has not written",
		Role: agent, Status: http.StatusCreated, MaxBody: mailMax, Once: true,
	}, s.writeMail)
}

// mailMax is the longest mail with its HTML, escaped, in bytes.
const mailMax = 4 << 20

// reply answers a mail. Its entry and its outbound row are one commit; what was sent under the
// same client_id is given again, so that a client may repeat it after a time-out.
func (s *Server) reply(ctx context.Context, by access.Caller, in *replyIn) (gateway.Entry, error) {
	if err := mailAddresses(in.Body.To, in.Body.Cc, in.Body.Bcc); err != nil {
		return gateway.Entry{}, err
	}
	id := cmp.Or(in.Body.ClientID, in.Key)
	i, before, err := s.speaking(ctx, by, in.ID, id)
	if err != nil || before.Pos != 0 {
		return before, err
	}
	if err := s.carried(ctx, in.Body.HTML, in.Body.Attachments); err != nil {
		return gateway.Entry{}, err
	}
	r, _, err := s.answering(ctx, i)
	if err != nil {
		return gateway.Entry{}, err
	}
	if r, err = s.signedFrom(ctx, by, r, in.Body.From); err != nil {
		return gateway.Entry{}, err
	}
	sendAt, err := leaves(in.Body.SendAt, in.Body.Hold)
	if err != nil {
		return gateway.Entry{}, err
	}
	r.To, r.Cc, r.Bcc, r.All = in.Body.To, in.Body.Cc, in.Body.Bcc, in.Body.All
	r.Subject, r.Attachments = in.Body.Subject, in.Body.Attachments
	w, err := s.signedFor(ctx, by, i, in.Body.Sign, tickets.Words{Text: in.Body.Text, HTML: in.Body.HTML})
	if err != nil {
		return gateway.Entry{}, err
	}
	tied, links := s.KB.Tie(i.Conversation, by.Agent, w.Text, w.HTML)
	r.Text, r.HTML = tied[0], tied[1]
	return s.send(ctx, i, ready{entry: s.mailEntry(by, i, id, r.Text), reply: r, links: links, seen: in.Body.SeenPos, sendAt: sendAt, draft: tickets.DraftReply, rev: in.Body.Draft})
}

// speaking is mine, for what is said again after more was said: seen_pos is of before it.
func (s *Server) speaking(ctx context.Context, by access.Caller, id gateway.InteractionID, clientID string) (i gateway.Interaction, before gateway.Entry, err error) {
	if i, before, err = s.mine(ctx, by, id, clientID); err != nil || before.Pos != 0 {
		return i, before, err
	}
	before, _ = s.said(ctx, by, i, clientID)
	return i, before, nil
}

func (s *Server) mailEntry(by access.Caller, i gateway.Interaction, id, text string) gateway.Entry {
	return gateway.Entry{
		Conversation: i.Conversation, Interaction: i.ID, Channel: gateway.Email, Kind: gateway.EntryMail,
		Author: author(by), ClientID: cmp.Or(id, uuid.Must(uuid.NewV7()).String()), Text: text, At: time.Now().UTC(),
	}
}

func mailAddresses(lists ...[]gateway.Address) error {
	for _, a := range slices.Concat(lists...) {
		if err := mailAddress(a); err != nil {
			return err
		}
	}
	return nil
}

// recipients says whom a reply would go to, before one is written.
func (s *Server) recipients(ctx context.Context, _ access.Caller, in *answeringIn) (Answering, error) {
	i, err := s.Floor.Interaction(ctx, in.ID)
	if err != nil {
		return Answering{}, err
	}
	r, pos, err := s.answering(ctx, i)
	if err != nil {
		return Answering{}, err
	}
	ours, err := s.identities(ctx)
	if err != nil {
		return Answering{}, err
	}
	author, all, err := s.Mail.Answer(ctx, r.Answers, ours)
	return Answering{pos, listed(author), listed(all)}, err
}

func listed(r Recipients) Recipients { return Recipients{orEmpty(r.To), orEmpty(r.Cc)} }

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

// mailsRead is how many of a conversation's latest entries are searched for what a
// reply answers and refers to.
const mailsRead = 100

// answering gathers what the reply answers: the latest mail from the customer, its
// position, and the Message-IDs of its thread.
func (s *Server) answering(ctx context.Context, i gateway.Interaction) (r MailReply, pos int64, err error) {
	r = MailReply{Conversation: i.Conversation, Queue: i.Queue}
	c, err := s.Cases.Case(ctx, i.Case)
	if err != nil {
		return r, 0, err
	}
	r.CaseNumber, r.Subject = c.Number, c.Subject
	entries, err := s.Timeline.Before(ctx, i.Conversation, 0, mailsRead)
	if err != nil {
		return r, 0, err
	}
	here, err := s.unsent(ctx, i.Conversation)
	if err != nil {
		return r, 0, err
	}
	var mails []gateway.Mail
	for _, e := range entries {
		var m gateway.Mail
		if e.Kind != gateway.EntryMail || json.Unmarshal(e.Body, &m) != nil {
			continue
		}
		if here[e.Pos] { // nobody can know it by its id; it still says who is written to
			m.MessageID = ""
		}
		mails = append(mails, m)
		if e.Author.Kind == gateway.ByCustomer || r.Answers.MessageID == "" && m.Forwards == 0 {
			r.Answers, pos = m, e.Pos
		}
	}
	if pos == 0 { // it came otherwise than by mail
		r.Answers.From, err = s.reachedBy(ctx, i.Case)
	}
	r.References = thread(mails, r.Answers)
	return r, pos, err
}

// unsent are the positions of a conversation's mails that have not left, or never will.
func (s *Server) unsent(ctx context.Context, conversation gateway.ConversationID) (here map[int64]bool, err error) {
	list, err := s.Outbox.Of(ctx, conversation)
	here = map[int64]bool{}
	for _, out := range list {
		here[out.Pos] = out.State == gateway.OutboundCancelled || out.State == gateway.OutboundQueued && !out.SendAt.IsZero()
	}
	return here, err
}

// reachedBy is the address of a case's customer, if people write mail to it.
func (s *Server) reachedBy(ctx context.Context, id gateway.CaseID) (a gateway.Address, err error) {
	briefs, err := s.Cases.Briefs(ctx, id)
	if b := briefs[id]; strings.Contains(b.CustomerAddress, "@") {
		a = gateway.Address{Kind: gateway.AddressEmail, Value: b.CustomerAddress, Name: b.CustomerName}
	}
	return a, err
}

// thread gives the Message-IDs among a conversation's mails that its answer refers to (RFC
// 5322 §3.6.4). What was passed on and what came of that is another thread: whoever reads
// the one has not seen the other.
func thread(mails []gateway.Mail, answers gateway.Mail) (references []string) {
	of := map[string]string{} // Message-ID → that of the mail that began its thread; empty: the customer's
	for _, m := range mails {
		if m.MessageID == "" {
			continue
		}
		if of[m.MessageID] = of[m.InReplyTo]; m.Forwards != 0 {
			of[m.MessageID] = m.MessageID
		}
	}
	for _, m := range mails {
		if m.MessageID != "" && of[m.MessageID] == of[answers.MessageID] {
			references = append(references, m.MessageID)
		}
	}
	return references
}

// mustJSON writes words of ours, which can always be written.
func mustJSON(v any) json.RawMessage {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return body
}
