package timeline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Limits on what a stranger's mail makes us look up or keep.
const (
	maxReferences = 100
	maxAddresses  = 200
)

// Find gives the conversation that an arrival belongs to and its case, or found false: the one that the
// channel names, or that took over what it refers to there, else that of the newest reference which counts. A reference counts when
// the arrival is Trusted or its sender has taken part; an empty one never does.
func (s *Store) Find(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (id gateway.ConversationID, c gateway.CaseID, found bool, err error) {
	references := referred(a.References)
	if a.Conversation != 0 {
		return named(ctx, tx, a.Conversation, references)
	}
	if len(references) == 0 {
		return 0, 0, false, nil
	}
	err = tx.QueryRow(ctx, `
		select c.id, c.case_id
		from unnest($1::text[]) with ordinality as w(message_id, n)
		join message_ref r using (message_id)
		join conversation c on c.id = r.conversation_id
		where $2 or exists (
			select from participant p
			where p.conversation_id = c.id and p.kind = $3 and p.value = $4)
		order by w.n, c.id desc
		limit 1`, references, a.Trusted, string(a.From.Kind), value(a.From)).Scan(&id, &c)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, 0, false, nil
	case err != nil:
		return 0, 0, false, fmt.Errorf("find conversation: %w", err)
	}
	return id, c, true, nil
}

// named is the conversation that the channel names, or the one that took from it what the
// newest reference refers to (Extract): a mail of ours names where it was written for ever.
func named(ctx context.Context, tx pgx.Tx, id gateway.ConversationID, references []string) (gateway.ConversationID, gateway.CaseID, bool, error) {
	var c gateway.CaseID
	sql, args := namedAlone, []any{int64(id)}
	if len(references) > 0 {
		sql, args = namedOrMoved, append(args, references)
	}
	err := tx.QueryRow(ctx, sql, args...).Scan(&id, &c)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, 0, false, noConversation(id)
	case err != nil:
		return 0, 0, false, fmt.Errorf("find conversation %d: %w", id, err)
	}
	return id, c, true, nil
}

const (
	namedAlone = `
		select id, case_id
		from conversation
		where id = $1`
	namedOrMoved = `
		select id, case_id
		from conversation
		where id = coalesce((
			select r.conversation_id
			from unnest($2::text[]) with ordinality as w(message_id, n)
			join message_ref r using (message_id)
			where r.conversation_id = $1 or r.moved_from = $1
			order by w.n
			limit 1), $1)`
)

func referred(ids []string) (list []string) {
	for _, id := range ids[:min(len(ids), maxReferences)] {
		if id = messageID(id); id != "" {
			list = append(list, id)
		}
	}
	return list
}

// messageID is a Message-ID as it is stored and looked up: bare, and short enough for an
// index (RFC 5322 §2.1.1 allows a line of 998 characters).
func messageID(id string) string {
	id = strings.TrimSpace(gateway.Clean(id))
	if len(id) > 998 {
		return ""
	}
	return id
}

// Continue gives the latest conversation of a case on a channel, zero when it has none.
func (s *Store) Continue(ctx context.Context, tx pgx.Tx, c gateway.CaseID, channel gateway.Channel) (id gateway.ConversationID, err error) {
	err = tx.QueryRow(ctx, `
		select coalesce(max(id), 0)
		from conversation
		where case_id = $1 and channel = $2`, int64(c), string(channel)).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("find conversation of case %d: %w", c, err)
	}
	return id, nil
}

// Refer notes that a mail with this Message-ID belongs to the conversation, and that
// people of these addresses take part in it. An empty id is not noted. Append notes whom
// a mail names by itself.
func (s *Store) Refer(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, id string, attending ...gateway.Address) error {
	var batch pgx.Batch
	if id = messageID(id); id != "" {
		batch.Queue(`
			insert into message_ref (message_id, conversation_id)
			values ($1, $2)
			on conflict do nothing`, id, int64(conversation))
	}
	var p participants
	p.add(conversation, attending)
	p.queue(&batch)
	if batch.Len() == 0 {
		return nil
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("refer to conversation %d: %w", conversation, err)
	}
	return nil
}

type participants struct {
	conversations []int64
	kinds, values []string
}

func (p *participants) add(conversation gateway.ConversationID, addresses []gateway.Address) {
	for _, a := range addresses[:min(len(addresses), maxAddresses)] {
		if v := value(a); v != "" {
			p.conversations = append(p.conversations, int64(conversation))
			p.kinds, p.values = append(p.kinds, string(a.Kind)), append(p.values, v)
		}
	}
}

// value is an address as it is compared. RFC 5321 §2.4 lets the local part of a mail
// address differ by case; nobody does, and people type as they like.
func value(a gateway.Address) string {
	v := gateway.Clean(a.Value)
	if a.Kind == gateway.AddressEmail {
		v = gateway.MailAddress(v)
	}
	if len(v) > 500 {
		return ""
	}
	return v
}

func (p *participants) queue(batch *pgx.Batch) {
	if len(p.values) == 0 {
		return
	}
	batch.Queue(`
		insert into participant (conversation_id, kind, value)
		select * from unnest($1::bigint[], $2::text[], $3::text[])
		on conflict do nothing`, p.conversations, p.kinds, p.values)
}

// queueParticipants notes whom the mails among the entries name.
func queueParticipants(batch *pgx.Batch, fresh []*gateway.Entry) {
	var p participants
	for _, e := range fresh {
		var mail gateway.Mail
		if e.Kind != gateway.EntryMail || json.Unmarshal(e.Body, &mail) != nil {
			continue // what is no mail names nobody
		}
		p.add(e.Conversation, []gateway.Address{mail.From})
		p.add(e.Conversation, mail.To)
		p.add(e.Conversation, mail.Cc)
		p.add(e.Conversation, mail.Bcc)
	}
	p.queue(batch)
}
