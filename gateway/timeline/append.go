package timeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// head is a locked conversation.
type head struct {
	last int64
	open gateway.InteractionID
}

type heads map[gateway.ConversationID]*head

// Append adds entries to their conversations in the caller's transaction and fills in
// Pos, At when zero, and Interaction when zero and one serves the conversation. An entry
// whose ClientID is known becomes the stored one, with Repeated set. The caller tells the
// feed (gateway.MessageCreated).
func (s *Store) Append(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	locked, known, err := lock(ctx, tx, entries)
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	for _, e := range entries {
		if err := unfit(e, locked); err != nil {
			return err
		}
	}
	if err := write(ctx, tx, locked, known, entries); err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return nil
}

// unfit says why an entry can't be written. It is told of before PostgreSQL has seen it,
// so it must be sound by then.
func unfit(e *gateway.Entry, locked heads) error {
	switch {
	case locked[e.Conversation] == nil:
		return noConversation(e.Conversation)
	case len(e.Body) > 0 && !json.Valid(e.Body):
		return gateway.Invalid("bad_body", "the body of an entry is JSON")
	}
	return nil
}

// Lock takes the rows of the conversations, in order, for a transaction that will touch
// them one after the other.
func (s *Store) Lock(ctx context.Context, tx pgx.Tx, conversations ...gateway.ConversationID) error {
	if len(conversations) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, lockConversations, numbers(conversations)); err != nil {
		return fmt.Errorf("lock conversations: %w", err)
	}
	return nil
}

const lockConversations = `
	select id, last_pos, coalesce(open_interaction, 0)
	from conversation
	where id = any($1)
	order by id
	for no key update`

// The lateral subquery keeps the planner at one index probe for each line, whatever it
// believes about the size of a young table.
const findRepeated = `
	select e.*
	from unnest($1::bigint[], $2::text[]) as w(conversation_id, client_id),
	lateral (
		select ` + entryColumns + `
		from entry
		where conversation_id = w.conversation_id and client_id = w.client_id
		limit 1) as e`

type clientKey struct {
	conversation gateway.ConversationID
	id           string
}

// lock takes the conversations of the entries and then, under the locks, finds the
// entries that were written before. Both statements go out together.
func lock(ctx context.Context, tx pgx.Tx, entries []*gateway.Entry) (heads, map[clientKey]gateway.Entry, error) {
	var conversations []gateway.ConversationID
	var withID []int64
	var ids []string
	for _, e := range entries {
		clean(e)
		conversations = append(conversations, e.Conversation)
		if e.ClientID != "" {
			withID, ids = append(withID, int64(e.Conversation)), append(ids, e.ClientID)
		}
	}
	locked := heads{}
	known := map[clientKey]gateway.Entry{}
	var batch pgx.Batch
	batch.Queue(lockConversations, numbers(conversations)).Query(func(rows pgx.Rows) error {
		var id gateway.ConversationID
		var h head
		_, err := pgx.ForEachRow(rows, []any{&id, &h.last, &h.open}, func() error {
			locked[id] = &head{h.last, h.open}
			return nil
		})
		return err
	})
	if len(ids) > 0 {
		batch.Queue(findRepeated, withID, ids).Query(func(rows pgx.Rows) error {
			stored, err := pgx.CollectRows(rows, scanEntry)
			for _, e := range stored {
				e.Repeated = true
				known[clientKey{e.Conversation, e.ClientID}] = e
			}
			return err
		})
	}
	return locked, known, tx.SendBatch(ctx, &batch).Close()
}

func numbers(ids []gateway.ConversationID) []int64 {
	list := make([]int64, len(ids))
	for i, id := range ids {
		list[i] = int64(id)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func clean(e *gateway.Entry) {
	e.Text = gateway.Clean(e.Text)
	e.ClientID = gateway.Clean(e.ClientID)
	e.Language = gateway.Clean(e.Language)
	e.Author.Name = gateway.Clean(e.Author.Name)
	if len(e.Body) > 0 {
		e.Body = gateway.CleanJSON(e.Body)
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	e.At = e.At.UTC().Truncate(time.Microsecond) // as PostgreSQL keeps it
}

// write gives positions and stores what is new.
func write(ctx context.Context, tx pgx.Tx, locked heads, known map[clientKey]gateway.Entry, entries []*gateway.Entry) error {
	fresh := number(locked, known, entries)
	if len(fresh) == 0 {
		return nil
	}
	var batch pgx.Batch
	queueHeads(&batch, locked, fresh)
	queueEntries(&batch, fresh)
	queueParticipants(&batch, fresh)
	return tx.SendBatch(ctx, &batch).Close()
}

// number gives each new entry its position, and the others what they were before; the
// same ClientID twice among the entries is one entry too.
func number(locked heads, known map[clientKey]gateway.Entry, entries []*gateway.Entry) (fresh []*gateway.Entry) {
	for _, e := range entries {
		key := clientKey{e.Conversation, e.ClientID}
		if before, ok := known[key]; ok && e.ClientID != "" {
			*e = before
			continue
		}
		h := locked[e.Conversation]
		h.last++
		e.Pos = h.last
		if e.Interaction == 0 {
			e.Interaction = h.open
		}
		fresh = append(fresh, e)
		if e.ClientID != "" {
			again := *e
			again.Repeated = true
			known[key] = again
		}
	}
	return fresh
}

func queueHeads(batch *pgx.Batch, locked heads, fresh []*gateway.Entry) {
	var ids, last []int64
	moved := map[gateway.ConversationID]bool{}
	for _, e := range fresh {
		if !moved[e.Conversation] {
			moved[e.Conversation] = true
			ids, last = append(ids, int64(e.Conversation)), append(last, locked[e.Conversation].last)
		}
	}
	batch.Queue(`
		update conversation c
		set last_pos = w.last_pos
		from unnest($1::bigint[], $2::bigint[]) as w(id, last_pos)
		where c.id = w.id`, ids, last)
}

func queueEntries(batch *pgx.Batch, fresh []*gateway.Entry) {
	n := len(fresh)
	conversations, positions, authors, interactions := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	kinds, authorKinds, names, channels := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	clients, texts, languages, bodies := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	internal, at := make([]bool, n), make([]time.Time, n)
	for i, e := range fresh {
		conversations[i], positions[i], authors[i], interactions[i] = int64(e.Conversation), e.Pos, e.Author.ID, int64(e.Interaction)
		kinds[i], authorKinds[i], names[i], channels[i] = string(e.Kind), string(e.Author.Kind), e.Author.Name, string(e.Channel)
		clients[i], texts[i], languages[i], bodies[i] = e.ClientID, e.Text, e.Language, string(e.Body)
		internal[i], at[i] = e.Internal, e.At
	}
	batch.Queue(`
		insert into entry (
			conversation_id, pos, kind, author_kind, author_id, author_name, interaction_id,
			channel, client_id, text, language, body, internal, at)
		select
			conversation_id, pos, kind, author_kind, author_id, author_name, nullif(interaction_id, 0),
			channel, nullif(client_id, ''), text, language, nullif(body, '')::json, internal, at
		from unnest(
			$1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
			$8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::boolean[], $14::timestamptz[])
		as w(
			conversation_id, pos, kind, author_kind, author_id, author_name, interaction_id,
			channel, client_id, text, language, body, internal, at)`,
		conversations, positions, kinds, authorKinds, authors, names, interactions,
		channels, clients, texts, languages, bodies, internal, at)
}
