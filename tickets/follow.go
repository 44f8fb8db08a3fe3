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
// cases change in the order given, in one exchange with the database: the floor waits.
func (s *Store) Follow(ctx context.Context, tx pgx.Tx, list ...gateway.Interaction) error {
	changes := &pgx.Batch{}
	for _, i := range list {
		changes.Queue(`
			update support_case
			set interaction = $2, interaction_state = $3, conversation = $4,
				queue = case when $5::bigint = 0 then queue else $5 end,
				assignee = case when $6::bigint = 0 then assignee else $6 end,
				rev = rev + case when ($5 in (0, queue)) and ($6 in (0, assignee)) then 0 else 1 end
			where id = $1 and interaction <= $2`,
			i.Case, i.ID, i.State, i.Conversation, i.Queue, assignee(i))
	}
	if err := tx.SendBatch(ctx, changes).Close(); err != nil {
		return fmt.Errorf("follow %d interactions: %w", len(list), err)
	}
	return nil
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
		where id = $1`, id, short(e.Text, previewLength), e.Author.Kind, e.Channel, at)
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
	for _, e := range lines {
		if e.Kind != gateway.EntryEvent && e.Pos > s.said.last[e.Conversation].Pos {
			s.said.last[e.Conversation] = e
		}
	}
}

// Run writes what Said was told, once a second, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.flush(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := s.flush(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("write previews of cases", "err", err)
			}
		}
	}
}

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
			join support_case k on k.conversation = w.conversation and k.conversation <> 0
			where w.at > k.last_activity_at
			order by k.id
			for no key update of k)
		update support_case k
		set preview = line.text, preview_by = line.by, last_activity_at = line.at
		from line
		where k.id = line.id`, ids, texts, authors, at)
	return err
}
