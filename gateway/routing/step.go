package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// maxHops is how often one event may move an item between queues that send it on.
const maxHops = 8

// stepsFor are the steps of a plan that suit a channel, by their time.
func stepsFor(steps []gateway.Step, ch gateway.Channel) (suited []gateway.Step) {
	for _, s := range steps {
		if s.Do.Suits(ch) && (len(s.Channels) == 0 || slices.Contains(s.Channels, ch)) {
			suited = append(suited, s)
		}
	}
	slices.SortStableFunc(suited, func(a, b gateway.Step) int { return cmp.Compare(a.After, b.After) })
	return suited
}

// await starts the waiting that a queue's steps and its members' delays count: at the
// arrival, and anew after a transfer or after an agent has had the item.
func (it *item) await(since time.Time) { it.base, it.reached = since, -1 }

// widen works out who may take the item: what it needs and whose members may have it
// after the steps that its waiting has reached.
func (c *Core) widen(it *item) {
	it.wants, it.also = it.needs, nil
	for _, s := range it.queue.service[it.lane].steps {
		if planned(s.After) > it.reached {
			break
		}
		switch s.Do {
		case gateway.LowerSkills:
			it.wants = lowered(it.wants, max(s.By, 1))
		case gateway.DropSkill:
			it.wants = slices.DeleteFunc(slices.Clone(it.wants), func(n gateway.SkillLevel) bool { return n.Skill == s.Skill })
		case gateway.DropSkills:
			it.wants = nil
		case gateway.AddQueue:
			if q := c.queue(s.Queue); q != it.queue && !slices.Contains(it.also, q) {
				it.also = append(it.also, q)
			}
		case gateway.Move, gateway.OfferCallback, gateway.ToVoicemail, gateway.ToForm, gateway.ToExternal, gateway.HangUp:
		}
	}
}

func lowered(needs []gateway.SkillLevel, by int) []gateway.SkillLevel {
	needs = slices.Clone(needs)
	for i := range needs {
		needs[i].Level = max(needs[i].Level-by, min(needs[i].Level, 1))
	}
	return needs
}

// advance does every step that the item's waiting has come to, and says whether it
// still waits in the same queue, and whether more agents may now take it.
func (c *Core) advance(it *item) (here, wider bool) {
	from, q, hops := it.reached, it.queue, it.hops
	it.reached = max(c.now.Sub(it.base), from, 0)
	for _, s := range q.service[it.lane].steps {
		if at := planned(s.After); at <= from || at > it.reached {
			continue
		}
		wider = wider || s.Do.Widens()
		if c.perform(it, s); it.hops != hops || it.State != gateway.StateWaiting {
			return false, false
		}
	}
	for _, s := range q.service[it.lane].unstaffed {
		if at := planned(s.After); at <= from || at > it.reached || c.staffed(q, it.lane) {
			continue
		}
		if c.perform(it, s); it.hops != hops || it.State != gateway.StateWaiting {
			return false, false
		}
	}
	return true, wider
}

// nextStep is when the item's waiting next changes something; zero never.
func (it *item) nextStep() (at time.Time) {
	s := it.queue.service[it.lane]
	for _, steps := range [][]gateway.Step{s.steps, s.unstaffed} {
		for _, s := range steps {
			if d := planned(s.After); d > it.reached {
				sooner(&at, it.base.Add(d))
				break
			}
		}
	}
	if it.ripe < len(it.places) {
		sooner(&at, it.base.Add(it.bucket.delays[it.ripe]))
	}
	return at
}

// perform does one step to an item that waits, in its bucket or on its way there.
func (c *Core) perform(it *item, s gateway.Step) {
	if s.Do == gateway.Move && !c.mayMove(it, s.Queue) {
		return
	}
	c.emit(StepTaken{Interaction: it.ID, Conversation: it.Conversation, Channel: it.Channel, Queue: it.Queue, Step: s})
	switch s.Do {
	case gateway.Move:
		c.move(it, s.Queue)
	case gateway.ToVoicemail:
		c.turnAway(it, gateway.EndVoicemail)
	case gateway.ToForm:
		c.turnAway(it, gateway.EndForm)
	case gateway.ToExternal:
		c.turnAway(it, gateway.EndTransferredExternal)
	case gateway.HangUp:
		c.turnAway(it, gateway.EndClosed)
	case gateway.LowerSkills, gateway.DropSkill, gateway.DropSkills, gateway.AddQueue, gateway.OfferCallback:
	}
}

