package tickets

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Customer is somebody who has reached us, or whom we reach.
type Customer struct {
	ID        gateway.CustomerID `json:"id"`
	Name      string             `json:"name"`
	Company   string             `json:"company"`
	Language  string             `json:"language"` // BCP 47
	Note      string             `json:"note"`
	Fields    map[string]string  `json:"fields"`
	Credit    gateway.Seconds    `json:"credit" doc:"Due so many seconds earlier than others; negative is later"`
	Addresses []Address          `json:"addresses"`
	CreatedAt time.Time          `json:"created_at"`
	Rev       int64              `json:"rev"`
}

// Address is one way to reach a customer.
type Address struct {
	gateway.Address
	Claimed bool      `json:"claimed,omitempty"` // the customer said so; nothing has come from it
	AddedAt time.Time `json:"added_at"`
}

const customerColumns = `c.id, c.name, c.company, c.language, c.note, c.fields, c.credit, c.created_at, c.rev,
	coalesce((select jsonb_agg(jsonb_build_object('kind', a.kind, 'value', a.value, 'name', a.name, 'claimed', a.claimed, 'added_at', a.added_at)
		order by a.kind, a.added_at, a.value) from customer_address a where a.customer = c.id), '[]') as addresses`

// Customer gives one customer; of one that was merged, the one that it became.
func (s *Store) Customer(ctx context.Context, id gateway.CustomerID) (Customer, error) {
	return customer(ctx, s.db, id)
}

func customer(ctx context.Context, db querier, id gateway.CustomerID) (Customer, error) {
	return one[Customer](ctx, db, "customer", "select "+customerColumns+`
		from customer c
		where c.id = (select coalesce(merged_into, id) from customer where id = $1)`, id)
}

// CustomerFilter narrows the list of customers; what is zero does not.
type CustomerFilter struct {
	After gateway.CustomerID // the last one of the page before
	Limit int                // 50 unless set
}

// Customers lists customers, the newest first. SearchCustomers finds one by words.
func (s *Store) Customers(ctx context.Context, f CustomerFilter) ([]Customer, error) {
	return list[Customer](ctx, s.db, "select "+customerColumns+`
		from customer c
		where c.merged_into is null and ($1::bigint = 0 or c.id < $1)
		order by c.id desc
		limit $2`, f.After, limit(f.Limit))
}

// CustomerOf gives whose the address is.
func (s *Store) CustomerOf(ctx context.Context, a gateway.Address) (Customer, error) {
	a, ok := s.settle(a)
	if !ok {
		return Customer{}, badAddress(a)
	}
	return one[Customer](ctx, s.db, "customer", "select "+customerColumns+`
		from customer c
		join customer_address w on w.customer = c.id
		where w.kind = $1 and w.value = $2`, a.Kind, a.Value)
}

// CreateCustomer adds a customer. An address that another one has is refused with that
// customer's id.
func (s *Store) CreateCustomer(ctx context.Context, c Customer) (Customer, error) {
	err := s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		c.settle()
		err := tx.QueryRow(ctx, `
			insert into customer (name, company, language, note, fields, credit)
			values ($1, $2, $3, $4, $5, $6)
			returning id`, c.Name, c.Company, c.Language, c.Note, c.Fields, c.Credit).Scan(&c.ID)
		if err != nil {
			return nil, err
		}
		if err := s.setAddresses(ctx, tx, c); err != nil {
			return nil, err
		}
		c, err = customer(ctx, tx, c.ID)
		return customerChanged(c), err
	})
	return c, err
}

// UpdateCustomer replaces a customer with its addresses, if it still has c.Rev (0:
// whatever is there).
func (s *Store) UpdateCustomer(ctx context.Context, c Customer) (Customer, error) {
	err := s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		c.settle()
		if err := expect(ctx, tx, c.ID, c.Rev); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `
			update customer
			set name = $2, company = $3, language = $4, note = $5, fields = $6, credit = $7, rev = rev + 1
			where id = $1`, c.ID, c.Name, c.Company, c.Language, c.Note, c.Fields, c.Credit); err != nil {
			return nil, err
		}
		if err := s.setAddresses(ctx, tx, c); err != nil {
			return nil, err
		}
		now, err := customer(ctx, tx, c.ID)
		c = now
		return customerChanged(c), err
	})
	return c, err
}

