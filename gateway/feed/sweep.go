package feed

import (
	"context"
	"errors"
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
		if err := f.empty(ctx, day); err != nil {
			return err
		}
	}
	return nil
}

var errBegun = errors.New("its day has begun")

// empty empties the slot of a day to come.
func (f *Feed) empty(ctx context.Context, day int64) error {
	table := pgx.Identifier{"event_" + strconv.FormatInt(day%slots, 10)}.Sanitize()
	err := pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		var used bool
		if err := tx.QueryRow(ctx, `select exists (select from `+table+`)`).Scan(&used); err != nil || !used {
			return err
		}
		// Truncating waits for readers, and new ones wait for it: rather try again in an hour.
		if _, err := tx.Exec(ctx, `set local lock_timeout = '500ms'`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `truncate `+table); err != nil {
			return err
		}
		var begun bool // while we waited for the lock: what was emptied may have been the day's first events
		err := tx.QueryRow(ctx, `select extract(epoch from clock_timestamp())::bigint / 86400 >= $1`, day).Scan(&begun)
		if begun && err == nil {
			err = errBegun
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("empty slot %d: %w", day%slots, err)
	}
	return nil
}

type metrics struct {
	lag     prometheus.Gauge
	overrun prometheus.Counter
}

func newMetrics() metrics {
	return metrics{
		lag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "vaxel_feed_lag_seconds",
			Help: "Age of the first committed event that the log has not yet told; a long transaction in the cluster holds it up.",
		}),
		overrun: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "vaxel_feed_slow_followers_total",
			Help: "Times that a follower didn't keep up, and read the log by itself until it had.",
		}),
	}
}

// Collectors are the feed's figures, for the node's registry.
func (f *Feed) Collectors() []prometheus.Collector {
	return []prometheus.Collector{f.metrics.lag, f.metrics.overrun}
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
