package bench

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// enlarge makes of a house with a few agents one of that size: those take chats, the others
// hold a mail each, and mails wait. It is all written straight into the store, as the floor
// leaves it. The others' consoles are missed a minute after the start.
func (h *house) enlarge(ctx context.Context, pool *pgxpool.Pool, size floorSize) error {
	for _, s := range []struct {
		sql  string
		args []any
	}{
		{`update agent set channels = '{chat}'`, nil},
		{`insert into agent (name, language, channels, caps) select 'Agent ' || n, 'en', '{email}', '{"email": 1}' from generate_series($1::int, $2) n`, []any{len(h.agents) + 1, size.agents}},
		{`insert into queue (name, band, channels) select jsonb_build_object('en', 'Queue ' || n, 'sv', 'Kö ' || n), band, channels from queue, generate_series(2, $1) n`, []any{size.queues}},
		{`insert into membership (agent, queue, level) select a.id, q.id, 2 from agent a, queue q on conflict do nothing`, nil},
	} {
		if _, err := pool.Exec(ctx, s.sql, s.args...); err != nil {
			return err
		}
	}
	plan, err := roster.New(pool, nil).Plan(ctx)
	if err != nil {
		return err
	}
	for _, q := range plan.Queues {
		h.queues = append(h.queues, q.ID)
	}
	others := slices.DeleteFunc(slices.Clone(plan.Agents), func(a gateway.AgentPlan) bool { return slices.Contains(a.Channels, gateway.Chat) })
	f := newRouted(size, time.Now().Add(-time.Hour))
	f.channel = gateway.Email
	if err := f.open(plan, others, gateway.IntentAvailable); err != nil {
		return err
	}
	if err := f.arriveAll(len(others) + size.waiting); err != nil {
		return err
	}
	return storeFloor(ctx, pool, f)
}
