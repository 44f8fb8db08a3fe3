package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// The load of offer.
const (
	offerRate   = 200 // arrivals a second
	offerAgents = 40
)

// offers measures from an arrival, brought in through the API, to the offer's frame on an
// agent's socket. Agents take what they are offered and are done with it at once.
func offers(ctx context.Context, b *Bench) error {
	h, err := b.newHouse(ctx, offerAgents, nil)
	if err != nil {
		return err
	}
	beside := ""
	if b.Large {
		beside = fmt.Sprintf("; beside %d agents at work on a mail each and %d mails that wait, everybody in all of %d queues", hugeFloor.agents-offerAgents, hugeFloor.waiting, hugeFloor.queues)
	}
	if err := h.offline(ctx, func(pool *pgxpool.Pool) error { return h.readyForOffers(ctx, pool) }); err != nil {
		return fmt.Errorf("ready a house: %w", err)
	}
	if _, err := h.launch(ctx, ""); err != nil {
		return err
	}
	q := &quickWork{house: h, due: map[string]time.Time{}}
	for _, a := range h.agents {
		a.offered = func(a *agent, o offer, at time.Time) {
			q.heard(o, at)
			a.accept(ctx, o, func() { a.finish(ctx, o.Interaction); q.done() })
		}
	}
	if err := h.work(ctx); err != nil {
		return err
	}
	if _, err := q.openLoop(ctx, b.share(12)); err != nil {
		return err
	}
	runs, err := b.offerRuns(ctx, q)
	if err != nil {
		return err
	}
	fsyncs, err := b.fsyncs()
	if err != nil {
		return err
	}
	how := fmt.Sprintf("open loop, %d arrivals/s by POST /interactions; %d agents who accept and end each at once, which is in the CPU%s; %v, median of %d; %v",
		offerRate, offerAgents, beside, b.share(6), len(runs), runs[len(runs)-1].shares)
	runs.tell(b, "offer.latency", q.lost()+h.faults(), 2*1000/fsyncs, func(d delays) []time.Duration { return d.committed },
		"from the arrival's commit, as PostgreSQL notes its time (track_commit_timestamp: before it is on disk, so that its fsync is in it), to the offer's frame on an agent's socket; "+how+"; bound of p50: two fdatasyncs, one for the arrival's commit and one for the offer's")
	runs.tell(b, "offer.from_due", 0, 0, func(d delays) []time.Duration { return d.due },
		"the same from when the request was due, so with the request and all that delayed it; "+how)
	return h.stop()
}

// readyForOffers has the house's database note when transactions commit, and makes the house
// large if that is wanted.
func (h *house) readyForOffers(ctx context.Context, pool *pgxpool.Pool) error {
	if _, err := pool.Exec(ctx, `alter system set track_commit_timestamp = on`); err != nil {
		return err
	}
	if !h.b.Large {
		return nil
	}
	return h.enlarge(ctx, pool, hugeFloor)
}

// delays are how long the offers of one run took, from two moments each.
type delays struct {
	committed, due []time.Duration
	cpu            float64
	shares         shares
}

type offerRuns []delays

// offerRuns are those that count.
func (b *Bench) offerRuns(ctx context.Context, q *quickWork) (list offerRuns, err error) {
	for range runs {
		m := measure(q.house.pid())
		d, err := q.openLoop(ctx, b.share(6))
		if err != nil {
			return nil, err
		}
		c := m.cost(len(d.due))
		d.cpu, d.shares = c.cpu, c.shares
		list = append(list, d)
		b.note("offer: p50 %.1f ms, p99 %.1f ms of %d from their commit, %.1f ms and %.1f ms from when they were due, %.2f ms each",
			percentile(d.committed, 50), percentile(d.committed, 99), len(d.due), percentile(d.due, 50), percentile(d.due, 99), c.cpu)
	}
	return list, nil
}

// tell writes both percentiles down; a bound of 0 is none.
func (r offerRuns) tell(b *Bench, name string, lost int, bound float64, of func(delays) []time.Duration, method string) {
	var p50, p99, cpu []float64
	for _, d := range r {
		p50, p99, cpu = append(p50, percentile(of(d), 50)), append(p99, percentile(of(d), 99)), append(cpu, d.cpu)
	}
	first := Figure{Name: name + "_p50_ms", Value: median(p50), Unit: "ms", Errors: lost, CPU: new(median(cpu)), Method: method}
	if bound > 0 {
		first.Bound = &bound
	}
	b.tell(first)
	b.tell(Figure{Name: name + "_p99_ms", Value: median(p99), Unit: "ms", CPU: new(median(cpu)), Method: method})
}
