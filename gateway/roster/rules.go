package roster

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Rules are what holds for the whole house.
type Rules struct {
	Order          gateway.Order `json:"order"`            // edf, fifo or vcc
	MissKeepsPlace bool          `json:"miss_keeps_place"` // an agent who missed an offer stays the longest idle
	Rev            int64         `json:"rev"`
}

const rulesColumns = `waiting_order as "order", miss_keeps_place, rev`

// Rules gives them.
func (s *Store) Rules(ctx context.Context) (Rules, error) {
	return one[Rules](ctx, s.db, "rules", "select "+rulesColumns+" from routing_rules")
}

// UpdateRules replaces them, if they still have r.Rev.
func (s *Store) UpdateRules(ctx context.Context, r Rules) (Rules, error) {
	switch r.Order {
	case gateway.EarliestDue, gateway.FirstCome, gateway.PriorityTurn:
	default:
		return r, gateway.Invalid("bad_order", "what waits is offered by edf (earliest due), fifo (by arrival) or vcc (queues in turn)")
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := expect(ctx, tx, "routing_rules", 1, r.Rev, func() (Rules, error) { return s.Rules(ctx) }); err != nil {
			return err
		}
		r, err = one[Rules](ctx, tx, "rules", `
			update routing_rules
			set waiting_order = $1, miss_keeps_place = $2, rev = rev + 1
			returning `+rulesColumns, r.Order, r.MissKeepsPlace)
		return err
	})
	return r, err
}
