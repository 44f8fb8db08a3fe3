package floor

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// tale gathers a batch's effects: the last state of each thing, and the news in order.
type tale struct {
	interactions ordered[gateway.InteractionID, gateway.Interaction]
	made         ordered[offerKey, gateway.Offer] // by this batch, and perhaps closed by it
	closed       []gateway.Offer                  // that were made before
	presences    ordered[gateway.AgentID, gateway.Presence]
	segments     []segmentRow
	happened     []routing.Happened
	order        []news // as it happened

	entries []*gateway.Entry
	news    []gateway.Event
	rows    rows
}

// rows are what the batch stores of its things: those that are there already apart.
type rows struct {
	interactions, knownInteractions []interactionRow
	presences, knownPresences       []presenceRow
}

type offerKey struct {
	interaction gateway.InteractionID
	no          int
	agent       gateway.AgentID
}

// news is one effect that consoles hear of.
type news struct {
	interaction *gateway.Interaction
	offer       *gateway.Offer
	presence    *gateway.Presence
	step        *routing.StepTaken
}

func (t *tale) add(effects []routing.Effect) {
	for _, e := range effects {
		switch e := e.(type) {
		case routing.InteractionChanged:
			t.interactions.put(e.Interaction.ID, *e.Interaction)
			t.order = append(t.order, news{interaction: e.Interaction})
		case routing.OfferCreated:
			t.addOffer(e.Offer)
		case routing.OfferClosed:
			t.addOffer(e.Offer)
		case routing.PresenceChanged:
			t.presences.put(e.Presence.Agent, *e.Presence)
			t.order = append(t.order, news{presence: e.Presence})
		case routing.SegmentClosed:
			t.segments = append(t.segments, rowOfSegment(e.Segment))
		case routing.Happened:
			t.happened = append(t.happened, e)
		case routing.StepTaken:
			t.order = append(t.order, news{step: &e})
		case routing.Alerted: // see raise
		case routing.Joined: // the entry is on the timeline already; the agent hears of it there
		}
	}
}

func (t *tale) addOffer(o gateway.Offer) {
	key := offerKey{o.Interaction, o.No, o.Agent}
	if _, ours := t.made.at[key]; ours || o.Outcome == "" {
		t.made.put(key, o)
	} else {
		t.closed = append(t.closed, o)
	}
	t.order = append(t.order, news{offer: &o})
}

// seal turns what was gathered into entries and events, once the batch is whole.
func (b *batch) seal(l *leader) {
	if b.sealed {
		return
	}
	b.sealed = true
	b.compare(l)
	for _, h := range b.tale.happened {
		body, _ := json.Marshal(h.Happening) // ids and words of ours
		b.tale.entries = append(b.tale.entries, &gateway.Entry{
			Conversation: h.Conversation, Kind: gateway.EntryEvent, Author: gateway.Author{Kind: gateway.BySystem},
			Interaction: h.Interaction, Channel: h.Channel, Text: h.Happening.What, Body: body, At: l.last,
		})
	}
	for _, a := range b.alerts {
		b.tale.news = append(b.tale.news, l.alertNews(a))
	}
	for _, n := range b.tale.order {
		switch {
		case n.interaction != nil:
			b.tale.news = append(b.tale.news, l.interactionNews(*n.interaction)...)
		case n.offer != nil:
			b.tale.news = append(b.tale.news, l.offerNews(*n.offer)...)
		case n.presence != nil:
			b.tale.news = append(b.tale.news, presenceNews(*n.presence)...)
		case n.step != nil:
			b.tale.news = append(b.tale.news, events([]string{gateway.TopicInteraction(n.step.Interaction), gateway.TopicBoard}, "interaction.step", 0, n.step)...)
		}
	}
}

// interactionNews goes to the channel that serves it, to boards, to its agent, and to
// the agent who had it before.
func (l *leader) interactionNews(i gateway.Interaction) []gateway.Event {
	topics := []string{gateway.TopicInteraction(i.ID), gateway.TopicBoard}
	was := l.seen[i.ID]
	agents := slices.Concat([]gateway.AgentID{was.agent, i.Agent}, was.others, i.Others)
	slices.Sort(agents)
	for _, agent := range slices.Compact(agents) {
		if agent != 0 {
			topics = append(topics, gateway.TopicAgent(agent))
		}
	}
	l.note(i)
	return events(topics, "interaction.changed", i.Rev, i)
}

// sight is what is compared of an interaction as it was last told: there are as many as wait.
type sight struct {
	agent  gateway.AgentID
	of     gateway.CaseID
	phase  gateway.State
	end    gateway.End
	others []gateway.AgentID
}

// note remembers an open interaction as it was last told.
func (l *leader) note(i gateway.Interaction) {
	if i.State == gateway.StateFinished {
		delete(l.seen, i.ID)
		return
	}
	l.seen[i.ID] = sight{i.Agent, i.Case, phase(i.State), i.End, i.Others}
}

