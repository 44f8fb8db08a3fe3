package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/vaxelhq/vaxel/localpg"
)

// starts is how often each kind of start is timed.
const starts = 5

// started is what starting takes, in an empty directory and in one that has been started
// before, a value for each round.
type started struct{ cold, warm, coldCPU, warmCPU []float64 }

// start measures from exec to readiness, of the product, of the demonstration and of the
// embedded database alone, and what a house at rest holds of memory.
func start(ctx context.Context, b *Bench) error {
	var serve, demo, database started
	var memory []float64
	m := measure(os.Getpid())
	for n := range starts + 1 { // the first warms the page cache
		h, err := b.startTwice(ctx, "serve", &serve)
		if err != nil {
			return err
		}
		if _, err := b.startTwice(ctx, "demo", &demo); err != nil {
			return err
		}
		if err := b.databaseAlone(ctx, n, &database); err != nil {
			return err
		}
		if _, err := h.launch(ctx, ""); err != nil {
			return err
		}
		time.Sleep(b.share(60))
		memory = append(memory, float64(resident(h.pid(), true))/(1<<20))
		if err := h.stop(); err != nil {
			return err
		}
	}
	b.tellStarts("start.", serve, database, "initdb, schema, first administrator", fmt.Sprintf("; %v", m.cost(1).shares))
	b.tellStarts("start.demo_", demo, database, "as make run does it once built: initdb, schema, sample data with its articles, mail server", "")
	b.tell(Figure{
		Name: "start.rss_mb", Value: median(memory[1:]), Unit: "MB",
		Method: fmt.Sprintf("proportional set size of vaxel and its PostgreSQL, %v after a warm start; median of %d", b.share(60), starts),
	})
	return nil
}

func (b *Bench) tellStarts(prefix string, s, database started, what, shares string) {
	b.tell(Figure{
		Name: prefix + "cold_ms", Value: median(s.cold[1:]), Unit: "ms", CPU: new(median(s.coldCPU[1:])), Bound: new(median(database.cold[1:])),
		Method: fmt.Sprintf("exec to /readyz 200, empty directory: %s; median of %d; bound: the embedded PostgreSQL's first start alone%s", what, starts, shares),
	})
	b.tell(Figure{
		Name: prefix + "warm_ms", Value: median(s.warm[1:]), Unit: "ms", CPU: new(median(s.warmCPU[1:])), Bound: new(median(database.warm[1:])),
		Method: fmt.Sprintf("the same in a directory that was stopped in good order; median of %d; bound: the embedded PostgreSQL alone", starts),
	})
}

// startTwice starts the command in an empty directory, and again.
func (b *Bench) startTwice(ctx context.Context, command string, s *started) (*house, error) {
	h, err := b.newHouse(ctx, 0, nil)
	if err != nil {
		return nil, err
	}
	h.command = command
	first, firstCPU, err := h.timed(ctx)
	if err != nil {
		return nil, err
	}
	again, againCPU, err := h.timed(ctx)
	if err != nil {
		return nil, err
	}
	s.cold, s.coldCPU = append(s.cold, first), append(s.coldCPU, firstCPU)
	s.warm, s.warmCPU = append(s.warm, again), append(s.warmCPU, againCPU)
	return h, nil
}

// timed starts the house, stops it and gives the milliseconds until it was ready, and those
// of CPU till then.
func (h *house) timed(ctx context.Context) (took, cpu float64, err error) {
	d, err := h.launch(ctx, "")
	if err != nil {
		return 0, 0, err
	}
	cpu = milliseconds(used(h.pid()))
	return milliseconds(d), cpu, h.stop()
}

// databaseAlone times the embedded database's first and second start.
func (b *Bench) databaseAlone(ctx context.Context, n int, s *started) error {
	for _, took := range []*[]float64{&s.cold, &s.warm} {
		began := time.Now()
		server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(b.dir, fmt.Sprintf("alone-%d", n))})
		if err != nil {
			return err
		}
		*took = append(*took, milliseconds(time.Since(began)))
		if err := server.Stop(); err != nil {
			return err
		}
	}
	return nil
}
