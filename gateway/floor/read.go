package floor

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

const interactionColumns = `
	id, channel, queue, case_id, conversation, customer, state, agent, preferred, outbound, band, seq,
	offer_no, arrived_at, due_at, accepted_at, ended_at, wrap_up_until, overtime, finished_at, ended,
	codes, over_capacity, phase, others, line_2, outside, rev`

// Interaction is one interaction as last committed; not_found if there is none.
func (f *Floor) Interaction(ctx context.Context, id gateway.InteractionID) (gateway.Interaction, error) {
	found, err := f.single.Get(ctx, id)
	if err != nil {
		return gateway.Interaction{}, err
	}
	i, ok := found[id]
	if !ok {
		return i, gateway.NotFound("no_interaction", fmt.Sprintf("there is no interaction %d that you may see", id))
	}
	return i, nil
}

// byID reads interactions for all who ask for one at the same moment.
func (f *Floor) byID(ctx context.Context, ids []gateway.InteractionID) (map[gateway.InteractionID]gateway.Interaction, error) {
	list, err := interactions(ctx, f.pool, `where id = any($1)`, ids)
	found := make(map[gateway.InteractionID]gateway.Interaction, len(list))
	for _, i := range list {
		found[i.ID] = i
	}
	return found, err
}

// Held are the interactions of which an agent has a part, oldest first: their own, those
// that they were asked about, and those that they gave away and wrap up.
func (f *Floor) Held(ctx context.Context, agent gateway.AgentID) ([]gateway.Interaction, error) {
	return interactions(ctx, f.pool, `
		where id = any (select unnest(holds) from presence where agent = $1)
		order by id`, agent)
}

// Waiting are the interactions that wait in any of the queues, in the order in which
// they are offered, at most limit after the one whose seq is given.
func (f *Floor) Waiting(ctx context.Context, queues []gateway.QueueID, after int64, limit int) ([]gateway.Interaction, error) {
	return interactions(ctx, f.pool, `
		where finished_at is null and state in ('waiting', 'offered') and queue = any($1) and seq > $2
		order by seq
		limit $3`, numbers(queues), after, limit)
}

// Recent are the latest interactions, newest first, before an id; 0 is from the newest.
func (f *Floor) Recent(ctx context.Context, before gateway.InteractionID, limit int) ([]gateway.Interaction, error) {
	return interactions(ctx, f.pool, `
		where $1::bigint = 0 or id < $1
		order by id desc
		limit $2`, before, limit)
}

// OfCase are a case's interactions, oldest first.
func (f *Floor) OfCase(ctx context.Context, id gateway.CaseID) ([]gateway.Interaction, error) {
	return interactions(ctx, f.pool, `
		where case_id = $1
		order by id
		limit 1000`, id)
}

// Offers are the open offers to an agent.
func (f *Floor) Offers(ctx context.Context, agent gateway.AgentID) ([]gateway.Offer, error) {
	return f.offers(ctx, `where agent = $1 and closed_at is null order by created_at`, agent)
}

