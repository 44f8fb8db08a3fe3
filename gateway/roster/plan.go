package roster

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Plan is the roster as routing needs it, read at one moment. The same roster always
// gives the same plan, in the same order, so that two plans can be compared.
func (s *Store) Plan(ctx context.Context) (gateway.Plan, error) {
	var plan gateway.Plan
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		queues, err := list[Queue](ctx, tx, "select "+queueColumns+" from queue where active order by id")
		if err != nil {
			return err
		}
		agents, err := list[Agent](ctx, tx, "select "+agentColumns+" from agent a where active order by id")
		if err != nil {
			return err
		}
		lists, err := transactionLists(ctx, tx, 0, false)
		if err != nil {
			return err
		}
		calendars, err := list[Calendar](ctx, tx, "select "+calendarColumns+" from calendar order by id")
		if err != nil {
			return err
		}
		rules, err := one[Rules](ctx, tx, "rules", "select "+rulesColumns+" from routing_rules")
		if err != nil {
			return err
		}
		plan = makePlan(queues, agents, lists)
		plan.Order, plan.MissKeepsPlace = rules.Order, rules.MissKeepsPlace
		plan.BreakLock, plan.MinBreak = rules.BreakLock, rules.MinBreak
		if len(rules.Costs)+len(rules.Caps) > 0 {
			plan.Costs, plan.Caps = rules.Costs, rules.Caps
		}
		for _, c := range calendars {
			plan.Calendars = append(plan.Calendars, c.plan(time.Now().UTC()))
		}
		return nil
	})
	if err != nil {
		return plan, fmt.Errorf("read the plan: %w", err)
	}
	return plan, nil
}

func makePlan(queues []Queue, agents []Agent, lists []TransactionList) gateway.Plan {
	plan := gateway.Plan{Queues: []gateway.QueuePlan{}, Agents: []gateway.AgentPlan{}}
	inUse := map[gateway.QueueID]bool{}
	for _, q := range queues {
		inUse[q.ID] = true
		plan.Queues = append(plan.Queues, q.plan(lists))
	}
	for _, a := range agents {
		a.Memberships = slices.DeleteFunc(a.Memberships, func(m gateway.Membership) bool { return !inUse[m.Queue] })
		plan.Agents = append(plan.Agents, gateway.AgentPlan{
			ID: a.ID, Memberships: a.Memberships, Skills: a.Skills, Caps: a.Caps, Channels: a.Channels,
			Phone: slices.ContainsFunc(a.Phones, Phone.Usable), Mailbox: a.Mailbox, OfferTimeout: a.OfferTimeout,
		})
	}
	return plan
}

func (q *Queue) plan(lists []TransactionList) gateway.QueuePlan {
	codes, required := []gateway.CodeID(nil), false
	var combine []gateway.CodeList
	for _, l := range lists {
		if len(l.Queues) > 0 && !slices.Contains(l.Queues, q.ID) {
			continue
		}
		choices := l.Choices()
		codes = append(codes, choices...)
		if len(choices) > 0 {
			combine = append(combine, gateway.CodeList{Codes: choices, Required: l.Required, Many: l.Many})
		}
		required = required || l.Required && len(choices) > 0
	}
	slices.Sort(codes)
	channels := make(map[gateway.Channel]gateway.ChannelPlan, len(q.Channels))
	for c, p := range q.Channels {
		p.WrapUp.Codes, p.WrapUp.Lists = codes, combine
		p.WrapUp.CodeRequired = len(codes) > 0 && (required || p.WrapUp.CodeRequired)
		if p.WrapUp.CodeRequired && p.WrapUp.Mode == gateway.WrapUpNone {
			p.WrapUp.Mode = gateway.WrapUpManual // there must be a moment to choose it in
		}
		channels[c] = p
	}
	return gateway.QueuePlan{
		ID: q.ID, Band: q.Band, Channels: channels, Sticky: q.Sticky, MaxWait: q.MaxWait, Strategy: q.Strategy,
		Calendar: gateway.CalendarID(q.Calendar), MaxLen: q.MaxLen,
		Steps: q.Steps, OnClosed: q.OnClosed, OnFull: q.OnFull, OnUnstaffed: q.OnUnstaffed,
	}
}
