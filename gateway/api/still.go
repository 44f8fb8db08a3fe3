package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

// askedAtOnce is of how many consoles is asked in one question.
const askedAtOnce = 1000

// askStill ends, until ctx does, the consoles whose callers may no longer be here. All of a
// node are asked about together, once a heartbeat: however many there are, an idle house asks
// the database little.
func (s *Server) askStill(ctx context.Context) {
	again := time.NewTimer(beat.Next(heartbeat))
	defer again.Stop()
	for {
		select {
		case <-again.C:
			again.Reset(beat.Next(heartbeat))
		case <-ctx.Done():
			return
		}
		for some := range slices.Chunk(s.consoles.All(), askedAtOnce) {
			s.still(ctx, some)
		}
	}
}

// still asks about some. That the database is away ends nobody.
func (s *Server) still(ctx context.Context, open []*console) {
	callers := make([]access.Caller, len(open))
	for i, c := range open {
		callers[i] = c.by
	}
	now, errs := s.Access.Still(ctx, callers...)
	for i, c := range open {
		err := errs[i]
		if err == nil {
			err = s.atWork(ctx, now[i])
		}
		switch {
		case errors.Is(err, gateway.ErrDenied):
			c.end(err)
		case err == nil && c.differs(now[i]):
			c.end(errRights)
		}
	}
}

// differs says that the caller may do something else than when they said hello: the next
// hello finds out what.
func (c *console) differs(now access.Caller) bool {
	return now.Role != c.by.Role || now.Agent != c.by.Agent || now.MustChange != c.by.MustChange
}

// end has the console closed, for the first reason that was given.
func (c *console) end(why error) {
	select {
	case c.ended <- why:
	default:
	}
}
