package routing

import (
	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
)

// drawPlan draws a small house in which people, queues and skills meet often.
func drawPlan(t *rapid.T) gateway.Plan {
	p := gateway.Plan{
		Calendars: drawCalendars(), MissKeepsPlace: rapid.Bool().Draw(t, "keeps place"),
		BreakLock: rapid.IntRange(0, 3).Draw(t, "break lock") == 0, MinBreak: gateway.Seconds(rapid.SampledFrom([]int{0, 0, 20}).Draw(t, "min break")),
		Order: rapid.SampledFrom([]gateway.Order{"", gateway.EarliestDue, gateway.FirstCome, gateway.PriorityTurn}).Draw(t, "order"),
	}
	if rapid.Bool().Draw(t, "own costs") {
		p.Costs = map[gateway.Channel]int{
			gateway.Chat: rapid.SampledFrom([]int{16, 60}).Draw(t, "chat cost"), gateway.Email: rapid.SampledFrom([]int{20, 100}).Draw(t, "mail cost"),
		}
		p.Caps = map[gateway.Channel]int{gateway.Chat: 6}
	}
	for id := range gateway.QueueID(3) {
		p.Queues = append(p.Queues, drawQueue(t, id+1))
	}
	for id := range gateway.AgentID(rapid.IntRange(1, 5).Draw(t, "agents")) {
		p.Agents = append(p.Agents, drawAgent(t, id+1))
	}
	return p
}

func drawQueue(t *rapid.T, id gateway.QueueID) gateway.QueuePlan {
	q := gateway.QueuePlan{
		ID: id, Band: rapid.SampledFrom([]int{5, 5, 7}).Draw(t, "band"), Channels: map[gateway.Channel]gateway.ChannelPlan{},
		MaxWait: rapid.SampledFrom([]gateway.Seconds{0, 40}).Draw(t, "max wait"),
		Strategy: rapid.SampledFrom([]gateway.Strategy{
			"", gateway.LongestIdle, gateway.SkillFirst, gateway.RoundRobin, gateway.LeastBusy, gateway.RingAll, gateway.RingAll,
		}).Draw(t, "strategy"),
		MaxLen: rapid.SampledFrom([]int{0, 0, 0, 2}).Draw(t, "max len"), Calendar: gateway.CalendarID(rapid.IntRange(0, 2).Draw(t, "calendar")),
	}
	for range rapid.IntRange(0, 3).Draw(t, "steps") {
		q.Steps = append(q.Steps, drawStep(t))
	}
	for _, steps := range []*[]gateway.Step{&q.OnClosed, &q.OnFull, &q.OnUnstaffed} {
		for range rapid.SampledFrom([]int{0, 0, 1}).Draw(t, "actions") {
			*steps = append(*steps, drawStep(t))
		}
	}
	for _, ch := range gateway.Channels {
		if rapid.IntRange(0, 3).Draw(t, "usual") == 0 {
			continue
		}
		q.Channels[ch] = gateway.ChannelPlan{
			Target:        rapid.SampledFrom([]gateway.Seconds{0, 20, 60}).Draw(t, "target"),
			Interruptible: rapid.Bool().Draw(t, "interruptible"),
			OfferTimeout:  rapid.SampledFrom([]gateway.Seconds{0, 15, 30}).Draw(t, "timeout"),
			Decline:       rapid.SampledFrom([]gateway.DeclinePolicy{"", gateway.DeclineVCC, gateway.DeclineEngage, gateway.DeclineSoft}).Draw(t, "decline"),
			WrapUp: gateway.WrapUpPlan{
				Mode: rapid.SampledFrom([]gateway.WrapUpMode{
					"", gateway.WrapUpNone, gateway.WrapUpOptional, gateway.WrapUpTimed, gateway.WrapUpTimedExtendable, gateway.WrapUpManual,
				}).Draw(t, "mode"),
				Seconds: rapid.SampledFrom([]gateway.Seconds{0, 15, 600}).Draw(t, "wrap-up"), CodeRequired: rapid.Bool().Draw(t, "required"),
				Codes: []gateway.CodeID{1, 2},
			},
		}
	}
	return q
}

func drawStep(t *rapid.T) gateway.Step {
	s := gateway.Step{
		After: rapid.SampledFrom([]gateway.Seconds{0, 5, 15, 30, 60, 300}).Draw(t, "after"),
		Do: rapid.SampledFrom([]gateway.StepKind{
			gateway.LowerSkills, gateway.DropSkill, gateway.DropSkills, gateway.AddQueue, gateway.AddQueue, gateway.Move, gateway.Move,
			gateway.OfferCallback, gateway.ToVoicemail, gateway.ToForm, gateway.ToExternal, gateway.HangUp, "?",
		}).Draw(t, "do"),
		By: rapid.IntRange(0, 2).Draw(t, "by"), Skill: gateway.SkillID(rapid.IntRange(1, 2).Draw(t, "dropped")),
		Queue: gateway.QueueID(rapid.IntRange(0, 4).Draw(t, "other queue")),
	}
	if rapid.IntRange(0, 3).Draw(t, "only") == 0 {
		s.Channels = []gateway.Channel{rapid.SampledFrom(gateway.Channels).Draw(t, "for")}
	}
	return s
}

