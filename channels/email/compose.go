package email

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

// Reply is what an agent wrote, and what it answers.
type Reply struct {
	Conversation gateway.ConversationID
	Queue        gateway.QueueID
	CaseNumber   int64
	Agent        gateway.AgentID
	AgentName    string
	Sender       gateway.Address   // the queue's identity; where it is empty, the mailbox's own
	Answers      gateway.Mail      // the latest mail of the conversation; zero for a first mail
	References   []string          // Message-IDs of the conversation, oldest first
	To, Cc, Bcc  []gateway.Address // without To: whom Answers is from
	All          bool              // and, without To, everybody else who got it
	Ours         []string          // identities of queues, which are not among them
	Subject      string
	Text, HTML   string
	Attachments  []gateway.Attachment
	SendAt       time.Time                // not before this; zero: at once
	Language     string                   // of what we say in it ourselves
	Invitation   *gateway.Invitation      // that it answers; nil: none
	Attend       gateway.InvitationAnswer // what it answers
}

// draft is a reply as it is composed, by a person or by a machine.
type draft struct {
	Reply
	automatic bool
	attendee  gateway.Address // of an answer to an invitation: as who
	comment   string          // and what the agent wrote to it
}

// outgoing is an outbound's body: all but the attachments' bytes, which lie in blobs.
type outgoing struct {
	Mailbox      MailboxID              `json:"mailbox"`
	Conversation gateway.ConversationID `json:"conversation"`
	Letter       letter.Reply           `json:"letter"`
	Files        []gateway.Attachment   `json:"files,omitempty"`
}

// Compose makes a reply ready: its recipients, headers and a Message-ID that stays the
// same however often it is sent. Nothing is sent; the outbound is for the outbox and the
// mail for the timeline, in the author's transaction, tx, which may have begun the
// conversation a moment ago.
func (e *Email) Compose(ctx context.Context, tx pgx.Tx, r Reply) (gateway.Outbound, gateway.Mail, error) {
	boxes, err := mailboxes(ctx, tx)
	if err != nil {
		return gateway.Outbound{}, gateway.Mail{}, err
	}
	box, err := mailboxFor(boxes, r)
	if err != nil {
		return gateway.Outbound{}, gateway.Mail{}, err
	}
	if r.Invitation != nil {
		return e.compose(box, attending(draft{Reply: r}, ourselves(boxes, r.Ours), box))
	}
	if len(r.To) == 0 {
		to := ourselves(boxes, r.Ours).answer(r.Answers, r.All)
		r.To, r.Cc = to.To, append(to.Cc, r.Cc...)
	}
	return e.compose(box, draft{Reply: r})
}

// ComposeAutomatic is Compose for what nobody has written, nor asked for: it says so of itself, and how
// its reader gets no more of it (RFC 3834, 8058). False where they want none, or have had enough today.
func (e *Email) ComposeAutomatic(ctx context.Context, tx pgx.Tx, r Reply) (out gateway.Outbound, may bool, err error) {
	boxes, err := mailboxes(ctx, tx)
	if err != nil {
		return out, false, err
	}
	box, err := mailboxFor(boxes, r)
	if err != nil {
		return out, false, err
	}
	if may, err = mayAnswer(ctx, tx, r.To[0].Value); err != nil || !may {
		return out, false, err
	}
	out, _, err = e.compose(box, draft{Reply: r, automatic: true})
	return out, true, err
}

