package stats

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// QueueFigures are those of one channel of one queue.
type QueueFigures struct {
	Queue   gateway.QueueID `json:"queue"`
	Channel gateway.Channel `json:"channel"`
	Figures
}

// ChannelFigures are those of one channel over all queues.
type ChannelFigures struct {
	Channel gateway.Channel `json:"channel"`
	Figures
}

// Interval is what happened on one channel within one step of a period, for charts.
type Interval struct {
	Start   time.Time       `json:"start"`
	Channel gateway.Channel `json:"channel"`
	Figures
}

type counted struct {
	Start   time.Time // zero but for intervals
	Queue   gateway.QueueID
	Channel gateway.Channel
	Tally
}

// The tables' rows are counted by step; a step as long as the period makes one of it.
const bucket = `date_bin($4::interval, %s, $1::timestamptz) as start`

const (
	// Where an interaction that was handed on ends up counts it: each is in one queue.
	countEntries = `
		select queue, channel, ` + bucket + `,
			count(*) as entered,
			count(accepted_at) as answered,
			count(*) filter (where accepted_at <= due_at) as answered_in_time,
			count(*) filter (where ending = 'abandoned' and accepted_at is null) as abandoned,
			count(*) filter (where ending = 'abandoned' and accepted_at is null and ended_at <= due_at) as abandoned_in_time,
			count(*) filter (where ending = 'short_abandon') as short_abandoned,
			count(*) filter (where ending in ('voicemail', 'closed') and accepted_at is null) as diverted,
			coalesce(sum(extract(epoch from accepted_at - arrived_at)), 0)::float8 as answer_seconds
		from interaction_figures
		where arrived_at >= $1 and arrived_at < $2 and not outbound
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or queue = any ($3))
		group by queue, channel, start`

	// An agent's part is talk until they parted from the customer, then wrap-up, also of who
	// handed it on. Advice is no transfer; whoever was given the customer by it is not 'consulted'.
	countHandling = `
		select i.queue, i.channel, ` + bucket + `,
			count(*) as handled,
			count(*) filter (where s.agents > 1 or i.ending = 'transferred_external') as transferred,
			count(*) filter (where exists (
				select from article_link_figures l
				where l.conversation = i.conversation and l.agent <> 0 and l.given_at between i.arrived_at and i.finished_at)) as linked,
			coalesce(sum(s.talk), 0)::float8 as talk_seconds,
			coalesce(sum(s.wrap), 0)::float8 as wrap_seconds
		from interaction_figures i
		join lateral (
			select sum(extract(epoch from p.parted_at - p.started_at)) as talk,
				sum(extract(epoch from p.ended_at - p.parted_at)) as wrap,
				count(distinct p.agent) filter (where p.how <> 'consulted') as agents
			from segment_figures p
			where p.interaction = i.interaction
			having count(*) > 0) as s on true
		where i.state = 'finished' and i.finished_at >= $1 and i.finished_at < $2
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or i.queue = any ($3))
		group by i.queue, i.channel, start`

	countRatings = `
		select i.queue, i.channel, ` + bucket + `, count(*) as rated, sum(r.score) as score
		from rating_figures r
		join interaction_figures i using (interaction)
		where r.at >= $1 and r.at < $2
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or i.queue = any ($3))
		group by i.queue, i.channel, start`

	// An offer that was withdrawn counts for nobody, as when another's telephone was faster;
	// what colleagues ask of each other is no offer of the queue.
	countOffers = `
		select queue, channel, ` + bucket + `,
			count(*) as offered,
			count(*) filter (where outcome = 'accepted') as accepted,
			count(*) filter (where outcome = 'declined') as declined,
			count(*) filter (where outcome = 'missed') as missed,
			count(*) filter (where outcome = 'failed') as failed
		from offer_figures
		where created_at >= $1 and created_at < $2 and kind = 'queue' and outcome <> 'withdrawn'
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or queue = any ($3))
		group by queue, channel, start`
)

