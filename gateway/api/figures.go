package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/stats"
)

type periodIn struct {
	From time.Time `query:"from" doc:"Today unless set"`
	To   time.Time `query:"to"`
}

func (in periodIn) period(s *stats.Store) stats.Period {
	if in.From.IsZero() || in.To.IsZero() {
		return s.Today()
	}
	return stats.Period{From: in.From, To: in.To}
}

// figuresOut are the figures of a period.
type figuresOut struct {
	Period   stats.Period           `json:"period"`
	Queues   []stats.QueueFigures   `json:"queues" nullable:"false"`
	Channels []stats.ChannelFigures `json:"channels" nullable:"false"`
	Agents   []stats.AgentFigures   `json:"agents" nullable:"false"`
}

type intervalsIn struct {
	From  time.Time       `query:"from" doc:"Today unless set"`
	To    time.Time       `query:"to"`
	Step  int             `query:"step_s" minimum:"60" maximum:"86400" default:"900" doc:"Seconds"`
	Queue gateway.QueueID `query:"queue" doc:"All unless set"`
}

func (s *Server) registerFigures() {
	add(s, operation{Method: http.MethodGet, Path: "/statistics", ID: "statistics", Summary: "Figures of queues, channels and agents", Role: gateway.RoleSupervisor}, s.statistics)
	add(s, operation{Method: http.MethodGet, Path: "/statistics/intervals", ID: "statistics-intervals", Summary: "Each channel's figures step by step, to draw", Role: gateway.RoleAgent}, s.intervals)
	s.mux.HandleFunc("GET "+Prefix+"/statistics/queues.csv", s.csv(s.queuesCSV))
	s.mux.HandleFunc("GET "+Prefix+"/statistics/agents.csv", s.csv(s.agentsCSV))
}

func (s *Server) statistics(ctx context.Context, _ access.Caller, in *periodIn) (out figuresOut, err error) {
	out.Period = in.period(s.Stats)
	if out.Queues, err = s.Stats.Queues(ctx, out.Period); err != nil {
		return out, err
	}
	if out.Channels, err = s.Stats.Channels(ctx, out.Period); err != nil {
		return out, err
	}
	out.Agents, err = s.Stats.Agents(ctx, out.Period)
	return out, err
}

func (s *Server) intervals(ctx context.Context, _ access.Caller, in *intervalsIn) (page[stats.Interval], error) {
	var queues []gateway.QueueID
	if in.Queue != 0 {
		queues = append(queues, in.Queue)
	}
	list, err := s.Stats.Intervals(ctx, periodIn{in.From, in.To}.period(s.Stats), time.Duration(in.Step)*time.Second, queues...)
	return page[stats.Interval]{Items: orEmpty(list)}, err
}

// csv answers with a table that spreadsheets open, RFC 4180.
func (s *Server) csv(write func(ctx context.Context, by access.Caller, p stats.Period, w http.ResponseWriter) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, by := r.Context(), callerFrom(r.Context())
		p, err := s.periodOf(r)
		if err == nil {
			err = require(by, gateway.RoleSupervisor)
		}
		if err != nil {
			s.refuse(ctx, w, err)
			return
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
		w.Header().Set("Content-Disposition", `attachment; filename="figures.csv"`)
		if err := write(ctx, by, p, w); err != nil {
			w.Header().Del("Content-Disposition")
			s.refuse(ctx, w, err)
		}
	}
}

// periodOf is the query's period: today, unless both ends are given.
func (s *Server) periodOf(r *http.Request) (stats.Period, error) {
	var in periodIn
	for name, end := range map[string]*time.Time{"from": &in.From, "to": &in.To} {
		text := r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return stats.Period{}, gateway.Invalid("bad_request", "mend the request: "+name+" is a time like 2026-11-22T10:00:00Z")
		}
		*end = at
	}
	return in.period(s.Stats), nil
}

func (s *Server) queuesCSV(ctx context.Context, by access.Caller, p stats.Period, w http.ResponseWriter) error {
	figures, err := s.Stats.Queues(ctx, p)
	if err != nil {
		return err
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return err
	}
	language := s.language(ctx, by)
	return stats.WriteQueues(w, figures, func(id gateway.QueueID) string {
		return names.Queue(id, language)
	})
}

func (s *Server) agentsCSV(ctx context.Context, _ access.Caller, p stats.Period, w http.ResponseWriter) error {
	figures, err := s.Stats.Agents(ctx, p)
	if err != nil {
		return err
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return err
	}
	return stats.WriteAgents(w, figures, names.Agent)
}
