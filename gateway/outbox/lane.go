package outbox

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// A lane is what messages share on their way, and what bears only so much: the way itself
// (Outbound.Via, a mailbox's server), and the provider of who gets them (a domain, or several
// of one house). A message waits for its way and for the provider of its first recipient to
// have room, and counts with the providers of all. Where one has none, the next message that
// takes another is sent: nobody waits for somebody else's provider, nor for that of a recipient
// who has been reached.
//
// What is under way is counted, and when a lane is next free is kept, in the database: the
// limits are those of all nodes together, without those that died while they were sending. Whoever asks for less (Delivery.Slow) gets half as
// much each time, down to a message in five minutes, and a quarter more with each that is taken.

const (
	slowFirst = 2.0   // seconds between two messages, once somebody has asked for less
	slowMost  = 300.0 // the same, however often they ask
	slowEase  = 0.8   // of that remains with each message that is taken
	slowLeast = 0.5   // and nothing of less than this
)

// Limit is how much a lane bears. Zero of either is no limit.
type Limit struct {
	PerMinute   int // messages, evenly spread
	Connections int // messages at once
}

// gap is how many seconds lie between two messages.
func (l Limit) gap() float64 {
	if l.PerMinute <= 0 {
		return 0
	}
	return 60 / float64(l.PerMinute)
}

// Limits are what lanes bear: each way and each provider, unless it is named. The name of a
// provider has no @, that of a way has.
type Limits struct {
	Way, Provider Limit
	Named         map[string]Limit
	Domains       map[string]string // the providers of domains; any other domain is its own
}

func (l Limits) of(lane string) Limit {
	if named, ok := l.Named[lane]; ok {
		return named
	}
	if strings.Contains(lane, "@") {
		return l.Way
	}
	return l.Provider
}

// provider is who takes in the mail of an address, or of a domain.
func (l Limits) provider(address string) string {
	domain := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	if name, ok := l.Domains[domain]; ok {
		return name
	}
	return domain
}

// lane is how one is now.
type lane struct {
	wait float64 // seconds until it is free
	gap  float64 // that it has asked for
	busy int     // messages that are under way
}

// lanes are those that are not as if nobody used them.
type lanes struct {
	limits Limits
	now    map[string]lane
}

// lanes reads them. The caller is the only one to hand out, on any node, until tx ends.
func (o *Store) lanes(ctx context.Context, tx pgx.Tx) (l lanes, err error) {
	l = lanes{o.Limits, map[string]lane{}}
	rows, _ := tx.Query(ctx, `
		select lane, greatest(extract(epoch from free_at - now()), 0)::float8, gap, 0
		from outbound_lane
		where free_at > now() or gap > 0
		union all
		select via, 0, 0, count(*)
		from outbound
		where state = 'sending' and signed_at > now() - $1::interval
		group by via
		union all
		select provider, 0, 0, count(*)
		from outbound
		where state = 'sending' and signed_at > now() - $1::interval
		group by provider`, silent) // the error comes with the rows
	var name string
	var one lane
	_, err = pgx.ForEachRow(rows, []any{&name, &one.wait, &one.gap, &one.busy}, func() error {
		have := l.now[name]
		l.now[name] = lane{max(have.wait, one.wait), max(have.gap, one.gap), have.busy + one.busy}
		return nil
	})
	if err != nil {
		return l, fmt.Errorf("read the lanes: %w", err)
	}
	return l, nil
}

// slowed says whether any has asked for less.
func (l lanes) slowed() bool {
	for _, at := range l.now {
		if at.gap > 0 {
			return true
		}
	}
	return false
}

// open says whether one more message may leave by a lane. What takes none, such as what is not
// mail, always may.
func (l lanes) open(name string) bool {
	at, most := l.now[name], l.limits.of(name).Connections
	return name == "" || at.wait == 0 && (most <= 0 || at.busy < most)
}

// gap is how many seconds lie between two messages on a lane.
func (l lanes) gap(name string) float64 {
	if name == "" {
		return 0
	}
	return max(l.limits.of(name).gap(), l.now[name].gap)
}

// use has one more message leave by a lane.
func (l lanes) use(name string) {
	at := l.now[name]
	l.now[name] = lane{max(at.wait, l.gap(name)), at.gap, at.busy + 1}
}

// shut are those by which nothing may leave now.
func (l lanes) shut() (names []string) {
	names = []string{} // not null
	for name := range l.now {
		if !l.open(name) {
			names = append(names, name)
		}
	}
	return names
}

// next is how long it takes until a lane is free again that is not now, 0 if there is none.
func (l lanes) next() (soonest time.Duration) {
	for _, at := range l.now {
		wait := time.Duration(at.wait * float64(time.Second))
		if wait > 0 && (soonest == 0 || wait < soonest) {
			soonest = wait
		}
	}
	return soonest
}

// choose gives those of what is due that may leave now, the oldest first, so many at most.
func (o *Store) choose(ctx context.Context, tx pgx.Tx, l lanes, room int) (ids []int64, err error) {
	for more := true; more && len(ids) < room; {
		if ids, more, err = o.chooseOn(ctx, tx, l, room, ids); err != nil {
			return nil, fmt.Errorf("choose among what is due: %w", err)
		}
	}
	return ids, nil
}

