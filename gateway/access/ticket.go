package access

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// ticketLife is how long a console has to open its socket.
const ticketLife = 30 * time.Second

// Ticket gives the caller a one-use ticket for the agent socket, good on any node.
func (s *Store) Ticket(ctx context.Context, c Caller) (string, error) {
	ticket, hash := newToken(ticketPrefix)
	_, err := s.pool.Exec(ctx, "insert into socket_ticket (hash, session, api_key, expires_at) values ($1, $2, $3, $4)",
		hash[:], c.Session, c.Key, s.now().Add(ticketLife))
	return ticket, err
}

// Redeem takes a ticket and says for whom it was made, if that session or key is still
// good. The second time it is denied.
func (s *Store) Redeem(ctx context.Context, ticket string) (Caller, error) {
	hash, now := sha256.Sum256([]byte(ticket)), s.now()
	var session SessionID
	var key KeyID
	var expires time.Time
	err := s.pool.QueryRow(ctx, "delete from socket_ticket where hash = $1 returning session, api_key, expires_at", hash[:]).
		Scan(&session, &key, &expires)
	var c Caller
	if err == nil && now.Before(expires) {
		c, err = s.still(ctx, session, key, now)
	}
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !now.Before(expires) {
		return Caller{}, denied("ticket_gone", "the ticket is unknown, used or older than 30 seconds; ask for another with POST /api/v1/socket-ticket")
	}
	return c, err
}

// still is for one session or key.
func (s *Store) still(ctx context.Context, session SessionID, key KeyID, now time.Time) (Caller, error) {
	if key != 0 {
		return s.byKey(ctx, "id = $1", key, now)
	}
	return s.bySession(ctx, "s.id = $1", session, now)
}
