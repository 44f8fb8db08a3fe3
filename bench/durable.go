package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/routing"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/localpg"
	"github.com/vaxelhq/vaxel/migrations"
	"github.com/vaxelhq/vaxel/tickets"
)

// durable measures the floor as it runs in a node, with its neighbours and the embedded
// PostgreSQL: agents come back from a break while many wait, and each is offered one. The
// figure is offers that are committed.
func (b *Bench) durable(ctx context.Context, size floorSize) error {
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(b.dir, "durable")})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop() }()
	pool, err := poolOfNode(ctx, server.URL())
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrations.Up(ctx, pool); err != nil {
		return err
	}
	size.away = true
	f := newRouted(size, time.Now().Add(-time.Hour))
	if err := f.fill(size); err != nil {
		return err
	}
	if err := storeFloor(ctx, pool, f); err != nil {
		return fmt.Errorf("store a floor: %w", err)
	}
	fsyncs, err := b.fsyncs()
	if err != nil {
		return err
	}
	commands, stop := runFloor(ctx, pool, f.plan)
	defer stop()
	if !soon(ctx, patience, func() bool {
		_, err = commands.Do(ctx, "", gateway.Consoles{Agent: 1, Live: true})
		return err == nil
	}) {
		return fmt.Errorf("wait until the floor leads: %w", err)
	}
	// A new leader knows of no consoles: nodes tell it.
	if err := everybody(ctx, commands, 1, size.agents, func(a gateway.AgentID) gateway.Command { return gateway.Consoles{Agent: a, Live: true} }); err != nil {
		return err
	}
	got, err := b.comeBack(ctx, commands, size)
	if err != nil {
		return err
	}
	var offers int
	if err := pool.QueryRow(ctx, `select count(*) from offer where no = 1`).Scan(&offers); err != nil {
		return err
	}
	all, fastest := together(got)
	b.tell(Figure{
		Name: "route.durable_offers_per_s", Value: all.perSecond, Unit: "1/s", Errors: max(0, size.agents-offers), CPU: new(all.cpu), Bound: new(fsyncs * batchOfFloor),
		Method: fmt.Sprintf("component: the floor with feed, timeline and cases on the embedded PostgreSQL, 10,000 agents, each in all 20 queues, 100,000 waiting: %d agents come back from a break, %d at a time, and each is offered one, until the last offer is committed; %d runs taken together, for now and then a snapshot of all that waits is written beside the floor (the fastest run: %.0f/s); %v; bound: fdatasyncs of %d offers each",
			size.agents/(runs+1), comingBack, runs, fastest, all.shares, batchOfFloor),
	})
	return nil
}

// poolOfNode is a pool as `vaxel serve` has one: statements are planned once a connection.
func poolOfNode(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	return pgxpool.NewWithConfig(ctx, config)
}

// together is what runs of equally many reached as one, and the fastest.
func together(got []rate) (all rate, fastest float64) {
	seconds := 0.0
	for _, r := range got {
		seconds += 1 / r.perSecond
		all.cpu += r.cpu / float64(len(got))
		all.shares, fastest = r.shares, max(fastest, r.perSecond)
	}
	all.perSecond = float64(len(got)) / seconds
	return all, fastest
}

const (
	batchOfFloor = 256 // commands that the floor commits together
	comingBack   = 1024
)

// comeBack has a part of the agents come back in each run, the first of which warms up.
func (b *Bench) comeBack(ctx context.Context, commands *floor.Client, size floorSize) (got []rate, err error) {
	each := size.agents / (runs + 1)
	for r := range runs + 1 {
		m := measure(os.Getpid())
		if err := everybody(ctx, commands, r*each+1, (r+1)*each, func(a gateway.AgentID) gateway.Command {
			return gateway.SetStatus{Agent: a, Intent: gateway.IntentAvailable}
		}); err != nil {
			return nil, err
		}
		c := m.cost(each)
		b.note("route: %d offers committed, %.0f a second, %.2f ms CPU each", each, float64(each)/c.seconds, c.cpu)
		if r > 0 {
			got = append(got, rate{float64(each) / c.seconds, c.cpu, c.shares})
		}
	}
	return got, nil
}

