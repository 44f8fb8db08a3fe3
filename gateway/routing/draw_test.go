package routing

import (
	"math/bits"
	"slices"

	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
)

// between draws a number of a range, each as likely as the others: rapid's own ranges and lists
// favour what is small, and of a day of the likeliest events nothing ever comes.
func between[N ~int | ~int64](t *rapid.T, label string, least, most N) N {
	if least == most {
		return least
	}
	return least + N(rapid.Custom(func(t *rapid.T) (n uint64) {
		for {
			n = 0
			for range bits.Len64(uint64(most - least)) {
				if n <<= 1; rapid.Bool().Draw(t, "bit") {
					n++
				}
			}
			if n <= uint64(most-least) {
				return n
			}
		}
	}).Draw(t, label))
}

// oneOf draws one of a list.
func oneOf[T any](t *rapid.T, label string, list []T) T {
	return list[between(t, label, 0, len(list)-1)]
}

// drawPlan draws a small house in which people, queues and skills meet often.
func drawPlan(t *rapid.T) gateway.Plan {
	p := gateway.Plan{
		Calendars: drawCalendars(), MissKeepsPlace: rapid.Bool().Draw(t, "keeps place"),
		BreakLock: between(t, "break lock", 0, 3) == 0, MinBreak: gateway.Seconds(oneOf(t, "min break", []int{0, 0, 20})),
		Order: oneOf(t, "order", []gateway.Order{"", gateway.EarliestDue, gateway.FirstCome, gateway.PriorityTurn}),
	}
	if rapid.Bool().Draw(t, "own costs") {
		p.Costs = map[gateway.Channel]int{
			gateway.Chat: oneOf(t, "chat cost", []int{16, 60}), gateway.Email: oneOf(t, "mail cost", []int{20, 100}),
		}
		p.Caps = map[gateway.Channel]int{gateway.Chat: 6}
	}
	for id := range gateway.QueueID(3) {
		p.Queues = append(p.Queues, drawQueue(t, id+1))
	}
	for id := range gateway.AgentID(between(t, "agents", 1, 5)) {
		p.Agents = append(p.Agents, drawAgent(t, id+1))
	}
	return p
}

func drawQueue(t *rapid.T, id gateway.QueueID) gateway.QueuePlan {
	q := gateway.QueuePlan{
		ID: id, Band: oneOf(t, "band", []int{5, 5, 7}), Channels: map[gateway.Channel]gateway.ChannelPlan{}, Sticky: map[gateway.Channel]gateway.Seconds{},
		MaxWait: oneOf(t, "max wait", []gateway.Seconds{0, 40}),
		Strategy: oneOf(t, "strategy", []gateway.Strategy{
			"", gateway.LongestIdle, gateway.SkillFirst, gateway.RoundRobin, gateway.LeastBusy, gateway.RingAll, gateway.RingAll,
		}),
		MaxLen: oneOf(t, "max len", []int{0, 0, 0, 2}), Calendar: gateway.CalendarID(oneOf(t, "calendar", []int{0, 0, 0, 1, 2})),
	}
	for range between(t, "steps", 0, 3) {
		q.Steps = append(q.Steps, drawStep(t))
	}
	for _, steps := range []*[]gateway.Step{&q.OnClosed, &q.OnFull, &q.OnUnstaffed} {
		for range oneOf(t, "actions", []int{0, 0, 1}) {
			*steps = append(*steps, drawStep(t))
		}
	}
	for _, ch := range gateway.Channels {
		if between(t, "usual", 0, 3) == 0 {
			continue
		}
		if sticky := oneOf(t, "sticky", []gateway.Seconds{-1, 0, 5, 60}); sticky >= 0 {
			q.Sticky[ch] = sticky
		}
		q.Channels[ch] = gateway.ChannelPlan{
			Target:        oneOf(t, "target", []gateway.Seconds{0, 20, 60}),
			Interruptible: rapid.Bool().Draw(t, "interruptible"),
			OfferTimeout:  oneOf(t, "timeout", []gateway.Seconds{0, 15, 30}),
			Decline:       oneOf(t, "decline", []gateway.DeclinePolicy{"", gateway.DeclineVCC, gateway.DeclineEngage, gateway.DeclineSoft}),
			WrapUp: gateway.WrapUpPlan{
				Mode: oneOf(t, "mode", []gateway.WrapUpMode{
					"", gateway.WrapUpNone, gateway.WrapUpOptional, gateway.WrapUpTimed, gateway.WrapUpTimedExtendable, gateway.WrapUpManual,
				}),
				Seconds: oneOf(t, "wrap-up", []gateway.Seconds{0, 15, 600}), CodeRequired: rapid.Bool().Draw(t, "required"),
				Codes: []gateway.CodeID{1, 2, 3}, Lists: drawLists(t),
			},
		}
	}
	return q
}

