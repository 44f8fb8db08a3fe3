package floor

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vaxelhq/vaxel/gateway/crash"
)

const (
	tidyEvery  = time.Minute
	tidyAtOnce = 10000               // rows in one statement, so that none is long
	keepLog    = 30 * 24 * time.Hour // of events, longer if no snapshot is older; and of alerts
)

// keepHouse has a snapshot written when the log has grown, and forgets old answers by the
// clock: a quiet day's are as old as a busy one's.
func (l *leader) keepHouse(ctx context.Context) {
	if l.snapshotDue() {
		l.draw(ctx)
	}
	if now := l.f.now(); now.Sub(l.tidied) >= tidyEvery {
		l.tidied = now
		if err := l.f.tidy(ctx); err != nil && ctx.Err() == nil {
			l.f.log.Warn("tidy the floor's tables", "err", err) // no reason to stop work
		}
	}
}

func (f *Floor) tidy(ctx context.Context) error {
	if err := f.deleteAll(ctx, `
		delete from command
		where key in (select key from command where at < $1 order by at limit $2)`, f.now().Add(-keepAnswers)); err != nil {
		return fmt.Errorf("forget old answers: %w", err)
	}
	var aside int
	if err := f.pool.QueryRow(ctx, `select count(*) from floor_inbox where set_aside_at is not null`).Scan(&aside); err != nil {
		return fmt.Errorf("count what is set aside: %w", err)
	}
	f.metrics.aside.Set(float64(aside))
	return nil
}

// deleteAll repeats a limited delete until nothing is left for it.
func (f *Floor) deleteAll(ctx context.Context, statement string, before any) error {
	for {
		tag, err := f.pool.Exec(ctx, statement, before, tidyAtOnce)
		if err != nil || tag.RowsAffected() < tidyAtOnce {
			return err
		}
	}
}

// Sweep forgets alerts of more than 30 days ago, and the log of that time, up to the last snapshot of that time:
// what is kept can be played again from there. Any node may do it, at any time; figures
// don't need the log, they are read from interactions, offers and segments.
func (f *Floor) Sweep(ctx context.Context) error {
	if err := f.deleteAll(ctx, `
		delete from alert
		where (seq, n) in (select seq, n from alert where at < $1 limit $2)`, f.now().Add(-keepLog)); err != nil {
		return fmt.Errorf("forget old alerts: %w", err)
	}
	var base *int64
	if err := f.pool.QueryRow(ctx, `select max(seq) from routing_snapshot where at < $1`, f.now().Add(-keepLog)).Scan(&base); err != nil {
		return fmt.Errorf("find the oldest snapshot to keep: %w", err)
	}
	if base == nil {
		return nil
	}
	if err := f.deleteAll(ctx, `
		delete from routing_event
		where seq in (select seq from routing_event where seq <= $1 order by seq limit $2)`, *base); err != nil {
		return fmt.Errorf("forget the old log: %w", err)
	}
	crash.At("floor.swept")
	if _, err := f.pool.Exec(ctx, `delete from routing_snapshot where seq < $1`, *base); err != nil {
		return fmt.Errorf("forget old snapshots: %w", err)
	}
	return nil
}

type metrics struct {
	leading prometheus.Gauge
	refused *prometheus.CounterVec
	aside   prometheus.Gauge
}

func newMetrics() metrics {
	return metrics{
		leading: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vaxel_floor_leading",
			Help: "1 on the node that leads the floor, else 0.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vaxel_floor_refused_total",
			Help: "Admissions set aside and commands answered `internal`, because they could not be stored even alone.",
		}, []string{"what"}),
		aside: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vaxel_floor_set_aside",
			Help: "Admissions that wait for an operator, as the leading node counted within the last minute.",
		}),
	}
}

// Collectors are the floor's figures, for the node's registry.
func (f *Floor) Collectors() []prometheus.Collector {
	return []prometheus.Collector{f.metrics.leading, f.metrics.refused, f.metrics.aside}
}
