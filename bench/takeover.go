package bench

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// takeover measures how long the queue stands still when the node that leads it is lost:
// from that moment to the offer, on the agent's socket, of the customer who writes then.
// The frozen are measured beside the others, for they do little but wait.
func takeover(ctx context.Context, b *Bench) error {
	cycles := max(2, int(b.Length/time.Second)*2/3)
	if b.Large {
		cycles = 100
	}
	first, err := b.openLoss(ctx)
	if err != nil {
		return err
	}
	second, err := b.openLoss(ctx)
	if err != nil {
		return err
	}
	var killed, planned, frozen []time.Duration
	var all errgroup.Group
	all.Go(func() (err error) {
		if killed, err = first.repeat(ctx, cycles, first.killed()); err != nil {
			return err
		}
		planned, err = first.repeat(ctx, cycles, first.planned())
		return err
	})
	all.Go(func() (err error) {
		frozen, err = second.repeat(ctx, cycles, second.frozen())
		return err
	})
	if err := all.Wait(); err != nil {
		return err
	}
	faults := first.faults(ctx) + second.faults(ctx)
	for _, f := range []struct {
		name, what string
		took       []time.Duration
		faults     int
	}{
		{"kill", "killed (SIGKILL)", killed, faults},
		{"planned", "told to stop (SIGTERM)", planned, 0},
		{"frozen", "frozen (SIGSTOP) between a batch's fence and its commit", frozen, 0},
	} {
		b.note("takeover: leader %s %d times: p50 %.0f ms, p99 %.0f ms", f.what, len(f.took), percentile(f.took, 50), percentile(f.took, 99))
		b.tell(Figure{
			Name: "takeover." + f.name + "_p99_ms", Value: percentile(f.took, 99), Unit: "ms", Errors: f.faults,
			Method: fmt.Sprintf("three processes, two of them routers, on one PostgreSQL and one NATS server; the leader is %s, to the offer on the agent's socket, which the agent then accepts, of a customer who writes at that moment; %d cycles, p50 %.0f ms; no customer lost or served twice, no event under an older term than one before it",
				f.what, len(f.took), percentile(f.took, 50)),
		})
	}
	return nil
}

// loss is nodes whose leader is lost again and again.
type loss struct {
	*nodes
	customers int
	rang      chan ring
}

// ring is an offer and when it came to the agent's screen.
type ring struct {
	offer
	at time.Time
}

func (b *Bench) openLoss(ctx context.Context) (*loss, error) {
	c, err := b.openNodes(ctx)
	if err != nil {
		return nil, err
	}
	l := &loss{nodes: c, rang: make(chan ring, 8)}
	c.door.agents[0].offered = func(_ *agent, o offer, at time.Time) { l.rang <- ring{o, at} }
	return l, c.door.work(ctx)
}

// way loses a leader while a customer writes, and says when it was lost; again undoes it.
type way struct {
	lose  func(ctx context.Context, leader *house, customer *visitor) (time.Time, error)
	again func(ctx context.Context, leader *house) error
}

// repeat loses the leader so many times, and gives how long each customer waited.
func (l *loss) repeat(ctx context.Context, cycles int, w way) (took []time.Duration, err error) {
	for range cycles {
		d, err := l.cycle(ctx, w)
		if err != nil {
			return nil, err
		}
		took = append(took, d)
	}
	return took, nil
}

// cycle loses the leader once, in one way, and gives the time until a customer who came
// meanwhile is offered to somebody.
func (l *loss) cycle(ctx context.Context, w way) (time.Duration, error) {
	if err := l.both(ctx); err != nil {
		return 0, err
	}
	customer := &visitor{h: l.door, no: l.customers}
	if err := customer.visit(ctx); err != nil {
		return 0, err
	}
	defer func() { _ = customer.conn.CloseNow() }()
	l.customers++
	leader := l.leader(ctx)
	lost, err := w.lose(ctx, leader, customer)
	if err != nil {
		return 0, err
	}
	first, err := await(ctx, "an offer", l.rang)
	if err != nil {
		return 0, err
	}
	if err := l.door.wait(ctx, "another leader", func() bool { now := l.leader(ctx); return now != nil && now != leader }); err != nil {
		return 0, err
	}
	if err := w.again(ctx, leader); err != nil {
		return 0, err
	}
	last, err := l.take(ctx, first)
	return last.at.Sub(lost), err
}

