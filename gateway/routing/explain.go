package routing

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Explanation is one moment at which routing looked for an agent, and what it found.
type Explanation struct {
	At          time.Time             `json:"at"`
	Interaction gateway.InteractionID `json:"interaction"`
	Queue       gateway.QueueID       `json:"queue"`
	OfferNo     int                   `json:"offer_no,omitempty"` // the offer that was made; 0: nobody could take it
	Strategy    gateway.Strategy      `json:"strategy"`
	Candidates  []Candidate           `json:"candidates"`      // the members of its queues, by id
	Strangers   int                   `json:"strangers"`       // agents of the house who are members of none
	Edits       []Edit                `json:"edits,omitempty"` // of the plan, since the decision before
}

// Candidate is one agent and the rule that chose or excluded them.
type Candidate struct {
	Agent  gateway.AgentID `json:"agent"`
	Chosen bool            `json:"chosen,omitempty"`
	Free   bool            `json:"free,omitempty"` // could have taken it
	Rule   Rule            `json:"rule"`
	Words  string          `json:"words"`
}

// Rule is why an agent was chosen or not, in a word that programs know.
type Rule string

// The rules, in the order in which they are looked at. Those of a free agent say by what
// the chosen one was ahead, or, for the chosen one, by what the next was behind.
const (
	RuleChannel    Rule = "channel_not_allowed"
	RuleNoPhone    Rule = "no_phone"
	RuleSkill      Rule = "skill_missing"
	RuleDelay      Rule = "membership_delay"
	RuleStatus     Rule = "status"
	RuleStopNew    Rule = "stop_new"
	RuleNoConsole  Rule = "no_console"
	RuleOffered    Rule = "offered_another"
	RuleWrapUp     Rule = "wrap_up"
	RulePhone      Rule = "phone_unreachable"
	RuleCapacity   Rule = "capacity"
	RuleDeclined   Rule = "declined_before"
	RulePreferred  Rule = "preferred"
	RuleRingAll    Rule = "ring_all"
	RuleOnly       Rule = "only_one_free"
	RuleLevel      Rule = "membership_level"
	RuleSkills     Rule = "skill_level"
	RuleLeastUsed  Rule = "least_used"
	RuleIdle       Rule = "longest_idle"
	RuleAsked      Rule = "asked_longest_ago"
	RuleID         Rule = "lowest_id"
	RuleSince      Rule = "changed_since"  // by Explain only: an offer stands although another is ahead now
	RuleFirstOfAll Rule = "first_in_order" // the item itself: others are due before it
)

// Explain says who could take an interaction that waits or is offered, as things stand.
// What they were when it was offered is told by Why.
func (c *Core) Explain(id gateway.InteractionID) (Explanation, bool) {
	it := c.items.at(id)
	if it == nil || it.bucket == nil && len(it.offers) == 0 {
		return Explanation{}, false
	}
	var chosen []*agent
	for _, o := range it.offers {
		chosen = append(chosen, o.agent)
	}
	e := c.explain(it, chosen)
	if e.OfferNo = 0; len(chosen) > 0 {
		e.OfferNo = it.OfferNo
	}
	return e, true
}

// explain compares everybody with those who were chosen, nobody perhaps.
func (c *Core) explain(it *item, chosen []*agent) Explanation {
	e := Explanation{At: c.now, Interaction: it.ID, Queue: it.Queue, Strategy: it.queue.strategy}
	if e.Strategy == "" {
		e.Strategy = gateway.LongestIdle
	}
	if len(chosen) > 0 {
		e.OfferNo = it.OfferNo + 1
	}
	j := judge{c, it, c.bucket(it.queue, it), chosen, c.rivals(it, chosen)}
	for _, a := range c.roster {
		if !it.reaches(a) {
			e.Strangers++
			continue
		}
		e.Candidates = append(e.Candidates, j.candidate(a))
	}
	return e
}

