package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/tickets"
)

type mergeCasesIn struct {
	ID   gateway.CaseID `path:"id"`
	Body struct {
		From gateway.CaseID `json:"from" doc:"Becomes a part of the one in the path; its id and number lead there from then on"`
	}
}

// entryAt names an entry.
type entryAt struct {
	Conversation gateway.ConversationID `json:"conversation"`
	Pos          int64                  `json:"pos" minimum:"1"`
}

type splitCaseIn struct {
	ID   gateway.CaseID `path:"id"`
	Body struct {
		Subject       string                   `json:"subject" minLength:"1" maxLength:"500"`
		Conversations []gateway.ConversationID `json:"conversations,omitempty" maxItems:"100" doc:"Moved whole, with whoever serves them"`
		Entries       []entryAt                `json:"entries,omitempty" maxItems:"200" doc:"Copied; answers to the mails among them come to the new case"`
		Queue         gateway.QueueID          `json:"queue,omitempty" doc:"Where it belongs: the old case's, unless set"`
		Assignee      gateway.AgentID          `json:"assignee,omitempty"`
		Offer         bool                     `json:"offer,omitempty" doc:"Ask the queue's agents for it, if it holds a mail and nobody serves it"`
	}
}

func (s *Server) registerRegroup() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodPost, Path: "/cases/{id}/merge", ID: "merge-cases", Summary: "Make two cases one", Role: agent}, s.mergeCases)
	add(s, operation{Method: http.MethodPost, Path: "/cases/{id}/split", ID: "split-case", Summary: "Take a part of a case out into a new one", Role: agent, Status: http.StatusCreated, Once: true}, s.splitCase)
}

// mergeCases moves everything: who serves it goes on, and what is answered later comes to
// the case that it became.
func (s *Server) mergeCases(ctx context.Context, by access.Caller, in *mergeCasesIn) (Case, error) {
	if err := needStaff(by); err != nil {
		return Case{}, err
	}
	var c tickets.Case
	err := s.commit(ctx, func(w *work) (err error) {
		c, err = w.mergeCases(ctx, by, in.ID, in.Body.From)
		return err
	})
	if err != nil {
		return Case{}, err
	}
	return s.caseView(ctx, s.language(ctx, by), c)
}

// mergeCases makes from a part of into, in one transaction. Conversations are locked before
// cases, in the order that all writers keep. Merged before, it changes nothing.
func (w *work) mergeCases(ctx context.Context, by access.Caller, into, from gateway.CaseID) (tickets.Case, error) {
	if err := w.s.Timeline.Hold(ctx, w.tx, into, from); err != nil {
		return tickets.Case{}, err
	}
	c, was, err := w.cases().MergeCases(ctx, into, from)
	if err != nil || was.ID == 0 {
		return c, err
	}
	moved, err := w.s.Timeline.Merge(ctx, w.tx, into, from)
	if err != nil {
		return c, err
	}
	if n := len(moved); n > 0 {
		if err := w.happened(ctx, by, moved[n-1], was.Channel, gateway.Happening{What: gateway.HappenedMerged, Case: from, Number: was.Number}, was.Subject); err != nil {
			return c, err
		}
	}
	if err := w.regroup(ctx, gateway.Regroup{From: from, Into: into}); err != nil {
		return c, err
	}
	return c, w.audit(ctx, by, "case.merged", "case:"+into.String(), map[string]any{"from": from, "number": was.Number})
}

// regroup lets the floor's interactions follow.
func (w *work) regroup(ctx context.Context, r gateway.Regroup) error {
	w.tells = append(w.tells, w.s.Floor.Hint)
	return w.s.Floor.Regroup(ctx, w.tx, r)
}

