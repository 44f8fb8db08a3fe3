package voice

import "github.com/vaxelhq/vaxel/gateway"

// CallNews is what the agent's consoles are told of a call, as call.changed.
type CallNews struct {
	Call        int64                 `json:"call,string"`
	Interaction gateway.InteractionID `json:"interaction"`
	State       string                `json:"state"` // ringing, dialling, connected, held, ended
	From        string                `json:"from"`
	To          string                `json:"to"`
	Outbound    bool                  `json:"outbound,omitempty"`
}

func (c *Call) tidings(r callRow) []gateway.Event {
	if r.Agent == 0 {
		return nil
	}
	state := ""
	switch r.State {
	case dialling:
		state = "dialling"
	case talking:
		if state = "connected"; c.waitsMusic(r.State) {
			state = "held"
		}
	case ended:
		state = "ended"
	case arriving, waiting, voicemail, outside, leaving:
		return nil
	}
	c.news++
	return []gateway.Event{c.newsEvent(r, state)}
}

func (c *Call) newsEvent(r callRow, state string) gateway.Event {
	return gateway.NewEvent(gateway.TopicAgent(r.Agent), "call.changed", int64(c.news), CallNews{
		Call: r.ID, Interaction: r.Interaction, State: state, From: r.From, To: r.To, Outbound: r.Outbound,
	})
}

// hint tells an agent's consoles how their phone does in the call: what counts is the
// offer, or what the floor says.
func (c *Call) hint(a gateway.AgentID, state string) {
	row := c.row
	row.Agent = a
	c.news++
	c.v.rooms.Feed.Announce(c.newsEvent(row, state))
}
