package voice

import (
	"context"
	"slices"

	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// bridge lets customer and agent talk.
func (c *Call) bridge() {
	c.heard = hearing{}
	c.arrange()
	crash.At("call.bridged")
	c.v.log.Info("call bridged", "call", c.row.ID, "interaction", c.row.Interaction, "agent", c.row.Agent)
}

// music begins, or begins anew, with what is played to those who wait.
func (c *Call) music() {
	c.post(func(context.Context) {
		if c.row.State == waiting || c.onHold {
			c.customer.stream.Play(c.v.sounds.music(), true, nil)
		}
	})
}

// arrange lets those hear each other who are to. What is so already stays untouched.
func (c *Call) arrange() {
	if c.agent == nil || c.customer == nil {
		return
	}
	want := c.wanted()
	if c.heard.same(want) {
		return
	}
	c.heard = want
	for _, l := range c.legs() {
		if l.stream != nil && l.up {
			l.stream.Part()
		}
	}
	music, line2 := want.music, want.line2
	switch {
	case want.mixed != nil:
		media.Join(want.mixed...)
	case !music:
		media.Bridge(c.customer.stream, c.agent.stream)
	case line2 != nil:
		media.Bridge(c.agent.stream, line2.stream)
	case c.phase == gateway.PhaseConsult:
		c.agent.stream.Play(c.v.sounds.ringing, true, nil)
	default:
		c.agent.stream.Play(c.v.sounds.silence, true, nil)
	}
	if want.aside != nil {
		want.aside.stream.Play(c.v.sounds.music(), true, nil)
	}
	if music {
		c.customer.stream.Play(c.v.sounds.music(), true, nil)
	}
}

// hearing is who hears whom: customer and agent each other, unless one of the others is set.
type hearing struct {
	agent *Leg
	music bool            // for the customer
	line2 *Leg            // whom the agent hears meanwhile
	aside *Leg            // line 2 while it hears music
	mixed []*media.Stream // everybody
}

func (h hearing) same(o hearing) bool {
	return h.agent == o.agent && h.music == o.music && h.line2 == o.line2 && h.aside == o.aside && slices.Equal(h.mixed, o.mixed)
}

// wanted is who should hear whom, from what the floor says and from who is there.
func (c *Call) wanted() hearing {
	w, on := hearing{agent: c.agent}, c.partners()
	switch {
	case c.phase == gateway.PhaseConference && len(on) > 0:
		w.mixed = []*media.Stream{c.customer.stream, c.agent.stream}
		for _, l := range on {
			w.mixed = append(w.mixed, l.stream)
		}
	case c.phase == gateway.PhaseConsult && c.swapped && len(on) > 0:
		w.aside = on[len(on)-1]
	case c.phase == gateway.PhaseConsult:
		w.music = true
		if n := len(on); n > 0 {
			w.line2 = on[n-1]
		}
	default:
		w.music = c.onHold
	}
	return w
}

// partners are those on the call beside customer and agent.
func (c *Call) partners() []*Leg {
	all := slices.Clone(c.others)
	if c.outside != nil && c.outside.up {
		all = append(all, c.outside)
	}
	return all
}

// hearers are those who hear a leg now.
func (c *Call) hearers(l *Leg) (all []*Leg) {
	switch h := c.heard; {
	case c.row.State == outside:
		all = []*Leg{c.customer, c.outside}
	case c.row.State != talking || c.agent == nil:
		return nil
	case h.mixed != nil:
		all = append([]*Leg{c.customer, c.agent}, c.partners()...)
	case !h.music:
		all = []*Leg{c.customer, c.agent}
	case h.line2 != nil:
		all = []*Leg{c.agent, h.line2}
	}
	if !slices.Contains(all, l) {
		return nil
	}
	return slices.DeleteFunc(all, func(o *Leg) bool { return o == l })
}

// rearrange writes that the customer hears music, or no longer, after it is so.
func (c *Call) rearrange(ctx context.Context) {
	was := c.heard.music
	c.arrange()
	if c.heard.music == was {
		return
	}
	if err := c.turn(ctx, talking, nil); err != nil {
		c.v.log.Warn("write who hears music", "call", c.row.ID, "err", err)
	}
}
