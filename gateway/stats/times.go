package stats

import (
	"context"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Plans says how queues are worked now.
type Plans interface {
	Plan(ctx context.Context) (gateway.Plan, error)
}

// The clocks of queues and channels whose targets wait for the office: their openings in
// order, how long each lasts and what was open before it. What has none runs on the wall's.
const openings = `
	opening as (
		select calendar, array_agg(since order by since) as since, array_agg(long order by since) as long, array_agg(before order by since) as before
		from (
			select calendar, since, long, coalesce(sum(long) over (partition by calendar order by since rows between unbounded preceding and 1 preceding), 0) as before
			from (
				select calendar, since, extract(epoch from till - since)::float8 as long
				from unnest($8::bigint[], $9::timestamptz[], $10::timestamptz[]) as o(calendar, since, till)) as o) as o
		group by calendar),
	clock as (
		select queue, channel, since, long, before
		from unnest($5::bigint[], $6::text[], $7::bigint[]) as w(queue, channel, calendar)
		join opening using (calendar))`

// elapsed is SQL for the seconds from one time to another by the clock c.
func elapsed(from, to string) string {
	return fmt.Sprintf("greatest(coalesce(%s - %s, extract(epoch from %s - %s)), 0)", open(to), open(from), to, from)
}

// open is SQL for how many seconds of the clock c have been open by a time.
func open(at string) string {
	nth := "width_bucket(" + at + ", c.since)"
	return fmt.Sprintf("case when %[1]s = 0 then 0 else c.before[%[1]s] + least(c.long[%[1]s], extract(epoch from %[2]s - c.since[%[1]s])) end", nth, at)
}

// written are the interactions of the period in which people write to each other.
const written = `
		from interaction_figures i
		%s
		where i.arrived_at >= $1 and i.arrived_at < $2 and not i.outbound and i.channel in ('chat', 'email')
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or i.queue = any ($3))`

const until = `e.conversation = i.conversation and e.at > i.arrived_at and e.at <= coalesce(i.finished_at, 'infinity')`

var (
	firstSQL = "with" + openings + `,
	answer as (
		select i.queue, i.channel, i.arrived_at, (select min(e.at) from response_figures e where e.by_agent and ` + until + `) as at` + fmt.Sprintf(written, "") + `)
	select a.queue, a.channel, ` + fmt.Sprintf(bucket, "a.arrived_at") + `,
		count(*) as first_responses, sum(` + elapsed("a.arrived_at", "a.at") + `)::float8 as first_response_seconds
	from answer a
	left join clock c using (queue, channel)
	where a.at is not null
	group by a.queue, a.channel, start`

	// A customer who writes several times in a row waits from the first.
	nextSQL = "with" + openings + `,
	said as (
		select i.queue, i.channel, i.arrived_at, e.at, e.by_agent,
			lag(e.by_agent) over (partition by i.interaction order by e.pos) as answered,
			min(e.at) filter (where e.by_agent) over (partition by i.interaction order by e.pos rows between 1 following and unbounded following) as answer` +
		fmt.Sprintf(written, "join response_figures e on "+until) + `)
	select a.queue, a.channel, ` + fmt.Sprintf(bucket, "a.arrived_at") + `,
		count(*) as next_responses, sum(` + elapsed("a.at", "a.answer") + `)::float8 as next_response_seconds
	from said a
	left join clock c using (queue, channel)
	where a.answered and not a.by_agent and a.answer is not null
	group by a.queue, a.channel, start`

	closingSQL = "with" + openings + `
	select a.queue, a.channel, ` + fmt.Sprintf(bucket, "a.closed_at") + `,
		count(*) as resolved, count(a.reopened_at) as reopened, sum(` + elapsed("a.opened_at", "a.closed_at") + `)::float8 as resolution_seconds
	from case_figures a
	left join clock c using (queue, channel)
	where a.closed_at >= $1 and a.closed_at < $2 and a.queue <> 0
	and (coalesce(cardinality($3::bigint[]), 0) = 0 or a.queue = any ($3))
	group by a.queue, a.channel, start`
)

// countTimes reads how long customers waited for answers and solutions.
func (s *Store) countTimes(ctx context.Context, p Period, queues []gateway.QueueID, step time.Duration) ([]counted, error) {
	var plan gateway.Plan
	var err error
	if s.Plans != nil {
		if plan, err = s.Plans.Plan(ctx); err != nil {
			return nil, fmt.Errorf("ask when queues are open: %w", err)
		}
	}
	arguments := append([]any{p.From, p.To, queues, step}, clocks(plan, p)...)
	var all []counted
	for _, sql := range []string{firstSQL, nextSQL, closingSQL} {
		rows, err := s.pool.Query(ctx, sql, arguments...)
		found, err := collect[counted](rows, err)
		if err != nil {
			return nil, fmt.Errorf("count times: %w", err)
		}
		all = append(all, found...)
	}
	return all, nil
}

// clocks are the arguments of openings: which queues' channels follow which calendar, and
// when the calendars are open. What began more than longest before the period counts from
// then.
func clocks(plan gateway.Plan, p Period) []any {
	var queues, calendars, of []int64
	var channels []string
	for _, q := range plan.Queues {
		for _, c := range gateway.Channels {
			clock := q.Channels[c].Clock
			if clock == "" {
				clock = gateway.DefaultClock(c)
			}
			if q.Calendar != 0 && clock == gateway.CalendarClock {
				queues, channels, calendars = append(queues, int64(q.ID)), append(channels, string(c)), append(calendars, int64(q.Calendar))
			}
		}
	}
	var since, till []time.Time
	for _, c := range plan.Calendars {
		for from, to := range c.Openings(p.From.Add(-longest), p.To) {
			of, since, till = append(of, int64(c.ID)), append(since, from), append(till, to)
		}
	}
	return []any{queues, channels, calendars, of, since, till}
}
