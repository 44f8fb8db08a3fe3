package voice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// Call is the legs that hear each other. All of it belongs to its goroutine, which does
// one thing after the other; what takes long runs beside it and comes back as a post. So
// nothing in it needs a lock, and nobody else reads it: dialogs, sound, timers and the
// floor's news all post.
//
// A call's state is its row's, and the row goes first: a call is moved on by turn, which
// writes it, and only then is anything done that a telephone or the floor notices. What a
// kill leaves is found by the next start in the rows, and ended (recover.go).
type Call struct {
	v      *Voice
	inbox  *dialog.Inbox[func(context.Context)]
	done   bool
	closed chan struct{}            // once nothing is done any more
	timers map[*time.Timer]struct{} // under way

	row      callRow // as it is stored
	trunk    Trunk   // that it came in by
	route    Route   // that it goes out by
	customer *Leg
	agent    *Leg     // who talks, or whom an outbound call rings first
	phones   []string // of whoever dials, not tried yet
	others   []*Leg   // colleagues on it, in the order they came
	rings    []*ring  // agents who are asked
	late     []*Leg   // agents who came too late, and are told so

	watch   func() // ends following the interaction
	asked   map[offerKey]bool
	rev     int64 // of the newest interaction told
	news    int   // told to consoles
	onHold  bool
	heard   hearing       // as it is arranged
	phase   gateway.Phase // what the floor says of those who talk
	holds   int           // times that the agent has put the customer on hold, or taken them back
	waits   int           // times that the customer has begun to wait
	overdue bool          // waited long enough; voicemail as soon as nobody is being rung
	message *message

	callable  bool   // the caller may ask to be called back
	elsewhere string // the telephone that a step names
	sentAway  bool   // the floor has ended the wait for it
	outside   *Leg   // that telephone, or whom the agent has on line 2
	swapped   bool   // in a consultation the agent talks to the customer, line 2 hears music
	said      int    // commands about the lines that the floor has answered
}

// newCall is not run yet; what is posted waits.
func newCall(v *Voice, row callRow) *Call {
	return &Call{
		v: v, inbox: dialog.NewInbox[func(context.Context)](), closed: make(chan struct{}), timers: map[*time.Timer]struct{}{},
		row: row, asked: map[offerKey]bool{},
	}
}

func (c *Call) post(f func(context.Context)) { c.inbox.Put(f) }

// after does something later, unless the call has ended.
func (c *Call) after(d time.Duration, f func(context.Context)) {
	if c.done {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		c.post(func(ctx context.Context) {
			delete(c.timers, t)
			f(ctx)
		})
	})
	c.timers[t] = struct{}{}
}

// request posts something and waits for its answer; over is the answer of a call that has ended
// before it could give one.
func (c *Call) request(ctx context.Context, over error, do func(context.Context) error) error {
	answer := make(chan error, 1)
	c.post(func(ctx context.Context) { answer <- do(ctx) })
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closed:
	}
	select {
	case err := <-answer: // it was what ended the call
		return err
	default:
		return over
	}
}

// run does what is posted until the call is over. What is posted later is not done.
func (c *Call) run(ctx context.Context) {
	defer close(c.closed)
	defer c.v.forget(c)
	for !c.done {
		f, ok := c.inbox.Take()
		if !ok {
			return
		}
		f(ctx)
	}
	c.inbox.Close()
}

// music begins, or begins anew, with what is played to those who wait.
func (c *Call) music() {
	c.post(func(context.Context) {
		if c.row.State == waiting || c.onHold {
			c.customer.stream.Play(c.v.sounds.music(), true, nil)
		}
	})
}

func (c *Call) address() gateway.Address {
	return gateway.Address{Kind: gateway.AddressPhone, Value: c.row.From, Name: c.row.Name}
}

// author is the customer as they stand on their conversation.
func (c *Call) author() gateway.Author {
	name := c.row.Name
	if name == "" {
		name = c.row.From
	}
	return gateway.Author{Kind: gateway.ByCustomer, Name: name}
}

// follow hears what the floor decides about the interaction.
func (c *Call) follow(id gateway.InteractionID) {
	c.unfollow()
	c.v.serve(c, id)
	c.row.Interaction = id
	c.watch = c.v.rooms.Feed.Watch([]string{gateway.TopicInteraction(id)}, func(e gateway.Event) {
		c.post(func(ctx context.Context) { c.decided(ctx, e) })
	})
}

