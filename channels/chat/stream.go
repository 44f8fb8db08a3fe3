package chat

import (
	"context"
	"encoding/json"

	"github.com/vaxelhq/vaxel/gateway"
)

// follow starts the stream of a conversation: listening first, then everything after
// v.sent from the timeline, so that nothing falls between.
func (v *session) follow(ctx context.Context, c gateway.ConversationID) {
	v.stop = v.srv.Feed.Watch([]string{gateway.TopicConversation(c)}, v.hear)
	v.mu.Lock()
	v.filling = true
	v.mu.Unlock()
	v.fill(ctx)
}

// hear takes an event of the conversation. It must not block, so what is missing is read
// elsewhere.
func (v *session) hear(e gateway.Event) {
	switch e.Type {
	case "message.created":
		v.hearEntry(e)
	case "message.receipt":
		v.hearReceipt(e)
	case "typing":
		v.hearTyping(e)
	}
}

// hearEntry compares the entry's position with the last that was handled: what was met
// before is dropped, the next is given at once, and a gap is read from the timeline.
func (v *session) hearEntry(e gateway.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case e.Rev <= v.sent: // met before
	case e.Rev == v.sent+1 && !v.filling:
		v.hearNextLocked(e)
	default:
		v.fillLocked()
	}
}

// hearNextLocked gives the next entry without asking anybody, where that can be done.
func (v *session) hearNextLocked(e gateway.Event) {
	var entry gateway.Entry
	switch {
	case json.Unmarshal(e.Data, &entry) != nil, entry.Kind == gateway.EntryEvent:
		v.fillLocked() // naming its agent asks the roster, which may block
	case entry.ClientID != "" && entry.ClientID == v.saying: // the ack follows
	default:
		v.giveLocked(entry)
	}
}

// fillLocked has what is missing read.
func (v *session) fillLocked() {
	if v.filling {
		v.dirty = true
		return
	}
	v.filling = v.srv.spawn(v.fill)
}

// fill reads and gives what is missing until nothing is. One runs at a time (filling);
// whatever is heard meanwhile makes it look once more (dirty). It waits for the reader
// after each page, so that a long conversation doesn't fill the queue.
func (v *session) fill(ctx context.Context) {
	names := map[gateway.AgentID]string{}
	for {
		v.mu.Lock()
		v.dirty = false
		c, after := v.visitor.Conversation, v.sent
		v.mu.Unlock()
		entries, err := v.srv.Timeline.Entries(ctx, c, after, snapPage)
		if err != nil {
			v.srv.Log.Warn("conversation not read", "err", err)
			v.out.close(closeRestart, "resume") // the client comes again with its position
			return
		}
		for _, e := range entries {
			v.learnName(ctx, e, names)
		}
		if v.give(entries, names) {
			return
		}
		if v.out.drained(ctx) != nil {
			return
		}
	}
}

// learnName asks the roster once for each agent that a page names.
func (v *session) learnName(ctx context.Context, e gateway.Entry, names map[gateway.AgentID]string) {
	var h gateway.Happening
	if e.Kind != gateway.EntryEvent || json.Unmarshal(e.Body, &h) != nil || h.Agent == 0 {
		return
	}
	if _, known := names[h.Agent]; known {
		return
	}
	name, err := v.srv.Names.AgentName(ctx, h.Agent)
	if err != nil {
		v.srv.Log.Warn("agent not named", "agent", h.Agent, "err", err)
	}
	names[h.Agent] = name
}

// give sends a page of entries in one frame; true when the stream is whole and live.
func (v *session) give(entries []gateway.Entry, names map[gateway.AgentID]string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := frameOut{T: "snap", Conversation: v.visitor.Conversation, Prev: v.told, Done: len(entries) < snapPage && !v.dirty}
	for _, e := range entries {
		if e.Pos != v.sent+1 {
			continue // came live meanwhile
		}
		v.sent = e.Pos
		if l, shown := v.viewLocked(e, names); shown {
			f.Lines = append(f.Lines, l)
		}
	}
	f.Pos, f.Phase, v.told = v.sent, v.phase, v.sent
	v.out.send(f)
	v.filling = !f.Done
	return f.Done
}

// giveLocked sends the next entry, which is no event.
func (v *session) giveLocked(e gateway.Entry) {
	v.sent = e.Pos
	if l, shown := v.viewLocked(e, nil); shown {
		prev := v.told
		v.told = e.Pos
		v.out.send(frameOut{T: "msg", Prev: prev, Pos: e.Pos, Line: &l, Phase: v.phase})
	}
}

// viewLocked also moves the phase on: it changes with the stream and never beside it.
// What happened to an interaction before the one that is open is told, but moves nothing.
func (v *session) viewLocked(e gateway.Entry, names map[gateway.AgentID]string) (line, bool) {
	l, shown := viewEntry(e, func(a gateway.AgentID) string { return names[a] })
	if l.File != nil {
		l.File.URL = v.token.fileAt(e)
	}
	if to, moves := eventsShown[l.What]; shown && moves && e.Interaction >= v.place.Interaction {
		v.phase, v.visitor.Bot = to, false
	}
	return l, shown
}

// say notes the line being stored, or with an empty id that it is no longer.
func (v *session) say(cid string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.saying = cid
}

// acknowledge answers a line once it is committed. When nothing lies between, the ack
// stands for the entry too and the entry is not sent again.
func (v *session) acknowledge(cid string, pos, at int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	f := frameOut{T: "ack", CID: cid, Pos: pos, At: at}
	if pos == v.sent+1 && !v.filling {
		f.Prev, v.sent, v.told, f.Done = v.told, pos, pos, true
	}
	v.out.send(f)
}

// hearReceipt tells how far the agent has read; the visitor's own receipts are not told.
func (v *session) hearReceipt(e gateway.Event) {
	var r struct {
		Reader gateway.Author `json:"reader"`
		Pos    int64          `json:"pos"`
	}
	if json.Unmarshal(e.Data, &r) == nil && r.Reader.Kind == gateway.ByAgent {
		v.out.tell(frameOut{T: "seen", Pos: r.Pos})
	}
}

// typing is the data of a "typing" event, whoever types.
type typing struct {
	Author gateway.Author `json:"author"`
	On     bool           `json:"on"`
	Text   string         `json:"text,omitempty"` // of a visitor whose widget says that it is seen
}

// hearTyping tells that the agent types, or the bot. It is lost if nobody takes it in time.
func (v *session) hearTyping(e gateway.Event) {
	var t typing
	if json.Unmarshal(e.Data, &t) == nil && t.Author.Kind != gateway.ByCustomer {
		v.out.tell(frameOut{T: "typing", Name: t.Author.Name, On: t.On})
	}
}
