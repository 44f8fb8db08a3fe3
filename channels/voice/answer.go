package voice

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// legAnswered is a telephone that was picked up. It has been ACKed already.
func (c *Call) legAnswered(ctx context.Context, l *Leg, body []byte) {
	if err := l.answered(body); err != nil {
		l.bye(`SIP;cause=488;text="Not Acceptable Here"`)
		c.legRejected(ctx, l, 488)
		return
	}
	l.up = true
	r := c.ringOf(l)
	switch {
	case l == c.outside && c.row.State == waiting:
		c.outsideAnswered(ctx, l)
	case l == c.outside && c.row.State == talking:
		c.line2Answered(ctx, l)
	case c.row.Outbound && (l == c.agent || l == c.customer):
		c.dialAnswered(ctx, l)
	case r == nil || c.row.State != waiting && c.row.State != talking:
		l.bye(`SIP;cause=200;text="Call completed elsewhere"`)
	case r.offer.No == 0:
		c.v.legUp(ctx, l)
		c.accepted(ctx, r)
	default:
		c.v.legUp(ctx, l)
		c.ask(ctx, r)
	}
}

// ask lets the floor decide whether the agent who picked up has the call. Meanwhile the
// agent hears that something happens.
func (c *Call) ask(ctx context.Context, r *ring) {
	r.asking = true
	r.leg.stream.Play(c.v.sounds.hold, true, nil)
	key := fmt.Sprintf("voice/call/%d/offer/%d/%d/accept", c.row.ID, r.offer.No, r.offer.Agent)
	cmd := gateway.Accept{Interaction: c.row.Interaction, No: r.offer.No, Agent: r.offer.Agent, ByPhone: true}
	c.v.calls.Go(func() {
		answer, err := c.v.try(ctx, c.v.cfg.Patience.Accept, key, cmd)
		c.post(func(ctx context.Context) { c.answeredByFloor(ctx, r, answer, err) })
	})
}

// answeredByFloor is the floor's word on the agent who picked up.
func (c *Call) answeredByFloor(ctx context.Context, r *ring, answer gateway.Answer, err error) {
	if c.done || !slices.Contains(c.rings, r) {
		return
	}
	r.asking = false
	switch {
	case r.gone:
		c.unring(r)
		if err == nil { // they have it and no phone: back to where it came from
			c.returned(ctx, r)
		}
		c.voicemailIfOverdue(ctx)
	case err == nil:
		c.accepted(ctx, r)
		if i := answer.Interaction; i != nil && i.Rev > c.rev {
			c.rev = i.Rev
			c.changed(ctx, *i)
		}
	case refused(err):
		c.log().Info("an answer came too late", "agent", r.offer.Agent, "err", err)
		c.regret(r)
	default: // nobody decided: the item is requeued when the offer runs out
		c.v.log.Warn("the floor did not answer", "call", c.row.ID, "agent", r.offer.Agent, "err", err)
		c.unring(r)
		r.leg.bye(`SIP;cause=503;text="Try again"`)
		c.v.legEnded(ctx, r.leg, "no_decision")
	}
}

// returned gives back what an agent has accepted and whose phone is gone.
func (c *Call) returned(ctx context.Context, r *ring) {
	if r.offer.Kind == gateway.OfferConsult {
		c.left(ctx, r.offer.Agent)
		return
	}
	r.offer.No = 0
	c.fail(ctx, r, "hung_up")
}

// accepted joins the agent who was rung to the customer, or to the agent who asks.
func (c *Call) accepted(ctx context.Context, r *ring) {
	crash.At("call.accepted")
	c.unring(r)
	if r.offer.Kind == gateway.OfferConsult && c.agent != nil {
		c.others = append(c.others, r.leg)
		c.hint(r.leg.agent, "connected")
		c.arrange()
		return
	}
	old := c.agent
	c.agent, c.row.Agent, c.onHold, c.phase, c.line2 = r.leg, r.leg.agent, false, gateway.PhaseTalking, ""
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
	other := c.agent
	if c.row.State == outside {
		other = c.outside
	}
	switch {
	case other == nil || c.row.State != talking && c.row.State != outside:
		return
	case c.alone && other.stream.Stats().Silent <= mediaLost:
		c.after(mediaCheck, c.stillThere)
	case c.customer.stream.Stats().Silent <= mediaLost || other.stream.Stats().Silent <= mediaLost:
		c.after(mediaCheck, c.stillThere)
	case c.row.State == outside:
		c.endOutside(ctx, "media_lost")
	default:
		c.leave(ctx, gateway.Leave{}, "media_lost")
	}
}

// regret tells an agent who picked up that the call went elsewhere: three short tones,
// then a BYE that says so.
func (c *Call) regret(r *ring) {
	c.unring(r)
	l := r.leg
	c.late = append(c.late, l)
	l.stream.Play(c.v.sounds.gone, false, func() {
		c.post(func(ctx context.Context) {
			l.bye(`SIP;cause=200;text="Call completed elsewhere"`)
			c.v.legEnded(ctx, l, "offer_gone")
		})
	})
}