// expect locks the customer's row and refuses an edit of something else than is there.
func expect(ctx context.Context, tx pgx.Tx, id gateway.CustomerID, rev int64) error {
	if _, err := tx.Exec(ctx, "select from customer where id = $1 for update", id); err != nil {
		return err
	}
	have, err := customer(ctx, tx, id)
	if err != nil {
		return err
	}
	if have.ID != id || rev != 0 && rev != have.Rev {
		return stale(have)
	}
	return nil
}

func (s *Store) setAddresses(ctx context.Context, tx pgx.Tx, c Customer) error {
	var kept []gateway.Address
	for _, a := range c.Addresses {
		address, ok := s.settle(a.Address)
		if !ok {
			return badAddress(a.Address)
		}
		kept = append(kept, address)
	}
	kinds, values := columns(kept)
	if _, err := tx.Exec(ctx, `
		delete from customer_address
		where customer = $1 and (kind, value) not in (select * from unnest($2::text[], $3::text[]))`,
		c.ID, kinds, values); err != nil {
		return err
	}
	for _, a := range kept {
		var owner gateway.CustomerID
		if err := tx.QueryRow(ctx, `
			insert into customer_address (kind, value, customer, name)
			values ($1, $2, $3, $4)
			on conflict (kind, value) do update set name = case when customer_address.customer = $3 then excluded.name else customer_address.name end
			returning customer`, a.Kind, a.Value, c.ID, a.Name).Scan(&owner); err != nil {
			return err
		}
		if owner != c.ID {
			return gateway.Conflict("address_taken", a.Value+" belongs to another customer; merge the two, or take it away there first",
				map[string]any{"customer": owner, "address": a})
		}
	}
	return nil
}

// CheckAddress refuses an address that nobody can be found by.
func (s *Store) CheckAddress(a gateway.Address) error {
	if _, ok := s.settle(a); !ok {
		return badAddress(a)
	}
	return nil
}

func badAddress(a gateway.Address) error {
	return gateway.Invalid("bad_address", `an address is {"kind": "email"|"phone"|"visitor", "value": …}; a phone number is +46701740605; this one cannot be used: `+short(a.Value, 50))
}

// MergeCustomers makes one customer of two: into gets the addresses, cases and tasks of
// from, whose id leads to into from then on.
func (s *Store) MergeCustomers(ctx context.Context, into, from gateway.CustomerID) (Customer, error) {
	if into == from {
		return Customer{}, gateway.Invalid("same_customer", "a customer cannot be merged with itself; name two")
	}
	var c Customer
	err := s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		for _, id := range []gateway.CustomerID{min(into, from), max(into, from)} {
			if err := expect(ctx, tx, id, 0); err != nil {
				return nil, err
			}
		}
		for _, sql := range []string{
			"update customer_address set customer = $1 where customer = $2",
			"update support_case set customer = $1 where customer = $2",
			"update task set customer = $1 where customer = $2",
			"update case_alias set customer = $1 where customer = $2",
			"update customer set merged_into = $1, rev = rev + 1 where id = $2 or merged_into = $2",
			`update customer i
				set name = coalesce(nullif(i.name, ''), f.name), company = coalesce(nullif(i.company, ''), f.company),
					language = coalesce(nullif(i.language, ''), f.language), note = concat_ws(e'\n\n', nullif(i.note, ''), nullif(f.note, '')),
					fields = f.fields || i.fields, credit = greatest(i.credit, f.credit), rev = i.rev + 1
				from customer f
				where i.id = $1 and f.id = $2`,
		} {
			if _, err := tx.Exec(ctx, sql, into, from); err != nil {
				return nil, err
			}
		}
		var err error
		c, err = customer(ctx, tx, into)
		return customerChanged(c), err
	})
	return c, err
}

func customerChanged(c Customer) []gateway.Event {
	return []gateway.Event{gateway.NewEvent(gateway.TopicAll, "customer.changed", c.Rev, c)}
}

func (c *Customer) settle() {
	c.Name, c.Company, c.Language = short(c.Name, 200), short(c.Company, 200), short(c.Language, 35)
	c.Note = gateway.Clean(c.Note)
	fields := map[string]string{}
	for k, v := range c.Fields {
		fields[short(k, 50)] = short(v, 500)
	}
	c.Fields = fields
}