func (l *leader) offerNews(o gateway.Offer) []gateway.Event {
	kind, told := "offer.created", gateway.OfferMade{Offer: o}
	if o.Outcome != "" {
		kind = "offer.closed"
	} else if i, ok := l.core.Interaction(o.Interaction); ok {
		told.Case, told.ArrivedAt = i.Case, i.ArrivedAt
	}
	return events([]string{gateway.TopicAgent(o.Agent), gateway.TopicInteraction(o.Interaction)}, kind, int64(o.No), told)
}

func presenceNews(p gateway.Presence) []gateway.Event {
	return events([]string{gateway.TopicAgent(p.Agent), gateway.TopicBoard}, "agent.status", p.Rev, p)
}

// events are one event for each topic, with the same data.
func events(topics []string, kind string, rev int64, data any) []gateway.Event {
	out := slices.Repeat([]gateway.Event{gateway.NewEvent("", kind, rev, data)}, len(topics))
	for i, topic := range topics {
		out[i].Topic = topic
	}
	return out
}

// store queues what has become of each thing. Offers that close go first: the schema allows
// an agent one open queue offer.
func (t *tale) store(q *pgx.Batch) {
	store(q, upsertInteractions, ofInteraction, t.rows.interactions)
	store(q, updateInteractions, newsOf, t.rows.knownInteractions)
	store(q, closeOffers, endOfOffer, mapped(t.closed, rowOfOffer))
	store(q, insertOffers, ofOffer, mapped(t.made.list, rowOfOffer))
	store(q, upsertPresences, ofPresence, t.rows.presences)
	store(q, updatePresences, ofPresence, t.rows.knownPresences)
	store(q, insertSegments, ofSegment, t.segments)
}

// presenceRow allows more than 100 units only to who was given more by hand: the schema
// refuses it to anybody else.
func (l *leader) presenceRow(p gateway.Presence) presenceRow {
	return rowOfPresence(p, slices.ContainsFunc(p.Holds, func(id gateway.InteractionID) bool {
		i, ok := l.core.Interaction(id)
		return ok && i.OverCapacity
	}))
}

// followed are the interactions whose case must show a change, by case. Offers come and
// go without one.
func (b *batch) followed() []gateway.Interaction {
	return sortedBy(b.changed, func(i gateway.Interaction) int64 { return int64(i.Case) })
}

// served are the interactions that were opened or whose customer's side has ended, by
// conversation.
func (b *batch) served() []gateway.Interaction {
	return sortedBy(b.turned, func(i gateway.Interaction) int64 { return int64(i.Conversation) })
}

// conversations are all that the batch will write to, or whose cases it will.
func (b *batch) conversations() []gateway.ConversationID {
	var ids []gateway.ConversationID
	for _, i := range slices.Concat(b.changed, b.turned) {
		ids = append(ids, i.Conversation)
	}
	for _, e := range b.tale.entries {
		ids = append(ids, e.Conversation)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// compare finds what is new, and what the neighbours must be told of, against what was last told.
func (b *batch) compare(l *leader) {
	r := &b.tale.rows
	for _, p := range b.tale.presences.list {
		if l.met[p.Agent] {
			r.knownPresences = append(r.knownPresences, l.presenceRow(p))
		} else {
			r.presences = append(r.presences, l.presenceRow(p))
		}
		l.met[p.Agent] = true
	}
	for _, i := range b.tale.interactions.list {
		was, known := l.seen[i.ID]
		if known {
			r.knownInteractions = append(r.knownInteractions, rowOf(i))
		} else {
			r.interactions = append(r.interactions, rowOf(i))
		}
		if !known || was.agent != i.Agent || was.of != i.Case || was.end != i.End || was.phase != phase(i.State) {
			b.changed = append(b.changed, i)
		}
		if !known || was.end != i.End {
			b.turned = append(b.turned, i)
		}
	}
}

// phase is a state as a case shows it: being offered is still waiting.
func phase(s gateway.State) gateway.State {
	if s == gateway.StateOffered {
		return gateway.StateWaiting
	}
	return s
}

func sortedBy(all []gateway.Interaction, key func(gateway.Interaction) int64) []gateway.Interaction {
	slices.SortStableFunc(all, func(a, b gateway.Interaction) int { return cmp.Compare(key(a), key(b)) })
	return all
}

func mapped[from, to any](in []from, f func(from) to) []to {
	out := make([]to, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}

// ordered keeps the last value of each key, in the order of first appearance.
type ordered[key comparable, value any] struct {
	at   map[key]int
	list []value
}

func (o *ordered[key, value]) put(k key, v value) {
	if i, ok := o.at[k]; ok {
		o.list[i] = v
		return
	}
	if o.at == nil {
		o.at = map[key]int{}
	}
	o.at[k] = len(o.list)
	o.list = append(o.list, v)
}
