package timeline

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// maxLinks is how many references of a mail are kept: the newest say whom it is about.
const maxLinks = 10

// Linked gives the other cases whose mails refer to mails of this one, are referred to by
// them, or refer to the same. Anybody may have written such a reference, so it is shown to
// people and joins nothing: what joins is Find's to say.
func (s *Store) Linked(ctx context.Context, c gateway.CaseID) ([]gateway.CaseID, error) {
	rows, _ := s.pool.Query(ctx, `
		with here as (
			select id
			from conversation
			where case_id = $1),
		referred as (
			select message_id
			from message_link
			where conversation_id in (select id from here)
			limit $2),
		own as (
			select e.body ->> 'message_id' as message_id
			from here
			cross join lateral (
				select body
				from entry
				where conversation_id = here.id and kind = 'mail'
				order by pos desc
				limit $2) as e),
		linked as (
			select conversation_id from message_ref where message_id in (select message_id from referred)
			union
			select conversation_id from message_link where message_id in (select message_id from referred union select message_id from own))
		select distinct k.case_id
		from linked
		join conversation k on k.id = linked.conversation_id
		where k.case_id not in (0, $1)
		limit $2`, int64(c), maxReferences) // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowTo[gateway.CaseID])
	if err != nil {
		return nil, fmt.Errorf("find cases that refer to case %d: %w", c, err)
	}
	return list, nil
}

// queueLinks notes what mails refer to beside the conversation that they are in.
func queueLinks(batch *pgx.Batch, conversations []gateway.ConversationID, arrivals []gateway.Arrival) {
	var ids []string
	var of []int64
	for i, a := range arrivals {
		links := referred(a.References)
		for _, id := range links[:min(len(links), maxLinks)] {
			ids, of = append(ids, id), append(of, int64(conversations[i]))
		}
	}
	if len(ids) == 0 {
		return
	}
	batch.Queue(`
		insert into message_link (message_id, conversation_id)
		select * from unnest($1::text[], $2::bigint[])
		on conflict do nothing`, ids, of)
}
