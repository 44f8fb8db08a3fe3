package voice

import (
	"context"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Line is one line of an agent's phone, as it is shown.
type Line struct {
	No          int                   `json:"no"` // 1 or 2
	Interaction gateway.InteractionID `json:"interaction,omitempty"`
	State       string                `json:"state"` // idle, ringing, talking, held
	Number      string                `json:"number,omitempty"`
	Name        string                `json:"name,omitempty"`
	Since       string                `json:"since,omitempty"` // RFC 3339
}

// Lines says what an agent's phone does. The first line is always there.
func (v *Voice) Lines(ctx context.Context, agent gateway.AgentID) ([]Line, error) {
	v.mu.Lock()
	calls := make([]*Call, 0, len(v.active))
	for _, c := range v.active {
		calls = append(calls, c)
	}
	v.mu.Unlock()
	var lines []Line
	for _, c := range calls {
		found := make(chan *Line, 1)
		c.post(func(context.Context) { found <- c.line(agent) })
		select {
		case l := <-found:
			if l != nil {
				lines = append(lines, *l)
			}
		case <-time.After(time.Second): // the call ended before it could say
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	slices.SortFunc(lines, func(a, b Line) int { return int(a.Interaction - b.Interaction) })
	if len(lines) == 0 {
		lines = []Line{{State: "idle"}}
	}
	for i := range lines {
		lines[i].No = i + 1
	}
	return lines, nil
}

// line is the call as the agent's phone has it; nil if it is not the agent's.
func (c *Call) line(agent gateway.AgentID) *Line {
	if c.row.Agent != agent {
		return nil
	}
	l := &Line{Interaction: c.row.Interaction, Number: c.row.From, Name: c.row.Name}
	if c.row.Outbound {
		l.Number = c.row.To
	}
	if c.row.Answered != nil {
		l.Since = c.row.Answered.UTC().Format(time.RFC3339)
	}
	switch {
	case c.row.State == dialling:
		l.State = "ringing"
	case c.row.State == talking && c.onHold:
		l.State = "held"
	case c.row.State == talking:
		l.State = "talking"
	default:
		return nil
	}
	return l
}
