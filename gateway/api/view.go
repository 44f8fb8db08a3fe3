package api

import (
	"context"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Interaction is an interaction as people see it: with names, and what it is about.
type Interaction struct {
	gateway.Interaction
	CustomerName    string    `json:"customer_name"`
	CustomerAddress string    `json:"customer_address"`
	QueueName       string    `json:"queue_name"`
	CaseNumber      int64     `json:"case_number"`
	Subject         string    `json:"subject"`
	Preview         string    `json:"preview"`
	LastAt          time.Time `json:"last_at"`
	LastPos         int64     `json:"last_pos" doc:"The position of the latest entry"`
	Unread          int64     `json:"unread" doc:"Entries that its agent has not seen"`
	AgentName       string    `json:"agent_name,omitempty"`
	Colleagues      []Person  `json:"colleagues,omitempty" doc:"Others, with their names"`
	Asked           *Asked    `json:"asked,omitempty" doc:"Whom a colleague rang for it last, and what became of that"`
	Actions         []string  `json:"actions,omitempty" doc:"What you may do now; where it is told to you alone"`
}

// Person is an agent and their name.
type Person struct {
	ID   gateway.AgentID `json:"id"`
	Name string          `json:"name"`
}

// Asked is a transfer or a consultation on its way, or how the last one ended.
type Asked struct {
	Agent     gateway.AgentID   `json:"agent"`
	Name      string            `json:"name"`
	Kind      gateway.OfferKind `json:"kind"`
	ExpiresAt time.Time         `json:"expires_at"`
	Outcome   gateway.Outcome   `json:"outcome,omitempty" doc:"Absent while it rings"`
	Cause     string            `json:"cause,omitempty"`
}

// Offer is an offer as people see it.
type Offer struct {
	gateway.Offer
	CustomerName    string `json:"customer_name"`
	CustomerAddress string `json:"customer_address"`
	QueueName       string `json:"queue_name"`
	Subject         string `json:"subject"`
	CaseNumber      int64  `json:"case_number"`
	OpenCases       int    `json:"open_cases"`
	WaitedSeconds   int64  `json:"waited_s"`
}

func (s *Server) view(ctx context.Context, language string, i gateway.Interaction) (Interaction, error) {
	views, err := s.views(ctx, language, []gateway.Interaction{i})
	if err != nil {
		return Interaction{Interaction: i}, err
	}
	return views[0], nil
}

// views adds names, in the reader's language, and previews to a list, with one question to
// each room.
func (s *Server) views(ctx context.Context, language string, list []gateway.Interaction) ([]Interaction, error) {
	out := make([]Interaction, len(list))
	if len(list) == 0 {
		return out, nil
	}
	cases := make([]gateway.CaseID, len(list))
	heads := make([]gateway.ConversationID, len(list))
	agents := make([]gateway.AgentID, len(list))
	for n, i := range list {
		cases[n], heads[n], agents[n] = i.Case, i.Conversation, i.Agent
	}
	briefs, err := s.Cases.Briefs(ctx, cases...)
	if err != nil {
		return nil, err
	}
	progress, err := s.Timeline.Progress(ctx, heads, agents)
	if err != nil {
		return nil, err
	}
	asked, err := s.asked(ctx, list)
	if err != nil {
		return nil, err
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return nil, err
	}
	for n, i := range list {
		b, p := briefs[i.Case], progress[i.Conversation]
		out[n] = Interaction{
			Interaction: i, CustomerName: b.CustomerName, CustomerAddress: b.CustomerAddress, QueueName: names.Queue(i.Queue, language),
			CaseNumber: b.Number, Subject: b.Subject, Preview: b.Preview, LastAt: b.LastActivityAt,
			LastPos: p.Last, Unread: p.Unread, AgentName: names.Agent(i.Agent), Colleagues: people(i.Others, names.Agent),
		}
		if o, ok := asked[i.ID]; ok {
			out[n].Asked = &Asked{o.Agent, names.Agent(o.Agent), o.Kind, o.ExpiresAt, o.Outcome, o.Cause}
		}
	}
	return out, nil
}

// people are agents with their names.
func people(ids []gateway.AgentID, name func(gateway.AgentID) string) []Person {
	out := make([]Person, len(ids))
	for n, id := range ids {
		out[n] = Person{id, name(id)}
	}
	return out
}

// asked looks up whom colleagues rang, where they may have: a queue makes the first offer.
func (s *Server) asked(ctx context.Context, list []gateway.Interaction) (map[gateway.InteractionID]gateway.Offer, error) {
	var ids []gateway.InteractionID
	for _, i := range list {
		if i.OfferNo > 1 || i.OfferNo == 1 && (i.Outbound || i.Phase == gateway.PhaseConsult) {
			ids = append(ids, i.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Floor.Asked(ctx, ids)
}

// ownView is a view with what the caller may do.
func (s *Server) ownView(ctx context.Context, by access.Caller, i gateway.Interaction) (Interaction, error) {
	list, err := s.ownViews(ctx, by, []gateway.Interaction{i})
	if err != nil {
		return Interaction{Interaction: i}, err
	}
	return list[0], nil
}

// ownViews are views with what the caller may do.
func (s *Server) ownViews(ctx context.Context, by access.Caller, list []gateway.Interaction) ([]Interaction, error) {
	out, err := s.views(ctx, s.language(ctx, by), list)
	mayPull := s.puller(ctx, by)
	for n := range out {
		if err == nil {
			out[n].Actions, err = s.actions(ctx, out[n], by)
		}
		if err == nil && out[n].State == gateway.StateWaiting {
			if may, failed := mayPull(out[n].Interaction); !may {
				out[n].Actions, err = []string{}, failed
			}
		}
	}
	return out, err
}

func (s *Server) offerView(ctx context.Context, language string, o gateway.OfferMade) (Offer, error) {
	out := Offer{Offer: o.Offer}
	if o.Case == 0 { // nobody has told
		i, err := s.Floor.Interaction(ctx, o.Interaction)
		if err != nil {
			return out, err
		}
		o.Case, o.ArrivedAt = i.Case, i.ArrivedAt
	}
	briefs, err := s.Cases.Briefs(ctx, o.Case)
	if err != nil {
		return out, err
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return out, err
	}
	b := briefs[o.Case]
	out.CustomerName, out.CustomerAddress, out.Subject = b.CustomerName, b.CustomerAddress, b.Subject
	out.CaseNumber, out.OpenCases, out.QueueName = b.Number, b.OpenCases, names.Queue(o.Queue, language)
	out.WaitedSeconds = int64(o.CreatedAt.Sub(o.ArrivedAt).Seconds())
	return out, nil
}

// snapshot is what a console starts from.
type snapshot struct {
	Presence     gateway.Presence `json:"presence"`
	Offers       []Offer          `json:"offers"`
	Interactions []Interaction    `json:"interactions"`
	Lines        []Line           `json:"lines"`
}

// snapshot is everything that is the agent's own, each read once. It may be newer than the
// cursor beside it, never older.
func (s *Server) snapshot(ctx context.Context, by access.Caller) (snapshot, error) {
	out := snapshot{Offers: []Offer{}, Interactions: []Interaction{}, Lines: []Line{}}
	if by.Agent == 0 {
		return out, nil
	}
	var err error
	if out.Presence, err = s.Floor.Presence(ctx, by.Agent); err != nil {
		return out, err
	}
	offers, err := s.Floor.Offers(ctx, by.Agent)
	if err != nil {
		return out, err
	}
	for _, o := range offers {
		v, err := s.offerView(ctx, s.language(ctx, by), gateway.OfferMade{Offer: o})
		if err != nil {
			return out, err
		}
		out.Offers = append(out.Offers, v)
	}
	held, err := s.Floor.Held(ctx, by.Agent)
	if err != nil {
		return out, err
	}
	if out.Interactions, err = s.ownViews(ctx, by, held); err != nil {
		return out, err
	}
	out.Lines, err = s.Calls.Lines(ctx, by.Agent)
	return out, err
}
