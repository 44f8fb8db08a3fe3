package timeline

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
)

// Numbers asks for the numbers of conversations to be. They are there when the transaction
// next reads anything.
func (s *Store) Numbers(tx *lazy.Tx, n int) *[]gateway.ConversationID {
	var ids []gateway.ConversationID
	tx.Ask(func(rows pgx.Rows) (err error) {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[gateway.ConversationID])
		return err
	}, `
		select nextval('conversation_id_seq')
		from generate_series(1, $1)`, n)
	return &ids
}

// OpenAll begins a conversation for each case, under the numbers. Each has its first entry,
// which AppendFirst is to write in the same transaction. The slices are in step.
func (s *Store) OpenAll(ctx context.Context, tx pgx.Tx, numbers []gateway.ConversationID, cases []gateway.CaseID, customers []gateway.CustomerID, channels []gateway.Channel) ([]gateway.ConversationID, error) {
	if len(cases) == 0 {
		return nil, nil
	}
	if _, err := tx.Exec(ctx, `
		insert into conversation (id, case_id, customer_id, channel, last_pos)
		overriding system value
		select id, c, customer, channel, 1
		from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[]) as w(id, c, customer, channel)`,
		numbers, cases, customers, channels); err != nil {
		return nil, fmt.Errorf("open %d conversations: %w", len(cases), err)
	}
	return numbers, nil
}

// AppendFirst writes the entries that conversations begin with, which this transaction has
// opened: nobody else can know of them, so nothing is read or locked.
func (s *Store) AppendFirst(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	begun := heads{}
	for _, e := range entries {
		clean(e)
		begun[e.Conversation] = &head{}
		if err := unfit(e, begun); err != nil {
			return err
		}
		e.Pos = 1
	}
	var batch pgx.Batch
	queueEntries(&batch, entries)
	queueParticipants(&batch, entries)
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("append %d first entries: %w", len(entries), err)
	}
	return nil
}

// ReferAll notes for each arrival in its conversation what Refer notes for one. The
// slices are in step.
func (s *Store) ReferAll(ctx context.Context, tx pgx.Tx, conversations []gateway.ConversationID, arrivals []gateway.Arrival) error {
	var ids []string
	var of []int64
	var p participants
	for i, a := range arrivals {
		if id := messageID(a.MessageID); id != "" {
			ids, of = append(ids, id), append(of, int64(conversations[i]))
		}
		p.add(conversations[i], []gateway.Address{a.From})
		p.add(conversations[i], a.Others)
	}
	var batch pgx.Batch
	if len(ids) > 0 {
		batch.Queue(`
			insert into message_ref (message_id, conversation_id)
			select * from unnest($1::text[], $2::bigint[])
			on conflict do nothing`, ids, of)
	}
	p.queue(&batch)
	queueLinks(&batch, conversations, arrivals)
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("refer to %d conversations: %w", len(conversations), err)
	}
	return nil
}

// ServeAll notes that the conversations' next lines belong to these interactions while
// their customers' side is open, and no longer. Closing one that another has replaced
// changes nothing. The list is in the order of its conversations. Only the floor calls
// it, after Lock.
func (s *Store) ServeAll(ctx context.Context, tx pgx.Tx, list ...gateway.Interaction) error {
	var batch pgx.Batch
	for rest := list; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Conversation != rest[n-1].Conversation {
			n++
		}
		serve(&batch, rest[:n])
		rest = rest[n:]
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("serve %d conversations: %w", len(list), err)
	}
	return nil
}

func serve(batch *pgx.Batch, list []gateway.Interaction) {
	n := len(list)
	conversations, ids, open := make([]int64, n), make([]int64, n), make([]bool, n)
	for k, i := range list {
		conversations[k], ids[k], open[k] = int64(i.Conversation), int64(i.ID), i.End == ""
	}
	batch.Queue(`
		update conversation c
		set open_interaction = case when w.open then w.interaction end
		from unnest($1::bigint[], $2::bigint[], $3::boolean[]) as w(id, interaction, open)
		where c.id = w.id and (w.open or c.open_interaction = w.interaction)`, conversations, ids, open)
}
