package email

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

// Acknowledgement is what a mailbox answers by itself to the first mail of a conversation.
// An empty text answers nothing.
type Acknowledgement struct {
	Open   string // while the queue is open
	Closed string // while it is closed
}

func (a Acknowledgement) text(open bool) string {
	if open {
		return a.Open
	}
	return a.Closed
}

// Answers are what the house does with an acknowledgement: it stands on the conversation
// and in the outbox with the mail that it answers, or not at all.
type Answers interface {
	Answer(ctx context.Context, tx pgx.Tx, e gateway.Entry, out gateway.Outbound) error
	// Open says whether a queue is open now.
	Open(ctx context.Context, queue gateway.QueueID) (bool, error)
}

// dailyAnswers is how many automatic answers a sender gets in 24 hours, whatever comes:
// the last guard against a machine that says of itself that it is a person.
const dailyAnswers = 3

// deserves says whether a mail is answered by itself. RFC 3834 §2: never one that a machine
// wrote; nor one of ours, or of whom its own domain disowns, or that asks for no more of
// them. What goes on with a conversation needs no acknowledgement.
func (p *poller) deserves(r *receivedMail, received gateway.Received) bool {
	l := r.letter
	return !received.Repeated && received.Pos == 1 && r.broken == "" && l.Automatic == letter.Person &&
		!l.Authentication.Forged() && l.From.Value != "" && !p.us.has(l.From) && !p.leaves(l)
}

// acknowledgements is what is answered to mails that come now; empty: nothing.
func (p *poller) acknowledgements(ctx context.Context) (string, error) {
	a := p.box.Acknowledge
	if a == (Acknowledgement{}) {
		return "", nil
	}
	open, err := p.in.Answers.Open(ctx, p.box.Queue)
	if err != nil {
		return "", fmt.Errorf("ask whether queue %d is open: %w", p.box.Queue, err)
	}
	return a.text(open), nil
}

// acknowledge answers mails in the transaction that takes them in.
func (p *poller) acknowledge(ctx context.Context, tx pgx.Tx, mails []*receivedMail, received []gateway.Received, text string) error {
	if text == "" {
		return nil
	}
	for i, r := range mails {
		if !p.deserves(r, received[i]) {
			continue
		}
		tx, err := prompt(ctx, tx)
		if err != nil {
			return err
		}
		if may, err := mayAnswer(ctx, tx, r.letter.From.Value); err != nil || !may {
			if err != nil {
				return err
			}
			continue
		}
		if err := p.answer(ctx, tx, r, received[i], text); err != nil {
			return err
		}
	}
	return nil
}

// mayAnswer counts an automatic answer, unless its reader has had enough of them, or wants none. Whoever
// answers the same one at the same time is waited for.
func mayAnswer(ctx context.Context, tx pgx.Tx, to string) (bool, error) {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('auto_answer ' || $1, 0))`, to); err != nil {
		return false, fmt.Errorf("count automatic answers: %w", err)
	}
	tag, err := tx.Exec(ctx, `
		insert into auto_answer (address)
		select $1
		where not exists (select from unsubscribed where address = lower($1))
			and (select count(*) from auto_answer where address = $1 and at > now() - interval '24 hours') < $2`, to, dailyAnswers)
	if err != nil {
		return false, fmt.Errorf("count automatic answers: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

func (p *poller) answer(ctx context.Context, tx pgx.Tx, r *receivedMail, received gateway.Received, text string) error {
	out, mail, err := p.compose(p.box, draft{automatic: true, Reply: Reply{
		Conversation: received.Conversation, Queue: p.box.Queue, Answers: mailOf(r), References: r.letter.References,
		To: []gateway.Address{r.letter.From}, Text: text,
	}})
	if err != nil {
		return err
	}
	body, err := json.Marshal(mail)
	if err != nil {
		return fmt.Errorf("write down an acknowledgement: %w", err)
	}
	return p.in.Answers.Answer(ctx, tx, gateway.Entry{
		Conversation: received.Conversation, Kind: gateway.EntryMail, Channel: gateway.Email, Author: gateway.Author{Kind: gateway.BySystem},
		ClientID: r.key + "/acknowledged", Text: text, Body: body, At: time.Now(),
	}, out)
}