// everybody gives a command for each agent, many at a time, and returns when all are obeyed.
// Whoever is not answered in time asks again, as consoles do: twice is harmless.
func everybody(ctx context.Context, commands *floor.Client, first, last int, cmd func(gateway.AgentID) gateway.Command) error {
	var all errgroup.Group
	all.SetLimit(comingBack)
	for n := first; n <= last; n++ {
		all.Go(func() error {
			for {
				_, err := commands.Do(ctx, "", cmd(gateway.AgentID(n)))
				if !errors.Is(err, gateway.ErrTryAgain) {
					return err
				}
			}
		})
	}
	return all.Wait()
}

// planned is a plan that never changes.
type planned struct{ plan gateway.Plan }

// Plan implements floor.Plans.
func (p planned) Plan(context.Context) (gateway.Plan, error) { return p.plan, nil }

// runFloor leads in this process, and gives whom to command.
func runFloor(ctx context.Context, pool *pgxpool.Pool, plan gateway.Plan) (commands *floor.Client, stop func()) {
	log, hints := slog.New(slog.DiscardHandler), bus.New()
	events := feed.New(pool, hints, log)
	texts := timeline.New(pool, events, log)
	f := floor.New(pool, "bench", floor.Rooms{
		Feed: events, Timeline: texts, Cases: tickets.New(pool, events, log), Plans: planned{plan}, Bus: hints,
	}, log)
	ctx, cancel := context.WithCancel(ctx)
	var rooms sync.WaitGroup
	for _, run := range []func(context.Context) error{events.Run, texts.Run, f.Run} {
		rooms.Go(func() { _ = run(ctx) })
	}
	return floor.NewClient(hints), func() { cancel(); rooms.Wait() }
}

// storeFloor writes a floor straight into the store: the core as a snapshot, and what waits
// or is held with its cases and conversations.
func storeFloor(ctx context.Context, pool *pgxpool.Pool, f *routed) error {
	body, err := f.core.Snapshot()
	if err != nil {
		return err
	}
	holders := make([]gateway.AgentID, f.next) // 0: it waits
	for id, a := range f.holder {
		holders[id-1] = a
	}
	for _, s := range []struct {
		sql  string
		args []any
	}{
		{`insert into routing_snapshot (seq, version, at, body) values (1, $1, $2, $3)`, []any{routing.Version, f.now, body}},
		{`insert into customer (name) select 'Karin ' || n from generate_series(1, $1) n`, []any{f.next}},
		{`insert into conversation (case_id, customer_id, channel, open_interaction) select n, n, $2, n from generate_series(1, $1) n`, []any{f.next, f.channel}},
		{`insert into support_case (subject, state, customer, queue, channel, conversation, interaction, interaction_state, assignee, last_activity_at)
			select 'Faktura ' || n, 'open', n, n * 7 % $2 + 1, $3, n, n, case when agent = 0 then 'waiting' else 'active' end, agent, now()
			from unnest($1::bigint[]) with ordinality as h(agent, n)`, []any{holders, f.queues, f.channel}},
		// What a column must have and is of no matter here is nothing of its type.
		{`insert into interaction
			select i.*
			from (select jsonb_object_agg(column_name, case data_type when 'boolean' then 'false' when 'ARRAY' then '[]' when 'text' then '""'
					when 'timestamp with time zone' then to_jsonb(now()) else '0' end::jsonb) as row
				from information_schema.columns where table_name = 'interaction' and is_nullable = 'NO') as nothing,
				unnest($1::bigint[]) with ordinality as h(agent, n),
				jsonb_populate_record(null::interaction, row || jsonb_build_object('id', n, 'channel', $3::text, 'state', case when agent = 0 then 'waiting' else 'active' end,
					'agent', agent, 'queue', n * 7 % $2 + 1, 'case_id', n, 'conversation', n, 'customer', n, 'seq', n)) as i`, []any{holders, f.queues, f.channel}},
		{`select setval('interaction_id', $1)`, []any{f.next}},
		{`vacuum analyze`, nil},
	} {
		if _, err := pool.Exec(ctx, s.sql, s.args...); err != nil {
			return fmt.Errorf("%.60s: %w", s.sql, err)
		}
	}
	return nil
}
