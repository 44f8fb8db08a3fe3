package email

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

// Way is how somebody said that they want no automatic mail.
type Way string

// The ways to say so.
const (
	ByLink  Way = "link"  // that stands in each such mail; mail programs show it as a button (RFC 8058)
	ByMail  Way = "mail"  // to the address that stands beside it (RFC 2369 §3.2)
	ByStaff Way = "staff" // to somebody here, who has noted it
)

// Unsubscribed is an address that gets no mail which we write by ourselves. What people here
// write, it gets.
type Unsubscribed struct {
	ID      int64
	Address string
	Way     Way
	At      time.Time
}

const unsubscribedColumns = ` id, address, way, at `

// Unsubscribed lists who wants no automatic mail, the latest first: those before an id, 0 for all.
// With words, only addresses that each of them stands in.
func (e *Email) Unsubscribed(ctx context.Context, words string, before int64, limit int) ([]Unsubscribed, error) {
	rows, _ := e.pool.Query(ctx, `
		select`+unsubscribedColumns+`
		from unsubscribed
		where ($1::bigint = 0 or id < $1)
			and not exists (select from unnest($3::text[]) as word where strpos(address, word) = 0)
		order by id desc
		limit $2`, before, limit, strings.Fields(strings.ToLower(gateway.Clean(words)))) // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Unsubscribed])
	if err != nil {
		return nil, fmt.Errorf("list who wants no automatic mail: %w", err)
	}
	return list, nil
}

// Unsubscribe spares an address all automatic mail from now on. Said twice it is said once.
func (e *Email) Unsubscribe(ctx context.Context, tx pgx.Tx, address string, way Way) (Unsubscribed, error) {
	address, ok := leaver(address, way)
	if !ok {
		return Unsubscribed{}, gateway.Invalid("bad_address", "write an address like anna@example.org")
	}
	rows, _ := tx.Query(ctx, `
		insert into unsubscribed (address, way)
		values (lower($1), $2)
		on conflict (address) do update set way = unsubscribed.way
		returning`+unsubscribedColumns, address, string(way)) // the error comes with the rows
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Unsubscribed])
	if err != nil {
		return u, fmt.Errorf("note that %s wants no automatic mail: %w", address, err)
	}
	return u, nil
}

// leaver is an address as it is kept. What staff write may be a slip; by the other ways comes what we
// have signed, and wrote to, however odd.
func leaver(address string, way Way) (string, bool) {
	if way == ByStaff {
		return gateway.TypedMailAddress(address)
	}
	address = gateway.MailAddress(strings.TrimSpace(gateway.Clean(address)))
	at := strings.LastIndexByte(address, '@')
	return address, at > 0 && at < len(address)-1 && len(address) <= 320
}

// Resubscribe lets an address have automatic mail again.
func (e *Email) Resubscribe(ctx context.Context, tx pgx.Tx, id int64) error {
	tag, err := tx.Exec(ctx, `delete from unsubscribed where id = $1`, id)
	if err != nil {
		return fmt.Errorf("let %d have automatic mail again: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return gateway.NotFound("not_unsubscribed", "there is no such address; somebody may have taken it off the list")
	}
	return nil
}

// leaveAt are the ways out that stand in an automatic mail: a link where there is one to give, and
// a mail to the mailbox, which knows it by its subject.
func (e *Email) leaveAt(box Mailbox, r Reply) (ways []string) {
	token := e.token.leave(r.Conversation, r.To[0].Value)
	if e.public != "" {
		ways = append(ways, e.public+LeavePath+token)
	}
	return append(ways, "mailto:"+url.PathEscape(box.Address)+"?subject=unsubscribe%20"+token)
}

// oneClick says whether a POST is enough at one of those ways: RFC 8058 §3.1 wants HTTPS, and §4 a
// signature over the fields that say so.
func oneClick(ways []string) bool {
	return slices.ContainsFunc(ways, func(way string) bool { return strings.HasPrefix(way, "https://") })
}

// leaving reads a mail that came by the second way: its token is proof enough, whoever sends it.
func (e *Email) leaving(l *letter.Letter) (c gateway.ConversationID, address string, ok bool) {
	word, token, _ := strings.Cut(strings.TrimSpace(l.Subject), " ")
	if !strings.EqualFold(word, "unsubscribe") {
		return 0, "", false
	}
	return e.token.ofLeave(strings.TrimSpace(token))
}

// leaves says whether a mail is such a one, which asks for nobody.
func (e *Email) leaves(l *letter.Letter) bool {
	_, _, ok := e.leaving(l)
	return ok
}
