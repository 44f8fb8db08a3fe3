package tickets

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Follow keeps what a case's row shows of its interactions, in the floor's transaction:
// the latest one and its state, the queue, and as assignee the agent who took it last.
// An agent who finishes keeps the case; the queue does not get it back by itself. The
// list is in the order of its cases, which are changed in that order, all at once but for
// a case that stands there again: the floor waits.
func (s *Store) Follow(ctx context.Context, tx pgx.Tx, list ...gateway.Interaction) error {
	changes := &pgx.Batch{}
	for rest := list; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Case != rest[n-1].Case {
			n++
		}
		follow(changes, rest[:n])
		rest = rest[n:]
	}
	if err := tx.SendBatch(ctx, changes).Close(); err != nil {
		return fmt.Errorf("follow %d interactions: %w", len(list), err)
	}
	return nil
}

// follow changes the rows of several cases in one statement. An interaction that is older
// than the one the case shows changes nothing. Its case is its conversation's, which may
// have been moved by a merge or a split that the floor has not come to yet.
func follow(changes *pgx.Batch, list []gateway.Interaction) {
	n := len(list)
	cases, ids, conversations := make([]int64, n), make([]int64, n), make([]int64, n)
	queues, assignees, states := make([]int64, n), make([]int64, n), make([]string, n)
	for k, i := range list {
		cases[k], ids[k], conversations[k] = int64(i.Case), int64(i.ID), int64(i.Conversation)
		queues[k], assignees[k], states[k] = int64(i.Queue), int64(assignee(i)), string(i.State)
	}
	changes.Queue(`
		select from support_case
		where id = any(array(
			select coalesce(c.case_id, w.id)
			from unnest($1::bigint[], $2::bigint[]) as w(id, conversation)
			left join case_of_conversation c using (conversation)))
		order by id
		for no key update`, cases, conversations)
	changes.Queue(`
		with latest as (
			select distinct on (1) coalesce(c.case_id, w.id) as id, w.interaction, w.state, w.conversation, w.queue, w.assignee
			from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
				as w(id, interaction, state, conversation, queue, assignee)
			left join case_of_conversation c using (conversation)
			order by 1, w.interaction desc)
		update support_case k
		set interaction = w.interaction, interaction_state = w.state, conversation = w.conversation,
			queue = case when w.queue = 0 then k.queue else w.queue end,
			assignee = case when w.assignee = 0 then k.assignee else w.assignee end,
			rev = rev + case when (w.queue in (0, k.queue)) and (w.assignee in (0, k.assignee)) then 0 else 1 end
		from latest w
		where k.id = w.id and k.interaction <= w.interaction`,
		cases, ids, states, conversations, queues, assignees)
}

// assignee is whom an interaction makes its case's: nobody new while it waits.
func assignee(i gateway.Interaction) gateway.AgentID {
	switch i.State {
	case gateway.StateActive, gateway.StateParked, gateway.StateWrapUp, gateway.StateFinished:
		return i.Agent
	case gateway.StateWaiting, gateway.StateOffered:
	}
	return 0
}

// Note keeps a case's preview and time of activity true in the transaction that writes
// an entry to its timeline. What only happened (joined, left) is no preview.
func (s *Store) Note(ctx context.Context, tx pgx.Tx, id gateway.CaseID, e gateway.Entry) error {
	if e.Kind == gateway.EntryEvent {
		return nil
	}
	at := e.At
	if at.IsZero() {
		at = time.Now()
	}
	_, err := tx.Exec(ctx, `
		update support_case
		set preview = $2, preview_by = $3, channel = $4, last_activity_at = greatest(last_activity_at, $5)
		where id = coalesce((select became from case_alias where id = $1), $1)`, id, short(e.Text, previewLength), e.Author.Kind, e.Channel, at)
	if err != nil {
		return fmt.Errorf("note an entry on case %d: %w", id, err)
	}
	return nil
}

// Said does the same for lines of a chat, which come too fast for a change of the case's
// row each: the last line of each conversation is written within a second by Run. Call
// it after the commit. A crash loses a preview, never a line.
func (s *Store) Said(lines ...gateway.Entry) {
	s.said.mu.Lock()
	defer s.said.mu.Unlock()
	before := len(s.said.last)
	for _, e := range lines {
		if e.Kind != gateway.EntryEvent && e.Pos > s.said.last[e.Conversation].Pos {
			s.said.last[e.Conversation] = e
		}
	}
	if before == 0 && len(s.said.last) > 0 {
		select {
		case s.said.first <- struct{}{}:
		default:
		}
	}
}

// Run writes what Said was told a second after the first of it, until ctx ends. While nobody says
// anything it sleeps.
func (s *Store) Run(ctx context.Context) error {
	due := time.NewTimer(time.Second)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.flush(context.WithoutCancel(ctx))
		case <-s.said.first:
			due.Reset(time.Second)
		case <-due.C:
			if err := s.flush(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("write previews of cases", "err", err)
			}
		}
	}
}

// flush writes the last lines that are known and forgets them, written or not: after an
// error the next line makes the preview true again.
func (s *Store) flush(ctx context.Context) error {
	s.said.mu.Lock()
	last := s.said.last
	s.said.last = map[gateway.ConversationID]gateway.Entry{}
	s.said.mu.Unlock()
	if len(last) == 0 {
		return nil
	}
	var ids []int64
	var texts, authors []string
	var at []time.Time
	for id, e := range last {
		ids, texts = append(ids, int64(id)), append(texts, short(e.Text, previewLength))
		authors, at = append(authors, string(e.Author.Kind)), append(at, e.At)
	}
	// Rows in the order of their ids, as everybody locks cases.
	_, err := s.db.Exec(ctx, `
		with line as (
			select k.id, w.text, w.by, w.at
			from unnest($1::bigint[], $2::text[], $3::text[], $4::timestamptz[]) as w(conversation, text, by, at)
			join case_of_conversation c using (conversation)
			join support_case k on k.id = c.case_id and k.conversation = w.conversation
			where w.at > k.last_activity_at
			order by k.id
			for no key update of k)
		update support_case k
		set preview = line.text, preview_by = line.by, last_activity_at = line.at
		from line
		where k.id = line.id`, ids, texts, authors, at)
	return err
}