// unfollow hears nothing more of the interaction.
func (c *Call) unfollow() {
	if c.watch != nil {
		c.watch()
		c.watch = nil
	}
}

// told handles what a dialog tells.
func (c *Call) told(ctx context.Context, l *Leg, e dialog.Event) {
	switch e := e.(type) {
	case dialog.Answered:
		c.legAnswered(ctx, l, e.Body)
	case dialog.Confirmed:
		c.confirmed(ctx, l, e.Body)
	case dialog.Rejected:
		c.legRejected(ctx, l, e.Status)
	case dialog.Canceled:
		c.gone(ctx, l, "canceled")
	case dialog.Ended:
		c.gone(ctx, l, e.Cause)
	case dialog.Info:
		if key, ok := parseInfo(e); ok {
			c.infoKey(ctx, l, key)
		}
	case dialog.Ringing:
		l.tried = true
	}
}

// confirmed is the customer's ACK; the answer is in it if the offer was ours.
func (c *Call) confirmed(ctx context.Context, l *Leg, body []byte) {
	if body == nil {
		return
	}
	if err := l.answered(body); err != nil {
		l.bye(`SIP;cause=488;text="Not Acceptable Here"`)
		c.gone(ctx, l, "media")
	}
}

// gone ends what a leg's end ends: the customer's the call, the agent's too, but not
// that of an agent who only rang.
func (c *Call) gone(ctx context.Context, l *Leg, cause string) {
	l.up = false
	l.stream.Close()
	c.v.legEnded(ctx, l, cause)
	r := c.ringOf(l)
	switch {
	case c.row.State == outside || l == c.outside:
		c.outsideGone(ctx, l, cause)
	case l == c.customer && c.row.State == voicemail:
		c.endMessage(ctx, cause)
	case l == c.customer && c.row.State == leaving: // during the last sentence
		c.over(ctx, gateway.Leave{Interaction: c.row.Interaction}, c.row.Cause)
	case l == c.customer:
		c.leave(ctx, gateway.Leave{}, "customer_"+cause)
	case r != nil:
		c.ringGone(ctx, r)
	case slices.Contains(c.others, l):
		c.colleagueLeft(ctx, l)
	case l == c.agent && c.row.State == talking:
		c.agentLeft(ctx)
	case l == c.agent:
		c.leave(ctx, gateway.Leave{}, "agent_"+cause)
	}
}

// agentLeft is the agent hanging up: on the customer, or leaving them to the colleague on
// line 2, as telephones do it.
func (c *Call) agentLeft(ctx context.Context) {
	if len(c.others) > 0 && c.handOver(ctx) {
		return
	}
	if c.outside != nil && c.giveOutside(ctx) == nil {
		return
	}
	c.leaveBy(ctx, gateway.EndInteraction{Interaction: c.row.Interaction, Agent: c.row.Agent}, "agent_bye")
}

// leave tells the floor that the customer's side is over, and ends the call.
func (c *Call) leave(ctx context.Context, cmd gateway.Leave, cause string) {
	cmd.Interaction = c.row.Interaction
	c.leaveBy(ctx, cmd, cause)
}

// leaveBy ends the call by a command of the caller's choice. The row says first that it is
// leaving, and why: a start after a kill then knows that the call had ended by itself.
func (c *Call) leaveBy(ctx context.Context, cmd gateway.Command, cause string) {
	if c.done || c.row.State == leaving {
		return
	}
	c.row.Cause = cause
	if err := c.turn(ctx, leaving, nil); err != nil {
		c.v.log.Error("write that a call is over", "call", c.row.ID, "err", err)
	}
	c.over(ctx, cmd, cause)
}

// over hangs up on everybody, tells the floor and ends the call.
func (c *Call) over(ctx context.Context, cmd gateway.Command, cause string) {
	if c.done {
		return
	}
	c.hangUp(cause)
	crash.At("call.leaving")
	if !c.tellFloor(ctx, "leave", cmd) {
		c.stay() // the next start tells it
		return
	}
	crash.At("call.left")
	c.finish(ctx, cause)
}

// tellFloor gives a command until the floor has answered; a refusal is an answer.
func (c *Call) tellFloor(ctx context.Context, what string, cmd gateway.Command) bool {
	_, told := c.command(ctx, what, cmd)
	return told
}

