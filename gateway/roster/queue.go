package roster

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Queue is where interactions wait.
type Queue struct {
	ID          gateway.QueueID                         `json:"id"`
	Name        Label                                   `json:"name"`
	Band        int                                     `json:"band"` // 0 to 9, higher goes first
	Channels    map[gateway.Channel]gateway.ChannelPlan `json:"channels"`
	Sticky      map[gateway.Channel]gateway.Seconds     `json:"sticky,omitempty"`
	MaxWait     gateway.Seconds                         `json:"max_wait,omitempty"` // 0: none
	Calendar    CalendarID                              `json:"calendar,omitempty"` // none: always open
	Strategy    gateway.Strategy                        `json:"strategy,omitempty"` // how agents are chosen; longest_idle
	MaxLen      int                                     `json:"max_len,omitempty"`  // at most so many of a channel wait
	Steps       []gateway.Step                          `json:"steps,omitempty"`    // for those who wait
	OnClosed    []gateway.Step                          `json:"on_closed,omitempty"`
	OnFull      []gateway.Step                          `json:"on_full,omitempty"`
	OnUnstaffed []gateway.Step                          `json:"on_unstaffed,omitempty"`
	FromName    string                                  `json:"from_name,omitempty"`
	FromAddress string                                  `json:"from_address,omitempty"` // of its mail; the mailbox's own when empty
	Active      bool                                    `json:"active"`
	Rev         int64                                   `json:"rev"`
}

// DefaultBand is the band of a queue that says nothing.
const DefaultBand = 5

// DefaultPlan is how a channel is worked where the queue says nothing; the
// figures are explained in docs/routing.md.
func DefaultPlan(c gateway.Channel) gateway.ChannelPlan {
	const hour = 3600
	timed := func(n gateway.Seconds) gateway.WrapUpPlan {
		return gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: n}
	}
	none := gateway.WrapUpPlan{Mode: gateway.WrapUpNone}
	switch c {
	case gateway.Voice, gateway.Callback:
		return gateway.ChannelPlan{Target: 20, OfferTimeout: 20, Decline: gateway.DeclineVCC, WrapUp: timed(30)}
	case gateway.Chat:
		return gateway.ChannelPlan{Target: 60, OfferTimeout: 30, Decline: gateway.DeclineSoft, WrapUp: timed(15)}
	case gateway.Voicemail:
		return gateway.ChannelPlan{Target: 2 * hour, OfferTimeout: 60, Decline: gateway.DeclineSoft, WrapUp: none}
	case gateway.Email:
		return gateway.ChannelPlan{Target: 4 * hour, OfferTimeout: 60, Decline: gateway.DeclineSoft, WrapUp: none}
	}
	return gateway.ChannelPlan{}
}

// defaultSticky is how long the agent who had it last is asked first.
func defaultSticky(c gateway.Channel) gateway.Seconds {
	if c == gateway.Email || c == gateway.Voicemail {
		return 4 * 3600
	}
	return 20
}

const queueColumns = `id, name, band, channels, sticky, max_wait, coalesce(calendar, 0) as calendar,
	strategy, max_len, steps, on_closed, on_full, on_unstaffed, from_name, from_address, active, rev`

// QueueFilter narrows a list of queues; what is zero does not.
type QueueFilter struct {
	Agent  gateway.AgentID // those the agent is in
	Name   string          // a part of the name in any language
	Former bool            // those out of use, too
}

// Queues lists queues by id.
func (s *Store) Queues(ctx context.Context, f QueueFilter) ([]Queue, error) {
	return list[Queue](ctx, s.db, "select "+queueColumns+`
		from queue q
		where (active or $1)
		and ($2::bigint = 0 or exists (select from membership m where m.queue = q.id and m.agent = $2 and m.enabled))
		and ($3 = '' or exists (select from jsonb_each_text(name) n where position(lower($3) in lower(n.value)) > 0))
		order by id`, f.Former, f.Agent, f.Name)
}

// Queue gives one queue.
func (s *Store) Queue(ctx context.Context, id gateway.QueueID) (Queue, error) {
	return one[Queue](ctx, s.db, "queue", "select "+queueColumns+" from queue where id = $1", id)
}

// CreateQueue adds a queue. Without channels it takes all of them; what a channel's
// plan leaves out is filled from DefaultPlan.
func (s *Store) CreateQueue(ctx context.Context, q Queue) (Queue, error) {
	if q.Band == 0 {
		q.Band = DefaultBand
	}
	if err := q.settle(); err != nil {
		return q, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		q, err = one[Queue](ctx, tx, "queue", `
			insert into queue (name, band, channels, sticky, max_wait, calendar, from_name, from_address,
				strategy, max_len, steps, on_closed, on_full, on_unstaffed)
			values ($1, $2, $3, $4, $5, nullif($6::bigint, 0), $7, $8, $9, $10, $11, $12, $13, $14)
			returning `+queueColumns,
			q.Name, q.Band, q.Channels, q.Sticky, q.MaxWait, q.Calendar, q.FromName, q.FromAddress,
			q.Strategy, q.MaxLen, q.Steps, q.OnClosed, q.OnFull, q.OnUnstaffed)
		return err
	})
	return q, err
}

