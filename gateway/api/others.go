package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api/pace"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// next is the next event, or none when something that was kept back may be due.
func (c *console) next(ctx context.Context) (event feed.Frame, ok bool, err error) {
	if !c.others.Waiting() {
		event, err = c.follower.Next(ctx)
		return event, err == nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, pace.Gap/4)
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
	names, err := c.s.names.Get(ctx)
	return err == nil && (c.by.Agent != 0 && i.Agent == c.by.Agent || slices.Contains(names.Agents[c.by.Agent].Queues, i.Queue))
}

// later says whether an event is about another agent who was shown a moment ago.
func (c *console) later(event feed.Frame) bool {
	if event.Topic != gateway.TopicBoard || event.Type != "agent.status" {
		return false
	}
	var p struct {
		Agent gateway.AgentID `json:"agent"`
	}
	return json.Unmarshal(event.Data, &p) == nil && p.Agent != c.by.Agent && c.others.Keep(p.Agent, event, time.Now())
}
