package voice

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Line is one line of an agent's phone, as it is shown. Outside is somebody's telephone
// whom the agent has called on line 2.
type Line struct {
	No          int                   `json:"no"` // 1 or 2
	Interaction gateway.InteractionID `json:"interaction,omitempty"`
	State       string                `json:"state"` // idle, ringing, talking, held; failed: somebody outside did not answer
	Number      string                `json:"number,omitempty"`
	Name        string                `json:"name,omitempty"`
	Since       string                `json:"since,omitempty"` // RFC 3339
	Outside     bool                  `json:"outside,omitempty"`
	Failure     gateway.CallFailure   `json:"failure,omitempty"`
}

// Lines says what an agent's phone does, whichever node serves its calls. The first line
// is always there. Of somebody outside who did not answer it says why, until the agent asks
// somebody else or the call is over.
func (v *Voice) Lines(ctx context.Context, agent gateway.AgentID) ([]Line, error) {
	const query = `
		select c.interaction_id,
			case
				when l.failure <> '' then 'failed'
				when l.answered_at is null or c.state = 'dialling' then 'ringing'
				when c.held and l.role <> 'outside' then 'held'
				else 'talking'
			end,
			case
				when l.role = 'outside' then l.address
				when c.cause <> '' then '' -- the customer has gone
				when c.outbound then c.to_number
				else c.from_number
			end,
			case when l.role = 'outside' or c.cause <> '' then '' else c.from_name end,
			case when l.role = 'outside' then coalesce(l.answered_at, l.created_at) else coalesce(c.answered_at, l.created_at) end,
			l.role = 'outside', l.failure
		from leg l
		join call c on c.id = l.call_id
		where l.agent_id = $1
		and c.ended_at is null
		and c.state not in ('outside', 'leaving')
		and (l.ended_at is null or l.failure <> '' and l.role = 'outside' and not exists (
			select from leg newer
			where newer.call_id = l.call_id and newer.id > l.id))
		order by l.id
		limit 2`
	rows, err := v.pool.Query(ctx, query, agent)
	if err != nil {
		return nil, fmt.Errorf("find the lines of agent %d: %w", agent, err)
	}
	lines, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Line, err error) {
		var since time.Time
		err = row.Scan(&l.Interaction, &l.State, &l.Number, &l.Name, &since, &l.Outside, &l.Failure)
		l.Since = since.UTC().Format(time.RFC3339)
		return l, err
	})
	if err != nil {
		return nil, fmt.Errorf("find the lines of agent %d: %w", agent, err)
	}
	if len(lines) == 0 {
		lines = []Line{{State: "idle"}}
	}
	for i := range lines {
		lines[i].No = i + 1
	}
	return lines, nil
}
