package routing

import (
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// silentAlarm is how long an agent may leave a chat's customer without an answer before
// supervisors hear of it. The console shows it earlier.
const silentAlarm = 5 * time.Minute

// silence tells supervisors of a customer who waits for their agent's answer. The chat knows
// what was said when; whether this agent has had the time to answer is known here. Said
// again, of the same line and agent, it changes nothing.
func (c *Core) silence(e gateway.Silence) *gateway.Error {
	it := c.items.at(e.Interaction)
	if it == nil {
		return unknownInteraction()
	}
	h := it.active()
	if h == nil || it.lane != chat || e.Pos <= h.mute || c.now.Sub(h.start) < silentAlarm {
		return gateway.Conflict("not_silent", "nobody has left this customer without an answer for so long", it.Interaction)
	}
	h.mute = e.Pos
	c.turn.subject = it
	c.emit(Alerted{Kind: gateway.AlertSilent, Interaction: it.ID, Queue: it.Queue, Agent: h.agent.id})
	return nil
}
