package tickets

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
)

// Join gives the case and the customer of an arrival, in the transaction that receives
// it. The customer is the one who has the sender's address, else one of the others,
// else a new one. The case is the known one, that of its conversation, if it is open or
// was closed not long ago; else the one whose number the sender's subject quotes; else
// a new one. A quiet arrival opens nothing again.
func (s *Store) Join(ctx context.Context, tx pgx.Tx, a gateway.Arrival, known gateway.CaseID) (gateway.CaseID, gateway.CustomerID, error) {
	cases, customers, _, err := s.JoinAll(ctx, tx, []gateway.Arrival{a}, []gateway.CaseID{known})
	if err != nil {
		return 0, 0, err
	}
	return cases[0], customers[0], nil
}

// JoinAll does what Join does for one, for many, a statement a step. known is in step
// with the arrivals, and so are the answers, of which the last are the customers' credits.
func (s *Store) JoinAll(ctx context.Context, tx pgx.Tx, list []gateway.Arrival, known []gateway.CaseID) ([]gateway.CaseID, []gateway.CustomerID, []gateway.Seconds, error) {
	people, cases, err := s.recognise(ctx, tx, list)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("recognise customers: %w", err)
	}
	joined, err := s.continued(ctx, tx, list, known)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("continue cases: %w", err)
	}
	customers, credits := make([]gateway.CustomerID, len(list)), make([]gateway.Seconds, len(list))
	var fresh []int
	for i := range list {
		customers[i], credits[i] = people[i].id, people[i].credit
		if joined[i] {
			cases[i] = known[i]
		} else {
			fresh = append(fresh, i)
		}
	}
	return cases, customers, credits, begin(ctx, tx, list, customers, fresh, cases)
}

var tag = regexp.MustCompile(`\[#(\d{1,15})\]`)

// Quoted gives the case whose number stands in the subject as [#1042], or that it became, if
// it is the sender's; zero if there is none, or the sender may be another. It changes and locks nothing.
func (s *Store) Quoted(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (id gateway.CaseID, err error) {
	quoted := tag.FindStringSubmatch(a.Subject)
	from, ok := s.settle(a.From)
	if quoted == nil || !ok || a.Forged {
		return 0, nil
	}
	err = tx.QueryRow(ctx, `
		with sender as (
			select coalesce(c.merged_into, c.id) as id
			from customer_address a
			join customer c on c.id = a.customer
			where a.kind = $2 and a.value = $3)
		select k.id
		from support_case k
		where k.number = $1::bigint and k.customer = (select id from sender)
		union all
		select became
		from case_alias
		where number = $1::bigint and customer = (select id from sender)`, quoted[1], from.Kind, from.Value).Scan(&id)
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
	if _, err := tx.Exec(ctx, lockCases, cases); err != nil {
		return fmt.Errorf("lock cases: %w", err)
	}
	return nil
}

const lockCases = `
	select from support_case
	where id = any($1)
	order by id
	for no key update`

// continued puts arrivals onto the cases that are known, and says which: not those whose
// case is gone or closed for good.
func (s *Store) continued(ctx context.Context, tx pgx.Tx, list []gateway.Arrival, known []gateway.CaseID) ([]bool, error) {
	joined := make([]bool, len(list))
	var batch pgx.Batch
	for i, a := range list {
		if known[i] == 0 {
			continue
		}
		batch.Queue(`
			update support_case
			set state = case when $4 then state else 'open' end,
				closed_at = case when $4 then closed_at end,
				rev = rev + case when $4 or state = 'open' then 0 else 1 end,
				channel = case when $4 then channel else $3 end,
				preview = $5, preview_by = $6,
				last_activity_at = greatest(last_activity_at, $2)
			where id = $1 and (state <> 'closed' or $4 or closed_at > $2::timestamptz - $7::interval)`,
			known[i], arrived(a), a.Channel, a.Quiet, short(a.Own(), previewLength), a.Entry.Author.Kind, s.ReopenWithin,
		).Exec(func(tag pgconn.CommandTag) error {
			joined[i] = tag.RowsAffected() == 1
			return nil
		})
	}
	if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, err
	}
	return joined, mergedMeanwhile(ctx, tx, known, joined)
}

// mergedMeanwhile ends the transaction of an arrival whose case became a part of another
// after it was looked up. The next one finds that.
func mergedMeanwhile(ctx context.Context, tx pgx.Tx, known []gateway.CaseID, joined []bool) error {
	var gone []gateway.CaseID
	for i, id := range known {
		if id != 0 && !joined[i] {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	var merged bool
	err := tx.QueryRow(ctx, "select exists (select from case_alias where id = any($1))", gone).Scan(&merged)
	if err == nil && merged {
		err = &gateway.Error{Kind: gateway.KindTryAgain, Code: "case_merged", Detail: "the case became a part of another meanwhile; send the same request again"}
	}
	return err
}

const previewLength = 160

// begin opens cases, with the numbers given, for those of the list that are fresh. A quiet
// one (a bounce of nothing we know, an old mail) begins and ends when it came: it can be
// found, and stands in nobody's way.
func begin(ctx context.Context, tx pgx.Tx, list []gateway.Arrival, customers []gateway.CustomerID, fresh []int, cases []gateway.CaseID) error {
	n := len(fresh)
	if n == 0 {
		return nil
	}
	subjects, channels, previews, authors := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	quiet, at, ids, of, queues := make([]bool, n), make([]time.Time, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for k, i := range fresh {
		a := list[i]
		subjects[k], channels[k], authors[k] = title(a), string(a.Channel), string(a.Entry.Author.Kind)
		previews[k], quiet[k], at[k] = short(a.Own(), previewLength), a.Quiet, arrived(a)
		ids[k], of[k], queues[k] = int64(cases[i]), int64(customers[i]), int64(a.Queue)
	}
	_, err := tx.Exec(ctx, `
		insert into support_case (id, subject, state, closed_at, customer, queue, channel, preview, preview_by, last_activity_at, created_at)
		overriding system value
		select w.id, subject, case when quiet then 'closed' else 'open' end, case when quiet then at end, coalesce(c.merged_into, c.id), queue,
			channel, preview, preview_by, at, case when quiet then at else now() end
		from unnest($1::bigint[], $2::text[], $3::boolean[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[])
			as w(id, subject, quiet, at, customer, queue, channel, preview, preview_by)
		join customer c on c.id = w.customer
		order by w.id
		for key share of c -- who is just being merged is waited for`,
		ids, subjects, quiet, at, of, queues, channels, previews, authors)
	if err != nil {
		return fmt.Errorf("open %d cases: %w", n, err)
	}
	return nil
}

// titleLength is how many characters of what a customer says first are a case's title.
const titleLength = 80

// title is what a case is called: what the arrival says it is about (a mail's subject, the
// topic chosen before a chat), else a chat's first words.
func title(a gateway.Arrival) string {
	if strings.TrimSpace(a.Subject) == "" && a.Entry.Kind == gateway.EntryMessage {
		return short(a.Entry.Text, titleLength)
	}
	return short(a.Subject, 300)
}

func arrived(a gateway.Arrival) time.Time {
	if a.ArrivedAt.IsZero() {
		return time.Now()
	}
	return a.ArrivedAt
}