var (
	entriesSQL  = fmt.Sprintf(countEntries, "arrived_at")
	handlingSQL = fmt.Sprintf(countHandling, "i.finished_at")
	ratingsSQL  = fmt.Sprintf(countRatings, "r.at")
	offersSQL   = fmt.Sprintf(countOffers, "created_at")
)

// count reads what was counted, a row for each kind of count.
func (s *Store) count(ctx context.Context, p Period, queues []gateway.QueueID, step time.Duration) ([]counted, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	var all []counted
	for _, sql := range []string{entriesSQL, handlingSQL, ratingsSQL, offersSQL} {
		rows, err := s.pool.Query(ctx, sql, p.From, p.To, queues, step)
		found, err := collect[counted](rows, err)
		if err != nil {
			return nil, fmt.Errorf("count interactions: %w", err)
		}
		all = append(all, found...)
	}
	timed, err := s.countTimes(ctx, p, queues, step)
	return append(all, timed...), err
}

// sum adds up what has the same key, in the order of the keys.
func sum[K comparable](all []counted, key func(counted) K, compare func(a, b K) int) ([]K, map[K]Tally) {
	sums := map[K]Tally{}
	for _, c := range all {
		t := sums[key(c)]
		t.add(c.Tally)
		sums[key(c)] = t
	}
	keys := make([]K, 0, len(sums))
	for k := range sums {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys, sums
}

// byChannel is the order in which boards show the channels.
func byChannel(a, b gateway.Channel) int {
	return cmp.Compare(slices.Index(gateway.Channels, a), slices.Index(gateway.Channels, b))
}

// Queues gives the figures of each channel of the queues; of all that had any, when none
// is named.
func (s *Store) Queues(ctx context.Context, p Period, queues ...gateway.QueueID) ([]QueueFigures, error) {
	type place struct {
		queue   gateway.QueueID
		channel gateway.Channel
	}
	all, err := s.count(ctx, p, queues, p.To.Sub(p.From))
	if err != nil {
		return nil, err
	}
	keys, sums := sum(all, func(c counted) place { return place{c.Queue, c.Channel} }, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.queue, b.queue), byChannel(a.channel, b.channel))
	})
	figures := make([]QueueFigures, 0, len(keys))
	for _, k := range keys {
		figures = append(figures, QueueFigures{k.queue, k.channel, figuresOf(sums[k])})
	}
	return figures, nil
}

// Channels gives the figures of each channel over the queues; over all when none is named.
func (s *Store) Channels(ctx context.Context, p Period, queues ...gateway.QueueID) ([]ChannelFigures, error) {
	all, err := s.count(ctx, p, queues, p.To.Sub(p.From))
	if err != nil {
		return nil, err
	}
	keys, sums := sum(all, func(c counted) gateway.Channel { return c.Channel }, byChannel)
	figures := make([]ChannelFigures, 0, len(keys))
	for _, k := range keys {
		figures = append(figures, ChannelFigures{k, figuresOf(sums[k])})
	}
	return figures, nil
}

// shortestStep keeps a chart to what can be drawn.
const shortestStep = time.Minute

// Intervals gives the figures of each channel over the queues, step by step from the
// beginning of the period. Steps in which nothing happened are left out.
func (s *Store) Intervals(ctx context.Context, p Period, step time.Duration, queues ...gateway.QueueID) ([]Interval, error) {
	if step < shortestStep || p.To.Sub(p.From)/step > 2000 {
		return nil, gateway.Invalid("bad_step", "a step is a minute or longer, and a period has at most 2,000 of them")
	}
	type place struct {
		unix    int64
		channel gateway.Channel
	}
	all, err := s.count(ctx, p, queues, step)
	if err != nil {
		return nil, err
	}
	keys, sums := sum(all, func(c counted) place { return place{c.Start.UnixMicro(), c.Channel} }, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.unix, b.unix), byChannel(a.channel, b.channel))
	})
	intervals := make([]Interval, 0, len(keys))
	for _, k := range keys {
		intervals = append(intervals, Interval{time.UnixMicro(k.unix).UTC(), k.channel, figuresOf(sums[k])})
	}
	return intervals, nil
}
