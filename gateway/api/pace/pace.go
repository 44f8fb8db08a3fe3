// Package pace keeps boards readable: what becomes of another agent is shown at once, but
// once a second at most; of what follows within the second only the last is shown, at its end.
//
// While something is kept back no frame may carry a cursor, so that a console which resumes
// hears it again.
package pace

import (
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// Gap is how often a board hears of one and the same agent.
const Gap = time.Second

// Agents is what one console's board shows of agents. The zero value has shown nothing; it is
// for one goroutine.
type Agents struct {
	shown map[gateway.AgentID]glimpse
	kept  map[gateway.AgentID]feed.Frame
}

type glimpse struct {
	at  time.Time
	rev int64
}

// Keep says whether an event is kept back, or nothing new. What was shown ahead of the log
// comes again from there, for its cursor; what the log says of before that nobody needs.
func (a *Agents) Keep(agent gateway.AgentID, event feed.Frame, now time.Time) bool {
	if a.shown == nil {
		a.shown, a.kept = map[gateway.AgentID]glimpse{}, map[gateway.AgentID]feed.Frame{}
	}
	last, ok := a.shown[agent]
	switch {
	case ok && event.Rev <= last.rev:
		return event.Rev < last.rev || event.At == ""
	case !ok || now.Sub(last.at) >= Gap:
		a.shown[agent] = glimpse{now, event.Rev}
		delete(a.kept, agent) // it is older
		return false
	}
	if before, ok := a.kept[agent]; !ok || before.Rev <= event.Rev {
		event.At = ""
		a.kept[agent] = event
	}
	return true
}

// Waiting says whether something is kept back.
func (a *Agents) Waiting() bool { return len(a.kept) > 0 }

// Due takes out what has been kept long enough.
func (a *Agents) Due(now time.Time) []feed.Frame {
	var out []feed.Frame
	for agent, event := range a.kept {
		if now.Sub(a.shown[agent].at) >= Gap {
			out = append(out, event)
			delete(a.kept, agent)
			a.shown[agent] = glimpse{now, event.Rev}
		}
	}
	return out
}
