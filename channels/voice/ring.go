package voice

import (
	"context"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// ring is one agent being asked by their telephones, one after the other. There are
// several at once where all are rung, or a colleague is asked.
type ring struct {
	offer  gateway.Offer // No 0: no offer, the agent has the interaction already
	phones []string      // not tried yet
	leg    *Leg          // nil while it is looked up where the next one is
	asking bool          // answered; the floor is being asked
	gone   bool          // hung up while the floor was being asked
}

// ringOf is the ring that a leg belongs to, if it still does.
func (c *Call) ringOf(l *Leg) *ring {
	for _, r := range c.rings {
		if r.leg == l {
			return r
		}
	}
	return nil
}

// ringFor is the ring of an agent.
func (c *Call) ringFor(a gateway.AgentID) *ring {
	for _, r := range c.rings {
		if r.offer.Agent == a {
			return r
		}
	}
	return nil
}

// unring forgets a ring, and says whether there was still something to forget.
func (c *Call) unring(r *ring) bool {
	i := slices.Index(c.rings, r)
	if i < 0 {
		return false
	}
	c.rings = slices.Delete(c.rings, i, i+1)
	return true
}

// call begins to ring an agent.
func (c *Call) call(ctx context.Context, o gateway.Offer) {
	phones, err := c.v.rooms.Phones.Phones(ctx, o.Agent)
	if err != nil {
		c.v.log.Warn("look up an agent's phones", "agent", o.Agent, "err", err)
	}
	r := &ring{offer: o, phones: phones}
	c.rings = append(c.rings, r)
	c.tryNext(ctx, r, "no_phone")
}

// tryNext rings the next telephone; without one the offer has failed for the cause.
func (c *Call) tryNext(ctx context.Context, r *ring, cause string) {
	if len(r.phones) == 0 {
		c.unring(r)
		c.fail(ctx, r, cause)
		return
	}
	l := &Leg{call: c, role: "agent", agent: r.offer.Agent, offerNo: r.offer.No, address: r.phones[0]}
	r.phones = r.phones[1:]
	c.find(ctx, l, func(ctx context.Context, inv dialog.Invitation, err error) {
		if !slices.Contains(c.rings, r) { // given up meanwhile
			return
		}
		if err == nil {
			err = c.place(ctx, l, inv)
		}
		if err != nil {
			c.v.log.Warn("ring an agent's phone", "agent", r.offer.Agent, "err", err)
			c.tryNext(ctx, r, "unreachable")
			return
		}
		r.leg = l
		crash.At("call.ringing")
		c.hint(r.offer.Agent, "ringing")
		c.after(c.v.cfg.Patience.Try, func(ctx context.Context) { c.giveUpOn(ctx, r, l) })
	})
}

// giveUpOn turns to the next telephone when one has said nothing at all: it is switched off,
// and waiting for it would be held against the agent.
func (c *Call) giveUpOn(ctx context.Context, r *ring, l *Leg) {
	if c.ringOf(l) != r || l.tried || l.up {
		return
	}
	l.bye("")
	c.v.legEnded(ctx, l, "silent")
	r.leg = nil
	c.tryNext(ctx, r, "unreachable")
}

// find learns how a leg's telephone is called, showing the customer, and goes on with that
// unless the call is over: a name may take seconds to look up, and the call does what else
// there is to do meanwhile.
func (c *Call) find(ctx context.Context, l *Leg, then func(context.Context, dialog.Invitation, error)) {
	from, name := c.row.From, c.row.Name
	c.v.calls.Go(func() {
		inv, trunk, err := c.v.invitation(ctx, l.address, from, name)
		c.post(func(ctx context.Context) {
			l.trunk = trunk
			then(ctx, inv, err)
		})
	})
}

// place makes a leg call its telephone: the row first, with what a CANCEL needs.
func (c *Call) place(ctx context.Context, l *Leg, inv dialog.Invitation) error {
	d, err := c.v.stack.Prepare(inv, l)
	if err != nil {
		return err
	}
	if err := l.listen(ctx, inv.Through.Addr(), nil); err != nil {
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

// legRejected is a telephone that can't be reached, or an agent who doesn't want to.
func (c *Call) legRejected(ctx context.Context, l *Leg, status int) {
	l.up = false
	l.stream.Close()
	if l == c.outside || l == c.customer {
		l.failure = failureOf(status)
	}
	c.v.legEnded(ctx, l, fmt.Sprintf("sip_%d", status))
	if c.row.Outbound && (l == c.agent || l == c.customer) {
		c.dialRejected(ctx, l, status)
		return
	}
	if l == c.outside {
		c.outsideFailed(ctx, fmt.Sprintf("sip_%d", status))
		return
	}
	r := c.ringOf(l)
	if r == nil {
		return
	}
	r.leg = nil
	switch status {
	case 486, 600:
		c.tryNext(ctx, r, "busy")
	case 603:
		c.unring(r)
		c.fail(ctx, r, "declined")
	case 487: // we gave up
		c.unring(r)
	default:
		c.tryNext(ctx, r, "unreachable")
	}
}

// dropRing gives up whoever is rung: CANCEL, or BYE if the answer crosses it.
func (c *Call) dropRing(ctx context.Context, r *ring, cause string) {
	if c.unring(r) && r.leg != nil {
		r.leg.bye(`SIP;cause=200;text="Call completed elsewhere"`)
		c.v.legEnded(ctx, r.leg, cause)
	}
}

func (c *Call) dropRings(ctx context.Context, cause string) {
	for _, r := range slices.Clone(c.rings) {
		c.dropRing(ctx, r, cause)
	}
}

// ringGone is an agent who hung up again before the floor had spoken.
func (c *Call) ringGone(ctx context.Context, r *ring) {
	if r.asking { // it may say yes yet
		r.gone, r.leg = true, nil
		return
	}
	c.unring(r)
	c.fail(ctx, r, "declined")
}