func (f *Floor) offers(ctx context.Context, rest string, args ...any) ([]gateway.Offer, error) {
	rows, err := f.pool.Query(ctx, `
		select interaction, no, agent, kind, channel, queue, created_at, expires_at, closed_at, outcome, cause
		from offer `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("read offers: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[offerRow])
	if err != nil {
		return nil, fmt.Errorf("read offers: %w", err)
	}
	return mapped(list, offerRow.offer), nil
}

// Presence is an agent as last told; one who never signed in is logged out.
func (f *Floor) Presence(ctx context.Context, agent gateway.AgentID) (gateway.Presence, error) {
	list, err := f.presences(ctx, `where agent = $1`, agent)
	if err != nil {
		return gateway.Presence{}, err
	}
	if len(list) == 0 {
		return gateway.Presence{Agent: agent, Intent: gateway.IntentLoggedOut, Status: gateway.LoggedOut}, nil
	}
	return list[0], nil
}

// Presences are all agents that ever signed in, by id.
func (f *Floor) Presences(ctx context.Context) ([]gateway.Presence, error) {
	return f.presences(ctx, `order by agent`)
}

func (f *Floor) presences(ctx context.Context, rest string, args ...any) ([]gateway.Presence, error) {
	rows, err := f.pool.Query(ctx, `
		select agent, intent, status_code, next, next_code, status, since, units, live, holds, wrap_ups, over_capacity, rev
		from presence `+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[presenceRow])
	if err != nil {
		return nil, fmt.Errorf("read presence: %w", err)
	}
	return mapped(list, presenceRow.presence), nil
}

// metAgents adds those with a presence.
func metAgents(q *pgx.Batch, to map[gateway.AgentID]bool) {
	q.Queue(`select agent from presence`).Query(func(rows pgx.Rows) error {
		var agent gateway.AgentID
		_, err := pgx.ForEachRow(rows, []any{&agent}, func() error {
			to[agent] = true
			return nil
		})
		if err != nil {
			return fmt.Errorf("read presence: %w", err)
		}
		return nil
	})
}

func openInteractions(q *pgx.Batch, into *[]gateway.Interaction) {
	q.Queue(selectInteractions + `where finished_at is null`).Query(func(rows pgx.Rows) (err error) {
		*into, err = readInteractions(rows)
		return err
	})
}

const selectInteractions = `select ` + interactionColumns + ` from interaction `

func interactions(ctx context.Context, pool *pgxpool.Pool, rest string, args ...any) ([]gateway.Interaction, error) {
	rows, err := pool.Query(ctx, selectInteractions+rest, args...)
	if err != nil {
		return nil, fmt.Errorf("read interactions: %w", err)
	}
	return readInteractions(rows)
}

func readInteractions(rows pgx.Rows) ([]gateway.Interaction, error) {
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[interactionRow])
	if err != nil {
		return nil, fmt.Errorf("read interactions: %w", err)
	}
	return mapped(list, interactionRow.interaction), nil
}

// Holding counts what each agent has open, by channel.
func (f *Floor) Holding(ctx context.Context) (map[gateway.AgentID]map[gateway.Channel]int, error) {
	rows, err := f.pool.Query(ctx, `
		select agent, channel, count(*)
		from interaction
		where finished_at is null and state in ('active', 'parked', 'wrap_up')
		group by agent, channel`)
	if err != nil {
		return nil, fmt.Errorf("count what agents hold: %w", err)
	}
	out := map[gateway.AgentID]map[gateway.Channel]int{}
	var agent gateway.AgentID
	var channel gateway.Channel
	var n int
	_, err = pgx.ForEachRow(rows, []any{&agent, &channel, &n}, func() error {
		if out[agent] == nil {
			out[agent] = map[gateway.Channel]int{}
		}
		out[agent][channel] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what agents hold: %w", err)
	}
	return out, nil
}

// unopened reads by the index floor_inbox_conversation.
const unopened = `
	select (admission->>'conversation')::bigint, (admission->>'interaction')::bigint
	from floor_inbox
	where set_aside_at is null and (admission->>'conversation')::bigint = any($1)
	order by id desc`

// Unopened are the interactions that conversations are to have: the first of those that were
// admitted and that the leader has not taken yet. It may join another in the end.
func (f *Floor) Unopened(ctx context.Context, conversations ...gateway.ConversationID) (map[gateway.ConversationID]gateway.InteractionID, error) {
	rows, err := f.pool.Query(ctx, unopened, numbers(conversations))
	if err != nil {
		return nil, fmt.Errorf("read what is not opened: %w", err)
	}
	out := map[gateway.ConversationID]gateway.InteractionID{}
	var c gateway.ConversationID
	var i gateway.InteractionID
	_, err = pgx.ForEachRow(rows, []any{&c, &i}, func() error {
		out[c] = i
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is not opened: %w", err)
	}
	return out, nil
}

// Serving gives the open interactions of conversations.
func (f *Floor) Serving(ctx context.Context, conversations ...gateway.ConversationID) ([]gateway.Interaction, error) {
	return interactions(ctx, f.pool, `
		where finished_at is null and conversation = any($1) and state in ('waiting', 'offered', 'active', 'parked')
		order by id`, numbers(conversations))
}