// drawLists draws none, or one of code 1 and one of the others.
func drawLists(t *rapid.T) []gateway.CodeList {
	if rapid.Bool().Draw(t, "no lists") {
		return nil
	}
	return []gateway.CodeList{
		{Codes: []gateway.CodeID{1}, Required: between(t, "list required", 0, 3) == 0},
		{Codes: []gateway.CodeID{2, 3}, Required: between(t, "list required", 0, 3) == 0, Many: rapid.Bool().Draw(t, "many")},
	}
}

func drawStep(t *rapid.T) gateway.Step {
	s := gateway.Step{
		After: oneOf(t, "after", []gateway.Seconds{0, 5, 15, 30, 60, 300}),
		Do: oneOf(t, "do", []gateway.StepKind{
			gateway.LowerSkills, gateway.DropSkill, gateway.DropSkills, gateway.AddQueue, gateway.AddQueue, gateway.Move, gateway.Move,
			gateway.OfferCallback, gateway.ToVoicemail, gateway.ToForm, gateway.ToExternal, gateway.HangUp, "?",
		}),
		By: between(t, "by", 0, 2), Skill: gateway.SkillID(between(t, "dropped", 1, 2)),
		Queue: gateway.QueueID(between(t, "other queue", 0, 4)),
	}
	if between(t, "only", 0, 3) == 0 {
		s.Channels = []gateway.Channel{oneOf(t, "for", gateway.Channels)}
	}
	return s
}

// drawCalendars draws an office that closes at ten past eight, and one that is closed.
func drawCalendars() []gateway.CalendarPlan {
	return []gateway.CalendarPlan{{ID: 1, Hours: []gateway.OpenHours{{Day: 1, From: 0, To: 8*3600 + 600}}}, {ID: 2}}
}

func drawAgent(t *rapid.T, id gateway.AgentID) gateway.AgentPlan {
	a := gateway.AgentPlan{ID: id, Phone: between(t, "phone", 0, 4) > 0, Mailbox: rapid.Bool().Draw(t, "mailbox")}
	a.OfferTimeout = oneOf(t, "own timeout", []gateway.Seconds{0, 0, 5, 40})
	for _, ch := range gateway.Channels {
		if between(t, "channel", 0, 4) > 0 {
			a.Channels = append(a.Channels, ch)
		}
	}
	for q := range gateway.QueueID(3) {
		if between(t, "member", 0, 2) > 0 {
			a.Memberships = append(a.Memberships, gateway.Membership{
				Queue: q + 1, Enabled: between(t, "enabled", 0, 4) > 0, Level: between(t, "level", 1, 3),
				Delay: oneOf(t, "delay", []gateway.Seconds{0, 0, 0, 10, 30}),
			})
		}
	}
	for s := range gateway.SkillID(2) {
		if rapid.Bool().Draw(t, "skilled") {
			a.Skills = append(a.Skills, gateway.SkillLevel{Skill: s + 1, Level: between(t, "skill", 1, 5)})
		}
	}
	if between(t, "capped", 0, 3) == 0 {
		a.Caps = map[gateway.Channel]int{gateway.Chat: between(t, "cap", 0, 6)}
	}
	return a
}

// drawWho draws an agent, mostly one of those whom it concerns, if there are any.
func (d *day) drawWho(concerned func(*agent) bool) gateway.AgentID {
	var who []*agent
	for _, a := range d.core.roster {
		if concerned(a) {
			who = append(who, a)
		}
	}
	if len(who) == 0 || between(d.T, "anybody", 0, 9) == 0 {
		return gateway.AgentID(between(d.T, "agent", 1, 5))
	}
	return oneOf(d.T, "who", who).id
}

// opens lets everybody come to work, on most days.
func (d *day) opens() {
	for _, a := range slices.Clone(d.core.roster) {
		if between(d.T, "comes", 0, 3) > 0 {
			d.apply(gateway.Consoles{Agent: a.id, Live: true})
			d.apply(gateway.SetStatus{Agent: a.id, Intent: gateway.IntentAvailable})
		}
	}
}

