package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// quickWork brings arrivals in and notes when they are offered.
type quickWork struct {
	house *house

	mu       sync.Mutex // guards what follows
	sent     int
	finished int
	faults   int
	due      map[string]time.Time // not offered yet, by subject
	heardOf  []heard
}

// heard is an arrival that was offered.
type heard struct {
	id      gateway.InteractionID
	due, at time.Time
}

func (q *quickWork) heard(o offer, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	due, ok := q.due[o.Subject]
	if !ok {
		q.faults++ // offered twice
		return
	}
	delete(q.due, o.Subject)
	q.heardOf = append(q.heardOf, heard{o.Interaction, due, at})
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
func (q *quickWork) openLoop(ctx context.Context, d time.Duration) (delays, error) {
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
	list := q.heardOf
	q.heardOf = nil
	q.mu.Unlock()
	return q.house.delays(ctx, list)
}

// delays are how long after its commit, and after it was due, each was heard of. The clock of
// the commits is the same as ours: it is the same machine.
func (h *house) delays(ctx context.Context, list []heard) (d delays, err error) {
	pool, err := h.db(ctx)
	if err != nil {
		return d, err
	}
	at := map[gateway.InteractionID]time.Time{}
	ids := make([]gateway.InteractionID, len(list))
	for n, o := range list {
		ids[n], at[o.id] = o.id, o.at
		d.due = append(d.due, o.at.Sub(o.due))
	}
	rows, err := pool.Query(ctx, `select interaction_id, pg_xact_commit_timestamp(xmin) from arrival where interaction_id = any($1)`, ids)
	if err != nil {
		return d, err
	}
	var id gateway.InteractionID
	var committed time.Time
	_, err = pgx.ForEachRow(rows, []any{&id, &committed}, func() error {
		d.committed = append(d.committed, at[id].Sub(committed))
		return nil
	})
	if err == nil && len(d.committed) != len(list) {
		err = fmt.Errorf("of %d arrivals the commits of %d are known", len(list), len(d.committed))
	}
	return d, err
}

// bring has an integration's arrival received: a chat of a new customer.
func (a *agent) bring(ctx context.Context, subject string, queue gateway.QueueID) error {
	return a.call(ctx, http.MethodPost, "/interactions", map[string]any{
		"channel": gateway.Chat, "queue": queue, "subject": subject, "text": "Hej! Kan ni hjälpa mig med min faktura?",
		"from": gateway.Address{Kind: gateway.AddressVisitor, Value: subject, Name: "Karin"},
	}, nil, "Idempotency-Key", subject)
}
