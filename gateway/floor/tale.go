package floor

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// tale gathers a batch's effects: the last state of each thing, and the news in order.
type tale struct {
	interactions ordered[gateway.InteractionID, gateway.Interaction]
	offers       ordered[offerKey, gateway.Offer]
	presences    ordered[gateway.AgentID, gateway.Presence]
	segments     []segmentRow
	happened     []routing.Happened
	order        []news // as it happened

	entries []*gateway.Entry
	news    []gateway.Event
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
	t.offers.put(offerKey{o.Interaction, o.No, o.Agent}, o)
	t.order = append(t.order, news{offer: &o})
}

// close turns what was gathered into entries and events, once the batch is whole.
func (b *batch) close(l *leader) {
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
	agents := slices.Concat([]gateway.AgentID{was.Agent, i.Agent}, was.Others, i.Others)
	slices.Sort(agents)
	for _, agent := range slices.Compact(agents) {
		if agent != 0 {
			topics = append(topics, gateway.TopicAgent(agent))
		}
	}
	l.note(i)
	return events(topics, "interaction.changed", i.Rev, i)
}

// note remembers an open interaction as it was last told.
func (l *leader) note(i gateway.Interaction) {
	if i.State == gateway.StateFinished {
		delete(l.seen, i.ID)
		return
	}
	l.seen[i.ID] = i
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

func (t *tale) interactionRows() []interactionRow {
	return mapped(t.interactions.values(), rowOf)
}

// offerRows has those that closed first: the schema allows an agent one open queue offer.
func (t *tale) offerRows() []offerRow {
	offers := t.offers.values()
	slices.SortStableFunc(offers, func(a, b gateway.Offer) int {
		return cmp.Compare(openness(a), openness(b))
	})
	return mapped(offers, rowOfOffer)
}

func openness(o gateway.Offer) int {
	if o.Outcome == "" {
		return 1
	}
	return 0
}

// presenceRows allows more than 100 units only to who was given more by hand: the schema
// refuses it to anybody else.
func (t *tale) presenceRows(overCapacity func(gateway.InteractionID) bool) []presenceRow {
	return mapped(t.presences.values(), func(p gateway.Presence) presenceRow {
		return rowOfPresence(p, slices.ContainsFunc(p.Holds, overCapacity))
	})
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

// compare finds what the neighbours must be told of, against what was last told.
func (b *batch) compare(l *leader) {
	for _, i := range b.tale.interactions.list {
		was, known := l.seen[i.ID]
		if !known || was.Agent != i.Agent || was.Case != i.Case || was.End != i.End || phase(was.State) != phase(i.State) {
			b.changed = append(b.changed, i)
		}
		if !known || was.End != i.End {
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

func (o *ordered[key, value]) values() []value { return slices.Clone(o.list) }