// drawEvent draws what people do, mostly what makes sense at the time.
func (d *day) drawEvent() Event {
	a := gateway.AgentID(between(d.T, "agent", 1, 5))
	asked := func(a *agent) bool { return a.offer != nil }
	if slices.ContainsFunc(d.core.roster, asked) && rapid.Bool().Draw(d.T, "answers") {
		return d.drawAnswer(d.drawWho(asked))
	}
	switch between(d.T, "event", 0, 21) {
	case 0, 1, 2, 3, 4:
		return Admit{d.drawAdmission()}
	case 5:
		return gateway.Consoles{Agent: a, Live: between(d.T, "live", 0, 2) > 0}
	case 6, 7, 8:
		return gateway.SetStatus{
			Agent: d.drawWho(func(a *agent) bool { return a.intent != gateway.IntentAvailable }),
			Force: between(d.T, "force", 0, 9) == 0, Supervisor: between(d.T, "supervisor", 0, 3) == 0,
			Intent: oneOf(d.T, "intent", []gateway.Intent{
				gateway.IntentAvailable, gateway.IntentAvailable, gateway.IntentAvailable, gateway.IntentAvailable, gateway.IntentAvailable,
				gateway.IntentOnBreak, gateway.IntentWorkingOffline, gateway.IntentLoggedOut,
			}),
		}
	case 9:
		return d.drawAnswer(a)
	case 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20:
		return d.drawWork(d.drawWho(func(a *agent) bool { return len(a.holds) > 0 }))
	}
	switch between(d.T, "rare", 0, 8) {
	case 0:
		return Recover{}
	case 1:
		return Configure{drawPlan(d.T)}
	case 2:
		return gateway.PhoneReach{Agent: a, Reachable: rapid.Bool().Draw(d.T, "reachable")}
	case 3, 4:
		d.nextID++
		return gateway.CallBack{Interaction: d.drawItem(), Callback: d.nextID - 1}
	case 5, 6:
		return d.drawRegroup()
	case 7:
		return Settle{gateway.Settle{Case: gateway.CaseID(between(d.T, "closed", 0, 6)), At: d.now}}
	}
	return Wake{}
}

func (d *day) drawRegroup() Regroup {
	r := Regroup{gateway.Regroup{From: gateway.CaseID(between(d.T, "from", 0, 6)), Into: gateway.CaseID(between(d.T, "into", 0, 6))}}
	if rapid.Bool().Draw(d.T, "in part") {
		r.Conversations = []gateway.ConversationID{gateway.ConversationID(between(d.T, "conversation", 1, 3))}
	}
	return r
}

func (d *day) drawAdmission() gateway.Admission {
	adm := gateway.Admission{
		Interaction: d.nextID, Channel: oneOf(d.T, "channel", gateway.Channels),
		Queue: gateway.QueueID(oneOf(d.T, "queue", []int{1, 1, 2, 2, 3, 3, 0, 4})), Case: gateway.CaseID(between(d.T, "case", 0, 6)),
		Customer: gateway.CustomerID(between(d.T, "customer", 0, 2)), Conversation: gateway.ConversationID(between(d.T, "conversation", 0, 3)),
		Alone: between(d.T, "alone", 0, 3) == 0, Preferred: gateway.AgentID(between(d.T, "preferred", 0, 6)),
		Credit:    oneOf(d.T, "credit", []gateway.Seconds{0, 0, 30, -30}),
		ArrivedAt: d.now.Add(-gateway.Seconds(oneOf(d.T, "ago", []int{0, 0, 2, 25, 100, -50})).Duration()),
	}
	if between(d.T, "needs", 0, 3) == 0 {
		adm.Skills = append(adm.Skills, gateway.SkillLevel{Skill: gateway.SkillID(between(d.T, "skill", 1, 2)), Level: between(d.T, "level", 1, 4)})
	}
	if between(d.T, "repeated", 0, 20) > 0 {
		d.nextID++
	}
	return adm
}

// drawAnswer answers an offer, mostly one that is out.
func (d *day) drawAnswer(by gateway.AgentID) Event {
	id, no := d.drawItem(), between(d.T, "no", 0, 3)
	if a := d.core.agents[by]; a != nil && a.offer != nil && between(d.T, "right", 0, 9) > 0 {
		id, no = a.offer.Interaction, a.offer.No
	} else if a != nil && len(a.holds) > 0 && rapid.Bool().Draw(d.T, "again") {
		h := oneOf(d.T, "held", a.holds)
		id, no = h.item.ID, oneOf(d.T, "number", []int{h.no, h.item.OfferNo})
	}
	switch between(d.T, "answer", 0, 5) {
	case 0:
		return gateway.Decline{Interaction: id, No: no, Agent: by, Code: "lunch"}
	case 1:
		return gateway.FailOffer{
			Interaction: id, No: no, Agent: by,
			Cause: oneOf(d.T, "cause", []string{CauseBusy, CauseUnreachable, CauseMedia, CauseDeclined}),
		}
	}
	return gateway.Accept{Interaction: id, No: no, Agent: by, ByPhone: between(d.T, "by phone", 0, 4) > 0}
}

