package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// wrapUp is how the work after a talk is timed.
type wrapUp struct {
	until    time.Time     // zero: paused, or there is none
	left     time.Duration // while paused
	overtime bool          // the time is over, a code is missing
	warned   bool          // supervisors know
	asked    bool          // mode optional: the agent wants one
	added    int           // extensions
}

const (
	maxWrapUp     = 900 * time.Second
	usualWrapUp   = 30 * time.Second // optional, with no length planned
	extension     = time.Minute
	maxExtensions = 2
	overtimeAlarm = 120 * time.Second
)

// beginWrapUp ends the agent's talk. Without a wrap-up the agent's part is over.
func (c *Core) beginWrapUp(h *hold) {
	c.part(h)
	d := h.wrapUpTime()
	if d == 0 {
		c.endWrapUp(h)
		return
	}
	h.wrap.until = c.now.Add(d)
	c.mirror(h)
}

// wrapUpTime is how long the agent may work after the talk; zero not at all. Where a
// code is required there is always a wrap-up.
func (h *hold) wrapUpTime() (d time.Duration) {
	plan := h.plan()
	switch plan.Mode {
	case gateway.WrapUpTimed, gateway.WrapUpTimedExtendable:
		d = planned(plan.Seconds)
	case gateway.WrapUpManual:
		d = maxWrapUp
	case gateway.WrapUpOptional:
		if h.wrap.asked {
			d = cmp.Or(planned(plan.Seconds), usualWrapUp)
		}
	case gateway.WrapUpNone:
	}
	if d == 0 && plan.CodeRequired {
		d = maxWrapUp
	}
	if d > 0 && !h.agent.lost.IsZero() && h.item.lane.phone() {
		return lostWrapUp // the console that would end it is gone
	}
	return min(d, maxWrapUp)
}

func (h *hold) plan() gateway.WrapUpPlan { return h.queue.service[h.item.lane].wrap }

// mirror shows the wrap-up on the interaction, if it is this agent's to end.
func (c *Core) mirror(h *hold) {
	c.meet(h.agent)
	if it := h.item; h.owns() {
		it.State, it.WrapUpUntil, it.Overtime = gateway.StateWrapUp, h.wrap.until, h.wrap.overtime
		c.touch(it)
	}
}

// left is the wrap-up as the agent is told of it.
func (h *hold) left() gateway.WrapUpLeft {
	return gateway.WrapUpLeft{
		Interaction: h.item.ID, Queue: h.queue.id, Until: h.wrap.until, Overtime: h.wrap.overtime, ExtendableUntil: h.extendableUntil(),
	}
}

// endWrapUp ends the agent's part, and with it the interaction if it was theirs to end.
func (c *Core) endWrapUp(h *hold) {
	last := h.owns()
	h.queue.handled[h.item.lane].add(c.now.Sub(h.start), c.now)
	c.release(h)
	if last {
		c.finishItem(h.item)
	}
}

// deadline is when the wrap-up's time is over, or supervisors must hear that it is.
func (h *hold) deadline() time.Time {
	switch {
	case h.active() || h.wrap.warned || h.wrap.until.IsZero():
		return time.Time{}
	case h.wrap.overtime:
		return h.wrap.until.Add(overtimeAlarm)
	}
	return h.wrap.until
}

// fireHold ends a wrap-up whose time is over, unless a code is missing.
func (c *Core) fireHold(h *hold) {
	at := h.deadline()
	if at.IsZero() || at.After(c.now) {
		return
	}
	switch {
	case h.wrap.overtime:
		h.wrap.warned = true
		c.emit(Alerted{Kind: gateway.AlertOvertime, Interaction: h.item.ID, Queue: h.queue.id, Agent: h.agent.id})
	case h.plan().CodeRequired:
		h.wrap.overtime = true
		c.mirror(h)
		c.fireHold(h) // perhaps the alarm is due as well
	default:
		c.endWrapUp(h)
	}
}

