package email

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

// Written is what is kept of a letter, and why it was not kept as it was read.
func Written(l *letter.Letter) (body []byte, broken string) {
	r := &receivedMail{letter: l}
	return bodyOf(r), r.broken
}

// Pool is where a test begins the author's transaction.
func (e *Email) Pool() *pgxpool.Pool { return e.pool }

// Impatient makes the channel wait for nothing longer than a test would.
func (e *Email) Impatient() {
	e.pace = pace{
		answer: 2 * time.Second, search: 2 * time.Second, look: 5 * time.Second, poll: time.Second,
		check: 100 * time.Millisecond, backoff: 10 * time.Millisecond, most: 100 * time.Millisecond,
	}
}

// Token is what the mailbox of that number signs in with.
func (e *Email) Token(ctx context.Context, id MailboxID) (string, error) {
	m, err := e.mailbox(ctx, id)
	if err != nil {
		return "", err
	}
	c, err := e.credential(ctx, m)
	return c.secret, err
}

// LeaveToken is the one that stands in an automatic mail.
func (e *Email) LeaveToken(c gateway.ConversationID, address string) string {
	return e.token.leave(c, address)
}