// happened puts a line on a conversation's timeline that customers do not see.
func (w *work) happened(ctx context.Context, by access.Caller, id gateway.ConversationID, ch gateway.Channel, h gateway.Happening, subject string) error {
	h.Agent = by.Agent
	e := gateway.Entry{
		Conversation: id, Kind: gateway.EntryEvent, Author: author(by), Channel: ch, Internal: true,
		ClientID: uuid.Must(uuid.NewV7()).String(), Text: fmt.Sprintf("%s #%d %s", h.What, h.Number, subject), Body: mustJSON(h), At: time.Now().UTC(),
	}
	if err := w.s.Timeline.Append(ctx, w.tx, &e); err != nil {
		return err
	}
	news := gateway.MessageCreated(e)
	w.tells = append(w.tells, func() { w.s.Feed.Announce(news) })
	return w.s.Feed.Append(ctx, w.tx, news)
}

// needStaff refuses a key that acts as nobody, unless it may supervise.
func needStaff(by access.Caller) error {
	if by.Can(gateway.RoleSupervisor) {
		return nil
	}
	return needAgent(by)
}

// splitCase takes whole conversations, or single entries, out of a case.
func (s *Server) splitCase(ctx context.Context, by access.Caller, in *splitCaseIn) (Case, error) {
	if err := needStaff(by); err != nil {
		return Case{}, err
	}
	b := in.Body
	if err := s.checkCase(ctx, &b.Subject, &b.Assignee, &b.Queue); err != nil {
		return Case{}, err
	}
	c, err := once(ctx, s, by, "split-case", func(w *work) (tickets.Case, error) { return w.split(ctx, by, in) })
	if err != nil {
		return Case{}, err
	}
	return s.caseView(ctx, s.language(ctx, by), c)
}

// portion is what is to be taken out of a case, as it was when that was asked for.
type portion struct {
	from          tickets.Case
	whole         []gateway.ConversationID
	single        map[gateway.ConversationID][]int64
	customer      gateway.CustomerID
	channel       gateway.Channel
	left, taken   gateway.Interaction // the latest
	served        bool                // somebody has, or is asked for, what is taken
	conversations []gateway.ConversationID
}

// portion is what of a case is to be taken out: conversations whole, or single entries of
// others. An entry of a conversation that goes whole goes with it.
func (s *Server) portion(ctx context.Context, in *splitCaseIn) (p portion, err error) {
	if p.from, err = s.Cases.Case(ctx, in.ID); err != nil {
		return p, err
	}
	if p.from.ID != in.ID {
		return p, gateway.Conflict("case_merged", fmt.Sprintf("this case is a part of #%d now; use that one", p.from.Number), p.from)
	}
	all, err := s.Timeline.OfCase(ctx, in.ID)
	if err != nil {
		return p, err
	}
	p.whole, p.single = unique(in.Body.Conversations), map[gateway.ConversationID][]int64{}
	for _, e := range in.Body.Entries {
		if !slices.Contains(p.whole, e.Conversation) && !slices.Contains(p.single[e.Conversation], e.Pos) {
			p.single[e.Conversation] = append(p.single[e.Conversation], e.Pos)
		}
	}
	return p, p.choose(all)
}

// stands says how the interactions of what is taken, and of what is left, stand. The case
// is locked first: what the floor changes later is followed by the right one.
func (w *work) stands(ctx context.Context, p *portion) error {
	if err := w.cases().LockCase(ctx, p.from.ID); err != nil {
		return err
	}
	interactions, err := w.s.Floor.OfCase(ctx, p.from.ID)
	for _, i := range interactions {
		if slices.Contains(p.whole, i.Conversation) {
			p.taken, p.served = i, p.served || i.EndedAt.IsZero()
		} else {
			p.left = i
		}
	}
	return err
}

// choose checks what is taken against what there is, and finds out whose it is.
func (p *portion) choose(all []timeline.Conversation) error {
	for _, c := range all {
		if slices.Contains(p.whole, c.ID) || p.single[c.ID] != nil {
			p.conversations = append(p.conversations, c.ID)
			p.customer, p.channel = c.Customer, c.Channel // the latest one's
		}
	}
	switch n := len(p.whole) + len(p.single); {
	case n == 0:
		return gateway.Invalid("nothing_taken", "name conversations or entries that the new case is to have")
	case len(p.conversations) != n:
		return gateway.Invalid("not_of_case", "a conversation that you name is not of this case; read its timeline again")
	case len(p.whole) == len(all):
		return gateway.Invalid("nothing_left", "that is all that the case has; change its subject instead")
	}
	return nil
}

