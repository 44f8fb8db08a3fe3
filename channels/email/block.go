package email

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Block is a sender whose mail is kept in quarantine, with no case and no offer, until
// somebody releases it.
type Block struct {
	ID   int64
	Who  string // an address, or @ and a domain
	Note string
	At   time.Time
}

// Blocked lists the blocked senders before an id, 0 for all, the latest first.
func (e *Email) Blocked(ctx context.Context, before int64, limit int) ([]Block, error) {
	rows, _ := e.pool.Query(ctx, `
		select id, who, note, at
		from blocked_sender
		where $1::bigint = 0 or id < $1
		order by id desc
		limit $2`, before, limit) // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Block])
	if err != nil {
		return nil, fmt.Errorf("list blocked senders: %w", err)
	}
	return list, nil
}

// Block keeps the mail of an address, or of a whole "@domain", from now on. Blocking again
// changes the note.
func (e *Email) Block(ctx context.Context, tx pgx.Tx, who, note string) (Block, error) {
	who, ok := blockable(who)
	if !ok {
		return Block{}, gateway.Invalid("bad_sender", "write an address like anna@example.org, or @example.org for all of a domain")
	}
	rows, _ := tx.Query(ctx, `
		insert into blocked_sender (who, note)
		values ($1, $2)
		on conflict (who) do update set note = excluded.note
		returning id, who, note, at`, who, gateway.Clean(note)) // the error comes with the rows
	b, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Block])
	if err != nil {
		return b, fmt.Errorf("block %s: %w", who, err)
	}
	return b, nil
}

// blockable is an address as it is kept, or @ and a domain.
func blockable(who string) (string, bool) {
	domain, all := strings.CutPrefix(strings.TrimSpace(gateway.Clean(who)), "@")
	if !all {
		return gateway.TypedMailAddress(who)
	}
	_, ok := gateway.TypedMailAddress("anybody@" + domain)
	return "@" + strings.ToLower(domain), ok
}

// Unblock lets a sender's mail in again. What is held stays in quarantine until released.
func (e *Email) Unblock(ctx context.Context, tx pgx.Tx, id int64) error {
	tag, err := tx.Exec(ctx, `delete from blocked_sender where id = $1`, id)
	if err != nil {
		return fmt.Errorf("unblock sender %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return gateway.NotFound("not_blocked", "there is no such blocked sender; somebody may have unblocked it")
	}
	return nil
}

// blockedAmong are those of some names that are blocked.
const blockedAmong = `
	select who
	from blocked_sender
	where who = any($1)`

// block reads them.
func (m met) block(rows pgx.Rows) error {
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, who := range list {
		m.blocked[who] = true
	}
	return err
}

// senders are the names by which the senders of mails may be blocked.
func senders(mails []*receivedMail) (names []string) {
	for _, r := range mails {
		names = append(names, r.letter.From.Value, domainOf(r.letter.From.Value))
	}
	return names
}

// part parts mails into those that may come in and those whose senders are blocked.
func (m met) part(mails []*receivedMail) (free, held []*receivedMail) {
	for _, r := range mails {
		if m.blocked[r.letter.From.Value] || m.blocked[domainOf(r.letter.From.Value)] {
			held = append(held, r)
		} else {
			free = append(free, r)
		}
	}
	return free, held
}

// domainOf is an address's domain as Block has it: "@example.org".
func domainOf(address string) string { return address[max(0, strings.LastIndexByte(address, '@')):] }
