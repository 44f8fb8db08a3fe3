package api

import (
	"cmp"
	"context"
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
	ID             gateway.QueueID            `json:"id"`
	Name           string                     `json:"name"`
	Mine           bool                       `json:"mine"`
	Favourite      bool                       `json:"favourite"`
	RecentAt       *time.Time                 `json:"recent_at,omitempty"`
	Waiting        map[gateway.Channel]int    `json:"waiting"`
	InProgress     int                        `json:"in_progress" doc:"With agents now"`
	Serving        map[gateway.Channel]int    `json:"serving" doc:"The same, by channel"`
	Agents         map[gateway.Status]int     `json:"agents" doc:"Its members, by status"`
	LongestSince   *time.Time                 `json:"longest_since,omitempty" doc:"Arrival of the one that has waited longest"`
	OldestDue      *time.Time                 `json:"oldest_due,omitempty" doc:"When the first of those that wait must be answered"`
	ExpectedWait   map[gateway.Channel]int64  `json:"expected_wait_s" doc:"Of a newcomer, in whole minutes"`
	Shut           map[gateway.Channel]string `json:"shut,omitempty" doc:"Why newcomers of a channel meet another rule: queue_closed, queue_full"`
	Routable       int                        `json:"routable" doc:"Members who are available"`
	Ready          int                        `json:"ready" doc:"Of them, those with room now"`
	ServiceLevel   *float64                   `json:"service_level,omitempty" doc:"Today's, 0 to 1: answered or abandoned in time ÷ answered or abandoned"`
	AbandonedToday int                        `json:"abandoned_today"`
	AnsweredToday  int                        `json:"answered_today"`
	ASA            *float64                   `json:"asa_s,omitempty"`
}

// AgentRow is an agent on the board, and in the directory.
type AgentRow struct {
	ID           gateway.AgentID   `json:"id"`
	Name         string            `json:"name"`
	Group        gateway.GroupID   `json:"group,omitempty"`
	Favourite    bool              `json:"favourite"`
	RecentAt     *time.Time        `json:"recent_at,omitempty"`
	Presence     gateway.Presence  `json:"presence"`
	CodeName     string            `json:"code_name,omitempty" doc:"What its status code is called, also where it is not the caller's to choose"`
	Queues       []gateway.QueueID `json:"queues" nullable:"false"`
	Holds        []holding         `json:"holds" nullable:"false" doc:"What the agent has open"`
	HandledToday int               `json:"handled_today"`
	Accepted     int               `json:"accepted"`
	Declined     int               `json:"declined"`
	AHT          *float64          `json:"aht_s,omitempty"`
}

// holding is how much of a channel an agent has open.
type holding struct {
	Channel gateway.Channel `json:"channel"`
	Count   int             `json:"count"`
}

type boardIn struct {
	Scope string `query:"scope" enum:"mine,group,favourites,recents,all" default:"all"`
	Name  string `query:"name" maxLength:"200" doc:"A part of the name"`
}

func (s *Server) registerBoards() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/queues", ID: "list-queues", Summary: "The queue board", Role: agent}, s.queueBoard)
	add(s, operation{Method: http.MethodGet, Path: "/agents", ID: "list-agents", Summary: "The agent board", Role: agent}, s.agentBoard)
	add(s, operation{Method: http.MethodGet, Path: "/groups", ID: "list-groups", Summary: "The agent groups", Role: agent}, s.groups)
}

func (s *Server) groups(ctx context.Context, _ access.Caller, _ *none) (page[roster.Group], error) {
	list, err := s.Roster.Groups(ctx)
	return page[roster.Group]{Items: orEmpty(list)}, err
}

// filter is the scope of a board as the roster's directory understands it.
func (in *boardIn) filter(kind roster.TargetKind) roster.DirectoryFilter {
	return roster.DirectoryFilter{
		Kind: kind, Name: in.Name, Limit: 1000,
		MyGroup: in.Scope == "group", Favourites: in.Scope == "favourites", Recents: in.Scope == "recents",
	}
}

// queueBoard joins the floor's live state with today's figures and the caller's own marks.
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
	figures, err := s.Stats.Queues(ctx, s.Stats.Today())
	if err != nil {
		return none, err
	}
	members, err := s.members(ctx)
	if err != nil {
		return none, err
	}
	language := s.language(ctx, by)
	for _, t := range targets {
		row := queueRow(gateway.QueueID(t.ID), board, figures)
		row.Name, row.Favourite, row.RecentAt = t.Name.In(language), t.Favourite, t.RecentAt
		if row.Agents = members[row.ID]; row.Agents == nil {
			row.Agents = map[gateway.Status]int{}
		}
		row.Mine = by.Agent != 0 && slices.ContainsFunc(mine, func(q roster.Queue) bool { return q.ID == row.ID })
		if in.Scope != "mine" || row.Mine {
			none.Items = append(none.Items, row)
		}
	}
	return none, nil
}