// finish ends a wrap-up with its codes; an interaction that is still active ends first.
func (c *Core) finish(e gateway.Finish) *gateway.Error {
	h, err := c.held(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	if h.guest {
		c.drop(h)
		return nil
	}
	if err := h.judge(e.Codes); err != nil {
		return err
	}
	it := h.item
	switch {
	case h.active() && it.EndedAt.IsZero():
		c.over(it, gateway.EndHandled)
	case h.active():
		c.dismiss(it)
	}
	codes := slices.Concat(it.Codes, e.Codes)
	slices.Sort(codes)
	it.Codes = slices.Compact(codes)
	c.endWrapUp(h)
	return nil
}

// judge refuses codes that may not be chosen, and none where one is required.
func (h *hold) judge(codes []gateway.CodeID) *gateway.Error {
	plan := h.plan()
	for _, code := range codes {
		if !slices.Contains(plan.Codes, code) {
			return unprocessed("unknown_code", "transaction code "+code.String()+" is not one of this queue's", plan.Codes)
		}
	}
	for _, l := range plan.Lists {
		n := 0
		for _, code := range codes {
			if slices.Contains(l.Codes, code) {
				n++
			}
		}
		switch {
		case l.Required && n == 0:
			return unprocessed("code_required", "choose a transaction code of this list", l.Codes)
		case !l.Many && n > 1:
			return unprocessed("too_many_codes", "choose only one transaction code of this list", l.Codes)
		}
	}
	if plan.CodeRequired && len(codes) == 0 {
		return unprocessed("code_required", "choose at least one transaction code", plan.Codes)
	}
	return nil
}

func unprocessed(code, detail string, data any) *gateway.Error {
	return &gateway.Error{Kind: gateway.KindUnprocessed, Code: code, Detail: detail, Data: data}
}

// extendWrapUp adds a minute, or, before the end where a wrap-up is optional, asks for one.
func (c *Core) extendWrapUp(e gateway.ExtendWrapUp) *gateway.Error {
	h, err := c.held(e.Interaction, e.Agent)
	if err != nil {
		return err
	}
	w := &h.wrap
	if h.active() {
		if h.plan().Mode != gateway.WrapUpOptional {
			return gateway.Conflict("not_in_wrap_up", "the interaction has not ended yet", nil)
		}
		w.asked = true
		return nil
	}
	if !c.now.Before(h.extendableUntil()) {
		return gateway.Conflict("no_more_time", "this wrap-up cannot be extended any further", nil)
	}
	until := w.until
	if until.Before(c.now) {
		until = c.now
	}
	w.until, w.overtime, w.warned = until.Add(extension), false, false
	if most := h.ended.Add(maxWrapUp); w.until.After(most) {
		w.until = most
	}
	w.added++
	c.mirror(h)
	c.touch(h.item)
	return nil
}

// extendableUntil is until when a minute more may be asked for; zero if it is refused already.
// No wrap-up is longer than the longest, overtime included.
func (h *hold) extendableUntil() time.Time {
	most := h.ended.Add(maxWrapUp)
	if h.plan().Mode != gateway.WrapUpTimedExtendable || h.wrap.added >= maxExtensions || h.wrap.until.IsZero() || !h.wrap.until.Before(most) {
		return time.Time{}
	}
	return most
}

// pauseWrapUps stops an agent's wrap-up timers while an outbound call lasts.
func (c *Core) pauseWrapUps(a *agent) {
	for _, h := range a.holds {
		if !h.active() && !h.wrap.until.IsZero() && !h.wrap.overtime {
			h.wrap.left, h.wrap.until = max(h.wrap.until.Sub(c.now), time.Second), time.Time{}
			c.mirror(h)
			c.touch(h.item)
		}
	}
}

// resumeWrapUps starts them again once the outbound call is over.
func (c *Core) resumeWrapUps(call *hold) {
	if !call.item.called && (call.how != howOutbound || !call.item.lane.phone()) {
		return
	}
	for _, h := range call.agent.holds {
		if h.wrap.left > 0 {
			h.wrap.until, h.wrap.left = c.now.Add(h.wrap.left), 0
			c.mirror(h)
			c.touch(h.item)
		}
	}
}