func unique[T cmp.Ordered](list []T) []T { return slices.Compact(slices.Sorted(slices.Values(list))) }

// split moves the portion to a new case, with the interaction that serves it.
func (w *work) split(ctx context.Context, by access.Caller, in *splitCaseIn) (c tickets.Case, err error) {
	p, err := w.s.portion(ctx, in)
	if err != nil {
		return c, err
	}
	from := p.from.ID
	if err := w.s.Timeline.Hold(ctx, w.tx, from); err != nil {
		return c, err
	}
	if err := w.stands(ctx, &p); err != nil {
		return c, err
	}
	customer, err := w.cases().Customer(ctx, p.customer)
	if err != nil {
		return c, err
	}
	into, err := w.s.Cases.Open(ctx, w.tx, tickets.Case{
		Subject: in.Body.Subject, Customer: customer.ID, Queue: cmp.Or(in.Body.Queue, p.from.Queue), Assignee: in.Body.Assignee, Channel: p.channel,
	})
	if err != nil {
		return c, err
	}
	taken, last, err := w.take(ctx, p, into)
	if err != nil {
		return c, err
	}
	if c, err = w.cases().SplitCase(ctx, tickets.Split{From: from, Into: into, Left: p.left, Taken: p.taken, Last: last}); err != nil {
		return c, err
	}
	for n, id := range taken { // what is said in both names the other
		if err := w.happened(ctx, by, id, p.channel, gateway.Happening{What: gateway.HappenedSplit, Case: from, Number: p.from.Number}, p.from.Subject); err != nil {
			return c, err
		}
		if old := p.conversations[n]; old != id {
			if err := w.happened(ctx, by, old, p.channel, gateway.Happening{What: gateway.HappenedSplit, Case: into, Number: c.Number}, c.Subject); err != nil {
				return c, err
			}
		}
	}
	if err := w.serve(ctx, in, p, c, taken); err != nil {
		return c, err
	}
	return c, w.audit(ctx, by, "case.split", "case:"+from.String(), map[string]any{"into": into, "number": c.Number})
}

// take moves what is taken, and gives its conversations on the new case, in step with those
// that it was in, and its latest entry.
func (w *work) take(ctx context.Context, p portion, into gateway.CaseID) (taken []gateway.ConversationID, last gateway.Entry, err error) {
	if len(p.whole) > 0 {
		if err := w.s.Timeline.Move(ctx, w.tx, into, p.from.ID, p.whole...); err != nil {
			return nil, last, err
		}
	}
	for _, id := range p.conversations {
		positions := p.single[id]
		if positions == nil {
			taken = append(taken, id)
			continue
		}
		entries, err := w.s.Timeline.Extract(ctx, w.tx, into, p.from.ID, id, positions...)
		if err != nil {
			return nil, last, err
		}
		last = entries[len(entries)-1]
		taken = append(taken, last.Conversation)
	}
	if last.Pos == 0 {
		last, err = w.s.Timeline.Last(ctx, w.tx, taken[len(taken)-1])
	}
	return taken, last, err
}

// serve lets interactions follow, and asks for an agent where that is wished.
func (w *work) serve(ctx context.Context, in *splitCaseIn, p portion, c tickets.Case, taken []gateway.ConversationID) error {
	if len(p.whole) > 0 {
		if err := w.regroup(ctx, gateway.Regroup{From: p.from.ID, Into: c.ID, Conversations: p.whole}); err != nil {
			return err
		}
	}
	if !in.Body.Offer || p.served || p.channel != gateway.Email || c.Queue == 0 {
		return nil
	}
	w.tells = append(w.tells, w.s.Floor.Hint)
	_, err := w.s.Floor.Admit(ctx, w.tx, gateway.Admission{
		Channel: gateway.Email, Queue: c.Queue, Case: c.ID, Conversation: taken[len(taken)-1], Customer: c.Customer,
		ArrivedAt: time.Now().UTC(), Preferred: in.Body.Assignee,
	})
	return err
}