// judge says of each agent why.
type judge struct {
	c      *Core
	it     *item
	bucket *bucket
	chosen []*agent
	rivals []*agent // free, and not chosen
}

// rivals are the others who could have taken the item.
func (c *Core) rivals(it *item, chosen []*agent) (free []*agent) {
	for _, a := range c.roster {
		if rule, _ := c.excluded(it, a); it.reaches(a) && rule == "" && !slices.Contains(chosen, a) {
			free = append(free, a)
		}
	}
	return free
}

// reaches says whether the agent is a member of one of the queues that may take the item.
func (it *item) reaches(a *agent) bool {
	return a.profile != nil && slices.ContainsFunc(a.profile.queues, func(q *queue) bool {
		return q == it.queue || slices.Contains(it.also, q)
	})
}

func (j judge) candidate(a *agent) Candidate {
	v := Candidate{Agent: a.id, Chosen: slices.Contains(j.chosen, a)}
	if !v.Chosen {
		if v.Rule, v.Words = j.c.excluded(j.it, a); v.Rule != "" {
			return v
		}
	}
	v.Free = true
	v.Rule, v.Words = j.compared(a, v.Chosen)
	return v
}

// compared is by what a free agent was ahead or behind.
func (j judge) compared(a *agent, chosen bool) (Rule, string) {
	switch {
	case chosen && len(j.chosen) > 1:
		return RuleRingAll, fmt.Sprintf("one of %d whose phones ring together", len(j.chosen))
	case chosen && j.sticky(a):
		return RulePreferred, "the preferred agent goes first for as long as the queue says"
	case chosen && len(j.rivals) == 0:
		return RuleOnly, "nobody else could take it"
	case chosen:
		best := j.rivals[0]
		for _, r := range j.rivals[1:] {
			if rule, _ := j.ahead(r, best); rule != "" {
				best = r
			}
		}
		if rule, words := j.ahead(a, best); rule != "" {
			return rule, words
		}
		return RuleSince, "was ahead when it was asked; things have changed since"
	case len(j.chosen) == 0:
		return RuleFirstOfAll, "free; somebody else's turn comes before"
	case j.sticky(j.chosen[0]):
		return RulePreferred, "the preferred agent went first"
	case len(j.chosen) > 1:
		return RuleRingAll, fmt.Sprintf("%d others ring already", len(j.chosen))
	}
	if rule, words := j.ahead(j.chosen[0], a); rule != "" {
		return rule, "behind: the chosen agent has " + words
	}
	return RuleSince, "was not free, or not ahead, when the other was asked"
}

func (j judge) sticky(a *agent) bool {
	return j.it.Preferred == a.id && j.c.now.Sub(j.it.entered) <= j.bucket.queue.service[j.bucket.lane].sticky
}

// ahead says by what a goes before b, empty if it does not.
func (j judge) ahead(a, b *agent) (Rule, string) {
	for _, by := range criteria[j.bucket.queue.strategy] {
		if d, words := by.compare(j, a, b); d != 0 {
			if d < 0 {
				return by.rule, words
			}
			return "", ""
		}
	}
	return "", ""
}

func (j judge) standing(a *agent) standing { return j.bucket.standingOf(a) }

func when(t time.Time) string {
	if t.IsZero() {
		return "ever"
	}
	return t.Format(time.RFC3339)
}

// criterion is one thing that a strategy compares; below zero a is ahead of b.
type criterion struct {
	rule    Rule
	compare func(j judge, a, b *agent) (int, string)
}