// drawCalendars draws an office that closes at ten past eight, and one that is closed.
func drawCalendars() []gateway.CalendarPlan {
	return []gateway.CalendarPlan{{ID: 1, Hours: []gateway.OpenHours{{Day: 1, From: 0, To: 8*3600 + 600}}}, {ID: 2}}
}

func drawAgent(t *rapid.T, id gateway.AgentID) gateway.AgentPlan {
	a := gateway.AgentPlan{ID: id, Phone: rapid.IntRange(0, 4).Draw(t, "phone") > 0, Mailbox: rapid.Bool().Draw(t, "mailbox")}
	a.OfferTimeout = rapid.SampledFrom([]gateway.Seconds{0, 0, 5, 40}).Draw(t, "own timeout")
	for _, ch := range gateway.Channels {
		if rapid.IntRange(0, 4).Draw(t, "channel") > 0 {
			a.Channels = append(a.Channels, ch)
		}
	}
	for q := range gateway.QueueID(3) {
		if rapid.IntRange(0, 2).Draw(t, "member") > 0 {
			a.Memberships = append(a.Memberships, gateway.Membership{
				Queue: q + 1, Enabled: rapid.IntRange(0, 4).Draw(t, "enabled") > 0, Level: rapid.IntRange(1, 3).Draw(t, "level"),
				Delay: rapid.SampledFrom([]gateway.Seconds{0, 0, 0, 10, 30}).Draw(t, "delay"),
			})
		}
	}
	for s := range gateway.SkillID(2) {
		if rapid.Bool().Draw(t, "skilled") {
			a.Skills = append(a.Skills, gateway.SkillLevel{Skill: s + 1, Level: rapid.IntRange(1, 5).Draw(t, "skill")})
		}
	}
	if rapid.IntRange(0, 3).Draw(t, "capped") == 0 {
		a.Caps = map[gateway.Channel]int{gateway.Chat: rapid.IntRange(0, 6).Draw(t, "cap")}
	}
	return a
}

// drawEvent draws what people do, mostly what makes sense at the time.
func (d *day) drawEvent() Event {
	a := gateway.AgentID(rapid.IntRange(1, 5).Draw(d.T, "agent"))
	switch rapid.IntRange(0, 21).Draw(d.T, "event") {
	case 0, 1, 2, 3, 4:
		return Admit{d.drawAdmission()}
	case 5, 6, 7:
		return gateway.Consoles{Agent: a, Live: rapid.IntRange(0, 4).Draw(d.T, "live") > 0}
	case 8, 9, 10:
		return gateway.SetStatus{
			Agent: a, Force: rapid.IntRange(0, 9).Draw(d.T, "force") == 0, Supervisor: rapid.IntRange(0, 3).Draw(d.T, "supervisor") == 0,
			Intent: rapid.SampledFrom([]gateway.Intent{
				gateway.IntentAvailable, gateway.IntentAvailable, gateway.IntentAvailable, gateway.IntentOnBreak,
				gateway.IntentWorkingOffline, gateway.IntentLoggedOut,
			}).Draw(d.T, "intent"),
		}
	case 11, 12, 13, 14:
		return d.drawAnswer(a)
	case 15, 16, 17, 18, 19, 20:
		return d.drawWork(a)
	}
	switch rapid.IntRange(0, 6).Draw(d.T, "rare") {
	case 0:
		return Recover{}
	case 1:
		return Configure{drawPlan(d.T)}
	case 2:
		return gateway.PhoneReach{Agent: a, Reachable: rapid.Bool().Draw(d.T, "reachable")}
	case 3, 4:
		d.nextID++
		return gateway.CallBack{Interaction: d.drawItem(), Callback: d.nextID - 1}
	}
	return Wake{}
}

