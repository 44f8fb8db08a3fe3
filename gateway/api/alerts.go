package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Alert is an alert as supervisors see it: with names.
type Alert struct {
	gateway.Alert
	QueueName    string `json:"queue_name"`
	AgentName    string `json:"agent_name,omitempty"`
	CustomerName string `json:"customer_name"`
	CaseNumber   int64  `json:"case_number"`
}

type alertsIn struct {
	Open  bool `query:"open" doc:"Only what still goes on"`
	Limit int  `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (s *Server) registerAlerts() {
	add(s, operation{Method: http.MethodGet, Path: "/alerts", ID: "list-alerts", Summary: "What supervisors were told of, newest first", Role: gateway.RoleSupervisor}, s.alerts)
}

func (s *Server) alerts(ctx context.Context, by access.Caller, in *alertsIn) (page[Alert], error) {
	list, err := s.Floor.Alerts(ctx, in.Open, in.Limit)
	if err != nil {
		return page[Alert]{}, err
	}
	views, err := s.alertViews(ctx, by, list...)
	return page[Alert]{Items: orEmpty(views)}, err
}

// alertViews are alerts with names, those of queues in the caller's language.
func (s *Server) alertViews(ctx context.Context, by access.Caller, list ...gateway.Alert) ([]Alert, error) {
	cases := make([]gateway.CaseID, len(list))
	for n, a := range list {
		cases[n] = a.Case
	}
	briefs, err := s.Cases.Briefs(ctx, cases...)
	if err != nil {
		return nil, err
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return nil, err
	}
	language := s.language(ctx, by)
	out := make([]Alert, len(list))
	for n, a := range list {
		b := briefs[a.Case]
		out[n] = Alert{
			Alert: a, QueueName: names.Queue(a.Queue, language), AgentName: names.Agent(a.Agent),
			CustomerName: b.CustomerName, CaseNumber: b.Number,
		}
	}
	return out, nil
}
