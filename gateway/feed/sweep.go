package feed

import (
	"context"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// slots is the number of partitions that days take turns in, by day since 1970.
const slots = 4

// sweep empties the slots of the days before yesterday. They are the next to be written to.
// Any node may do it, at any time.
func (f *Feed) sweep(ctx context.Context) error {
	n, err := readNow(ctx, f.pool)
	if err != nil {
		return err
	}
	today := n.time.Unix() / 86400
	for _, day := range []int64{today + 1, today + 2} {
		if err := f.empty(ctx, day%slots); err != nil {
			return err
		}
	}
	return nil
}

func (f *Feed) empty(ctx context.Context, slot int64) error {
	table := pgx.Identifier{"event_" + strconv.FormatInt(slot, 10)}.Sanitize()
	err := pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		var used bool
		if err := tx.QueryRow(ctx, `select exists (select from `+table+`)`).Scan(&used); err != nil || !used {
			return err
		}
		// Truncating waits for readers, and new ones wait for it: rather try again in an hour.
		if _, err := tx.Exec(ctx, `set local lock_timeout = '500ms'`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `truncate `+table)
		return err
	})
	if err != nil {
		return fmt.Errorf("empty slot %d: %w", slot, err)
	}
	return nil
}

type metrics struct {
	lag  prometheus.Gauge
	slow prometheus.Counter
}

func newMetrics() metrics {
	return metrics{
		lag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vaxel_feed_lag_seconds",
			Help: "Age of the first committed event that the log has not yet told; a long transaction in the cluster holds it up.",
		}),
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vaxel_feed_slow_followers_total",
			Help: "Followers given up because they didn't take their frames.",
		}),
	}
}

// Collectors are the feed's figures, for the node's registry.
func (f *Feed) Collectors() []prometheus.Collector {
	return []prometheus.Collector{f.metrics.lag, f.metrics.slow}
}

// gauge measures how long the next event to be told has been waiting.
func (f *Feed) gauge(ctx context.Context) error {
	f.mu.Lock()
	tail := f.tail
	f.mu.Unlock()
	var lag float64
	xid, pos := tail.row()
	err := f.pool.QueryRow(ctx, `
		select coalesce((
			select extract(epoch from clock_timestamp() - at)
			from event
			where (xid, pos) >= ($1::text::xid8, $2)
			order by xid, pos
			limit 1), 0)::float8`, pgx.QueryExecModeCacheDescribe, xid, pos).Scan(&lag)
	if err != nil {
		return fmt.Errorf("measure lag: %w", err)
	}
	f.metrics.lag.Set(lag)
	return nil
}
