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

const progressOf = `
	select c.id, c.last_pos, (
		select count(*) from entry e
		where e.conversation_id = c.id and e.author_kind = 'customer' and e.pos > coalesce((
			select r.pos from receipt r
			where r.conversation_id = c.id and r.reader_kind = 'agent' and r.reader_id = w.reader), 0))
	from %s as w(id, reader)
	join conversation c using (id)`

var (
	progressOfAll = fmt.Sprintf(progressOf, "unnest($1::bigint[], $2::bigint[])")
	progressOfOne = fmt.Sprintf(progressOf, "(values ($1::bigint, $2::bigint))")
)

// Progress says how far each conversation has come for the agent who stands beside it.
// Alone one goes without arrays: see tickets.Briefs.
func (s *Store) Progress(ctx context.Context, conversations []gateway.ConversationID, agents []gateway.AgentID) (map[gateway.ConversationID]Progress, error) {
	sql, args := progressOfAll, []any{conversations, agents}
	if len(conversations) == 1 {
		sql, args = progressOfOne, []any{conversations[0], agents[0]}
	}
	rows, _ := s.pool.Query(ctx, sql, args...) // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Progress])
	if err != nil {
		return nil, fmt.Errorf("read the progress of %d conversations: %w", len(conversations), err)
	}
	out := make(map[gateway.ConversationID]Progress, len(list))
	for _, p := range list {
		out[p.Conversation] = p
	}
	return out, nil
}