var (
	byLevel = criterion{RuleLevel, func(j judge, a, b *agent) (int, string) {
		s, t := j.standing(a), j.standing(b)
		return t.level - s.level, fmt.Sprintf("membership level %d, the other %d", s.level, t.level)
	}}
	bySkills = criterion{RuleSkills, func(j judge, a, b *agent) (int, string) {
		s, t := j.standing(a), j.standing(b)
		return t.skills - s.skills, fmt.Sprintf("skill levels %d in all, the other %d", s.skills, t.skills)
	}}
	byUnits = criterion{RuleLeastUsed, func(_ judge, a, b *agent) (int, string) {
		return a.units() - b.units(), fmt.Sprintf("%d units in use, the other %d", a.units(), b.units())
	}}
	byIdle = criterion{RuleIdle, func(_ judge, a, b *agent) (int, string) {
		return a.idleFrom.Compare(b.idleFrom), "been idle since " + when(a.idleFrom) + ", the other since " + when(b.idleFrom)
	}}
	byAsked = criterion{RuleAsked, func(_ judge, a, b *agent) (int, string) {
		return a.asked.Compare(b.asked), "last been asked at " + when(a.asked) + ", the other at " + when(b.asked)
	}}
	byID = criterion{RuleID, func(_ judge, a, b *agent) (int, string) {
		return cmp.Compare(a.id, b.id), fmt.Sprintf("the lower number, %d before %d", a.id, b.id)
	}}
)

// criteria are what each strategy compares, in its order.
var criteria = map[gateway.Strategy][]criterion{
	"":                  {byLevel, bySkills, byUnits, byIdle, byID},
	gateway.LongestIdle: {byLevel, bySkills, byUnits, byIdle, byID},
	gateway.RingAll:     {byLevel, bySkills, byUnits, byIdle, byID},
	gateway.SkillFirst:  {bySkills, byLevel, byUnits, byIdle, byID},
	gateway.RoundRobin:  {byLevel, byAsked, byID},
	gateway.LeastBusy:   {byUnits, byIdle, byID},
}

// excluded is the first rule that keeps the item from an agent, empty if none does.
func (c *Core) excluded(it *item, a *agent) (Rule, string) {
	p := a.profile
	switch {
	case p == nil || !p.allowed.has(it.lane):
		return RuleChannel, "does not handle " + string(it.Channel)
	case !p.lanes.has(it.lane):
		return RuleNoPhone, "has no phone that can be rung"
	}
	for _, need := range it.wants {
		if have := a.level(need.Skill); have < need.Level {
			return RuleSkill, fmt.Sprintf("skill %d at level %d, %d is needed", need.Skill, have, need.Level)
		}
	}
	if b := c.bucket(it.queue, it); it.reaches(a) {
		if tier := b.standingOf(a).tier; b.delays[tier] > max(it.reached, 0) {
			return RuleDelay, fmt.Sprintf("is asked only for what has waited %v", b.delays[tier])
		}
	}
	if rule, words := c.unavailable(it, a); rule != "" {
		return rule, words
	}
	for _, d := range it.declined {
		if d.Agent == a.id && d.Until.After(c.now) {
			return RuleDeclined, "has refused it, and is not asked again before " + when(d.Until)
		}
	}
	return "", ""
}

// unavailable is the part of it that has nothing to do with the item but its channel.
func (c *Core) unavailable(it *item, a *agent) (Rule, string) {
	switch {
	case a.intent != gateway.IntentAvailable:
		return RuleStatus, "is " + string(a.intent)
	case a.next != "":
		return RuleStopNew, "takes nothing new: " + string(a.next) + " comes next"
	case !a.live:
		return RuleNoConsole, "has no console connected"
	case a.offer != nil && a.offer.item != it:
		return RuleOffered, fmt.Sprintf("is being asked for interaction %d", a.offer.Interaction)
	case !a.wrapUpLets(it.lane):
		return RuleWrapUp, "is in wrap-up"
	case it.lane.phone() && a.mute():
		return RulePhone, "has a phone that is busy or out of reach"
	case a.count(it.lane) >= a.profile.caps[it.lane]:
		return RuleCapacity, fmt.Sprintf("holds as many %ss as allowed, %d", it.Channel, a.profile.caps[it.lane])
	case !a.room(it.lane):
		return RuleCapacity, fmt.Sprintf("has no room for one more %s: %d of %d units in use", it.Channel, a.units(), capacity)
	}
	return "", ""
}