// mayMove says whether the item can be sent on to a queue. Queues that send on to each
// other keep it after a few rounds.
func (c *Core) mayMove(it *item, to gateway.QueueID) bool {
	return to != it.Queue && c.planned(to) && it.hops < maxHops
}

// move lets the item wait in another queue, which receives it as if it had just come.
func (c *Core) move(it *item, to gateway.QueueID) {
	if it.bucket != nil {
		c.unqueue(it)
	}
	it.hops++
	c.assign(it, to)
	c.receive(it)
}

// assign makes the item one of another queue. It keeps its arrival and is never due
// later than it was.
func (c *Core) assign(it *item, to gateway.QueueID) {
	q := c.queue(to)
	it.Queue, it.queue, it.Band = to, q, q.band
	if due := q.due(it.lane, it.ArrivedAt); due.Before(it.DueAt) {
		it.DueAt = due
	}
	it.entered, it.warned = c.now, false
	it.await(c.now)
	c.touch(it)
}

// turnAway ends an interaction that nobody has taken.
func (c *Core) turnAway(it *item, end gateway.End) {
	if it.bucket != nil {
		c.unqueue(it)
	}
	c.over(it, end)
	c.finishItem(it)
}

// receive lets a newcomer into its queue, unless that is closed or full and says what
// becomes of calls and chats then. Mail waits.
func (c *Core) receive(it *item) {
	_, steps := c.entry(it.queue, it.lane, c.now)
	hops := it.hops
	for _, step := range steps {
		c.perform(it, step)
		if it.hops != hops || it.State == gateway.StateFinished {
			return
		}
	}
	c.enqueue(it)
}

// entry is what meets a newcomer at a queue at a moment: why it cannot be let in, empty if it can, and
// what is done then.
func (c *Core) entry(q *queue, l lane, at time.Time) (why string, steps []gateway.Step) {
	s := &q.service[l]
	switch {
	case !l.live():
	case q.calendar != nil && !q.calendar.open(at):
		return "queue_closed", s.closed
	case q.maxLen > 0 && q.waiting[l] >= q.maxLen:
		return "queue_full", s.full
	}
	return "", nil
}

// turnsAway refuses a queue that would not let the item wait: it is closed, full or left by
// everybody, and says goodbye to those who come then. Where it sends them on, the queue
// that they come to decides.
func (c *Core) turnsAway(q *queue, it *item) *gateway.Error {
	for range maxHops {
		why, steps := c.entry(q, it.lane, c.now)
		if why == "" && !c.staffed(q, it.lane) {
			why, steps = "queue_unstaffed", q.service[it.lane].unstaffed
		}
		i := slices.IndexFunc(steps, func(s gateway.Step) bool {
			return s.After <= 0 && decisive(s.Do) && (s.Do != gateway.Move || s.Queue != q.id && c.planned(s.Queue))
		})
		if i < 0 {
			return nil
		}
		if steps[i].Do != gateway.Move {
			state, _ := c.QueueState(q.id)
			return gateway.Conflict(why, refusalsOfQueues[why], state)
		}
		q = c.queue(steps[i].Queue)
	}
	return nil
}

// decisive says whether a step of the kind ends the wait in its queue.
func decisive(k gateway.StepKind) bool { return !k.Widens() && k != gateway.OfferCallback }

var refusalsOfQueues = map[string]string{
	"queue_closed":    "the queue is closed and would send the customer away; choose another or an agent",
	"queue_full":      "the queue is full and would send the customer away; choose another or an agent",
	"queue_unstaffed": "nobody works in the queue and it would send the customer away; choose another or an agent",
}

// staffed says whether a member of the queue who handles the channel is logged in.
func (c *Core) staffed(q *queue, l lane) bool {
	for _, m := range q.members {
		if m.lanes.has(l) && slices.ContainsFunc(m.agents, func(a *agent) bool { return a.intent != gateway.IntentLoggedOut }) {
			return true
		}
	}
	return false
}
