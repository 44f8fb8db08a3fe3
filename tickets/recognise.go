package tickets

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// sender is whom an arrival names: its sender first, if that can be told, then others who
// are the same person by the channel's word.
type sender struct {
	name, language string
	addresses      []gateway.Address
	claimed        []bool // in step: not what it came from
}

// place is an address without the name beside it.
type place struct {
	kind  gateway.AddressKind
	value string
}

// person is a customer, or one to be.
type person struct {
	id             gateway.CustomerID
	credit         gateway.Seconds // due so much earlier
	name, language string
}

// holding is whose an address is.
type holding struct {
	of      *person
	name    string
	claimed bool // the customer only said so
	news    bool // to be written
}

// recognise finds or makes the customers and notes every address that is new. Whoever
// has several of them in one batch is one customer. It gives a number for each arrival
// that may begin a case, too.
func (s *Store) recognise(ctx context.Context, tx pgx.Tx, list []gateway.Arrival) ([]*person, []gateway.CaseID, error) {
	senders := make([]sender, len(list))
	for i, a := range list {
		senders[i] = s.senderOf(a)
	}
	known, fresh, err := owners(ctx, tx, senders)
	if err != nil {
		return nil, nil, err
	}
	people, strangers := identify(senders, known)
	for i, p := range strangers {
		p.id = fresh.customers[i]
	}
	if err := introduce(ctx, tx, strangers); err != nil {
		return nil, nil, err
	}
	if err := note(ctx, tx, known); err != nil {
		return nil, nil, err
	}
	return people, fresh.cases, nil
}

func (s *Store) senderOf(a gateway.Arrival) sender {
	who := sender{name: short(a.From.Name, 200), language: short(a.Language, 35)}
	add := func(a gateway.Address, claimed bool) {
		if a, ok := s.settle(a); ok {
			who.addresses, who.claimed = append(who.addresses, a), append(who.claimed, claimed)
			who.name = cmp.Or(who.name, a.Name)
		}
	}
	add(a.From, false)
	for _, o := range a.Others[:min(len(a.Others), 10)] {
		add(o, true)
	}
	return who
}

// known is the owner of the first of the addresses that anybody has.
func (s sender) known(held map[place]*holding) *person {
	for _, a := range s.addresses {
		if h := held[place{a.Kind, a.Value}]; h != nil {
			return h.of
		}
	}
	return nil
}

// numbers are those of customers and cases to be: given out before, they let the rows be
// written together with what refers to them.
type numbers struct {
	customers []gateway.CustomerID
	cases     []gateway.CaseID
}

// owners finds whose the addresses are, and gives numbers for as many customers and cases
// as may be new. Two first mails of one sender may be received at the same time: the lock
// on an address that nobody has makes the second one wait and then find the first one's
// customer. Subqueries for each address keep the planner at one probe for each, whatever
// it believes about the size of a young table.
func owners(ctx context.Context, tx pgx.Tx, senders []sender) (known map[place]*holding, fresh numbers, err error) {
	kinds, values := places(senders)
	known = map[place]*holding{}
	var batch pgx.Batch
	batch.Queue(`
		select pg_advisory_xact_lock(k)
		from (
			select hashtextextended('customer_address ' || kind || value, 0) as k
			from unnest($1::text[], $2::text[]) as w(kind, value)
			where (select true from customer_address a where a.kind = w.kind and a.value = w.value) is null
			order by k) as w`, kinds, values)
	batch.Queue(`
		select w.kind, w.value, o.id, o.credit, o.claimed
		from unnest($1::text[], $2::text[]) as w(kind, value),
		lateral (
			select c.id, c.credit, a.claimed
			from customer_address a
			join customer h on h.id = a.customer
			join customer c on c.id = coalesce(h.merged_into, h.id)
			where a.kind = w.kind and a.value = w.value
			limit 1) as o`, kinds, values).Query(func(rows pgx.Rows) error {
		var p place
		var who person
		var claimed bool
		_, err := pgx.ForEachRow(rows, []any{&p.kind, &p.value, &who.id, &who.credit, &claimed}, func() error {
			known[p] = &holding{of: &person{id: who.id, credit: who.credit}, claimed: claimed}
			return nil
		})
		return err
	})
	batch.Queue(`
		select nextval('customer_id_seq'), nextval('support_case_id_seq')
		from generate_series(1, $1)`, len(senders)).Query(func(rows pgx.Rows) error {
		var customer gateway.CustomerID
		var c gateway.CaseID
		_, err := pgx.ForEachRow(rows, []any{&customer, &c}, func() error {
			fresh.customers, fresh.cases = append(fresh.customers, customer), append(fresh.cases, c)
			return nil
		})
		return err
	})
	err = tx.SendBatch(ctx, &batch).Close()
	return known, fresh, err
}

// places are the addresses, each once and in order: so they are locked and written.
func places(senders []sender) (kinds, values []string) {
	var all []place
	for _, s := range senders {
		for _, a := range s.addresses {
			all = append(all, place{a.Kind, a.Value})
		}
	}
	slices.SortFunc(all, place.compare)
	for _, p := range slices.Compact(all) {
		kinds, values = append(kinds, string(p.kind)), append(values, p.value)
	}
	return kinds, values
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.kind, q.kind), cmp.Compare(p.value, q.value))
}

// identify says who each sender is, in their order: an earlier one of the batch may be
// the same person. It adds to held what becomes known of addresses.
func identify(senders []sender, held map[place]*holding) (people, strangers []*person) {
	for _, s := range senders {
		who := s.known(held)
		if who == nil {
			who = &person{name: s.name, language: s.language}
			strangers = append(strangers, who)
		}
		people = append(people, who)
		for n, a := range s.addresses {
			p := place{a.Kind, a.Value}
			switch h := held[p]; {
			case h == nil:
				held[p] = &holding{of: who, name: a.Name, claimed: s.claimed[n], news: true}
			case h.claimed && !s.claimed[n]: // believed, now that something comes from it
				h.claimed, h.news = false, true
			}
		}
	}
	return people, strangers
}

// introduce makes customers.
func introduce(ctx context.Context, tx pgx.Tx, strangers []*person) error {
	if len(strangers) == 0 {
		return nil
	}
	var ids []int64
	var names, languages []string
	for _, p := range strangers {
		ids, names, languages = append(ids, int64(p.id)), append(names, p.name), append(languages, p.language)
	}
	_, err := tx.Exec(ctx, `
		insert into customer (id, name, language) overriding system value
		select *
		from unnest($1::bigint[], $2::text[], $3::text[])`, ids, names, languages)
	return err
}

// note writes down whose the addresses are that nobody had, in order. One that a customer
// only claimed is believed once something has come from it.
func note(ctx context.Context, tx pgx.Tx, held map[place]*holding) error {
	var kinds, values, names []string
	var customers []int64
	var claimed []bool
	for _, p := range slices.SortedFunc(maps.Keys(held), place.compare) {
		if h := held[p]; h.news {
			kinds, values, names = append(kinds, string(p.kind)), append(values, p.value), append(names, h.name)
			customers, claimed = append(customers, int64(h.of.id)), append(claimed, h.claimed)
		}
	}
	if len(values) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		insert into customer_address (kind, value, customer, name, claimed)
		select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::boolean[])
		on conflict (kind, value) do update set claimed = false
		where customer_address.claimed and not excluded.claimed`, kinds, values, customers, names, claimed)
	return err
}

func columns(addresses []gateway.Address) (kinds, values []string) {
	for _, a := range addresses {
		kinds, values = append(kinds, string(a.Kind)), append(values, a.Value)
	}
	return kinds, values
}
