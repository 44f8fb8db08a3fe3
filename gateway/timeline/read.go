package timeline

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

const entryColumns = `
	conversation_id, pos, kind, author_kind, author_id, author_name, coalesce(interaction_id, 0),
	channel, coalesce(client_id, ''), text, language, coalesce(body::text, ''), internal, at`

func scanEntry(row pgx.CollectableRow) (e gateway.Entry, err error) {
	var body string
	err = row.Scan(&e.Conversation, &e.Pos, &e.Kind, &e.Author.Kind, &e.Author.ID, &e.Author.Name, &e.Interaction,
		&e.Channel, &e.ClientID, &e.Text, &e.Language, &body, &e.Internal, &e.At)
	if body != "" {
		e.Body = []byte(body)
	}
	e.At = e.At.UTC()
	return e, err
}

// Entries gives at most limit entries after a position, oldest first: what a reader who
// has applied everything up to it is missing.
func (s *Store) Entries(ctx context.Context, conversation gateway.ConversationID, after int64, limit int) ([]gateway.Entry, error) {
	rows, _ := s.pool.Query(ctx, `
		select `+entryColumns+`
		from entry
		where conversation_id = $1 and pos > $2
		order by pos
		limit $3`, int64(conversation), after, limit) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read conversation %d after %d: %w", conversation, after, err)
	}
	return list, nil
}

// Begun counts the entries whose client ids begin so, in the transaction that has locked
// their conversation and may have added one.
func (s *Store) Begun(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, prefix string) (n int, err error) {
	const count = `
		select count(*)
		from entry
		where conversation_id = $1 and starts_with(client_id, $2)`
	if err := tx.QueryRow(ctx, count, int64(conversation), prefix).Scan(&n); err != nil {
		return 0, fmt.Errorf("count entries of conversation %d: %w", conversation, err)
	}
	return n, nil
}

// Before gives the last limit entries before a position, oldest first; 0 means from the end.
func (s *Store) Before(ctx context.Context, conversation gateway.ConversationID, before int64, limit int) ([]gateway.Entry, error) {
	rows, _ := s.pool.Query(ctx, `
		select `+entryColumns+`
		from entry
		where conversation_id = $1 and ($2::bigint = 0 or pos < $2)
		order by pos desc
		limit $3`, int64(conversation), before, limit) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return nil, fmt.Errorf("read conversation %d before %d: %w", conversation, before, err)
	}
	slices.Reverse(list)
	return list, nil
}

// Entry gives the entry at a position, or gateway.ErrNotFound.
func (s *Store) Entry(ctx context.Context, conversation gateway.ConversationID, pos int64) (gateway.Entry, error) {
	list, err := s.Entries(ctx, conversation, pos-1, 1)
	if err != nil {
		return gateway.Entry{}, err
	}
	if len(list) == 0 || list[0].Pos != pos {
		return gateway.Entry{}, gateway.NotFound("no_entry", fmt.Sprintf("conversation %d has nothing at %d; read its entries again", conversation, pos))
	}
	return list[0], nil
}

// Known gives the entry that was written under a ClientID before, or gateway.ErrNotFound.
func (s *Store) Known(ctx context.Context, conversation gateway.ConversationID, clientID string) (gateway.Entry, error) {
	rows, _ := s.pool.Query(ctx, findRepeated, []int64{int64(conversation)}, []string{gateway.Clean(clientID)}) // the error comes with the rows
	e, err := pgx.CollectExactlyOneRow(rows, scanEntry)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return e, gateway.NotFound("no_entry", "nothing was written under this client_id")
	case err != nil:
		return e, fmt.Errorf("find an entry of conversation %d: %w", conversation, err)
	}
	e.Repeated = true
	return e, nil
}

// Compare refuses a reply whose author has not seen the latest answer: somebody else has
// answered the customer after position seen. It holds the conversation until the
// transaction ends, so nobody answers meanwhile.
func (s *Store) Compare(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, seen int64) error {
	if err := s.Lock(ctx, tx, conversation); err != nil {
		return err
	}
	rows, _ := tx.Query(ctx, `
		select `+entryColumns+`
		from entry
		where conversation_id = $1 and pos > $2 and author_kind = $3 and not internal
		order by pos desc
		limit 1`, int64(conversation), seen, string(gateway.ByAgent)) // the error comes with the rows
	answer, err := pgx.CollectExactlyOneRow(rows, scanEntry)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("compare conversation %d with %d: %w", conversation, seen, err)
	}
	return gateway.Conflict("answered_meanwhile", "a colleague has answered since; read it, then send again", answer)
}