// chooseOn looks at the pairs of a way and a provider whose oldest has waited longest, as many as
// there is room for, and adds what may leave of them. There is more to look at when there are more
// such pairs, and some of the first are full now. How many messages wait for a pair costs nothing:
// the index is asked for the next pair, once for each.
func (o *Store) chooseOn(ctx context.Context, tx pgx.Tx, l lanes, room int, ids []int64) (now []int64, more bool, err error) {
	rows, _ := tx.Query(ctx, `
		with recursive pair as (
			(select kind, via, provider, due_at
			from outbound
			where due_at is not null and state <> 'sending'
			order by kind, via, provider, due_at
			limit 1)
			union all
			select next.*
			from pair, lateral (
				select kind, via, provider, due_at
				from outbound
				where due_at is not null and state <> 'sending' and (kind, via, provider) > (
					pair.kind, pair.via, case when pair.via = any($2) then chr(x'10ffff'::int) else pair.provider end) -- past a way that is shut
				order by kind, via, provider, due_at
				limit 1) next),
		open as (
			select kind, via, provider
			from pair
			where due_at <= now() and kind = any($1) and via <> all($2) and provider <> all($2)
			order by due_at
			limit $3)
		select due.id, open.via, open.provider, (select count(*) from open)
		from open, lateral (
			select id, due_at
			from outbound
			where kind = open.kind and via = open.via and provider = open.provider
				and due_at <= now() and state <> 'sending' and id <> all($4)
			order by due_at, id
			limit $3) due
		order by due.due_at, due.id`, o.kinds(), l.shut(), room, append([]int64{}, ids...)) // the error comes with the rows
	var id int64
	var via, provider string
	var pairs int
	now = ids
	_, err = pgx.ForEachRow(rows, []any{&id, &via, &provider, &pairs}, func() error {
		if len(now) < room && l.open(via) && l.open(provider) {
			l.use(via)
			l.use(provider)
			now = append(now, id)
		}
		return nil
	})
	return now, pairs == room && len(now) > len(ids), err
}

// charge notes when the lanes of what leaves are free again. A message to several providers is
// one for each: one that was not free has it later.
func (o *Store) charge(ctx context.Context, tx pgx.Tx, l lanes, leaving []row) error {
	var names []string
	var gaps []float64
	for _, out := range leaving {
		for _, name := range o.lanesOf(out.Outbound) {
			gap := l.gap(name)
			if gap == 0 {
				continue
			}
			if i := slices.Index(names, name); i >= 0 {
				gaps[i] += gap
			} else {
				names, gaps = append(names, name), append(gaps, gap)
			}
		}
	}
	if len(names) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		insert into outbound_lane (lane, free_at)
		select lane, now() + make_interval(secs => gap)
		from unnest($1::text[], $2::float8[]) as w(lane, gap)
		order by lane
		on conflict (lane) do update
		set free_at = greatest(outbound_lane.free_at, now()) + (excluded.free_at - now())`, names, gaps)
	if err != nil {
		return fmt.Errorf("charge the lanes: %w", err)
	}
	return nil
}

// lanesOf are those of a message: its way, and the providers of whom it is still to reach.
func (o *Store) lanesOf(out gateway.Outbound) []string {
	names := []string{out.Via}
	for _, r := range (row{Outbound: out}).unreached() {
		if name := o.Limits.provider(r.Address); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// toward is the provider that a message waits for: the one that it has waited for, as long as
// somebody there is still to be reached, then that of the first who is.
func (o *Store) toward(out row) string {
	open := out.unreached()
	for _, r := range open {
		if o.Limits.provider(r.Address) == out.provider {
			return out.provider
		}
	}
	if len(open) == 0 {
		return out.provider
	}
	return o.Limits.provider(open[0].Address)
}

// regulate makes lanes slower that have asked for it, and those faster by which a message has
// been taken. began is when the attempt did, by the database's clock: of several attempts that
// were under way when a server had enough, one counts.
func (o *Store) regulate(ctx context.Context, tx pgx.Tx, out gateway.Outbound, d gateway.Delivery, began time.Time) (slower []string, err error) {
	for _, name := range d.Slow {
		if name != out.Via {
			name = o.Limits.provider(name)
		}
		if !slices.Contains(slower, name) {
			slower = append(slower, name)
		}
	}
	if d.State == gateway.OutboundSent && o.slowed.Load() {
		if err := o.ease(ctx, tx, slices.DeleteFunc(o.lanesOf(out), func(name string) bool { return slices.Contains(slower, name) })); err != nil {
			return nil, err
		}
	}
	slices.Sort(slower)
	for _, name := range slower {
		_, err := tx.Exec(ctx, `
			insert into outbound_lane as l (lane, gap, free_at, slowed_at)
			values ($1, $2, now() + make_interval(secs => $2), now())
			on conflict (lane) do update
			set gap = least(greatest(2 * l.gap, excluded.gap), $3),
			    free_at = now() + make_interval(secs => least(greatest(2 * l.gap, excluded.gap), $3)),
			    slowed_at = now()
			where l.slowed_at < $4`, name, max(2*o.Limits.of(name).gap(), slowFirst), slowMost, began)
		if err != nil {
			return nil, fmt.Errorf("slow down %s: %w", name, err)
		}
	}
	return slower, nil
}

func (o *Store) ease(ctx context.Context, tx pgx.Tx, names []string) error {
	_, err := tx.Exec(ctx, `
		update outbound_lane
		set gap = case when gap * $2 < $3 then 0 else gap * $2 end
		where lane = any($1) and gap > 0`, names, slowEase, slowLeast)
	if err != nil {
		return fmt.Errorf("let lanes be faster again: %w", err)
	}
	return nil
}