func (d *day) drawItem() gateway.InteractionID {
	return gateway.InteractionID(between(d.T, "interaction", 1, max(int64(d.nextID), 1)))
}

// drawWork does something with an interaction, mostly one that the agent holds.
func (d *day) drawWork(by gateway.AgentID) Event {
	id := d.drawItem()
	if a := d.core.agents[by]; a != nil && len(a.holds) > 0 && between(d.T, "right", 0, 9) > 0 {
		id = oneOf(d.T, "held", a.holds).item.ID
	}
	var codes []gateway.CodeID
	for code := range gateway.CodeID(4) {
		if between(d.T, "code", 0, 2+int(code)) == 0 {
			codes = append(codes, code+1)
		}
	}
	work := between(d.T, "work", 0, 19)
	if it := d.core.items.at(id); it != nil && (it.Line2 != "" || it.company() > 0) && rapid.Bool().Draw(d.T, "on the lines") {
		work = between(d.T, "line", 10, 14)
	}
	switch work {
	case 19:
		return gateway.Touch{Interaction: id, Agent: by}
	case 15:
		return gateway.TakeUp{Interaction: id, Agent: by}
	case 16:
		d.nextID++
		return gateway.Redial{Interaction: id, Agent: by, Callback: d.nextID - 1}
	case 17:
		return gateway.Unreached{Interaction: id, Agent: by}
	case 18:
		return gateway.Silence{Interaction: id, Pos: between[int64](d.T, "pos", 0, 3)}
	case 10, 11:
		return gateway.Consult{
			Interaction: id, Agent: by, ToAgent: gateway.AgentID(between(d.T, "whom", 0, 6)),
			ToQueue: gateway.QueueID(oneOf(d.T, "which", []int{0, 0, 0, 1, 4})),
			Outside: between(d.T, "outside", 0, 2) == 0, EvenIfBusy: rapid.Bool().Draw(d.T, "even if busy"),
		}
	case 12:
		return gateway.TransferLines{Interaction: id, Agent: by}
	case 13:
		return gateway.JoinLines{Interaction: id, Agent: by}
	case 14:
		if rapid.Bool().Draw(d.T, "hold or drop") {
			return gateway.HoldLine{Interaction: id, Agent: by, Hold: rapid.Bool().Draw(d.T, "hold")}
		}
		return gateway.DropLine{
			Interaction: id, Agent: by, Outside: between(d.T, "outside", 0, 3) == 0,
			Colleague: gateway.AgentID(between(d.T, "colleague", 0, 6)),
		}
	case 0, 1:
		l := gateway.Leave{Interaction: id, End: oneOf(d.T, "end", []gateway.End{"", "", gateway.EndVoicemail, gateway.EndAbandoned, gateway.EndSystemFailure, gateway.EndCallback, "?"})}
		l.TalkOn = rapid.Bool().Draw(d.T, "talk on")
		if rapid.Bool().Draw(d.T, "callback") {
			l.Callback = d.nextID
			d.nextID++
		}
		return l
	case 2, 3:
		return gateway.EndInteraction{Interaction: id, Agent: by}
	case 4:
		return gateway.Finish{Interaction: id, Agent: by, Codes: codes}
	case 5:
		return gateway.ExtendWrapUp{Interaction: id, Agent: by}
	case 6:
		t := gateway.Transfer{Interaction: id, Agent: by, ToQueue: gateway.QueueID(between(d.T, "to queue", 0, 4))}
		if rapid.Bool().Draw(d.T, "skills") {
			t.Skills = d.drawAdmission().Skills
		}
		return t
	case 7:
		return gateway.Transfer{Interaction: id, Agent: by, ToAgent: gateway.AgentID(between(d.T, "to agent", 0, 6))}
	case 8:
		return gateway.Pull{Interaction: id, Agent: by}
	}
	adm := d.drawAdmission()
	return gateway.Begin{Agent: by, Admission: adm}
}
