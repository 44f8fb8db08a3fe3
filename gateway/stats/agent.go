package stats

import (
	"context"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// AgentFigures are one agent's.
type AgentFigures struct {
	Agent    gateway.AgentID `json:"agent"`
	Offered  int             `json:"offered"`
	Accepted int             `json:"accepted"`
	Declined int             `json:"declined"`
	Missed   int             `json:"missed"`
	Failed   int             `json:"failed"`  // their telephone was busy or could not be reached
	Handled  int             `json:"handled"` // parts of interactions that ended in the period
	// AHT is the average of the agent's own parts in seconds: talk + hold + wrap-up.
	AHT         *float64 `json:"aht_s,omitempty"`
	TalkSeconds float64  `json:"talk_seconds"`
	WrapSeconds float64  `json:"wrap_seconds"`
	// Status is how many seconds the agent had each status.
	Status          map[gateway.Status]float64 `json:"status"`
	SignedInSeconds float64                    `json:"signed_in_seconds"`
	// ArticleLinks are the FAQ links that the agent gave, and how many of them the customer
	// has opened; links are known for 90 days.
	ArticleLinks       int `json:"article_links"`
	ArticleLinksOpened int `json:"article_links_opened"`
	// Occupancy is the time with something in hand ÷ (signed in − break), 0 to 1. Two
	// chats at once are not twice the time.
	Occupancy *float64                    `json:"occupancy,omitempty"`
	Channels  map[gateway.Channel]Handled `json:"channels"`
}

// Handled is an agent's share of one channel.
type Handled struct {
	Handled     int     `json:"handled"`
	TalkSeconds float64 `json:"talk_seconds"`
	WrapSeconds float64 `json:"wrap_seconds"`
}

const (
	countAgentOffers = `
		select agent,
			count(*) as offered,
			count(*) filter (where outcome = 'accepted') as accepted,
			count(*) filter (where outcome = 'declined') as declined,
			count(*) filter (where outcome = 'missed') as missed,
			count(*) filter (where outcome = 'failed') as failed
		from offer_figures
		where created_at >= $1 and created_at < $2 and kind = 'queue' and outcome <> 'withdrawn'
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or agent = any ($3))
		group by agent`

	countParts = `
		select s.agent, i.channel,
			count(*) as handled,
			sum(extract(epoch from s.parted_at - s.started_at))::float8 as talk_seconds,
			sum(extract(epoch from s.ended_at - s.parted_at))::float8 as wrap_seconds
		from segment_figures s
		join interaction_figures i on i.interaction = s.interaction
		where s.ended_at >= $1 and s.ended_at < $2
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or s.agent = any ($3))
		group by s.agent, i.channel`

	countLinks = `
		select agent, count(*) as given, count(opened_at) as opened
		from article_link_figures
		where given_at >= $1 and given_at < $2 and agent <> 0
		and (coalesce(cardinality($3::bigint[]), 0) = 0 or agent = any ($3))
		group by agent`

	// The status that an agent had when the period began is the last one before it.
	countStatus = `
		with noted as (
			select agent, status, since
			from status_span
			where since >= $1 and since < $2
			and (coalesce(cardinality($3::bigint[]), 0) = 0 or agent = any ($3))
			union all
			select p.agent, p.status, $1::timestamptz
			from (select agent from presence_figures where coalesce(cardinality($3::bigint[]), 0) = 0 or agent = any ($3)) as w,
			lateral (select * from status_span o where o.agent = w.agent and o.since < $1 order by since desc limit 1) as p),
		spans as (
			select agent, status, since,
				lead(since, 1, least($2::timestamptz, now())) over (partition by agent order by since) as until
			from noted)
		select agent, status, sum(greatest(extract(epoch from until - since), 0))::float8 as seconds
		from spans
		group by agent, status`
)

type (
	agentOffers struct {
		Agent                                       gateway.AgentID
		Offered, Accepted, Declined, Missed, Failed int
	}
	agentLinks struct {
		Agent         gateway.AgentID
		Given, Opened int
	}
	agentPart struct {
		Agent   gateway.AgentID
		Channel gateway.Channel
		Handled
	}
	agentStatus struct {
		Agent   gateway.AgentID
		Status  gateway.Status
		Seconds float64
	}
)

// Agents gives the figures of the agents, by id; of all that had any, when none is named.
func (s *Store) Agents(ctx context.Context, p Period, agents ...gateway.AgentID) ([]AgentFigures, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	found := roll{}
	offers, err := read[agentOffers](ctx, s, countAgentOffers, p, agents)
	if err != nil {
		return nil, err
	}
	for _, o := range offers {
		f := found.of(o.Agent)
		f.Offered, f.Accepted, f.Declined, f.Missed, f.Failed = o.Offered, o.Accepted, o.Declined, o.Missed, o.Failed
	}
	parts, err := read[agentPart](ctx, s, countParts, p, agents)
	if err != nil {
		return nil, err
	}
	for _, h := range parts {
		f := found.of(h.Agent)
		f.Channels[h.Channel] = h.Handled
		f.Handled += h.Handled.Handled
		f.TalkSeconds += h.TalkSeconds
		f.WrapSeconds += h.WrapSeconds
	}
	links, err := read[agentLinks](ctx, s, countLinks, p, agents)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		f := found.of(l.Agent)
		f.ArticleLinks, f.ArticleLinksOpened = l.Given, l.Opened
	}
	statuses, err := read[agentStatus](ctx, s, countStatus, p, agents)
	if err != nil {
		return nil, err
	}
	for _, t := range statuses {
		found.of(t.Agent).Status[t.Status] = t.Seconds
	}
	return found.figures(), nil
}

func read[T any](ctx context.Context, s *Store, sql string, p Period, agents []gateway.AgentID) ([]T, error) {
	rows, err := s.pool.Query(ctx, sql, p.From, p.To, agents)
	found, err := collect[T](rows, err)
	if err != nil {
		return nil, fmt.Errorf("count agents' work: %w", err)
	}
	return found, nil
}

type roll map[gateway.AgentID]*AgentFigures

func (r roll) of(a gateway.AgentID) *AgentFigures {
	if r[a] == nil {
		r[a] = &AgentFigures{Agent: a, Status: map[gateway.Status]float64{}, Channels: map[gateway.Channel]Handled{}}
	}
	return r[a]
}

func (r roll) figures() []AgentFigures {
	all := make([]AgentFigures, 0, len(r))
	for _, f := range r {
		for status, seconds := range f.Status {
			if status != gateway.LoggedOut {
				f.SignedInSeconds += seconds
			}
		}
		f.AHT = ratio(f.TalkSeconds+f.WrapSeconds, float64(f.Handled))
		f.Occupancy = ratio(f.Status[gateway.Busy]+f.Status[gateway.WrapUp], f.SignedInSeconds-f.Status[gateway.OnBreak])
		if len(f.Channels) > 0 || f.Offered > 0 || f.ArticleLinks > 0 || f.SignedInSeconds >= 1 {
			all = append(all, *f)
		}
	}
	slices.SortFunc(all, func(a, b AgentFigures) int { return int(a.Agent - b.Agent) })
	return all
}
