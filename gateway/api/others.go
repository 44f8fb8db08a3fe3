package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// boardGap is how often a board hears of one and the same agent.
const boardGap = time.Second

// others keeps boards readable: what becomes of another agent is shown at once, but once a
// second at most; of what follows within the second only the last is shown, at its end.
// While something is kept back no frame carries a cursor, so a console that resumes hears
// it again.
type others struct {
	shown map[gateway.AgentID]glimpse
	kept  map[gateway.AgentID]frame
}

type glimpse struct {
	at  time.Time
	rev int64
}

// keep says whether a frame is kept back, or nothing new. What was shown ahead of the log
// comes again from there, for its cursor; what the log says of before that nobody needs.
func (o *others) keep(agent gateway.AgentID, f frame, now time.Time) bool {
	if o.shown == nil {
		o.shown, o.kept = map[gateway.AgentID]glimpse{}, map[gateway.AgentID]frame{}
	}
	last, ok := o.shown[agent]
	switch {
	case ok && f.Rev <= last.rev:
		return f.Rev < last.rev || f.At == ""
	case !ok || now.Sub(last.at) >= boardGap:
		o.shown[agent] = glimpse{now, f.Rev}
		delete(o.kept, agent) // it is older
		return false
	}
	if before, ok := o.kept[agent]; !ok || before.Rev <= f.Rev {
		f.At = ""
		o.kept[agent] = f
	}
	return true
}

// due takes out what has been kept long enough.
func (o *others) due(now time.Time) []frame {
	var out []frame
	for agent, f := range o.kept {
		if now.Sub(o.shown[agent].at) >= boardGap {
			out = append(out, f)
			delete(o.kept, agent)
			o.shown[agent] = glimpse{now, f.Rev}
		}
	}
	return out
}

// next is the next event, or none when something that was kept back may be due.
func (c *console) next(ctx context.Context) (event feed.Frame, ok bool, err error) {
	if len(c.others.kept) == 0 {
		event, err = c.follower.Next(ctx)
		return event, err == nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, boardGap/4)
	defer cancel()
	event, err = c.follower.Next(waiting)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return event, false, nil
	}
	return event, err == nil, err
}

// hears says whether an event is the console's to know. Agents hear of the interactions
// of their own queues, supervisors of all; of a colleague's chat only who looks on at it.
func (c *console) hears(ctx context.Context, event feed.Frame) bool {
	if !c.mayHear(ctx, event) {
		return false
	}
	scoped := event.Type == "interaction.changed" || event.Type == "interaction.step"
	if event.Topic != gateway.TopicBoard || !scoped || c.by.Can(gateway.RoleSupervisor) {
		return true
	}
	var i struct {
		Agent gateway.AgentID `json:"agent"`
		Queue gateway.QueueID `json:"queue"`
	}
	if json.Unmarshal(event.Data, &i) != nil {
		return false
	}
	names, err := c.s.names.get(ctx)
	return err == nil && (c.by.Agent != 0 && i.Agent == c.by.Agent || slices.Contains(names.agents[c.by.Agent].Queues, i.Queue))
}

// later says whether a frame is about another agent who was shown a moment ago.
func (c *console) later(event feed.Frame, f frame) bool {
	if event.Topic != gateway.TopicBoard || event.Type != "agent.status" {
		return false
	}
	var p struct {
		Agent gateway.AgentID `json:"agent"`
	}
	return json.Unmarshal(event.Data, &p) == nil && p.Agent != c.by.Agent && c.others.keep(p.Agent, f, time.Now())
}
