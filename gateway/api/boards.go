package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/routing"
	"github.com/vaxelhq/vaxel/gateway/stats"
)

// QueueRow is a queue on the board, and in the directory of what to transfer to.
type QueueRow struct {
	ID             gateway.QueueID         `json:"id"`
	Name           string                  `json:"name"`
	Mine           bool                    `json:"mine"`
	Favourite      bool                    `json:"favourite"`
	RecentAt       *time.Time              `json:"recent_at,omitempty"`
	Waiting        map[gateway.Channel]int `json:"waiting"`
	InProgress     map[gateway.Channel]int `json:"in_progress"`
	LongestSince   *time.Time              `json:"longest_since,omitempty" doc:"Arrival of the one that has waited longest"`
	Routable       int                     `json:"routable" doc:"Members who are available"`
	Ready          int                     `json:"ready" doc:"Of them, those with room now"`
	SL2            *float64                `json:"sl2,omitempty" doc:"Today's service level, 0 to 1"`
	AbandonedToday int                     `json:"abandoned_today"`
	AnsweredToday  int                     `json:"answered_today"`
	ASA            *float64                `json:"asa_s,omitempty"`
}

// AgentRow is an agent on the board, and in the directory.
type AgentRow struct {
	ID           gateway.AgentID         `json:"id"`
	Name         string                  `json:"name"`
	Group        gateway.GroupID         `json:"group,omitempty"`
	Favourite    bool                    `json:"favourite"`
	RecentAt     *time.Time              `json:"recent_at,omitempty"`
	Presence     gateway.Presence        `json:"presence"`
	Holds        map[gateway.Channel]int `json:"holds"`
	HandledToday int                     `json:"handled_today"`
	Accepted     int                     `json:"accepted"`
	Declined     int                     `json:"declined"`
	AHT          *float64                `json:"aht_s,omitempty"`
}

type boardIn struct {
	Scope string `query:"scope" enum:"mine,group,favourites,recents,all" default:"all"`
	Name  string `query:"name" maxLength:"200" doc:"A part of the name"`
}

func (s *Server) registerBoards() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/queues", ID: "list-queues", Summary: "The queue board", Role: agent}, s.queueBoard)
	add(s, operation{Method: http.MethodGet, Path: "/agents", ID: "list-agents", Summary: "The agent board", Role: agent}, s.agentBoard)
	add(s, operation{Method: http.MethodPut, Path: "/me/favourites/{kind}/{id}", ID: "add-favourite", Summary: "Bookmark a queue or an agent", Role: agent}, s.addFavourite)
	add(s, operation{Method: http.MethodDelete, Path: "/me/favourites/{kind}/{id}", ID: "remove-favourite", Summary: "Forget a bookmark", Role: agent}, s.removeFavourite)
	add(s, operation{Method: http.MethodGet, Path: "/me/statistics", ID: "my-statistics", Summary: "Your own figures of today", Role: agent}, s.myStatistics)
	add(s, operation{Method: http.MethodGet, Path: "/statistics", ID: "statistics", Summary: "Today's figures of queues, channels and agents", Role: gateway.RoleSupervisor}, s.statistics)
}

// filter is the scope of a board as the roster's directory understands it.
func (in *boardIn) filter(kind roster.TargetKind) roster.DirectoryFilter {
	return roster.DirectoryFilter{
		Kind: kind, Name: in.Name, Limit: 1000,
		MyGroup: in.Scope == "group", Favourites: in.Scope == "favourites", Recents: in.Scope == "recents",
	}
}

func (s *Server) queueBoard(ctx context.Context, by access.Caller, in *boardIn) (page[QueueRow], error) {
	none := page[QueueRow]{Items: []QueueRow{}}
	mine, err := s.Roster.Queues(ctx, roster.QueueFilter{Agent: by.Agent})
	if err != nil {
		return none, err
	}
	targets, err := s.Roster.Directory(ctx, by.Agent, in.filter(roster.TargetQueue))
	if err != nil {
		return none, err
	}
	board, err := s.Commands.Board(ctx)
	if err != nil {
		return none, err
	}
	figures, err := s.Stats.Queues(ctx, stats.Today(time.Now()))
	if err != nil {
		return none, err
	}
	language := s.language(ctx, by)
	for _, t := range targets {
		row := queueRow(gateway.QueueID(t.ID), board, figures)
		row.Name, row.Favourite, row.RecentAt = t.Name.In(language), t.Favourite, t.RecentAt
		row.Mine = by.Agent != 0 && slices.ContainsFunc(mine, func(q roster.Queue) bool { return q.ID == row.ID })
		if in.Scope != "mine" || row.Mine {
			none.Items = append(none.Items, row)
		}
	}
	return none, nil
}

