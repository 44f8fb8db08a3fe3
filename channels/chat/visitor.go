package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// tokenHash is what we keep of a visitor's token.
type tokenHash [sha256.Size]byte

// name is the hash as it stands in keys and addresses; half of it tells visitors apart.
func (h tokenHash) name() string { return hex.EncodeToString(h[:16]) }

// newToken is 256 random bits.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashToken gives a token's hash; false when it does not look like one of ours. A token
// that we have no row for is as good as new: its first line may have been on its way
// when the server went down, and must find the same visitor when it is sent again.
func hashToken(token string) (tokenHash, bool) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	return sha256.Sum256([]byte(token)), err == nil && len(b) == 32
}

// visitor is a browser that has written, or may.
type visitor struct {
	ID           int64
	Widget       int64
	Conversation gateway.ConversationID // zero until the first line is stored
	Customer     gateway.CustomerID
	Name         string
	Email        string
	Topic        string
	Language     string
	Callable     gateway.InteractionID // that may become a callback
	Identity     string                // the website's own name for them, which it has signed; empty: nobody
	Erased       bool
	PageURL      string
	PageTitle    string
	Bot          bool   // the website's bot answers; nobody else has been asked
	BotLine      int64  // the newest line that it is to answer
	BotDone      int64  // and the newest that it has answered
	Source       string // the network that the chat began from; empty: not known
}

// visitor gives the one whose token has the hash, a zero one if there is none.
func (s *Store) visitor(ctx context.Context, h tokenHash) (visitor, error) {
	rows, err := s.pool.Query(ctx, `
		select id, widget_id as widget, conversation_id as conversation, customer_id as customer,
		       name, email, topic, language, callable_id as callable, identity, erased_at is not null as erased,
		       page_url, page_title, bot, bot_line, bot_done, source
		from visitor
		where token_hash = $1`, h[:])
	if err != nil {
		return visitor{}, fmt.Errorf("read visitor: %w", err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[visitor])
	if errors.Is(err, pgx.ErrNoRows) {
		return visitor{}, nil
	}
	if err != nil {
		return visitor{}, fmt.Errorf("read visitor: %w", err)
	}
	return v, nil
}

// keepVisitor joins the transaction that takes the first line in.
func keepVisitor(ctx context.Context, tx pgx.Tx, h tokenHash, v visitor) error {
	_, err := tx.Exec(ctx, `
		insert into visitor (widget_id, token_hash, conversation_id, customer_id, name, email, topic, language, identity, bot, source)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict (token_hash) do update
		set conversation_id = excluded.conversation_id, customer_id = excluded.customer_id, identity = excluded.identity, gone_at = null,
		    mailed_to = case when visitor.conversation_id = excluded.conversation_id then visitor.mailed_to else 0 end`,
		v.Widget, h[:], v.Conversation, v.Customer, v.Name, v.Email, v.Topic, v.Language, v.Identity, v.Bot, v.Source)
	if err != nil {
		return fmt.Errorf("keep visitor: %w", err)
	}
	return nil
}

// setCallable notes that the visitor may be called back instead of the interaction.
func (s *Store) setCallable(ctx context.Context, c gateway.ConversationID, i gateway.InteractionID) error {
	_, err := s.pool.Exec(ctx, `
		update visitor
		set callable_id = $2
		where conversation_id = $1`, c, i)
	if err != nil {
		return fmt.Errorf("note a callback: %w", err)
	}
	return nil
}

// setGone notes that the visitor's socket went.
func (s *Store) setGone(ctx context.Context, h tokenHash) error {
	_, err := s.pool.Exec(ctx, `
		update visitor
		set gone_at = now()
		where token_hash = $1`, h[:])
	if err != nil {
		return fmt.Errorf("note visitor gone: %w", err)
	}
	return nil
}

// setHere notes that visitors are connected.
func (s *Store) setHere(ctx context.Context, list ...tokenHash) error {
	hashes := make([][]byte, len(list))
	for i := range list {
		hashes[i] = list[i][:]
	}
	_, err := s.pool.Exec(ctx, `
		update visitor
		set gone_at = null
		where token_hash = any($1) and gone_at is not null`, hashes)
	if err != nil {
		return fmt.Errorf("note visitors here: %w", err)
	}
	return nil
}

// rollCall notes everybody as gone. Whoever is connected, to whichever node, is noted as
// here again by the next sweep; who was connected to a node that died is not.
func (s *Store) rollCall(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `
		update visitor
		set gone_at = now()
		where gone_at is null`)
	if err != nil {
		return fmt.Errorf("call the roll of visitors: %w", err)
	}
	return nil
}

// setMissed notes that nothing waits for these visitors any more: they need not be looked
// for again.
func (s *Store) setMissed(ctx context.Context, before time.Time, conversations []gateway.ConversationID) error {
	_, err := s.pool.Exec(ctx, `
		update visitor
		set gone_at = 'infinity'
		where gone_at < $1 and conversation_id = any($2)`, before, conversations)
	if err != nil {
		return fmt.Errorf("note visitors missed: %w", err)
	}
	return nil
}

// SweepSources forgets the networks that chats began from, of visitors who are not here; so many at a time.
func (s *Store) SweepSources(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, s.pool, `
		update visitor
		set source = ''
		where id in (select id from visitor where source <> '' and gone_at is not null and created_at < $1 limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("forget where chats began: %w", err)
	}
	return gone, nil
}
