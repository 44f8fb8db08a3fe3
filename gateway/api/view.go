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
	Actions         []string  `json:"actions,omitempty" doc:"What you may do now; only when one is asked for"`
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

func (s *Server) view(ctx context.Context, i gateway.Interaction) (Interaction, error) {
	views, err := s.views(ctx, []gateway.Interaction{i})
	if err != nil {
		return Interaction{Interaction: i}, err
	}
	return views[0], nil
}

// views adds names and previews to a list, with one question to each room.
func (s *Server) views(ctx context.Context, list []gateway.Interaction) ([]Interaction, error) {
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
	names, err := s.names.get(ctx)
	if err != nil {
		return nil, err
	}
	for n, i := range list {
		b, p := briefs[i.Case], progress[i.Conversation]
		out[n] = Interaction{
			Interaction: i, CustomerName: b.CustomerName, CustomerAddress: b.CustomerAddress, QueueName: names.queues[i.Queue],
			CaseNumber: b.Number, Subject: b.Subject, Preview: b.Preview, LastAt: b.LastActivityAt,
			LastPos: p.Last, Unread: p.Unread,
		}
	}
	return out, nil
}

func (s *Server) offerView(ctx context.Context, o gateway.Offer) (Offer, error) {
	out := Offer{Offer: o}
	i, err := s.Floor.Interaction(ctx, o.Interaction)
	if err != nil {
		return out, err
	}
	briefs, err := s.Cases.Briefs(ctx, i.Case)
	if err != nil {
		return out, err
	}
	names, err := s.names.get(ctx)
	if err != nil {
		return out, err
	}
	b := briefs[i.Case]
	out.CustomerName, out.CustomerAddress, out.Subject = b.CustomerName, b.CustomerAddress, b.Subject
	out.CaseNumber, out.OpenCases, out.QueueName = b.Number, b.OpenCases, names.queues[o.Queue]
	out.WaitedSeconds = int64(o.CreatedAt.Sub(i.ArrivedAt).Seconds())
	return out, nil
}

// snapshot is what a console starts from.
type snapshot struct {
	Presence     gateway.Presence `json:"presence"`
	Offers       []Offer          `json:"offers"`
	Interactions []Interaction    `json:"interactions"`
	Lines        []Line           `json:"lines"`
}

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
		v, err := s.offerView(ctx, o)
		if err != nil {
			return out, err
		}
		out.Offers = append(out.Offers, v)
	}
	held, err := s.Floor.Held(ctx, by.Agent)
	if err != nil {
		return out, err
	}
	if out.Interactions, err = s.views(ctx, held); err != nil {
		return out, err
	}
	out.Lines, err = s.Calls.Lines(ctx, by.Agent)
	return out, err
}
