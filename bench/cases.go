package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// The load of cases.
const (
	manyCases   = 100_000
	caseClients = 8
	listRate    = 2000 // a second of the open loop, if the closed one reaches twice that
	searchRate  = 50
)

// cases measures lists and searches among many cases, and what a call with an API key takes.
func cases(ctx context.Context, b *Bench) error {
	h, err := b.newHouse(ctx, caseClients, nil)
	if err != nil {
		return err
	}
	if err := h.offline(ctx, func(pool *pgxpool.Pool) error { return h.fillCases(ctx, pool, manyCases) }); err != nil {
		return fmt.Errorf("fill a house with cases: %w", err)
	}
	if _, err := h.launch(ctx, ""); err != nil {
		return err
	}
	var faults atomic.Int64
	idle, err := h.closed(ctx, &faults, func(int) error { return h.knock(ctx, "/healthz") })
	if err != nil {
		return err
	}
	keys, err := h.closed(ctx, &faults, func(n int) error { return h.agents[n].call(ctx, http.MethodGet, "/me", nil, nil) })
	if err != nil {
		return err
	}
	b.tell(Figure{
		Name: "api.key_calls_per_s", Value: keys.perSecond, Unit: "1/s", Errors: int(faults.Swap(0)), CPU: new(keys.cpu), Bound: new(idle.perSecond),
		Method: fmt.Sprintf("GET /me with an API key, %d clients, closed loop; %v, median of %d; %v; bound: GET /healthz", caseClients, b.share(20), runs, keys.shares),
	})
	if err := h.list(ctx, idle); err != nil {
		return err
	}
	if err := h.search(ctx); err != nil {
		return err
	}
	return h.stop()
}

// list measures lists of 50, as consoles ask for them.
func (h *house) list(ctx context.Context, idle rate) error {
	paths := []string{
		"/cases?limit=50", "/cases?limit=50&state=open",
		fmt.Sprintf("/cases?limit=50&state=open&queue=%d", h.queue), "/cases?limit=50&state=open&assignee=%d",
	}
	path := func(n int) string {
		return strings.Replace(paths[n%len(paths)], "%d", h.agents[n%len(h.agents)].id.String(), 1)
	}
	for n := range h.agents {
		var page struct{ Items []struct{ Number int64 } }
		if err := h.agents[0].call(ctx, http.MethodGet, path(n), nil, &page); err != nil {
			return err
		}
		if len(page.Items) != 50 {
			return fmt.Errorf("%s gives %d cases, not 50", path(n), len(page.Items))
		}
	}
	var faults, turn atomic.Int64
	reach, err := h.closed(ctx, &faults, func(n int) error {
		return h.agents[n].call(ctx, http.MethodGet, path(int(turn.Add(1))), nil, nil)
	})
	if err != nil {
		return err
	}
	method := fmt.Sprintf("50 of %d cases, a twentieth of them open: the newest, the open, those of the queue, those of an agent; ", manyCases)
	h.b.tell(Figure{
		Name: "cases.list_per_s", Value: reach.perSecond, Unit: "1/s", Errors: int(faults.Load()), CPU: new(reach.cpu), Bound: new(idle.perSecond),
		Method: method + fmt.Sprintf("%d clients, closed loop; %v, median of %d; %v; bound: GET /healthz", caseClients, h.b.share(20), runs, reach.shares),
	})
	perSecond := max(1, min(listRate, int(reach.perSecond/2)))
	return h.openAsk(ctx, "cases.list_p99_ms", method, perSecond, func() string { return path(int(turn.Add(1))) })
}

// search measures what people type into the search field.
func (h *house) search(ctx context.Context) error {
	pick := rand.New(rand.NewPCG(5, 5)) // the same questions each time
	kinds := []func(n int) string{
		func(n int) string { return fmt.Sprintf("#%d", 1001+n) },
		func(n int) string { return fmt.Sprintf("070-%07d", n/2) },
		func(n int) string { return fmt.Sprintf("kund%d@kund.example", n/2) },
		func(n int) string { return fmt.Sprintf("kund %d", n/2) },
		func(n int) string { return fmt.Sprintf("%s %d", vocabulary[n%len(vocabulary)], n) },
		func(n int) string { return vocabulary[n%len(vocabulary)] },
	}
	return h.openAsk(ctx, "cases.search_p99_ms", fmt.Sprintf("GET /search among %d cases of %d customers, by number, telephone, address, name, a word and a number of the subject, and a word that one in %d has; ", manyCases, manyCases/2, len(vocabulary)),
		searchRate, func() string {
			return "/search?q=" + url.QueryEscape(kinds[pick.IntN(len(kinds))](pick.IntN(manyCases)))
		})
}