// command does what tellFloor does, and gives the refusal. Its key is made of the call and
// what is done: given twice, the floor answers as it did the first time.
func (c *Call) command(ctx context.Context, what string, cmd gateway.Command) (refusal error, told bool) {
	told = c.until("tell the floor", forEver, func() error {
		_, err := c.v.rooms.Floor.Do(ctx, c.key(what), cmd)
		if refused(err) {
			c.v.log.Warn("the floor refuses", "call", c.row.ID, "interaction", c.row.Interaction, "what", what, "err", err)
			refusal, err = err, nil
		}
		return err
	})
	return refusal, told
}

// forEver is the patience with what must not be given up.
const forEver = time.Duration(math.MaxInt64)

// until does something again and again until it succeeds, and says whether it has: it is
// given up after the patience, or when we stop, as the next start sees to it. Only this call
// waits meanwhile.
func (c *Call) until(what string, patience time.Duration, do func() error) bool {
	begun := time.Now()
	for wait := 50 * ms; ; wait = min(2*wait, 2*time.Second) {
		err := do()
		if err == nil {
			return true
		}
		if wait == 50*ms {
			c.v.log.Warn("trying again", "what", what, "call", c.row.ID, "err", err)
		}
		if c.v.stopping() || time.Since(begun) > patience {
			c.v.log.Error("given up", "what", what, "call", c.row.ID, "err", err)
			return false
		}
		time.Sleep(wait)
	}
}

// refused says that the floor has decided, as opposed to not having been reached.
func refused(err error) bool {
	var e *gateway.Error
	return errors.As(err, &e) && e.Kind != gateway.KindTryAgain
}

// legs are all the telephones of the call.
func (c *Call) legs() []*Leg {
	all := slices.Concat([]*Leg{c.customer, c.agent, c.outside}, c.others, c.late)
	for _, r := range c.rings {
		all = append(all, r.leg)
	}
	return slices.DeleteFunc(all, func(l *Leg) bool { return l == nil })
}

// hangUp ends every leg.
func (c *Call) hangUp(cause string) {
	for _, l := range c.legs() {
		l.bye(`SIP;cause=16;text="` + cause + `"`)
	}
}

// finish writes the end and what the call was, onto its conversation.
func (c *Call) finish(ctx context.Context, cause string) {
	defer c.stay()
	if c.row.ID == 0 {
		return
	}
	c.row.Cause = cause
	entries := c.summary()
	err := c.turn(ctx, ended, func(tx pgx.Tx) error {
		const legs = `
			update leg
			set ended_at = now(), cause = $2
			where call_id = $1
			and ended_at is null`
		if _, err := tx.Exec(ctx, legs, c.row.ID, cause); err != nil || len(entries) == 0 {
			return err
		}
		if err := c.v.rooms.Timeline.Append(ctx, tx, entries...); err != nil {
			return err
		}
		return c.v.rooms.Feed.Append(ctx, tx, gateway.MessageCreated(*entries[0]))
	})
	if err != nil {
		c.v.log.Error("write the end of a call", "call", c.row.ID, "err", err)
		return
	}
	for _, e := range entries {
		c.v.rooms.Feed.Announce(gateway.MessageCreated(*e))
	}
	crash.At("call.ended")
	c.v.log.Info("call ended", "call", c.row.ID, "interaction", c.row.Interaction, "cause", cause)
}

// stay ends the actor; the rows stay as they are. A timer of hours would keep the call in
// memory.
func (c *Call) stay() {
	c.unfollow()
	for t := range c.timers {
		t.Stop()
	}
	clear(c.timers)
	for _, l := range c.legs() {
		if l.stream != nil {
			l.stream.Close()
		}
	}
	c.done = true
}

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
	sum := gateway.CallSummary{From: c.row.From, To: c.row.To, Outbound: c.row.Outbound, Cause: c.row.Cause, WaitMS: until.Sub(c.row.Created).Milliseconds()}
	if c.row.Answered != nil {
		sum.WaitMS, sum.TalkMS = c.row.Answered.Sub(c.row.Created).Milliseconds(), until.Sub(*c.row.Answered).Milliseconds()
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

// cutOff is the node stopping: telephones are told, the rest is for the next start.
func (c *Call) cutOff() {
	if c.message != nil {
		if err := c.message.stop(); err != nil {
			c.v.log.Error("end a recording", "call", c.row.ID, "err", err)
		}
	}
	c.hangUp("server stopping")
	c.stay()
}

// bridge lets customer and agent talk.
func (c *Call) bridge() {
	c.heard = hearing{}
	c.arrange()
	crash.At("call.bridged")
	c.v.log.Info("call bridged", "call", c.row.ID, "interaction", c.row.Interaction, "agent", c.row.Agent)
}
