package voice

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

type offerKey struct {
	no    int
	agent gateway.AgentID
}

// ring is one agent being asked by their telephones, one after the other.
type ring struct {
	offer  gateway.Offer // No 0: no offer, the agent has the interaction already
	phones []string      // not tried yet
	leg    *Leg
	asking bool // answered; the floor is being asked
	gone   bool // hung up while the floor was being asked
}

func (c *Call) ringing() *Leg {
	if c.ring == nil {
		return nil
	}
	return c.ring.leg
}

// decided handles what the floor tells. Everything comes at least once, early or late.
func (c *Call) decided(ctx context.Context, e gateway.Event) {
	switch e.Type {
	case "offer.created", "offer.closed":
		var o gateway.Offer
		if json.Unmarshal(e.Data, &o) != nil || o.Interaction != c.row.Interaction {
			return
		}
		if o.Outcome != "" {
			c.offerClosed(ctx, o)
		} else {
			c.offered(ctx, o)
		}
	case "interaction.changed":
		var i gateway.Interaction
		if json.Unmarshal(e.Data, &i) == nil && i.ID == c.row.Interaction && i.Rev > c.rev {
			c.rev = i.Rev
			c.changed(ctx, i)
		}
	}
}

// offered rings the agent's telephone.
func (c *Call) offered(ctx context.Context, o gateway.Offer) {
	key := offerKey{o.No, o.Agent}
	if c.asked[key] || c.row.State != waiting && c.row.State != talking || c.ring != nil && c.ring.offer.No >= o.No {
		return
	}
	c.asked[key] = true
	c.dropRing(ctx, "")
	c.call(ctx, o)
}

// call begins to ring an agent.
func (c *Call) call(ctx context.Context, o gateway.Offer) {
	phones, err := c.v.rooms.Phones.Phones(ctx, o.Agent)
	if err != nil {
		c.v.log.Warn("look up an agent's phones", "agent", o.Agent, "err", err)
	}
	c.ring = &ring{offer: o, phones: phones}
	c.tryNext(ctx, "no_phone")
}

// tryNext rings the next telephone; without one the offer has failed for the cause.
func (c *Call) tryNext(ctx context.Context, cause string) {
	r := c.ring
	for len(r.phones) > 0 {
		phone := r.phones[0]
		r.phones = r.phones[1:]
		l := &Leg{call: c, role: "agent", agent: r.offer.Agent, offerNo: r.offer.No, address: phone}
		if err := c.placePhone(ctx, l, c.row.From, c.row.Name); err != nil {
			c.v.log.Warn("ring an agent's phone", "agent", r.offer.Agent, "err", err)
			cause = "unreachable"
			continue
		}
		r.leg = l
		crash.At("call.ringing")
		c.tellRinging()
		return
	}
	c.ring = nil
	c.fail(ctx, r, cause)
}

// placePhone makes a leg call the agent's phone at its address.
func (c *Call) placePhone(ctx context.Context, l *Leg, from, name string) error {
	inv, err := c.v.invitation(l.address, from, name)
	if err != nil {
		return err
	}
	l.trunk = inv.Through.IsValid()
	return c.place(ctx, l, inv)
}

// place makes a leg call its telephone: the row first, with what a CANCEL needs.
func (c *Call) place(ctx context.Context, l *Leg, inv dialog.Invitation) error {
	d, err := c.v.stack.Prepare(inv, l)
	if err != nil {
		return err
	}
	if err := l.listen(ctx, dialog.Host(inv), nil); err != nil {
		return err
	}
	l.dialog = d
	if err := c.v.openLeg(ctx, c.row.ID, l); err != nil {
		l.stream.Close()
		return err
	}
	l.near = sdp.Offer(uint64(l.id), l.stream.Local(), g711.A, sdp.SendRecv)
	if err := d.Send(l.near.Bytes()); err != nil {
		l.stream.Close()
		return err
	}
	return nil
}

func (c *Call) tellRinging() {
	r := c.row
	r.Agent = c.ring.offer.Agent
	c.news++
	c.v.rooms.Feed.Announce(c.newsEvent(r, "ringing")) // a hint: the offer is what counts
}

// fail tells the floor that the agent could not be rung.
func (c *Call) fail(ctx context.Context, r *ring, cause string) {
	if r.offer.No == 0 { // pulled by hand: back to where it came from
		c.tellFloor(ctx, fmt.Sprintf("return/%d", c.rev), gateway.Transfer{Interaction: c.row.Interaction, Agent: r.offer.Agent, ToQueue: c.row.Queue})
		return
	}
	var cmd gateway.Command = gateway.FailOffer{Interaction: c.row.Interaction, No: r.offer.No, Agent: r.offer.Agent, Cause: cause}
	if cause == "declined" {
		cmd = gateway.Decline{Interaction: c.row.Interaction, No: r.offer.No, Agent: r.offer.Agent, Code: gateway.CodeDeclined}
	}
	c.tellFloor(ctx, fmt.Sprintf("offer/%d/%d/fail", r.offer.No, r.offer.Agent), cmd)
	c.voicemailIfOverdue(ctx)
}

