package routing_test

import (
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// How a transcript's house is read.

// configure reads the house: "queue NAME [band=N] [max_wait=D] [max_len=N] [calendar=NAME]
// [step=D:WHAT …] [closed=WHAT …] [full=WHAT …] [unstaffed=D:WHAT …] CHANNEL(option …) …",
// where WHAT is a step like lower_skills or add_queue:NAME,
// "order edf|fifo|vcc", "break lock|D", "cost CHANNEL=N CHANNEL<=N …", "agent NAME CHANNEL,… [phone] [mailbox] [offer:D] [SKILL=N …] [CHANNEL<=N …] QUEUE[:low|high][+DELAY] …" and
// "calendar NAME [+HOURS] DAY=FROM-TO … [closed=DATE …]".
func (f *floor) configure(house string) {
	for line := range strings.Lines(house) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0:
		case words[0] == "queue":
			f.plan.Queues = append(f.plan.Queues, f.queue(words[1], strings.Join(words[2:], " ")))
		case words[0] == "cost":
			f.costs(words[1:])
		case words[0] == "break": // "break lock", "break 5m"
			if f.plan.BreakLock = words[1] == "lock"; !f.plan.BreakLock {
				f.plan.MinBreak = seconds(words[1])
			}
		case words[0] == "order":
			f.plan.Order = gateway.Order(words[1])
		case words[0] == "calendar":
			f.plan.Calendars = append(f.plan.Calendars, f.calendar(words[1], words[2:]))
		case words[0] == "agent":
			f.plan.Agents = append(f.plan.Agents, f.agent(words[1], words[2:]))
		default:
			f.t.Fatalf("what is %q?", line)
		}
	}
}

// costs reads "chat=16 chat<=6".
func (f *floor) costs(words []string) {
	f.plan.Costs, f.plan.Caps = map[gateway.Channel]int{}, map[gateway.Channel]int{}
	for _, w := range words {
		if ch, n, ok := strings.Cut(w, "<="); ok {
			f.plan.Caps[gateway.Channel(ch)] = int(number(n))
		} else {
			ch, n, _ := strings.Cut(w, "=")
			f.plan.Costs[gateway.Channel(ch)] = int(number(n))
		}
	}
}

func (f *floor) queue(name, rest string) gateway.QueuePlan {
	q := gateway.QueuePlan{
		ID: gateway.QueueID(f.id("queue", name)), Band: 5,
		Channels: map[gateway.Channel]gateway.ChannelPlan{}, Sticky: map[gateway.Channel]gateway.Seconds{},
	}
	for _, part := range strings.SplitAfter(rest, ")") {
		part = strings.TrimSpace(strings.TrimSuffix(part, ")"))
		plain, options, channel := strings.Cut(part, "(")
		words := strings.Fields(plain)
		if channel {
			ch := gateway.Channel(words[len(words)-1])
			words = words[:len(words)-1]
			q.Channels[ch] = f.channel(&q, ch, options)
		}
		for _, w := range words {
			k, v, _ := strings.Cut(w, "=")
			switch k {
			case "band":
				q.Band = int(number(v))
			case "max_wait":
				q.MaxWait = seconds(v)
			case "strategy":
				q.Strategy = gateway.Strategy(v)
			case "max_len":
				q.MaxLen = int(number(v))
			case "calendar":
				q.Calendar = gateway.CalendarID(f.id("calendar", v))
			default:
				f.queueStep(&q, k, v)
			}
		}
	}
	return q
}

func (f *floor) queueStep(q *gateway.QueuePlan, when, v string) {
	switch when {
	case "step":
		q.Steps = append(q.Steps, f.step(v))
	case "unstaffed":
		q.OnUnstaffed = append(q.OnUnstaffed, f.step(v))
	case "closed":
		q.OnClosed = append(q.OnClosed, f.step("0s:"+v))
	case "full":
		q.OnFull = append(q.OnFull, f.step("0s:"+v))
	default:
		f.t.Fatalf("what is %q?", when)
	}
}

