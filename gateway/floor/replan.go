package floor

import (
	"context"
	"fmt"
	"reflect"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// replans says whether the plan is to be read before a batch is decided: it has changed, or
// something came for a queue that it does not have. That may have been made a moment ago, and
// its arrival may be here before the hint. One that is not in the new plan either is not
// looked for again until the plan changes.
func (l *leader) replans(more came) bool {
	if more.replan {
		l.sought = nil
	}
	replan := more.replan
	for _, a := range more.taken {
		ad, ok := a.event.(routing.Admit)
		if !ok || l.sought[ad.Queue] || l.core.Plans(ad.Queue) {
			continue
		}
		if l.sought == nil {
			l.sought = map[gateway.QueueID]bool{}
		}
		l.sought[ad.Queue], replan = true, true
	}
	return replan
}

// configure reads the plan and takes it on.
func (l *leader) configure(ctx context.Context, b *batch) error {
	plan, err := l.readPlan(ctx)
	if err != nil {
		return err
	}
	return l.adopt(b, plan)
}

func (l *leader) readPlan(ctx context.Context) (gateway.Plan, error) {
	plan, err := l.f.rooms.Plans.Plan(ctx)
	if err != nil {
		return plan, fmt.Errorf("read the plan: %w", err)
	}
	return plan, nil
}

// adopt takes the plan on if it has changed. Most of what is edited in the roster is no
// part of it, and a large plan is long in the log and slow to take on.
func (l *leader) adopt(b *batch, plan gateway.Plan) error {
	if l.planned != nil && reflect.DeepEqual(*l.planned, plan) {
		return nil
	}
	if _, err := l.step(b, routing.Configure{Plan: plan}); err != nil {
		return err
	}
	l.planned = &plan
	return nil
}
