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
	// Costs are the units of 100 that one of a channel takes, Caps how many an agent holds
	// at most; as usual where absent.
	Costs map[gateway.Channel]int `json:"costs,omitempty"`
	Caps  map[gateway.Channel]int `json:"caps,omitempty"`
	// BreakLock lets only a supervisor end a break, MinBreak only a supervisor end it sooner.
	BreakLock bool            `json:"break_lock"`
	MinBreak  gateway.Seconds `json:"min_break"` // 0 to 8 hours
	Rev       int64           `json:"rev"`
}

const rulesColumns = `waiting_order as "order", miss_keeps_place, costs, caps, break_lock, min_break, rev`

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
	if err := r.check(); err != nil {
		return r, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := expect(ctx, tx, "routing_rules", 1, r.Rev, func() (Rules, error) { return s.Rules(ctx) }); err != nil {
			return err
		}
		r, err = one[Rules](ctx, tx, "rules", `
			update routing_rules
			set waiting_order = $1, miss_keeps_place = $2, costs = $3, caps = $4, break_lock = $5, min_break = $6, rev = rev + 1
			returning `+rulesColumns, r.Order, r.MissKeepsPlace, known(r.Costs), known(r.Caps), r.BreakLock, r.MinBreak)
		return err
	})
	return r, err
}

// check refuses costs and caps that nobody could work with.
func (r Rules) check() error {
	for c, n := range r.Costs {
		if err := checkChannel(c); err != nil {
			return err
		}
		if n < 1 || n > 100 {
			return gateway.Invalid("cost_out_of_range", "one interaction takes 1 to 100 of an agent's 100 units")
		}
	}
	for c, n := range r.Caps {
		if err := checkChannel(c); err != nil {
			return err
		}
		if n < 0 || n > 100 {
			return gateway.Invalid("cap_out_of_range", "an agent holds 0 to 100 of a channel at once")
		}
	}
	if r.MinBreak < 0 || r.MinBreak > 8*3600 {
		return gateway.Invalid("break_out_of_range", "a break lasts at least 0 to 28800 seconds")
	}
	return nil
}

// known is for jsonb columns, which hold {} where nothing is said.
func known(m map[gateway.Channel]int) map[gateway.Channel]int {
	if m == nil {
		return map[gateway.Channel]int{}
	}
	return m
}