func (d *day) drawAdmission() gateway.Admission {
	adm := gateway.Admission{
		Interaction: d.nextID, Channel: rapid.SampledFrom(gateway.Channels).Draw(d.T, "channel"),
		Queue: gateway.QueueID(rapid.IntRange(0, 4).Draw(d.T, "queue")), Case: gateway.CaseID(rapid.IntRange(0, 6).Draw(d.T, "case")),
		Customer: gateway.CustomerID(rapid.IntRange(0, 2).Draw(d.T, "customer")),
		Alone:    rapid.IntRange(0, 3).Draw(d.T, "alone") == 0, Preferred: gateway.AgentID(rapid.IntRange(0, 6).Draw(d.T, "preferred")),
		Credit:    rapid.SampledFrom([]gateway.Seconds{0, 0, 30, -30}).Draw(d.T, "credit"),
		ArrivedAt: d.now.Add(-gateway.Seconds(rapid.SampledFrom([]int{0, 0, 2, 25, 100, -50}).Draw(d.T, "ago")).Duration()),
	}
	for range rapid.IntRange(0, 1).Draw(d.T, "needs") {
		adm.Skills = append(adm.Skills, gateway.SkillLevel{Skill: gateway.SkillID(rapid.IntRange(1, 2).Draw(d.T, "skill")), Level: rapid.IntRange(1, 4).Draw(d.T, "level")})
	}
	if rapid.IntRange(0, 20).Draw(d.T, "repeated") > 0 {
		d.nextID++
	}
	return adm
}

// drawAnswer answers an offer, mostly one that is out.
func (d *day) drawAnswer(by gateway.AgentID) Event {
	id, no := d.drawItem(), rapid.IntRange(0, 3).Draw(d.T, "no")
	if a := d.core.agents[by]; a != nil && a.offer != nil && rapid.IntRange(0, 9).Draw(d.T, "right") > 0 {
		id, no = a.offer.Interaction, a.offer.No
	}
	switch rapid.IntRange(0, 5).Draw(d.T, "answer") {
	case 0:
		return gateway.Decline{Interaction: id, No: no, Agent: by, Code: "lunch"}
	case 1:
		return gateway.FailOffer{
			Interaction: id, No: no, Agent: by,
			Cause: rapid.SampledFrom([]string{CauseBusy, CauseUnreachable, CauseMedia, CauseDeclined}).Draw(d.T, "cause"),
		}
	}
	return gateway.Accept{Interaction: id, No: no, Agent: by, ByPhone: rapid.IntRange(0, 4).Draw(d.T, "by phone") > 0}
}

func (d *day) drawItem() gateway.InteractionID {
	return gateway.InteractionID(rapid.Int64Range(1, max(int64(d.nextID), 1)).Draw(d.T, "interaction"))
}

// drawWork does something with an interaction, mostly one that the agent holds.
func (d *day) drawWork(by gateway.AgentID) Event {
	id := d.drawItem()
	if a := d.core.agents[by]; a != nil && len(a.holds) > 0 && rapid.IntRange(0, 9).Draw(d.T, "right") > 0 {
		id = rapid.SampledFrom(a.holds).Draw(d.T, "held").item.ID
	}
	var codes []gateway.CodeID
	if n := rapid.IntRange(0, 3).Draw(d.T, "code"); n > 0 {
		codes = []gateway.CodeID{gateway.CodeID(n)}
	}
	switch rapid.IntRange(0, 18).Draw(d.T, "work") {
	case 15:
		return gateway.TakeUp{Interaction: id, Agent: by}
	case 16:
		d.nextID++
		return gateway.Redial{Interaction: id, Agent: by, Callback: d.nextID - 1}
	case 17:
		return gateway.Unreached{Interaction: id, Agent: by}
	case 18:
		return gateway.Silence{Interaction: id, Pos: rapid.Int64Range(0, 3).Draw(d.T, "pos")}
	case 10, 11:
		return gateway.Consult{
			Interaction: id, Agent: by, ToAgent: gateway.AgentID(rapid.IntRange(0, 6).Draw(d.T, "whom")),
			ToQueue: gateway.QueueID(rapid.SampledFrom([]int{0, 0, 0, 1, 4}).Draw(d.T, "which")),
			Outside: rapid.IntRange(0, 4).Draw(d.T, "outside") == 0, EvenIfBusy: rapid.Bool().Draw(d.T, "even if busy"),
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
			Interaction: id, Agent: by, Outside: rapid.IntRange(0, 3).Draw(d.T, "outside") == 0,
			Colleague: gateway.AgentID(rapid.IntRange(0, 6).Draw(d.T, "colleague")),
		}
	case 0, 1:
		l := gateway.Leave{Interaction: id, End: rapid.SampledFrom([]gateway.End{"", "", gateway.EndVoicemail, gateway.EndAbandoned, gateway.EndSystemFailure, gateway.EndCallback, "?"}).Draw(d.T, "end")}
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
		t := gateway.Transfer{Interaction: id, Agent: by, ToQueue: gateway.QueueID(rapid.IntRange(0, 4).Draw(d.T, "to queue"))}
		if rapid.Bool().Draw(d.T, "skills") {
			t.Skills = d.drawAdmission().Skills
		}
		return t
	case 7:
		return gateway.Transfer{Interaction: id, Agent: by, ToAgent: gateway.AgentID(rapid.IntRange(0, 6).Draw(d.T, "to agent"))}
	case 8:
		return gateway.Pull{Interaction: id, Agent: by}
	}
	adm := d.drawAdmission()
	return gateway.Begin{Agent: by, Admission: adm}
}
