package routing

import (
	"reflect"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// What must become of an event, worked out before the core has seen it.

// before is what is expected of one event.
type before struct {
	stale  bool   // I11: its offer is out to nobody any more, so it must be refused
	again  bool   // it repeats an acceptance, so it must change nothing
	judged string // how its codes must be refused, "" if they must not; "?" if nobody judges them
	items  map[gateway.InteractionID]gateway.Interaction
}

func (d *day) expect(ev Event) before {
	b := before{judged: "?"}
	switch e := ev.(type) {
	case gateway.Accept:
		b.again = d.took(e.Interaction, e.No, e.Agent)
		b.stale = !b.again && !d.isOut(e.Interaction, e.No)
	case gateway.Decline:
		b.stale = !d.isOut(e.Interaction, e.No)
	case gateway.FailOffer:
		b.stale = !d.isOut(e.Interaction, e.No) && (e.Cause != CauseMedia || !d.took(e.Interaction, e.No, e.Agent))
	case gateway.Finish:
		b.judged = d.judge(e)
	case Regroup:
		b.items = map[gateway.InteractionID]gateway.Interaction{}
		for it := range d.core.items.all() {
			b.items[it.ID] = it.Interaction
		}
	}
	return b
}

// isOut says whether an offer of that number waits for an answer.
func (d *day) isOut(id gateway.InteractionID, no int) bool {
	for k, o := range d.offers {
		if k[0] == int64(id) && k[1] == int64(no) && o.Outcome == "" {
			return true
		}
	}
	return false
}

// took says whether the agent accepted the offer of that number and has had the interaction
// ever since.
func (d *day) took(id gateway.InteractionID, no int, by gateway.AgentID) bool {
	if d.offers[[3]int64{int64(id), int64(no), int64(by)}].Outcome != gateway.Accepted {
		return false
	}
	it := d.core.items.at(id)
	return it != nil && slices.ContainsFunc(it.holds, func(h *hold) bool { return h.agent.id == by && h.active() && h.no == no })
}

// checkTaken holds that a part remembers the offer that it came of.
func (d *day) checkTaken(h *hold) {
	o := d.offers[[3]int64{int64(h.item.ID), int64(h.no), int64(h.agent.id)}]
	if h.no > 0 && (o.Outcome != gateway.Accepted || !o.ClosedAt.Equal(h.start)) {
		d.Fatalf("agent %v has %v since %v by offer %d, which is %+v", h.agent.id, h.item.ID, h.start, h.no, o)
	}
}

// judge is the rule of codes written anew, from the plan.
func (d *day) judge(e gateway.Finish) string {
	it := d.core.items.at(e.Interaction)
	if it == nil || it.heldBy(e.Agent) == nil || it.heldBy(e.Agent).guest {
		return "?"
	}
	var plan gateway.WrapUpPlan
	for _, q := range d.core.plan.Queues {
		if q.ID == it.heldBy(e.Agent).queue.id {
			plan = q.Channels[it.Channel].WrapUp
		}
	}
	count := func(list []gateway.CodeID) (n int) {
		for _, code := range e.Codes {
			if slices.Contains(list, code) {
				n++
			}
		}
		return n
	}
	if count(plan.Codes) < len(e.Codes) {
		return "unknown_code"
	}
	for _, l := range plan.Lists {
		switch n := count(l.Codes); {
		case l.Required && n == 0:
			return "code_required"
		case !l.Many && n > 1:
			return "too_many_codes"
		}
	}
	if plan.CodeRequired && len(e.Codes) == 0 {
		return "code_required"
	}
	return ""
}

// meets holds what has become of the event against what was expected of it.
func (d *day) meets(b before, ev Event, r Result) {
	code := ""
	if r.Err != nil {
		code = r.Err.Code
	}
	if b.stale && code != "offer_gone" && code != "unknown_interaction" {
		d.Fatalf("I11: %+v names no offer that is out, and was answered with %q", ev, code)
	}
	if b.again && (r.Err != nil || len(r.Effects) > 0) {
		d.Fatalf("I11: %+v was said before, and did %v (%v)", ev, r.Effects, r.Err)
	}
	if judged := slices.Contains([]string{"unknown_code", "code_required", "too_many_codes"}, code); b.judged != "?" && (judged || b.judged != "") && code != b.judged {
		d.Fatalf("%+v was answered with %q, its codes say %q", ev, code, b.judged)
	}
	if e, ok := ev.(Regroup); ok {
		d.regrouped(b, e)
	}
}

// regrouped holds that what was of one case is the other's, and that nothing else has changed.
func (d *day) regrouped(b before, e Regroup) {
	for id, was := range b.items {
		if was.Case == e.From && e.From != 0 && e.Into != 0 && e.From != e.Into &&
			(len(e.Conversations) == 0 || slices.Contains(e.Conversations, was.Conversation)) {
			was.Case = e.Into
			was.Rev++
		}
		if now, ok := d.core.Interaction(id); !ok || !reflect.DeepEqual(now, was) {
			d.Fatalf("%+v made %+v, want %+v", e, now, was)
		}
	}
}

// checkCases holds the index of cases against the interactions.
func (d *day) checkCases() {
	want := map[gateway.CaseID][]gateway.InteractionID{}
	for it := range d.core.items.all() {
		if it.Case != 0 {
			want[it.Case] = append(want[it.Case], it.ID)
		}
	}
	for id, list := range want {
		slices.SortFunc(list, func(a, b gateway.InteractionID) int {
			return int(d.core.items.at(a).Seq - d.core.items.at(b).Seq)
		})
		var got []gateway.InteractionID
		for it := d.core.cases.at(id); it != nil; it = it.younger {
			got = append(got, it.ID)
		}
		if !slices.Equal(got, list) {
			d.Fatalf("case %v: %v are of it, indexed %v", id, list, got)
		}
	}
	if d.core.cases.n != len(want) {
		d.Fatalf("%d cases are indexed, %d have interactions", d.core.cases.n, len(want))
	}
}