// legRejected is a telephone that can't be reached, or an agent who doesn't want to.
func (c *Call) legRejected(ctx context.Context, l *Leg, status int) {
	l.up = false
	l.stream.Close()
	c.v.legEnded(ctx, l, fmt.Sprintf("sip_%d", status))
	if c.row.Outbound && (l == c.agent || l == c.customer) {
		c.dialRejected(ctx, l, status)
		return
	}
	if c.ring == nil || c.ring.leg != l {
		return
	}
	c.ring.leg = nil
	switch status {
	case 486, 600:
		c.tryNext(ctx, "busy")
	case 603:
		r := c.ring
		c.ring = nil
		c.fail(ctx, r, "declined")
	case 487: // we gave up
		c.ring = nil
	default:
		c.tryNext(ctx, "unreachable")
	}
}

// legAnswered is a telephone that was picked up. It has been ACKed already.
func (c *Call) legAnswered(ctx context.Context, l *Leg, body []byte) {
	if err := l.answered(body); err != nil {
		l.bye(`SIP;cause=488;text="Not Acceptable Here"`)
		c.legRejected(ctx, l, 488)
		return
	}
	l.up = true
	switch {
	case c.row.Outbound && (l == c.agent || l == c.customer):
		c.dialAnswered(ctx, l)
	case c.ring == nil || c.ring.leg != l || c.row.State != waiting && c.row.State != talking:
		l.bye(`SIP;cause=200;text="Call completed elsewhere"`)
	case c.ring.offer.No == 0:
		c.v.legUp(ctx, l)
		c.accepted(ctx)
	default:
		c.v.legUp(ctx, l)
		c.ask(ctx)
	}
}

// ask lets the floor decide whether the agent who picked up has the call. Meanwhile the
// agent hears that something happens.
func (c *Call) ask(ctx context.Context) {
	r := c.ring
	r.asking = true
	r.leg.stream.Play(c.v.sounds.hold, true, nil)
	key := fmt.Sprintf("voice/call/%d/offer/%d/%d/accept", c.row.ID, r.offer.No, r.offer.Agent)
	cmd := gateway.Accept{Interaction: c.row.Interaction, No: r.offer.No, Agent: r.offer.Agent, ByPhone: true}
	c.v.calls.Go(func() {
		err := c.v.try(ctx, c.v.cfg.Patience.Accept, key, cmd)
		c.post(func(ctx context.Context) { c.answeredByFloor(ctx, r, err) })
	})
}

// try asks the floor under one key until it answers, two seconds at a time.
func (v *Voice) try(ctx context.Context, patience time.Duration, key string, cmd gateway.Command) error {
	deadline := time.Now().Add(patience)
	for {
		one, stop := context.WithTimeout(ctx, min(2*time.Second, max(time.Until(deadline), ms)))
		_, err := v.rooms.Floor.Do(one, key, cmd)
		stop()
		if err == nil || refused(err) || time.Now().After(deadline) || v.stopping() {
			return err
		}
		time.Sleep(20 * ms)
	}
}

// answeredByFloor is the floor's word on the agent who picked up.
func (c *Call) answeredByFloor(ctx context.Context, r *ring, err error) {
	if c.ring != r || c.done {
		return
	}
	r.asking = false
	switch {
	case r.gone:
		c.ring = nil
		if err == nil { // they have it and no phone: back to where it came from
			r.offer.No = 0
			c.fail(ctx, r, "hung_up")
		}
		c.voicemailIfOverdue(ctx)
	case err == nil:
		c.accepted(ctx)
	case refused(err):
		c.v.log.Info("an answer came too late", "call", c.row.ID, "agent", r.offer.Agent, "err", err)
		c.regret(r.leg)
	default: // nobody decided: the item is requeued when the offer runs out
		c.v.log.Warn("the floor did not answer", "call", c.row.ID, "agent", r.offer.Agent, "err", err)
		c.ring = nil
		r.leg.bye(`SIP;cause=503;text="Try again"`)
		c.v.legEnded(ctx, r.leg, "no_decision")
	}
}

// accepted joins the agent who was rung to the customer.
func (c *Call) accepted(ctx context.Context) {
	crash.At("call.accepted")
	old := c.agent
	c.agent, c.ring = c.ring.leg, nil
	c.row.Agent, c.onHold = c.agent.agent, false
	if old != nil && old.up {
		old.bye(`SIP;cause=200;text="Call completed elsewhere"`)
		c.v.legEnded(ctx, old, "transferred")
	}
	if err := c.turn(ctx, talking, nil); err != nil {
		c.v.log.Error("write that a call is answered", "call", c.row.ID, "err", err)
	}
	c.bridge()
	c.after(mediaCheck, c.stillThere)
	l := c.agent
	c.after(c.v.cfg.Patience.Sound, func(ctx context.Context) { c.mustSound(ctx, l) })
}

// mustSound gives the customer to the next agent when the phone that was picked up sends
// nothing: nobody is heard there.
func (c *Call) mustSound(ctx context.Context, l *Leg) {
	if c.agent != l || c.row.State != talking || l.stream.Stats().Received > 0 || l.onHold() {
		return
	}
	c.v.log.Warn("an agent's phone is silent", "call", c.row.ID, "agent", l.agent, "address", l.address)
	c.fail(ctx, &ring{offer: gateway.Offer{Interaction: c.row.Interaction, No: l.offerNo, Agent: l.agent}}, "media")
}

