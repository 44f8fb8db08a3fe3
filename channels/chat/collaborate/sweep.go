package collaborate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// sweep ends what nobody answered, whose customer is gone, or whose agent serves them no
// longer. Every node does it, and it is done once.
func (r *Room) sweep(ctx context.Context) error {
	rows, err := r.Pool.Query(ctx, `
		select id, conversation_id as conversation, interaction_id as interaction, agent_id as agent,
		       state = 'asked' and asked_at < $1 as unanswered, state = 'shared' and seen_at < $2 as gone
		from collaboration
		where state <> 'ended'
		order by id`, time.Now().Add(-answerAfter), time.Now().Add(-goneAfter))
	if err != nil {
		return fmt.Errorf("find open sessions: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[openSession])
	if err != nil || len(list) == 0 {
		return err
	}
	left, err := r.left(ctx, list)
	if err != nil {
		return err
	}
	var errs []error
	for _, s := range list {
		var cause string
		switch {
		case left[s.ID]:
			cause = Left
		case s.Unanswered:
			cause = Unanswered
		case s.Gone:
			cause = Gone
		default:
			continue
		}
		_, err := r.End(ctx, s.ID, cause)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// openSession is what a sweep must know of one.
type openSession struct {
	ID           int64
	Conversation gateway.ConversationID
	Interaction  gateway.InteractionID
	Agent        gateway.AgentID
	Unanswered   bool
	Gone         bool
}

// left says which sessions' agents do not serve their customers any more.
func (r *Room) left(ctx context.Context, list []openSession) (map[int64]bool, error) {
	of := make([]gateway.ConversationID, len(list))
	for i, s := range list {
		of[i] = s.Conversation
	}
	serving, err := r.Floor.Serving(ctx, of...)
	if err != nil {
		return nil, err
	}
	by := map[gateway.InteractionID]gateway.AgentID{}
	for _, i := range serving {
		if i.State == gateway.StateActive || i.State == gateway.StateParked {
			by[i.ID] = i.Agent
		}
	}
	out := map[int64]bool{}
	for _, s := range list {
		out[s.ID] = by[s.Interaction] != s.Agent
	}
	return out, nil
}

// verify ends the session at once if its agent has let go of the customer.
func (r *Room) verify(ctx context.Context, s Session) {
	left, err := r.left(ctx, []openSession{{ID: s.ID, Conversation: s.Conversation, Interaction: s.Interaction, Agent: s.Agent}})
	if err == nil && left[s.ID] {
		_, err = r.End(ctx, s.ID, Left)
	}
	if err != nil {
		r.Log.Warn("co-browsing not checked", "conversation", s.Conversation, "err", err)
	}
}

// Forget removes the record of what ended before a time. What the conversation tells of it stays.
func (r *Room) Forget(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, r.Pool, `
		delete from collaboration
		where id in (select id from collaboration where ended_at < $1 limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("forget sessions: %w", err)
	}
	return gone, nil
}

// seen notes that the customer's page is there, and which one. It gives the session's revision.
func (r *Room) seen(ctx context.Context, id int64, page string) (rev int64, err error) {
	err = r.Pool.QueryRow(ctx, `
		update collaboration
		set seen_at = now(),
		    pages = case when $2 = '' or $2 = any(pages) or cardinality(pages) >= 100 then pages else pages || $2 end
		where id = $1
		returning rev`, id, page).Scan(&rev)
	if err != nil {
		return 0, fmt.Errorf("note a page: %w", err)
	}
	return rev, nil
}
