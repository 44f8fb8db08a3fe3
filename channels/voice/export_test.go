package voice

import (
	"context"
	"net/netip"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/media"
)

// Spoken reads the sentences, with those of the operator's directory.
func Spoken(dir string) (map[string]*media.Clip, error) { return spoken(dir) }

// Woken says whether a call's timer goes off after the call's end. It is for a bubble of time.
func Woken() bool {
	c := newCall(nil, callRow{})
	c.after(time.Hour, func(context.Context) {})
	c.stay()
	c.after(time.Hour, func(context.Context) {})
	time.Sleep(2 * time.Hour)
	c.post(nil)
	first, _ := c.inbox.Take()
	return first != nil
}

// FindBy has addresses looked up by f from now on.
func (v *Voice) FindBy(f func(ctx context.Context, address string) (string, netip.AddrPort, error)) {
	v.find = f
}

// BreakSound closes the sockets under the sound.
func (v *Voice) BreakSound() error { return v.plane.Close() }
