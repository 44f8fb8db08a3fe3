package tickets

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Reached gives the customer of an address that an agent reaches out to, made if it is new.
func (s *Store) Reached(ctx context.Context, a gateway.Address) (id gateway.CustomerID, err error) {
	err = retry.Tx(ctx, s.db, func(tx pgx.Tx) error {
		people, _, err := s.recognise(ctx, tx, []gateway.Arrival{{Channel: gateway.Voice, From: a}})
		if err == nil {
			id = people[0].id
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("find who is reached: %w", err)
	}
	return id, nil
}