// openAsk tells the p99 of questions in an open loop.
func (h *house) openAsk(ctx context.Context, name, says string, perSecond int, path func() string) error {
	var p99, cpu []float64
	var who shares
	lost := 0
	for r := range runs + 1 { // the first warms up
		m := measure(h.pid())
		delays, failed := h.openQuestions(ctx, h.find, path, perSecond, h.b.share(20))
		c := m.cost(len(delays))
		h.b.note("%s: %.2f ms of %d, %d failed", name, percentile(delays, 99), len(delays), failed)
		if lost += failed; r > 0 {
			p99, cpu, who = append(p99, percentile(delays, 99)), append(cpu, c.cpu), c.shares
		}
	}
	h.b.tell(Figure{
		Name: name, Value: median(p99), Unit: "ms", Errors: lost, CPU: new(median(cpu)),
		Method: says + fmt.Sprintf("open loop at %d/s from %d clients; %v, median of %d; %v", perSecond, kbClients, h.b.share(20), runs, who),
	})
	return ctx.Err()
}

// closed has each client ask again when it is answered, and gives how many answers came.
func (h *house) closed(ctx context.Context, faults *atomic.Int64, ask func(client int) error) (rate, error) {
	var got []rate
	for r := range runs + 1 { // the first warms up
		m := measure(h.pid())
		end := time.Now().Add(h.b.share(20))
		var answered atomic.Int64
		var all sync.WaitGroup
		for n := range caseClients {
			all.Go(func() {
				for again := true; again; again = time.Now().Before(end) && ctx.Err() == nil {
					if err := ask(n); err != nil {
						if faults.Add(1) == 1 {
							h.b.note("cases: %v", err)
						}
						return
					}
					answered.Add(1)
				}
			})
		}
		all.Wait()
		c := m.cost(int(answered.Load()))
		if r > 0 {
			got = append(got, rate{float64(answered.Load()) / c.seconds, c.cpu, c.shares})
		}
	}
	if answered := middle(got).perSecond; answered == 0 {
		return rate{}, errors.New("nobody was answered")
	}
	return middle(got), ctx.Err()
}

// fillCases writes n cases of half as many customers straight into the store; they are as a
// year leaves them.
func (h *house) fillCases(ctx context.Context, pool *pgxpool.Pool, n int) error {
	var agents []gateway.AgentID
	for _, a := range h.agents {
		agents = append(agents, a.id)
	}
	for _, s := range []struct {
		sql  string
		args []any
	}{
		{"insert into customer (name) select 'Kund ' || n || ' Ek' from generate_series(0, $1 - 1) n", []any{n / 2}},
		{"insert into customer_address (kind, value, customer) select 'phone', '+4670' || lpad((id - 1)::text, 7, '0'), id from customer", nil},
		{"insert into customer_address (kind, value, customer) select 'email', 'kund' || id - 1 || '@kund.example', id from customer", nil},
		{`insert into support_case (subject, state, closed_at, customer, queue, assignee, channel, preview, preview_by, last_activity_at)
			select ($1::text[])[1 + n % cardinality($1::text[])] || ' ' || n, case when n % 20 = 0 then 'open' else 'closed' end, case when n % 20 <> 0 then now() end,
				1 + n / 2, $2, ($3::bigint[])[1 + n / 20 % cardinality($3::bigint[])], 'email', 'Hej! Kan ni hjälpa mig med min faktura? Den stämmer inte.', 'customer', now() - n * interval '5 minutes'
			from generate_series(0, $4 - 1) n`, []any{vocabulary, h.queue, agents, n}},
		{"vacuum analyze", nil},
	} {
		if _, err := pool.Exec(ctx, s.sql, s.args...); err != nil {
			return err
		}
	}
	return nil
}
