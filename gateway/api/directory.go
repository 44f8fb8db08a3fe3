package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// Target is a queue or an agent whom the caller has marked or lately dealt with.
type Target struct {
	Kind roster.TargetKind `json:"kind" enum:"agent,queue"`
	ID   gateway.QueueID   `json:"id" doc:"Of the agent or the queue"`
	Name string            `json:"name"`
	At   *time.Time        `json:"at,omitempty" doc:"When you last dealt with it"`
}

type favouriteIn struct {
	Kind roster.TargetKind `path:"kind" enum:"agent,queue"`
	ID   gateway.QueueID   `path:"id"`
}

// MyFigures are an agent's own figures of today.
type MyFigures struct {
	Agent        gateway.AgentID            `json:"agent"`
	Handled      map[gateway.Channel]int    `json:"handled"`
	HandledToday int                        `json:"handled_today"`
	Offered      int                        `json:"offered"`
	Accepted     int                        `json:"accepted"`
	Declined     int                        `json:"declined"`
	Missed       int                        `json:"missed"`
	AHT          *float64                   `json:"aht_s,omitempty" doc:"Average handling time: talk, hold and wrap-up"`
	Talk         float64                    `json:"talk_s"`
	WrapUp       float64                    `json:"wrap_up_s"`
	SignedIn     float64                    `json:"signed_in_s"`
	Occupancy    *float64                   `json:"occupancy,omitempty" doc:"With something in hand ÷ signed in without breaks, 0 to 1"`
	Status       map[gateway.Status]float64 `json:"status" doc:"Seconds in each status"`
}

func (s *Server) registerDirectory() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/me/favourites", ID: "list-favourites", Summary: "What you have bookmarked", Role: agent}, s.favourites)
	add(s, operation{Method: http.MethodGet, Path: "/me/recents", ID: "list-recents", Summary: "Whom you last transferred to or talked with", Role: agent}, s.recents)
	addSilent(s, operation{Method: http.MethodPut, Path: "/me/favourites/{kind}/{id}", ID: "add-favourite", Summary: "Bookmark a queue or an agent", Role: agent}, s.addFavourite)
	addSilent(s, operation{Method: http.MethodDelete, Path: "/me/favourites/{kind}/{id}", ID: "remove-favourite", Summary: "Forget a bookmark", Role: agent}, s.removeFavourite)
	add(s, operation{Method: http.MethodGet, Path: "/skills", ID: "list-skills", Summary: "What agents may know, to be asked for in a transfer", Role: agent}, s.skills)
	add(s, operation{Method: http.MethodGet, Path: "/me/statistics", ID: "my-statistics", Summary: "Your own figures of today", Role: agent}, s.myStatistics)
}

func (s *Server) favourites(ctx context.Context, by access.Caller, _ *none) (page[Target], error) {
	return s.targets(ctx, by, roster.DirectoryFilter{Favourites: true})
}

func (s *Server) recents(ctx context.Context, by access.Caller, _ *none) (page[Target], error) {
	return s.targets(ctx, by, roster.DirectoryFilter{Recents: true})
}

func (s *Server) targets(ctx context.Context, by access.Caller, f roster.DirectoryFilter) (page[Target], error) {
	list, err := s.Roster.Directory(ctx, by.Agent, f)
	language := s.language(ctx, by)
	out := page[Target]{Items: make([]Target, len(list))}
	for i, t := range list {
		out.Items[i] = Target{t.Kind, gateway.QueueID(t.ID), t.Name.In(language), t.RecentAt}
	}
	return out, err
}

func (s *Server) addFavourite(ctx context.Context, by access.Caller, in *favouriteIn) (none, error) {
	return s.favour(ctx, by, in, true)
}

func (s *Server) removeFavourite(ctx context.Context, by access.Caller, in *favouriteIn) (none, error) {
	return s.favour(ctx, by, in, false)
}

func (s *Server) favour(ctx context.Context, by access.Caller, in *favouriteIn, on bool) (none, error) {
	if err := needAgent(by); err != nil {
		return none{}, err
	}
	return none{}, s.Roster.SetFavourite(ctx, by.Agent, in.Kind, int64(in.ID), on)
}

// myStatistics is the caller's own day.
func (s *Server) myStatistics(ctx context.Context, by access.Caller, _ *none) (MyFigures, error) {
	out := MyFigures{Agent: by.Agent, Handled: map[gateway.Channel]int{}, Status: map[gateway.Status]float64{}}
	if err := needAgent(by); err != nil {
		return out, err
	}
	list, err := s.Stats.Agents(ctx, s.Stats.Today(), by.Agent)
	if err != nil || len(list) == 0 {
		return out, err
	}
	f := list[0]
	for c, h := range f.Channels {
		out.Handled[c] = h.Handled
	}
	out.HandledToday, out.Offered, out.Accepted, out.Declined, out.Missed = f.Handled, f.Offered, f.Accepted, f.Declined, f.Missed
	out.AHT, out.Talk, out.WrapUp, out.SignedIn, out.Occupancy = f.AHT, f.TalkSeconds, f.WrapSeconds, f.SignedInSeconds, f.Occupancy
	if f.Status != nil {
		out.Status = f.Status
	}
	return out, nil
}

func (s *Server) skills(ctx context.Context, _ access.Caller, _ *none) (page[named], error) {
	list, err := s.Roster.Skills(ctx)
	out := page[named]{Items: make([]named, len(list))}
	for n, k := range list {
		out.Items[n] = named{k.ID.String(), k.Name}
	}
	return out, err
}
