package tickets

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Renumber brings the phone numbers that were kept without a country code into the form in
// which they are looked for now. Two customers whose numbers become one were one all the
// time, and are merged into whoever has the number in its full form.
func (s *Store) Renumber(ctx context.Context) error {
	short, err := list[bareNumber](ctx, s.db, `
		select value, customer
		from customer_address
		where kind = 'phone' and value not like '+%'`)
	if err != nil {
		return fmt.Errorf("find bare phone numbers: %w", err)
	}
	for _, n := range short {
		full := international(n.Value, s.Region)
		if full == n.Value {
			continue
		}
		if err := s.renumber(ctx, n, full); err != nil {
			return fmt.Errorf("renumber customer %d: %w", n.Customer, err)
		}
	}
	return nil
}

type bareNumber struct {
	Value    string
	Customer gateway.CustomerID
}

func (s *Store) renumber(ctx context.Context, n bareNumber, full string) error {
	have, err := s.CustomerOf(ctx, gateway.Address{Kind: gateway.AddressPhone, Value: full})
	switch {
	case errors.Is(err, gateway.ErrNotFound):
	case err != nil:
		return err
	case have.ID != n.Customer:
		if _, err := s.MergeCustomers(ctx, have.ID, n.Customer); err != nil {
			return err
		}
		s.log.Info("customers with one number were merged", "customer", have.ID, "from", n.Customer)
	}
	return s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		if _, err := tx.Exec(ctx, `
			insert into customer_address (kind, value, customer, name, claimed, added_at)
			select kind, $2, customer, name, claimed, added_at
			from customer_address
			where kind = 'phone' and value = $1
			on conflict do nothing`, n.Value, full); err != nil {
			return nil, err
		}
		_, err := tx.Exec(ctx, "delete from customer_address where kind = 'phone' and value = $1", n.Value)
		return nil, err
	})
}