// take has the agent accept and be done. A leader that was told to stop may have made an
// offer on its way out, which the next one takes back and makes again: that one counts.
func (l *loss) take(ctx context.Context, r ring) (ring, error) {
	a := l.door.agents[0]
	for {
		err := a.call(ctx, http.MethodPost, fmt.Sprintf("/offers/%d/%d/accept", r.Interaction, r.No), nil, nil)
		if err == nil {
			a.finish(ctx, r.Interaction)
			return r, nil
		}
		if !strings.Contains(err.Error(), `"offer_gone"`) {
			return r, err
		}
		if r, err = await(ctx, "the same offer again", l.rang); err != nil {
			return r, err
		}
	}
}

// both waits until one router leads and the other could.
func (l *loss) both(ctx context.Context) error {
	for _, r := range l.routers {
		if err := r.wait(ctx, "both routers", func() bool { return r.answers(ctx) }); err != nil {
			return err
		}
	}
	return l.door.wait(ctx, "a leader", func() bool { return l.leader(ctx) != nil })
}

func (l *loss) killed() way {
	return way{
		func(ctx context.Context, leader *house, customer *visitor) (time.Time, error) {
			lost := time.Now()
			leader.kill()
			return lost, customer.form(ctx, "Hej")
		},
		l.again,
	}
}

// planned stops the leader as an operator does, with SIGTERM: it gives its lease back.
func (l *loss) planned() way {
	return way{
		func(ctx context.Context, leader *house, customer *visitor) (time.Time, error) {
			lost := time.Now()
			leader.signal(syscall.SIGTERM)
			return lost, customer.form(ctx, "Hej")
		},
		func(ctx context.Context, leader *house) error {
			if err := leader.stop(); err != nil {
				return err
			}
			return l.again(ctx, leader)
		},
	}
}

// frozen stops a leader that has fenced a batch and not committed it: the batch is held
// up at the log, which is locked for a moment.
func (l *loss) frozen() way {
	return way{
		func(ctx context.Context, leader *house, customer *visitor) (lost time.Time, err error) {
			return lost, pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, `lock table routing_event in share mode`); err != nil {
					return err
				}
				if err := customer.form(ctx, "Hej"); err != nil {
					return err
				}
				err := leader.wait(ctx, "a batch to be held up", func() bool {
					return l.count(ctx, `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%into routing_event%'`) > 0
				})
				lost = time.Now()
				leader.signal(syscall.SIGSTOP)
				return err
			})
		},
		func(_ context.Context, leader *house) error { leader.signal(syscall.SIGCONT); return nil },
	}
}

// faults counts customers lost or served twice, and events that stand in the log under an
// older term than one before them.
func (l *loss) faults(ctx context.Context) int {
	n := l.door.faults()
	for sql, want := range map[string]int{
		`select count(*) from interaction where state = 'finished' and ended = 'handled'`:                                      l.customers,
		`select count(*) from interaction`:                                                                                     l.customers,
		`select count(*) from routing_event as a where exists (select from routing_event where seq < a.seq and term > a.term)`: 0,
	} {
		soon(ctx, patience/4, func() bool { return l.count(ctx, sql) == want })
		if got := l.count(ctx, sql); got != want {
			l.door.b.note("takeover: %s: got %d, want %d", sql, got, want)
			n++
		}
	}
	return n
}

// await waits for something as long as anything may take that is not measured.
func await[T any](ctx context.Context, what string, c <-chan T) (v T, err error) {
	select {
	case v = <-c:
		return v, nil
	case <-ctx.Done():
		return v, ctx.Err()
	case <-time.After(patience):
		return v, fmt.Errorf("waited %v for %s", patience, what)
	}
}