const (
	mediaCheck = 10 * time.Second
	mediaLost  = 60 * time.Second
)

// stillThere ends a call that neither side sends sound to any more: both have gone
// without a word.
func (c *Call) stillThere(ctx context.Context) {
	if c.row.State != talking || c.agent == nil {
		return
	}
	if c.customer.stream.Stats().Silent > mediaLost && c.agent.stream.Stats().Silent > mediaLost {
		c.leave(ctx, gateway.Leave{}, "media_lost")
		return
	}
	c.after(mediaCheck, c.stillThere)
}

// regret tells an agent who picked up that the call went elsewhere: three short tones,
// then a BYE that says so.
func (c *Call) regret(l *Leg) {
	if c.ring != nil && c.ring.leg == l {
		c.ring = nil
	}
	l.stream.Play(c.v.sounds.gone, false, func() {
		c.post(func(ctx context.Context) {
			l.bye(`SIP;cause=200;text="Call completed elsewhere"`)
			c.v.legEnded(ctx, l, "offer_gone")
		})
	})
}

// offerClosed stops ringing. Our own acceptance closes the offer too.
func (c *Call) offerClosed(ctx context.Context, o gateway.Offer) {
	c.asked[offerKey{o.No, o.Agent}] = true
	r := c.ring
	if r == nil || r.offer.No != o.No || r.offer.Agent != o.Agent || r.asking {
		return // while we ask, the floor's answer decides
	}
	if o.Outcome == gateway.Accepted { // by other means than the phone; picking it up is the rest
		r.offer.No = 0
		return
	}
	c.dropRing(ctx, string(o.Outcome))
	c.voicemailIfOverdue(ctx)
}

// dropRing gives up whoever is rung: CANCEL, or BYE if the answer crosses it.
func (c *Call) dropRing(ctx context.Context, cause string) {
	r := c.ring
	if r == nil {
		return
	}
	c.ring = nil
	if r.leg != nil {
		r.leg.bye(`SIP;cause=200;text="Call completed elsewhere"`)
		c.v.legEnded(ctx, r.leg, cause)
	}
}

// ringGone is an agent who hung up again before the floor had spoken.
func (c *Call) ringGone(ctx context.Context) {
	r := c.ring
	if r.asking { // it may say yes yet
		r.gone, r.leg = true, nil
		return
	}
	c.ring = nil
	c.fail(ctx, r, "declined")
}

// changed follows an interaction that others move: ended in the console, transferred,
// pulled from the board.
func (c *Call) changed(ctx context.Context, i gateway.Interaction) {
	moved := i.Queue != 0 && i.Queue != c.row.Queue
	if moved {
		c.row.Queue = i.Queue
	}
	switch i.State {
	case gateway.StateWrapUp, gateway.StateFinished:
		c.endedByFloor(ctx, i.End)
	case gateway.StateWaiting, gateway.StateOffered:
		switch {
		case c.row.State == talking && c.agent != nil:
			c.backToQueue(ctx)
		case c.row.State == waiting && moved:
			c.wait(ctx)
		}
	case gateway.StateActive:
		atPhone := c.agent != nil && c.agent.up && c.agent.agent == i.Agent || c.ring != nil && c.ring.offer.Agent == i.Agent
		if c.row.State == waiting && !atPhone {
			c.dropRing(ctx, "pulled")
			c.call(ctx, gateway.Offer{Interaction: i.ID, Agent: i.Agent})
		}
	case gateway.StateParked:
	}
}

// endedByFloor does what somebody in a console, or a step of the queue, has decided. Who
// is to go where we can't send them leaves a message, rather than nothing.
func (c *Call) endedByFloor(ctx context.Context, end gateway.End) {
	switch c.row.State {
	case waiting:
		c.dropRing(ctx, string(end))
		switch end { //nolint:exhaustive // all others are goodbyes
		case gateway.EndVoicemail, gateway.EndTransferredExternal, gateway.EndForm:
			c.takeMessage(ctx)
		default:
			c.leave(ctx, gateway.Leave{}, "ended_by_floor")
		}
	case talking, dialling:
		c.leave(ctx, gateway.Leave{}, "ended_in_console")
	case arriving, voicemail, leaving, ended:
	}
}

// backToQueue parts a customer from an agent who has transferred them.
func (c *Call) backToQueue(ctx context.Context) {
	old := c.agent
	c.agent, c.row.Agent, c.onHold = nil, 0, false
	c.customer.stream.Part()
	if err := c.turn(ctx, waiting, nil); err != nil {
		c.v.log.Error("write that a call waits again", "call", c.row.ID, "err", err)
	}
	old.bye(`SIP;cause=200;text="Transferred"`)
	c.v.legEnded(ctx, old, "transferred")
	c.customer.stream.Play(c.v.sounds.music(), true, nil)
	if !c.row.Outbound {
		c.wait(ctx)
	}
}
