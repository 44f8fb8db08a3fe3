package timeline

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Conversations change their case when one case becomes a part of another, or is taken
// apart. What is said stays where it is: later mails find the conversation, and by it the
// case that it is on now.

// Hold locks all conversations of the cases, in order, before the cases themselves are
// locked for such a change.
func (s *Store) Hold(ctx context.Context, tx pgx.Tx, cases ...gateway.CaseID) error {
	_, err := tx.Exec(ctx, `
		select from conversation
		where case_id = any($1)
		order by id
		for no key update`, cases)
	if err != nil {
		return fmt.Errorf("lock the conversations of cases: %w", err)
	}
	return nil
}

// Merge gives all conversations of a case to another, and says which they are, oldest first.
func (s *Store) Merge(ctx context.Context, tx pgx.Tx, into, from gateway.CaseID) ([]gateway.ConversationID, error) {
	rows, _ := tx.Query(ctx, `
		update conversation
		set case_id = $1
		where case_id = $2
		returning id`, into, from) // the error comes with the rows
	ids, err := pgx.CollectRows(rows, pgx.RowTo[gateway.ConversationID])
	if err != nil {
		return nil, fmt.Errorf("move the conversations of case %d: %w", from, err)
	}
	slices.Sort(ids)
	return ids, nil
}

// Move gives some conversations of a case to another. One that is not of the case is refused.
func (s *Store) Move(ctx context.Context, tx pgx.Tx, into, from gateway.CaseID, ids ...gateway.ConversationID) error {
	tag, err := tx.Exec(ctx, `
		update conversation
		set case_id = $1
		where case_id = $2 and id = any($3)`, into, from, numbers(ids))
	if err != nil {
		return fmt.Errorf("move conversations of case %d: %w", from, err)
	}
	if int(tag.RowsAffected()) != len(numbers(ids)) {
		return notOfCase(from)
	}
	return nil
}

func notOfCase(c gateway.CaseID) *gateway.Error {
	return gateway.Invalid("not_of_case", fmt.Sprintf("a conversation that you name is not of case %d; read its timeline again", c))
}

// Extract begins a conversation of another case with copies of some entries, at the times
// at which they were said, and gives them. The mails among them are known there from now
// on: what answers one comes to the new conversation. The old one keeps its entries, as
// positions are for ever.
func (s *Store) Extract(ctx context.Context, tx pgx.Tx, into, from gateway.CaseID, id gateway.ConversationID, positions ...int64) ([]gateway.Entry, error) {
	c, entries, err := s.taken(ctx, tx, id, positions)
	if err != nil {
		return nil, fmt.Errorf("read what is taken out of conversation %d: %w", id, err)
	}
	if c.Case != from {
		return nil, notOfCase(from)
	}
	if len(entries) != len(positions) {
		return nil, gateway.NotFound("no_entry", "something that you name is not there, or only says what happened; read the conversation again")
	}
	taken, err := s.Open(ctx, tx, into, c.Customer, c.Channel)
	if err != nil {
		return nil, err
	}
	copies := make([]*gateway.Entry, len(entries))
	for n := range entries {
		entries[n].Conversation, entries[n].Pos = taken, 0
		copies[n] = &entries[n]
	}
	if err := s.Append(ctx, tx, copies...); err != nil {
		return nil, err
	}
	_, err = tx.Exec(ctx, `
		update message_ref
		set conversation_id = $2, moved_from = coalesce(moved_from, conversation_id)
		where conversation_id = $1 and message_id = any($3)`, int64(id), int64(taken), messageIDs(entries))
	if err != nil {
		return nil, fmt.Errorf("let answers find conversation %d: %w", taken, err)
	}
	return entries, nil
}

// Last gives what was said last in a conversation, zero when nothing was.
func (s *Store) Last(ctx context.Context, tx pgx.Tx, id gateway.ConversationID) (e gateway.Entry, err error) {
	rows, _ := tx.Query(ctx, `
		select `+entryColumns+`
		from entry
		where conversation_id = $1 and kind <> 'event'
		order by pos desc
		limit 1`, int64(id)) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanEntry)
	if err != nil {
		return e, fmt.Errorf("read the last entry of conversation %d: %w", id, err)
	}
	if len(list) > 0 {
		e = list[0]
	}
	return e, nil
}

// taken reads a conversation and what is taken out of it. What merely happened is not.
func (s *Store) taken(ctx context.Context, tx pgx.Tx, id gateway.ConversationID, positions []int64) (c Conversation, list []gateway.Entry, err error) {
	var batch pgx.Batch
	batch.Queue(`select `+conversationColumns+` from conversation where id = $1`, int64(id)).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, scanConversation)
		if len(found) > 0 {
			c = found[0]
		}
		return err
	})
	batch.Queue(`
		select `+entryColumns+`
		from entry
		where conversation_id = $1 and pos = any($2) and kind <> 'event'
		order by pos`, int64(id), positions).Query(func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, scanEntry)
		return err
	})
	return c, list, tx.SendBatch(ctx, &batch).Close()
}

func messageIDs(entries []gateway.Entry) (ids []string) {
	for _, e := range entries {
		var m gateway.Mail
		if e.Kind == gateway.EntryMail && json.Unmarshal(e.Body, &m) == nil {
			if id := messageID(m.MessageID); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
