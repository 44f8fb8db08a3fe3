package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
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
		if err := h.offline(ctx, func(pool *pgxpool.Pool) error { return h.enlarge(ctx, pool, hugeFloor) }); err != nil {
			return fmt.Errorf("enlarge a house: %w", err)
		}
	}
	if _, err := h.launch(ctx, ""); err != nil {
		return err
	}
	q := &quickWork{house: h, due: map[string]time.Time{}}
	for _, a := range h.agents {
		a.offered = func(a *agent, o offer, at time.Time) {
			q.heard(o.Subject, at)
			a.accept(ctx, o, func() { a.finish(ctx, o.Interaction); q.done() })
		}
	}
	if err := h.work(ctx); err != nil {
		return err
	}
	q.openLoop(ctx, b.share(12))
	var p50, p99, cpu []float64
	var who shares
	for range runs {
		m := measure(h.pid())
		delays := q.openLoop(ctx, b.share(6))
		c := m.cost(len(delays))
		p50, p99 = append(p50, percentile(delays, 50)), append(p99, percentile(delays, 99))
		cpu, who = append(cpu, c.cpu), c.shares
		b.note("offer: p50 %.1f ms, p99 %.1f ms of %d, %.2f ms each", p50[len(p50)-1], p99[len(p99)-1], len(delays), c.cpu)
	}
	fsyncs, err := b.fsyncs()
	if err != nil {
		return err
	}
	method := fmt.Sprintf("open loop, %d arrivals/s by POST /interactions, from when the request was due (so its own commit is in it) to the offer on an agent's socket; %d agents who accept and end each at once, which is in the CPU%s; %v, median of %d; %v; bound of p50: two fdatasyncs, one for the arrival's commit and one for the offer's",
		offerRate, offerAgents, beside, b.share(6), runs, who)
	b.tell(Figure{Name: "offer.latency_p50_ms", Value: median(p50), Unit: "ms", Errors: q.lost() + h.faults(), CPU: new(median(cpu)), Bound: new(2 * 1000 / fsyncs), Method: method})
	b.tell(Figure{Name: "offer.latency_p99_ms", Value: median(p99), Unit: "ms", CPU: new(median(cpu)), Method: method})
	return h.stop()
}

// quickWork brings arrivals in and notes when they are offered.
type quickWork struct {
	house *house

	mu       sync.Mutex // guards what follows
	sent     int
	finished int
	faults   int
	due      map[string]time.Time // not offered yet, by subject
	delays   []time.Duration
}

func (q *quickWork) heard(subject string, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	due, ok := q.due[subject]
	if !ok {
		q.faults++ // offered twice
		return
	}
	delete(q.due, subject)
	q.delays = append(q.delays, at.Sub(due))
}

func (q *quickWork) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.finished++
}

// lost counts what was never offered, or offered twice, or not finished.
func (q *quickWork) lost() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.faults + q.sent - q.finished
}

// openLoop sends at offerRate whether or not earlier ones are answered, and counts from when each
// was due: a server that stalls is charged for all who would have come meanwhile.
func (q *quickWork) openLoop(ctx context.Context, d time.Duration) []time.Duration {
	by := q.house.agents[0]
	var all sync.WaitGroup
	begin, step := time.Now().Add(20*time.Millisecond), time.Second/offerRate
	for at := begin; at.Before(begin.Add(d)) && ctx.Err() == nil; at = at.Add(step) {
		time.Sleep(time.Until(at))
		q.mu.Lock()
		q.sent++
		subject, queue := fmt.Sprintf("Ärende %d", q.sent), q.house.queue
		if list := q.house.queues; len(list) > 0 {
			queue = list[q.sent%len(list)]
		}
		q.due[subject] = at
		q.mu.Unlock()
		all.Go(func() {
			if err := by.bring(ctx, subject, queue); err != nil {
				by.fail(ctx, err)
			}
		})
	}
	all.Wait()
	soon(ctx, patience/2, func() bool { return q.lost() == 0 })
	q.mu.Lock()
	defer q.mu.Unlock()
	delays := q.delays
	q.delays = nil
	return delays
}

// bring has an integration's arrival received: a chat of a new customer.
func (a *agent) bring(ctx context.Context, subject string, queue gateway.QueueID) error {
	return a.call(ctx, http.MethodPost, "/interactions", map[string]any{
		"channel": gateway.Chat, "queue": queue, "subject": subject, "text": "Hej! Kan ni hjälpa mig med min faktura?",
		"from": gateway.Address{Kind: gateway.AddressVisitor, Value: subject, Name: "Karin"},
	}, nil, "Idempotency-Key", subject)
}
