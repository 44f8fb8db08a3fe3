package tickets

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Join gives the case and the customer of an arrival, in the transaction that receives
// it. The customer is the one who has the sender's address, else one of the others,
// else a new one. The case is the known one, that of its conversation, if it is open or
// was closed not long ago; else the one whose number the sender's subject quotes; else
// a new one. A quiet arrival opens nothing again.
func (s *Store) Join(ctx context.Context, tx pgx.Tx, a gateway.Arrival, known gateway.CaseID) (gateway.CaseID, gateway.CustomerID, error) {
	customer, err := s.recognise(ctx, tx, a)
	if err != nil {
		return 0, 0, fmt.Errorf("recognise a customer: %w", err)
	}
	if known != 0 {
		joined, err := s.continued(ctx, tx, a, known)
		if joined || err != nil {
			return known, customer, err
		}
	}
	id, err := s.begin(ctx, tx, a, customer)
	return id, customer, err
}

// recognise finds or makes the customer and notes every address that is new.
func (s *Store) recognise(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (gateway.CustomerID, error) {
	var from, others []gateway.Address
	if sender, ok := s.settle(a.From); ok {
		from = append(from, sender)
	}
	for _, o := range a.Others[:min(len(a.Others), 10)] {
		if other, ok := s.settle(o); ok {
			others = append(others, other)
		}
	}
	all := append(from, others...)
	id, err := owner(ctx, tx, all)
	if err != nil {
		return 0, err
	}
	if id == 0 {
		if id, err = s.newcomer(ctx, tx, a, all); err != nil {
			return 0, err
		}
	}
	if err := note(ctx, tx, id, from, false); err != nil {
		return 0, err
	}
	return id, note(ctx, tx, id, others, true)
}

// owner is whose the addresses are: of the first one that anybody has. 0: nobody's.
func owner(ctx context.Context, tx pgx.Tx, addresses []gateway.Address) (id gateway.CustomerID, err error) {
	for _, a := range addresses { // one or two, and each by the same plan
		err = tx.QueryRow(ctx, `
			select coalesce(c.merged_into, c.id)
			from customer_address a
			join customer c on c.id = a.customer
			where a.kind = $1 and a.value = $2`, a.Kind, a.Value).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			return id, err
		}
	}
	return 0, nil
}

func columns(addresses []gateway.Address) (kinds, values []string) {
	for _, a := range addresses {
		kinds, values = append(kinds, string(a.Kind)), append(values, a.Value)
	}
	return kinds, values
}

// newcomer makes a customer. Two first mails of one sender may be received at the same
// time: the lock on the address makes the second one wait and then find the first one's.
func (s *Store) newcomer(ctx context.Context, tx pgx.Tx, a gateway.Arrival, addresses []gateway.Address) (id gateway.CustomerID, err error) {
	kinds, values := columns(addresses)
	if _, err := tx.Exec(ctx, `
		select pg_advisory_xact_lock(k)
		from (select hashtextextended('customer_address ' || kind || value, 0) as k
			from unnest($1::text[], $2::text[]) as w(kind, value)
			order by k) as w`, kinds, values); err != nil {
		return 0, err
	}
	if id, err := owner(ctx, tx, addresses); id != 0 || err != nil {
		return id, err
	}
	name := short(a.From.Name, 200)
	for _, o := range addresses {
		if name == "" {
			name = o.Name
		}
	}
	err = tx.QueryRow(ctx, "insert into customer (name, language) values ($1, $2) returning id", name, short(a.Language, 35)).Scan(&id)
	return id, err
}

// note gives the customer those of the addresses that are nobody's. One that the
// customer only claimed is believed once something comes from it.
func note(ctx context.Context, tx pgx.Tx, customer gateway.CustomerID, addresses []gateway.Address, claimed bool) error {
	for _, a := range addresses {
		if _, err := tx.Exec(ctx, `
			insert into customer_address (kind, value, customer, name, claimed)
			values ($1, $2, $3, $4, $5)
			on conflict (kind, value) do update set claimed = false
			where customer_address.claimed and not excluded.claimed`,
			a.Kind, a.Value, customer, a.Name, claimed); err != nil {
			return err
		}
	}
	return nil
}

var tag = regexp.MustCompile(`\[#(\d{1,15})\]`)

// Quoted gives the case whose number stands in the subject as [#1042], if it is the
// sender's; zero if there is none. It changes and locks nothing.
func (s *Store) Quoted(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (id gateway.CaseID, err error) {
	quoted := tag.FindStringSubmatch(a.Subject)
	from, ok := s.settle(a.From)
	if quoted == nil || !ok {
		return 0, nil
	}
	err = tx.QueryRow(ctx, `
		select k.id
		from support_case k
		join customer_address a on a.kind = $2 and a.value = $3
		join customer c on c.id = a.customer
		where k.number = $1::bigint and k.customer = coalesce(c.merged_into, c.id)`, quoted[1], from.Kind, from.Value).Scan(&id)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("find a quoted case: %w", err)
	}
	return id, nil
}

// Lock takes the rows of the cases, in the order of their ids, for a transaction that will
// change them one after the other. Conversations are locked before.
func (s *Store) Lock(ctx context.Context, tx pgx.Tx, cases ...gateway.CaseID) error {
	if len(cases) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `
		select from support_case
		where id = any($1)
		order by id
		for no key update`, cases); err != nil {
		return fmt.Errorf("lock cases: %w", err)
	}
	return nil
}

// continued puts the arrival onto a case, unless that is gone or closed for good.
func (s *Store) continued(ctx context.Context, tx pgx.Tx, a gateway.Arrival, id gateway.CaseID) (bool, error) {
	tag, err := tx.Exec(ctx, `
		update support_case
		set state = case when $4 then state else 'open' end,
			closed_at = case when $4 then closed_at end,
			rev = rev + case when $4 or state = 'open' then 0 else 1 end,
			channel = case when $4 then channel else $3 end,
			preview = $5, preview_by = $6,
			last_activity_at = greatest(last_activity_at, $2)
		where id = $1 and (state <> 'closed' or $4 or closed_at > $2::timestamptz - $7::interval)`,
		id, arrived(a), a.Channel, a.Quiet, short(a.Entry.Text, previewLength), a.Entry.Author.Kind, s.ReopenWithin)
	if err != nil {
		return false, fmt.Errorf("continue case %d: %w", id, err)
	}
	return tag.RowsAffected() == 1, nil
}

const previewLength = 160

// begin opens a case. A quiet one (a bounce of nothing we know) is closed at once: it
// can be found, and stands in nobody's way.
func (s *Store) begin(ctx context.Context, tx pgx.Tx, a gateway.Arrival, customer gateway.CustomerID) (id gateway.CaseID, err error) {
	err = tx.QueryRow(ctx, `
		insert into support_case (subject, state, closed_at, customer, queue, channel, preview, preview_by, last_activity_at)
		values ($1, case when $2 then 'closed' else 'open' end, case when $2 then $3::timestamptz end, $4, $5, $6, $7, $8, $3)
		returning id`,
		short(a.Subject, 300), a.Quiet, arrived(a), customer, a.Queue, a.Channel,
		short(a.Entry.Text, previewLength), a.Entry.Author.Kind).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("open a case: %w", err)
	}
	return id, nil
}

func arrived(a gateway.Arrival) time.Time {
	if a.ArrivedAt.IsZero() {
		return time.Now()
	}
	return a.ArrivedAt
}
