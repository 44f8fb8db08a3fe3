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
	c.log().Info("call bridged", "agent", c.row.Agent)
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
	if c.alone {
		c.arrangeAlone()
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
	for _, l := range want.aside {
		l.stream.Play(c.v.sounds.music(), true, nil)
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
	aside []*Leg          // who hears music like the customer, or line 2 while it does
	mixed []*media.Stream // all who hear each other
}

func (h hearing) same(o hearing) bool {
	return h.agent == o.agent && h.music == o.music && h.line2 == o.line2 && slices.Equal(h.aside, o.aside) && slices.Equal(h.mixed, o.mixed)
}

// wanted is who should hear whom, from what the floor says and from who is there.
func (c *Call) wanted() hearing {
	w := hearing{agent: c.agent}
	first, second := c.lines()
	switch {
	case c.phase == gateway.PhaseConsult && c.swapped && second != nil:
		w.aside = []*Leg{second}
		w.mixed = c.mix(first)
	case c.phase == gateway.PhaseConsult:
		w.music, w.line2, w.aside = true, second, first
	case c.phase == gateway.PhaseConference:
		w.mixed = c.mix(first)
	default:
		w.music = c.onHold
	}
	return w
}

// mix is the sound of a conference; nil if nobody but the two is there.
func (c *Call) mix(on []*Leg) (all []*media.Stream) {
	if len(on) == 0 {
		return nil
	}
	all = []*media.Stream{c.customer.stream, c.agent.stream}
	for _, l := range on {
		all = append(all, l.stream)
	}
	return all
}

// lines are those who are on line 1 with customer and agent, and whom the agent has on
// line 2, nil while it rings there.
func (c *Call) lines() (first []*Leg, second *Leg) {
	first = slices.Clone(c.others)
	outside := c.outside != nil && c.outside.up
	switch n := len(first); {
	case c.phase != gateway.PhaseConsult:
	case c.line2 == gateway.Line2Outside:
		if outside {
			second = c.outside
		}
		return first, second
	case len(c.rings) == 0 && n > 0:
		first, second = first[:n-1], first[n-1]
	}
	if outside {
		first = append(first, c.outside)
	}
	return first, second
}

// hearers are those who hear a leg now.
func (c *Call) hearers(l *Leg) (all []*Leg) {
	switch h := c.heard; {
	case c.alone:
		all = append(c.company(), c.agent)
	case c.row.State == outside:
		all = []*Leg{c.customer, c.outside}
	case c.row.State != talking || c.agent == nil:
		return nil
	case h.mixed != nil:
		first, _ := c.lines()
		all = append([]*Leg{c.customer, c.agent}, first...)
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