// step reads "30s:lower_skills:2", "45s:add_queue:billing" and the like.
func (f *floor) step(v string) gateway.Step {
	after, what, _ := strings.Cut(v, ":")
	what, arg, _ := strings.Cut(what, ":")
	s := gateway.Step{After: seconds(after), Do: gateway.StepKind(what)}
	switch {
	case arg == "":
	case s.Do == gateway.LowerSkills:
		s.By = int(number(arg))
	case s.Do == gateway.DropSkill:
		s.Skill = gateway.SkillID(f.id("skill", arg))
	case s.Do == gateway.AddQueue, s.Do == gateway.Move:
		s.Queue = gateway.QueueID(f.id("queue", arg))
	default:
		s.To = arg
	}
	return s
}

// calendar reads "+2 mon=08:00-17:00 closed=2024-05-06".
func (f *floor) calendar(name string, words []string) gateway.CalendarPlan {
	c := gateway.CalendarPlan{ID: gateway.CalendarID(f.id("calendar", name))}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		day := slices.Index([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, k) + 1
		switch {
		case strings.HasPrefix(k, "+"):
			c.Zone = []gateway.ZoneSpan{{Offset: gateway.Seconds(number(k[1:])) * 3600}}
		case k == "closed":
			c.Closed = append(c.Closed, v)
		case day > 0:
			from, to, _ := strings.Cut(v, "-")
			ofDay := func(s string) gateway.Seconds {
				t := clock(s + ":00")
				return gateway.Seconds(t.Hour()*3600 + t.Minute()*60)
			}
			c.Hours = append(c.Hours, gateway.OpenHours{Day: day, From: ofDay(from), To: ofDay(to)})
		default:
			f.t.Fatalf("what is %q?", w)
		}
	}
	return c
}

func (f *floor) channel(q *gateway.QueuePlan, ch gateway.Channel, options string) (p gateway.ChannelPlan) {
	for w := range strings.FieldsSeq(options) {
		k, v, _ := strings.Cut(w, "=")
		switch k {
		case "target":
			p.Target = seconds(v)
		case "offer":
			p.OfferTimeout = seconds(v)
		case "clock":
			p.Clock = gateway.TargetClock(v)
		case "decline":
			p.Decline = gateway.DeclinePolicy(v)
		case "sticky":
			q.Sticky[ch] = seconds(v)
		case "wrap":
			mode, d, _ := strings.Cut(v, ":")
			p.WrapUp.Mode = gateway.WrapUpMode(mode)
			if d != "" {
				p.WrapUp.Seconds = seconds(d)
			}
		case "codes":
			for name := range strings.SplitSeq(v, ",") {
				p.WrapUp.Codes = append(p.WrapUp.Codes, gateway.CodeID(f.id("code", name)))
			}
		case "interruptible":
			p.Interruptible = true
		case "required":
			p.WrapUp.CodeRequired = true
		default:
			f.t.Fatalf("what is %q?", w)
		}
	}
	return p
}

func (f *floor) agent(name string, words []string) gateway.AgentPlan {
	a := gateway.AgentPlan{ID: gateway.AgentID(f.id("agent", name)), Caps: map[gateway.Channel]int{}}
	for ch := range strings.SplitSeq(words[0], ",") {
		a.Channels = append(a.Channels, gateway.Channel(ch))
	}
	for _, w := range words[1:] {
		if w == "phone" {
			a.Phone = true
		} else if w == "mailbox" {
			a.Mailbox = true
		} else if own, ok := strings.CutPrefix(w, "offer:"); ok {
			a.OfferTimeout = seconds(own)
		} else if ch, n, ok := strings.Cut(w, "<="); ok {
			a.Caps[gateway.Channel(ch)] = int(number(n))
		} else if skill, n, ok := strings.Cut(w, "="); ok {
			a.Skills = append(a.Skills, f.skill(skill, n))
		} else {
			q, delay, _ := strings.Cut(w, "+")
			q, level, _ := strings.Cut(q, ":")
			m := gateway.Membership{Queue: gateway.QueueID(f.id("queue", q)), Enabled: true}
			m.Level = map[string]int{"low": 1, "": 2, "high": 3}[level]
			if delay != "" {
				m.Delay = seconds(delay)
			}
			a.Memberships = append(a.Memberships, m)
		}
	}
	return a
}

func (f *floor) skill(name, level string) gateway.SkillLevel {
	return gateway.SkillLevel{Skill: gateway.SkillID(f.id("skill", name)), Level: int(number(level))}
}
