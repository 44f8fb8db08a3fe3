package timeline

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Progress is how far a conversation has come for one agent.
type Progress struct {
	Conversation gateway.ConversationID
	Last         int64 // position of the latest entry
	Unread       int64 // entries of the customer's that the agent has not seen
}

// reader is who looks at which conversation.
type reader struct {
	conversation gateway.ConversationID
	agent        gateway.AgentID
}

// Progress says how far each conversation has come for the agent who stands beside it.
// Every event of an agent's asks it of one, and so does every answer: those of one moment
// are read together.
func (s *Store) Progress(ctx context.Context, conversations []gateway.ConversationID, agents []gateway.AgentID) (map[gateway.ConversationID]Progress, error) {
	readers := make([]reader, len(conversations))
	for i := range readers {
		readers[i] = reader{conversations[i], agents[i]}
	}
	found, err := s.progress.Get(ctx, readers...)
	if err != nil {
		return nil, fmt.Errorf("read the progress of %d conversations: %w", len(conversations), err)
	}
	out := make(map[gateway.ConversationID]Progress, len(readers))
	for _, r := range readers {
		if p, ok := found[r]; ok {
			out[r.conversation] = p
		}
	}
	return out, nil
}

func (s *Store) readProgress(ctx context.Context, readers []reader) (map[reader]Progress, error) {
	conversations, agents := make([]int64, len(readers)), make([]int64, len(readers))
	for i, r := range readers {
		conversations[i], agents[i] = int64(r.conversation), int64(r.agent)
	}
	rows, _ := s.pool.Query(ctx, `
		select c.id, c.last_pos, (
			select count(*) from entry e
			where e.conversation_id = c.id and e.author_kind = 'customer' and e.pos > coalesce((
				select r.pos from receipt r
				where r.conversation_id = c.id and r.reader_kind = 'agent' and r.reader_id = w.reader), 0)), w.reader
		from unnest($1::bigint[], $2::bigint[]) as w(id, reader)
		join conversation c using (id)`, conversations, agents) // the error comes with the rows
	found := make(map[reader]Progress, len(readers))
	var p Progress
	var agent gateway.AgentID
	_, err := pgx.ForEachRow(rows, []any{&p.Conversation, &p.Last, &p.Unread, &agent}, func() error {
		found[reader{p.Conversation, agent}] = p
		return nil
	})
	return found, err
}
