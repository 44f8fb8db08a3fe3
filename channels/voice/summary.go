package voice

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// summary is the entry that a call leaves behind; none if nobody took it in.
func (c *Call) summary() []*gateway.Entry {
	if c.row.Conversation == 0 {
		return nil
	}
	now := time.Now()
	until := now
	if c.row.Diverted != nil {
		until = *c.row.Diverted // leaving a message is neither wait nor talk
	}
	if c.alone {
		until = c.talked
	}
	sum := gateway.CallSummary{From: c.row.From, To: c.row.To, Outbound: c.row.Outbound, Cause: c.row.Cause, WaitMS: until.Sub(c.row.Created).Milliseconds()}
	if c.row.Answered != nil {
		sum.WaitMS, sum.TalkMS = c.row.Answered.Sub(c.row.Created).Milliseconds(), until.Sub(*c.row.Answered).Milliseconds()
	}
	if c.row.Outbound && c.row.Answered == nil && c.customer != nil {
		sum.Failure = c.customer.failure
	}
	body, err := json.Marshal(sum)
	if err != nil {
		panic(err) // strings and numbers
	}
	return []*gateway.Entry{{
		Conversation: c.row.Conversation, Kind: gateway.EntryCall, Author: gateway.Author{Kind: gateway.BySystem},
		Interaction: c.row.Interaction, Channel: gateway.Voice, ClientID: fmt.Sprintf("voice/call/%d", c.row.ID),
		Text: fmt.Sprintf("call %s → %s", c.row.From, c.row.To), Body: body, At: now,
	}}
}