// UpdateQueue replaces a queue, if it still has q.Rev.
func (s *Store) UpdateQueue(ctx context.Context, q Queue) (Queue, error) {
	if err := q.settle(); err != nil {
		return q, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := expect(ctx, tx, "queue", int64(q.ID), q.Rev, func() (Queue, error) { return s.Queue(ctx, q.ID) }); err != nil {
			return err
		}
		q, err = one[Queue](ctx, tx, "queue", `
			update queue
			set name = $2, band = $3, channels = $4, sticky = $5, max_wait = $6, calendar = nullif($7::bigint, 0),
				from_name = $8, from_address = $9, active = $10, strategy = $11, max_len = $12,
				steps = $13, on_closed = $14, on_full = $15, on_unstaffed = $16, rev = rev + 1
			where id = $1
			returning `+queueColumns,
			q.ID, q.Name, q.Band, q.Channels, q.Sticky, q.MaxWait, q.Calendar, q.FromName, q.FromAddress, q.Active,
			q.Strategy, q.MaxLen, q.Steps, q.OnClosed, q.OnFull, q.OnUnstaffed)
		return err
	})
	return q, err
}

func (q *Queue) settle() error {
	if err := q.Name.check("a queue"); err != nil {
		return err
	}
	if q.Band < 0 || q.Band > 9 {
		return gateway.Invalid("band_out_of_range", "a queue's band is 0 to 9; higher goes first, 5 is usual")
	}
	if err := q.checkRules(); err != nil {
		return err
	}
	if q.FromAddress != "" && !bareAddress(q.FromAddress) {
		return gateway.Invalid("bad_from_address", "the sender of a queue's mail is an address like faktura@example.se")
	}
	if len(q.Channels) == 0 {
		q.Channels = map[gateway.Channel]gateway.ChannelPlan{}
		for _, c := range gateway.Channels {
			q.Channels[c] = DefaultPlan(c)
		}
	}
	if q.Sticky == nil {
		q.Sticky = map[gateway.Channel]gateway.Seconds{}
		for c := range q.Channels {
			q.Sticky[c] = defaultSticky(c)
		}
	}
	q.FromName = gateway.Clean(q.FromName)
	channels := make(map[gateway.Channel]gateway.ChannelPlan, len(q.Channels))
	for c, p := range q.Channels {
		settled, err := settlePlan(c, p)
		if err != nil {
			return err
		}
		channels[c] = settled
	}
	q.Channels = channels
	return nil
}

func settlePlan(c gateway.Channel, p gateway.ChannelPlan) (gateway.ChannelPlan, error) {
	if err := checkChannel(c); err != nil {
		return p, err
	}
	d := DefaultPlan(c)
	if p.Target == 0 {
		p.Target = d.Target
	}
	if p.OfferTimeout == 0 {
		p.OfferTimeout = d.OfferTimeout
	}
	if p.Decline == "" {
		p.Decline = d.Decline
	}
	if p.WrapUp.Mode == "" {
		p.WrapUp.Mode, p.WrapUp.Seconds = d.WrapUp.Mode, d.WrapUp.Seconds
	}
	if p.Clock == "" {
		p.Clock = gateway.DefaultClock(c)
	}
	p.WrapUp.Codes, p.WrapUp.Lists = nil, nil // the transaction lists say which
	switch p.Decline {
	case gateway.DeclineVCC, gateway.DeclineEngage, gateway.DeclineSoft:
	default:
		return p, gateway.Invalid("bad_decline_policy", "what becomes of an agent who declines is vcc, engage or soft")
	}
	switch p.Clock {
	case gateway.WallClock, gateway.CalendarClock:
	default:
		return p, gateway.Invalid("bad_clock", "a target counts by the wall clock (wall) or only while the queue is open (calendar)")
	}
	if p.Interruptible && c != gateway.Email && c != gateway.Voicemail {
		return p, gateway.Invalid("not_interruptible", "only mail and voicemail can be parked for a call or chat")
	}
	switch p.WrapUp.Mode {
	case gateway.WrapUpNone, gateway.WrapUpOptional, gateway.WrapUpTimed, gateway.WrapUpTimedExtendable, gateway.WrapUpManual:
	default:
		return p, gateway.Invalid("bad_wrap_up_mode", "a wrap-up is none, optional, timed, timed_extendable or manual")
	}
	if p.OfferTimeout < 15 || p.OfferTimeout > 60 {
		return p, gateway.Invalid("offer_timeout_out_of_range", "an offer lasts 15 to 60 seconds")
	}
	if p.Target < 0 || p.WrapUp.Seconds < 0 || p.WrapUp.Seconds > 900 {
		return p, gateway.Invalid("plan_out_of_range", "a target is not negative, and a wrap-up lasts at most 900 seconds")
	}
	return p, nil
}
