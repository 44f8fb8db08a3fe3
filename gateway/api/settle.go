package api

import (
	"context"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/tickets"
)

// updateCase changes a case that was in a state before. Where that closes it, nobody is called
// about it any more: the floor is asked so in the same transaction.
func (w *work) updateCase(ctx context.Context, was tickets.CaseState, to tickets.Case) (tickets.Case, error) {
	c, err := w.cases().UpdateCase(ctx, to)
	if err != nil || was == tickets.CaseClosed || c.State != tickets.CaseClosed {
		return c, err
	}
	w.tells = append(w.tells, w.s.Floor.Hint)
	return c, w.s.Floor.Settle(ctx, w.tx, gateway.Settle{Case: c.ID, At: time.Now().UTC()})
}