// members counts the agents of each queue by status.
func (s *Server) members(ctx context.Context) (map[gateway.QueueID]map[gateway.Status]int, error) {
	presences, err := s.presences(ctx)
	if err != nil {
		return nil, err
	}
	names, err := s.names.Get(ctx)
	out := map[gateway.QueueID]map[gateway.Status]int{}
	for id, a := range names.Agents {
		for _, q := range a.Queues {
			if out[q] == nil {
				out[q] = map[gateway.Status]int{}
			}
			out[q][presences(id).Status]++
		}
	}
	return out, err
}

// presences looks agents up among all that ever signed in.
func (s *Server) presences(ctx context.Context) (func(gateway.AgentID) gateway.Presence, error) {
	list, err := s.Floor.Presences(ctx)
	return func(id gateway.AgentID) gateway.Presence {
		i, ok := slices.BinarySearchFunc(list, id, func(p gateway.Presence, id gateway.AgentID) int { return cmp.Compare(p.Agent, id) })
		if ok {
			return list[i]
		}
		return gateway.Presence{Agent: id, Intent: gateway.IntentLoggedOut, Status: gateway.LoggedOut}
	}, err
}

// queueRow sums a queue's channels: the row shows the longest wait of any.
func queueRow(id gateway.QueueID, board []routing.QueueState, figures []stats.QueueFigures) QueueRow {
	row := QueueRow{ID: id, Waiting: map[gateway.Channel]int{}, Serving: map[gateway.Channel]int{}, ExpectedWait: map[gateway.Channel]int64{}, Shut: map[gateway.Channel]string{}}
	for _, q := range board {
		if q.Queue != id {
			continue
		}
		row.Routable, row.Ready = q.Routable, q.Ready
		for _, c := range q.Channels {
			row.Waiting[c.Channel], row.Serving[c.Channel] = c.Waiting, c.InProgress
			row.ExpectedWait[c.Channel] = c.WaitS
			row.InProgress += c.InProgress
			if c.Shut != "" {
				row.Shut[c.Channel] = c.Shut
			}
			if at := c.OldestDue; !at.IsZero() && (row.OldestDue == nil || at.Before(*row.OldestDue)) {
				row.OldestDue = &at
			}
			if at := c.WaitingSince; !at.IsZero() && (row.LongestSince == nil || at.Before(*row.LongestSince)) {
				row.LongestSince = &at
			}
		}
	}
	sum := stats.Total(figures, id)
	row.ServiceLevel, row.ASA, row.AbandonedToday, row.AnsweredToday = sum.SL2, sum.ASA, sum.Abandoned, sum.Answered
	return row
}

// agentBoard is everybody whom the caller may see, with what they hold and did today.
func (s *Server) agentBoard(ctx context.Context, by access.Caller, in *boardIn) (page[AgentRow], error) {
	none := page[AgentRow]{Items: []AgentRow{}}
	targets, err := s.Roster.Directory(ctx, by.Agent, in.filter(roster.TargetAgent))
	if err != nil {
		return none, err
	}
	if targets, err = s.withSelf(ctx, by, in, targets); err != nil {
		return none, err
	}
	presences, err := s.presences(ctx)
	if err != nil {
		return none, err
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return none, err
	}
	holds, err := s.Floor.Holding(ctx)
	if err != nil {
		return none, err
	}
	figures, err := s.Stats.Agents(ctx, s.Stats.Today())
	if err != nil {
		return none, err
	}
	language := s.language(ctx, by)
	for _, t := range targets {
		id := gateway.AgentID(t.ID)
		row := AgentRow{
			ID: id, Name: t.Name.In(""), Group: t.Group, Favourite: t.Favourite, RecentAt: t.RecentAt,
			Presence: presences(id), Queues: orEmpty(names.Agents[id].Queues), Holds: holdings(holds[id]),
		}
		row.CodeName = names.Code(row.Presence.Intent, row.Presence.StatusCode, language)
		if i := slices.IndexFunc(figures, func(f stats.AgentFigures) bool { return f.Agent == id }); i >= 0 {
			f := figures[i]
			row.HandledToday, row.Accepted, row.Declined, row.AHT = f.Handled, f.Accepted, f.Declined, f.AHT
		}
		none.Items = append(none.Items, row)
	}
	return none, nil
}

// withSelf puts the caller's own row on the whole board: the directory, of those whom one
// can transfer to, leaves it out.
func (s *Server) withSelf(ctx context.Context, by access.Caller, in *boardIn, targets []roster.Target) ([]roster.Target, error) {
	if in.Scope != "all" || in.Name != "" || by.Agent == 0 {
		return targets, nil
	}
	me, err := s.Roster.Agent(ctx, by.Agent)
	self := roster.Target{Kind: roster.TargetAgent, ID: int64(me.ID), Name: roster.Label{"": me.Name}, Group: me.Group}
	return append([]roster.Target{self}, targets...), err
}

func holdings(of map[gateway.Channel]int) []holding {
	out := []holding{}
	for _, c := range gateway.Channels {
		if of[c] > 0 {
			out = append(out, holding{c, of[c]})
		}
	}
	return out
}