func (e *Email) compose(box Mailbox, r draft) (gateway.Outbound, gateway.Mail, error) {
	date := time.Now()
	if r.SendAt.After(date) {
		date = r.SendAt // its reader sees when it left
	}
	l := letter.Reply{
		MessageID: e.token.messageID(r.Conversation, box.domain()), Date: date.UTC().Truncate(time.Second),
		From: gateway.Address{Kind: gateway.AddressEmail, Value: cmp.Or(r.Sender.Value, box.Address), Name: fromName(r.AgentName, cmp.Or(r.Sender.Name, box.Name))},
		To:   r.To, Cc: r.Cc, Subject: subject(r.Reply), Text: r.Text, Automatic: r.automatic, HTML: letter.Safe(r.HTML),
		InReplyTo: r.Answers.MessageID, References: r.References,
	}
	if r.Invitation != nil {
		l.Calendar = letter.AnswerInvitation(*r.Invitation, r.attendee, r.Attend, r.comment, l.Date)
	}
	if r.automatic {
		l.Leave = e.leaveAt(box, r.Reply)
	}
	if l.HTML == "" {
		l.HTML = letter.RichText(r.Text)
	}
	if l.InReplyTo != "" && !slices.Contains(l.References, l.InReplyTo) {
		l.References = append(slices.Clone(l.References), l.InReplyTo)
	}
	switch { // what is answered must come to a mailbox that is read
	case box.Plus:
		l.ReplyTo = gateway.Address{Kind: gateway.AddressEmail, Value: e.token.address(box.Address, r.Conversation), Name: box.Name}
	case l.From.Value != box.Address:
		l.ReplyTo = gateway.Address{Kind: gateway.AddressEmail, Value: box.Address, Name: box.Name}
	}
	if _, err := l.Compose(); err != nil { // refuse now, not when the agent has gone
		return gateway.Outbound{}, gateway.Mail{}, err
	}
	body, err := json.Marshal(outgoing{box.ID, r.Conversation, l, r.Attachments})
	if err != nil {
		return gateway.Outbound{}, gateway.Mail{}, fmt.Errorf("write down reply: %w", err)
	}
	out := gateway.Outbound{Kind: gateway.OutboundEmail, Conversation: r.Conversation, MessageID: l.MessageID, Body: body, Via: box.Address, Filed: box.SentFolder != ""}
	for _, a := range slices.Concat(l.To, l.Cc, r.Bcc) { // of Bcc the mail itself says nothing: RFC 5322 §3.6.3
		out.Recipients = append(out.Recipients, gateway.Recipient{Address: gateway.Requote(strings.TrimSpace(a.Value)), State: gateway.OutboundQueued})
	}
	return out, gateway.Mail{
		MessageID: l.MessageID, InReplyTo: l.InReplyTo, Subject: l.Subject, From: l.From, To: l.To, Cc: l.Cc, Bcc: r.Bcc,
		HTML: l.HTML, Attachments: r.Attachments, Invitation: answered(r.Reply),
	}, nil
}

// mailboxFor is the mailbox that the reply is sent from: one that was written to, before
// all the queue's own, else the queue's, else any. Of several it is the oldest.
func mailboxFor(boxes []Mailbox, r Reply) (Mailbox, error) {
	var written []string
	for _, a := range slices.Concat(r.Answers.To, r.Answers.Cc, []gateway.Address{r.Answers.From}) {
		written = append(written, strings.ToLower(a.Value))
	}
	enabled := slices.DeleteFunc(slices.Clone(boxes), func(m Mailbox) bool { return !m.Enabled })
	slices.SortFunc(enabled, func(a, b Mailbox) int { return cmp.Compare(a.ID, b.ID) })
	for _, fits := range []func(Mailbox) bool{
		func(m Mailbox) bool { return m.Queue == r.Queue && slices.Contains(written, m.Address) },
		func(m Mailbox) bool { return slices.Contains(written, m.Address) },
		func(m Mailbox) bool { return m.Queue == r.Queue },
		func(Mailbox) bool { return true },
	} {
		if i := slices.IndexFunc(enabled, fits); i >= 0 {
			return enabled[i], nil
		}
	}
	return Mailbox{}, &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_mailbox", Detail: "there is no mailbox to send from; an administrator must add one"}
}

func fromName(agent, mailbox string) string {
	if agent == "" || mailbox == "" {
		return agent + mailbox
	}
	return agent + ", " + mailbox
}

var (
	replyMarks = regexp.MustCompile(`(?i)^((re|sv|aw|vs|antw|fwd|fw|vb)(\[\d+\])?\s*:\s*)+`)
	passedOn   = regexp.MustCompile(`(?i)^(fwd|fw|vb)\b`)
	caseTag    = regexp.MustCompile(`\s*\[#\d{1,15}\]`)
)

// subject is "Re: what it was [#1042]", or Fwd where its author says so.
func subject(r Reply) string {
	s, prefix := r.Subject, ""
	if s == "" {
		s, prefix = r.Answers.Subject, "Re: "
	}
	if m := replyMarks.FindString(s); m != "" {
		s, prefix = s[len(m):], "Re: "
		if r.Subject != "" && passedOn.MatchString(m) {
			prefix = "Fwd: "
		}
	}
	s = prefix + strings.TrimSpace(caseTag.ReplaceAllString(s, ""))
	if r.CaseNumber != 0 {
		s = fmt.Sprintf("%s [#%d]", s, r.CaseNumber)
	}
	return s
}