func queueRow(id gateway.QueueID, board []routing.QueueState, figures []stats.QueueFigures) QueueRow {
	row := QueueRow{ID: id, Waiting: map[gateway.Channel]int{}, InProgress: map[gateway.Channel]int{}}
	for _, q := range board {
		if q.Queue != id {
			continue
		}
		row.Routable, row.Ready = q.Routable, q.Ready
		for _, c := range q.Channels {
			row.Waiting[c.Channel], row.InProgress[c.Channel] = c.Waiting, c.InProgress
			if at := c.WaitingSince; !at.IsZero() && (row.LongestSince == nil || at.Before(*row.LongestSince)) {
				row.LongestSince = &at
			}
		}
	}
	sum := stats.Total(figures, id)
	row.SL2, row.ASA, row.AbandonedToday, row.AnsweredToday = sum.SL2, sum.ASA, sum.Abandoned, sum.Answered
	return row
}

func (s *Server) agentBoard(ctx context.Context, by access.Caller, in *boardIn) (page[AgentRow], error) {
	none := page[AgentRow]{Items: []AgentRow{}}
	targets, err := s.Roster.Directory(ctx, by.Agent, in.filter(roster.TargetAgent))
	if err != nil {
		return none, err
	}
	presences, err := s.Floor.Presences(ctx)
	if err != nil {
		return none, err
	}
	holds, err := s.Floor.Holding(ctx)
	if err != nil {
		return none, err
	}
	figures, err := s.Stats.Agents(ctx, stats.Today(time.Now()))
	if err != nil {
		return none, err
	}
	for _, t := range targets {
		row := AgentRow{
			ID: gateway.AgentID(t.ID), Name: t.Name.In(""), Group: t.Group, Favourite: t.Favourite, RecentAt: t.RecentAt,
			Presence: gateway.Presence{Agent: gateway.AgentID(t.ID), Intent: gateway.IntentLoggedOut, Status: gateway.LoggedOut},
			Holds:    holds[gateway.AgentID(t.ID)],
		}
		if i := slices.IndexFunc(presences, func(p gateway.Presence) bool { return p.Agent == row.ID }); i >= 0 {
			row.Presence = presences[i]
		}
		if i := slices.IndexFunc(figures, func(f stats.AgentFigures) bool { return f.Agent == row.ID }); i >= 0 {
			f := figures[i]
			row.HandledToday, row.Accepted, row.Declined, row.AHT = f.Handled, f.Accepted, f.Declined, f.AHT
		}
		none.Items = append(none.Items, row)
	}
	return none, nil
}

type favouriteIn struct {
	Kind roster.TargetKind `path:"kind" enum:"agent,queue"`
	ID   int64             `path:"id"`
}

func (s *Server) addFavourite(ctx context.Context, by access.Caller, in *favouriteIn) (none, error) {
	return none{}, s.Roster.SetFavourite(ctx, by.Agent, in.Kind, in.ID, true)
}

func (s *Server) removeFavourite(ctx context.Context, by access.Caller, in *favouriteIn) (none, error) {
	return none{}, s.Roster.SetFavourite(ctx, by.Agent, in.Kind, in.ID, false)
}

func (s *Server) myStatistics(ctx context.Context, by access.Caller, _ *none) (stats.AgentFigures, error) {
	if err := needAgent(by); err != nil {
		return stats.AgentFigures{}, err
	}
	list, err := s.Stats.Agents(ctx, stats.Today(time.Now()), by.Agent)
	if err != nil || len(list) == 0 {
		return stats.AgentFigures{Agent: by.Agent}, err
	}
	return list[0], nil
}

type periodIn struct {
	From time.Time `query:"from" doc:"Today unless set"`
	To   time.Time `query:"to"`
}

// figuresOut are the figures of a period.
type figuresOut struct {
	Period   stats.Period           `json:"period"`
	Queues   []stats.QueueFigures   `json:"queues" nullable:"false"`
	Channels []stats.ChannelFigures `json:"channels" nullable:"false"`
	Agents   []stats.AgentFigures   `json:"agents" nullable:"false"`
}

func (s *Server) statistics(ctx context.Context, _ access.Caller, in *periodIn) (out figuresOut, err error) {
	out.Period = stats.Today(time.Now())
	if !in.From.IsZero() && !in.To.IsZero() {
		out.Period = stats.Period{From: in.From, To: in.To}
	}
	if out.Queues, err = s.Stats.Queues(ctx, out.Period); err != nil {
		return out, err
	}
	if out.Channels, err = s.Stats.Channels(ctx, out.Period); err != nil {
		return out, err
	}
	out.Agents, err = s.Stats.Agents(ctx, out.Period)
	return out, err
}

// boardTick shows a new board to those who look at boards.
func (s *Server) boardTick(board []byte) {
	f := frame{Type: "queue.stats", Data: json.RawMessage(board)}
	s.consoles.each(func(c *console) { c.tick(f) })
}
