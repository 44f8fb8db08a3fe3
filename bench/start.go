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

// start measures from exec to readiness, in an empty directory and in one that has been
// started before, and what a house at rest holds of memory.
func start(ctx context.Context, b *Bench) error {
	var cold, warm, coldDB, warmDB, memory, coldCPU, warmCPU []float64
	m := measure(os.Getpid())
	for n := range starts + 1 { // the first warms the page cache
		h, err := b.newHouse(ctx, 0, nil)
		if err != nil {
			return err
		}
		first, firstCPU, err := h.timed(ctx)
		if err != nil {
			return err
		}
		again, againCPU, err := h.timed(ctx)
		if err != nil {
			return err
		}
		base, baseAgain, err := b.databaseAlone(ctx, n)
		if err != nil {
			return err
		}
		if _, err := h.launch(ctx, ""); err != nil {
			return err
		}
		time.Sleep(b.share(60))
		held := float64(resident(h.pid(), true)) / (1 << 20)
		if err := h.stop(); err != nil {
			return err
		}
		if n > 0 {
			coldCPU, warmCPU = append(coldCPU, firstCPU), append(warmCPU, againCPU)
			cold, warm, memory = append(cold, first), append(warm, again), append(memory, held)
			coldDB, warmDB = append(coldDB, base), append(warmDB, baseAgain)
		}
	}
	b.tell(Figure{
		Name: "start.cold_ms", Value: median(cold), Unit: "ms", CPU: new(median(coldCPU)), Bound: new(median(coldDB)),
		Method: fmt.Sprintf("exec to /readyz 200, empty directory: initdb, schema, first administrator; median of %d; bound: the embedded PostgreSQL's first start alone; %v", starts, m.cost(1).shares),
	})
	b.tell(Figure{
		Name: "start.warm_ms", Value: median(warm), Unit: "ms", CPU: new(median(warmCPU)), Bound: new(median(warmDB)),
		Method: fmt.Sprintf("the same in a directory that was stopped in good order; median of %d; bound: the embedded PostgreSQL alone", starts),
	})
	b.tell(Figure{
		Name: "start.rss_mb", Value: median(memory), Unit: "MB",
		Method: fmt.Sprintf("proportional set size of vaxel and its PostgreSQL, %v after a warm start; median of %d", b.share(60), starts),
	})
	return nil
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
func (b *Bench) databaseAlone(ctx context.Context, n int) (first, again float64, err error) {
	for _, took := range []*float64{&first, &again} {
		began := time.Now()
		server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(b.dir, fmt.Sprintf("alone-%d", n))})
		if err != nil {
			return 0, 0, err
		}
		*took = milliseconds(time.Since(began))
		if err := server.Stop(); err != nil {
			return 0, 0, err
		}
	}
	return first, again, nil
}
