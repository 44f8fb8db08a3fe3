package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/tickets"
)

type caseIn struct {
	ID gateway.CaseID `path:"id"`
}

type casesIn struct {
	Q        string              `query:"q" maxLength:"200" doc:"Those found by these words, the other parameters aside"`
	State    []tickets.CaseState `query:"state" enum:"open,pending,closed"`
	Assignee gateway.AgentID     `query:"assignee"`
	Queue    gateway.QueueID     `query:"queue"`
	Customer gateway.CustomerID  `query:"customer"`
	Number   int64               `query:"number" minimum:"0" doc:"The one that people call by it: #1042"`
	Nobodys  bool                `query:"unassigned" doc:"Those that nobody has"`
	Tag      string              `query:"tag" maxLength:"50"`
	After    string              `query:"after"`
	Limit    int                 `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// Case is a case with the names of those who have to do with it.
type Case struct {
	tickets.Case
	AssigneeName string `json:"assignee_name,omitempty"`
	QueueName    string `json:"queue_name,omitempty"`
}

type newCaseIn struct {
	Body struct {
		Subject  string             `json:"subject" minLength:"1" maxLength:"500"`
		Customer gateway.CustomerID `json:"customer"`
		Queue    gateway.QueueID    `json:"queue,omitempty"`
		Assignee gateway.AgentID    `json:"assignee,omitempty"`
		Channel  gateway.Channel    `json:"channel,omitempty" doc:"How the customer is reached; email unless set"`
		Tags     []string           `json:"tags,omitempty" maxItems:"50"`
	}
}

type caseChangeIn struct {
	ID      gateway.CaseID `path:"id"`
	IfMatch string         `header:"If-Match" doc:"The case's rev; a stale one is refused with what is there"`
	Body    struct {
		Subject  *string             `json:"subject,omitempty" maxLength:"500"`
		State    *tickets.CaseState  `json:"state,omitempty" enum:"open,pending,closed"`
		Assignee *gateway.AgentID    `json:"assignee,omitempty"`
		Queue    *gateway.QueueID    `json:"queue,omitempty"`
		Customer *gateway.CustomerID `json:"customer,omitempty"`
		Tags     *[]string           `json:"tags,omitempty"`
	}
}

// caseTimeline is everything that was said and happened about a case.
type caseTimeline struct {
	Items         []gateway.Entry         `json:"items" nullable:"false" doc:"The latest of each conversation, by time"`
	Conversations []timeline.Conversation `json:"conversations" nullable:"false"`
	Interactions  []Interaction           `json:"interactions" nullable:"false"`
}

// Found is what a search gives.
type Found struct {
	Cases     []Case             `json:"cases" nullable:"false"`
	Customers []tickets.Customer `json:"customers" nullable:"false"`
}

func (s *Server) registerCases() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/cases", ID: "list-cases", Summary: "Cases, the latest activity first", Role: agent}, s.cases)
	add(s, operation{Method: http.MethodPost, Path: "/cases", ID: "create-case", Summary: "Open a case that no arrival began", Role: agent, Status: http.StatusCreated, Once: true}, s.createCase)
	add(s, operation{Method: http.MethodGet, Path: "/cases/counts", ID: "count-cases", Summary: "How many cases are open or set aside, by queue and assignee", Role: agent}, s.countCases)
	add(s, operation{Method: http.MethodGet, Path: "/cases/{id}", ID: "get-case", Summary: "One case", Role: agent}, s.getCase)
	add(s, operation{Method: http.MethodPatch, Path: "/cases/{id}", ID: "change-case", Summary: "Change a case", Role: agent}, s.changeCase)
	add(s, operation{Method: http.MethodGet, Path: "/cases/{id}/timeline", ID: "case-timeline", Summary: "What was said and happened, over all channels", Role: agent}, s.caseTimeline)
	add(s, operation{Method: http.MethodGet, Path: "/cases/{id}/related", ID: "related-cases", Summary: "Cases that may have to do with it, and why", Role: agent}, s.relatedCases)
	s.registerRegroup()
	add(s, operation{Method: http.MethodGet, Path: "/search", ID: "search", Summary: "Find cases and customers", Role: agent}, s.search)
}

func (s *Server) cases(ctx context.Context, by access.Caller, in *casesIn) (page[Case], error) {
	if in.Q != "" {
		found, err := s.Cases.Search(ctx, in.Q, in.Limit)
		if err != nil {
			return page[Case]{}, err
		}
		views, err := s.caseViews(ctx, s.language(ctx, by), found.Cases)
		return page[Case]{Items: views}, err
	}
	if in.Number != 0 {
		c, err := s.Cases.CaseByNumber(ctx, in.Number)
		if errors.Is(err, gateway.ErrNotFound) {
			return page[Case]{Items: []Case{}}, nil
		}
		if err != nil {
			return page[Case]{}, err
		}
		views, err := s.caseViews(ctx, s.language(ctx, by), []tickets.Case{c})
		return page[Case]{Items: views}, err
	}
	f := tickets.CaseFilter{States: in.State, Assignee: in.Assignee, Unassigned: in.Nobodys, Tag: strings.ToLower(in.Tag), Customer: in.Customer, After: in.After, Limit: in.Limit}
	if in.Queue != 0 {
		f.Queues = []gateway.QueueID{in.Queue}
	}
	list, err := s.Cases.Cases(ctx, f)
	if err != nil {
		return page[Case]{}, err
	}
	views, err := s.caseViews(ctx, s.language(ctx, by), list.Items)
	return page[Case]{Items: views, After: list.Next}, err
}

func (s *Server) countCases(ctx context.Context, _ access.Caller, _ *none) (page[tickets.Count], error) {
	list, err := s.Cases.Counts(ctx)
	return page[tickets.Count]{Items: orEmpty(list)}, err
}

func (s *Server) caseViews(ctx context.Context, language string, list []tickets.Case) ([]Case, error) {
	names, err := s.names.Get(ctx)
	out := make([]Case, len(list))
	for i, c := range list {
		out[i] = Case{Case: c, AssigneeName: names.Agent(c.Assignee), QueueName: names.Queue(c.Queue, language)}
	}
	return out, err
}

func (s *Server) caseView(ctx context.Context, language string, c tickets.Case) (Case, error) {
	views, err := s.caseViews(ctx, language, []tickets.Case{c})
	return views[0], err
}

func (s *Server) getCase(ctx context.Context, by access.Caller, in *caseIn) (Case, error) {
	c, err := s.Cases.Case(ctx, in.ID)
	if err != nil {
		return Case{}, err
	}
	return s.caseView(ctx, s.language(ctx, by), c)
}

// createCase opens a case without an arrival: nobody is offered anything. Repeated under its
// key it is one case.
func (s *Server) createCase(ctx context.Context, by access.Caller, in *newCaseIn) (Case, error) {
	b := in.Body
	if err := s.checkCase(ctx, &b.Subject, &b.Assignee, &b.Queue); err != nil {
		return Case{}, err
	}
	c, err := once(ctx, s, by, "create-case", func(w *work) (tickets.Case, error) {
		c, err := w.cases().CreateCase(ctx, tickets.Case{
			Subject: b.Subject, Customer: b.Customer, Queue: b.Queue, Assignee: b.Assignee, Channel: cmp.Or(b.Channel, gateway.Email), Tags: b.Tags,
		})
		if err != nil {
			return c, err
		}
		return c, w.audit(ctx, by, "case.created", "case:"+c.ID.String(), nil)
	})
	if err != nil {
		return Case{}, err
	}
	return s.caseView(ctx, s.language(ctx, by), c)
}

// checkCase refuses a subject without words, and an agent and a queue that there are not.
// What is nil is not to be changed; zero is nobody.
func (s *Server) checkCase(ctx context.Context, subject *string, assignee *gateway.AgentID, queue *gateway.QueueID) error {
	if subject != nil && strings.TrimSpace(*subject) == "" {
		return gateway.Invalid("subject_missing", "say in a few words what the case is about")
	}
	if assignee != nil {
		if err := s.knownAgent(ctx, *assignee); err != nil {
			return err
		}
	}
	if queue != nil && *queue != 0 {
		_, err := s.Roster.Queue(ctx, *queue)
		return err
	}
	return nil
}

// changeCase is for agents and supervisors: an agent's key that acts as nobody changes none.
func (s *Server) changeCase(ctx context.Context, by access.Caller, in *caseChangeIn) (Case, error) {
	if err := needStaff(by); err != nil {
		return Case{}, err
	}
	if err := s.checkCase(ctx, in.Body.Subject, in.Body.Assignee, in.Body.Queue); err != nil {
		return Case{}, err
	}
	c, err := s.Cases.Case(ctx, in.ID)
	if err != nil {
		return Case{}, err
	}
	if c.Rev, err = revOf(in.IfMatch, c.Rev); err != nil {
		return Case{}, err
	}
	was := c.State
	set(&c.Subject, in.Body.Subject)
	set(&c.State, in.Body.State)
	set(&c.Assignee, in.Body.Assignee)
	set(&c.Queue, in.Body.Queue)
	set(&c.Customer, in.Body.Customer)
	set(&c.Tags, in.Body.Tags)
	var changed tickets.Case
	err = s.commit(ctx, func(w *work) (err error) {
		if changed, err = w.updateCase(ctx, was, c); err != nil {
			return err
		}
		return w.audit(ctx, by, "case.changed", "case:"+c.ID.String(), map[string]any{
			"state": in.Body.State, "assignee": in.Body.Assignee, "queue": in.Body.Queue, "customer": in.Body.Customer,
		})
	})
	if err != nil {
		return Case{}, err
	}
	return s.caseView(ctx, s.language(ctx, by), changed)
}

// set changes a field that the request names.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// revOf is the rev that an edit is made against: If-Match's, or what is there.
func revOf(ifMatch string, there int64) (int64, error) {
	if ifMatch == "" || ifMatch == "*" {
		return there, nil
	}
	rev, err := strconv.ParseInt(trimQuotes(ifMatch), 10, 64)
	if err != nil {
		return 0, gateway.Invalid("bad_if_match", "If-Match is the rev of what you have read")
	}
	return rev, nil
}

func trimQuotes(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// caseTimeline merges the conversations of a case by time. Positions order the entries of one
// conversation only, hence the stable sort.
func (s *Server) caseTimeline(ctx context.Context, by access.Caller, in *caseIn) (caseTimeline, error) {
	out := caseTimeline{Conversations: []timeline.Conversation{}, Items: []gateway.Entry{}, Interactions: []Interaction{}}
	if _, err := s.Cases.Case(ctx, in.ID); err != nil {
		return out, err
	}
	conversations, err := s.Timeline.OfCase(ctx, in.ID)
	if err == nil {
		err = s.noteReading(ctx, by, conversations...)
	}
	if err != nil {
		return out, err
	}
	for _, c := range conversations {
		entries, err := s.Timeline.Before(ctx, c.ID, 0, 200)
		if err != nil {
			return out, err
		}
		out.Conversations = append(out.Conversations, c)
		out.Items = append(out.Items, entries...)
	}
	slices.SortStableFunc(out.Items, func(a, b gateway.Entry) int { return a.At.Compare(b.At) })
	interactions, err := s.Floor.OfCase(ctx, in.ID)
	if err != nil {
		return out, err
	}
	out.Interactions, err = s.views(ctx, s.language(ctx, by), interactions)
	return out, err
}

type searchIn struct {
	Q     string `query:"q" required:"true" maxLength:"200"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"10"`
}

func (s *Server) search(ctx context.Context, by access.Caller, in *searchIn) (Found, error) {
	found, err := s.Cases.Search(ctx, in.Q, in.Limit)
	if err != nil {
		return Found{}, err
	}
	views, err := s.caseViews(ctx, s.language(ctx, by), found.Cases)
	return Found{Cases: views, Customers: orEmpty(found.Customers)}, err
}
