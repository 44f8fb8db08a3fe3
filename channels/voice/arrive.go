package voice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// called is the stack's hand: a call from outside. Only a trunk's number is answered.
func (v *Voice) called(ctx context.Context, in *dialog.Incoming) dialog.Owner {
	trunk, status := v.trunk(in.To, in.Source.Addr())
	if status == 200 && v.refusing.Load() {
		status = 503
	}
	if status != 200 {
		in.Refuse(status)
		return nobody{}
	}
	if in.Offer != nil {
		if _, err := sdp.Parse(in.Offer); err != nil {
			in.Refuse(488)
			return nobody{}
		}
	}
	c := newCall(v, callRow{
		State: arriving, From: caller(in.From), Name: gateway.Clean(in.Name), To: gateway.Clean(in.To),
		Queue: trunk.Queue, Language: trunk.Language,
	})
	c.trunk = trunk
	c.customer = &Leg{call: c, role: "customer", address: in.Source.String(), incoming: in}
	if !v.begin(ctx, c) {
		in.Reject(503)
		return nobody{}
	}
	c.post(c.arrive)
	return c.customer
}

// nobody owns a call that was refused at once.
type nobody struct{}

// Tell implements dialog.Owner.
func (nobody) Tell(dialog.Event) {}

// Reoffer implements dialog.Owner.
func (nobody) Reoffer([]byte) ([]byte, bool) { return nil, false }

// caller is the calling number, or the user part as it was sent.
func caller(user string) string {
	if n := Number(user); n != "" {
		return n
	}
	return gateway.Clean(user)
}

// arrive takes a call in: written, ringing, received, answered.
func (c *Call) arrive(ctx context.Context) {
	if err := c.customer.listen(ctx, c.customer.incoming.Source.Addr(), c.customer.incoming.Offer); err != nil {
		c.failArrival(ctx, err)
		return
	}
	if err := c.v.openCall(ctx, &c.row, c.customer); err != nil {
		c.failArrival(ctx, err)
		return
	}
	c.customer.incoming.Ring()
	if err := c.receive(ctx); err != nil {
		c.failArrival(ctx, err)
		return
	}
	crash.At("call.received")
	body, err := c.customer.answer(c.customer.incoming.Offer)
	if err != nil {
		c.leave(ctx, gateway.Leave{End: gateway.EndSystemFailure}, "media")
		return
	}
	c.customer.incoming.Answer(body)
	crash.At("call.answered")
	c.customer.up = true
	c.customer.stream.Play(c.v.sounds.say("welcome", c.row.Language), false, c.music)
	c.after(c.v.cfg.Patience.Sign, c.mustBeThere)
	c.wait(ctx)
	c.log().Info("call waits", "queue", c.row.Queue)
}

// mustBeThere lets nobody wait for, or listen to, a caller who has shown no sign of life since
// our answer: neither an ACK, for which it has been sent five times (RFC 3261 §13.3.1.4), nor
// sound. An offer does not wait for the ACK: it is there within a round trip as good as always.
func (c *Call) mustBeThere(ctx context.Context) {
	if l := c.customer; !l.there && l.up && l.stream.Stats().Received == 0 {
		c.gone(ctx, l, "not_there") // whoever it is gets a BYE when one may be sent
	}
}

// receive puts the call into the queue. What fails is tried again under the same key, for
// it may have been committed all the same; meanwhile it rings.
func (c *Call) receive(ctx context.Context) error {
	body, err := json.Marshal(gateway.Happening{What: "called", Queue: c.row.Queue})
	if err != nil {
		return err
	}
	arrival := gateway.Arrival{
		Key: fmt.Sprintf("voice/call/%d", c.row.ID), Channel: gateway.Voice, Queue: c.row.Queue, Skills: c.skills(),
		From: c.address(), Language: c.row.Language, ArrivedAt: c.row.Created, Alone: true,
		Entry: gateway.Entry{Kind: gateway.EntryEvent, Author: c.author(), Channel: gateway.Voice, Text: "called", Body: body, At: c.row.Created},
	}
	for deadline := time.Now().Add(c.v.cfg.Patience.Arrive); ; time.Sleep(50 * ms) { // only this call waits
		_, err := c.v.rooms.Intake.Receive(ctx, arrival, c.received)
		if err == nil || refused(err) || errors.Is(err, errGivenUp) || time.Now().After(deadline) || c.v.stopping() {
			return err
		}
	}
}

var errGivenUp = errors.New("the call has been given up")

// received is part of the arrival's transaction. The interaction is followed before it
// exists for others, so that no offer is missed.
func (c *Call) received(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
	const update = `
		update call
		set state = 'waiting', interaction_id = $2, conversation_id = $3
		where id = $1
		and state in ('arriving', 'waiting')`
	tag, err := tx.Exec(ctx, update, c.row.ID, r.Interaction, r.Conversation)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return errGivenUp
	}
	c.follow(r.Interaction)
	c.row.Conversation, c.row.State = r.Conversation, waiting
	return nil
}

// failArrival refuses a call that could not be taken in; the trunk tries elsewhere. If it
// is in the queue all the same, by a commit that nobody heard of, it has died there.
func (c *Call) failArrival(ctx context.Context, err error) {
	c.v.log.Error("take a call in", "call", c.row.ID, "err", err)
	c.customer.incoming.Reject(503)
	c.unfollow()
	c.v.serve(c, 0)
	if c.row.ID == 0 {
		c.stay()
		return
	}
	cause := ""
	if !c.until("give a call up", forEver, func() (err error) { cause, err = c.giveUp(ctx); return err }) {
		c.stay()
		return
	}
	c.finish(ctx, cause)
}

// giveUp sees to it that the call is not received any more, or ends what became of it. It
// waits for a transaction that is still under way: both change the call's row.
func (c *Call) giveUp(ctx context.Context) (cause string, err error) {
	const update = `
		update call
		set state = case state when 'arriving' then 'leaving' else state end
		where id = $1
		returning state, interaction_id, conversation_id, callback_id`
	r := &c.row
	if err := c.v.pool.QueryRow(ctx, update, r.ID).Scan(&r.State, &r.Interaction, &r.Conversation, &r.Callback); err != nil {
		return "", err
	}
	if r.State != waiting {
		return "not_received", nil
	}
	return "system_failure", c.tellEnd(ctx)
}
