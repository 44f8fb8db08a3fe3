package voice

import (
	"context"
	"net/netip"
	"sync"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/dtmf"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
	"github.com/vaxelhq/vaxel/gateway"
)

// Leg is one telephone: its dialog and its sound. It tells its call what happens; its
// exported methods are the dialog's, which calls them from goroutines of its own, hence mu.
type Leg struct {
	call    *Call
	role    string // customer or agent
	agent   gateway.AgentID
	offerNo int
	address string
	id      int64               // row
	trunk   bool                // reached through the dial plan
	failure gateway.CallFailure // why it was not answered, if it is somebody's outside

	incoming *dialog.Incoming // one of the two
	dialog   *dialog.Dialog
	stream   *media.Stream
	tried    bool // the telephone has said something; the call's goroutine
	up       bool // answered and not ended; the call's goroutine
	there    bool // a caller who has confirmed our answer; the call's goroutine

	mu   sync.Mutex      // guards what follows
	near sdp.Description // what we have said last; a new version for each change (RFC 3264 §8)
	held bool            // the far end put us on hold
}

// listen opens the leg's stream. offer is the far end's, if we have it.
func (l *Leg) listen(ctx context.Context, signalling netip.Addr, offer []byte) error {
	peer := media.Peer{Signalling: signalling, NAT: !near(signalling) && !l.trunk}
	if d, err := sdp.Parse(offer); err == nil {
		peer.Far = d.Audio.Addr
		peer.NAT = near(peer.Far.Addr()) != near(signalling) // a private address inside a public message
	}
	s, err := l.call.v.plane.Stream(ctx, peer)
	if err != nil {
		return err
	}
	l.stream = s
	s.OnKey(l.key)
	return nil
}

// near says whether no address translation can be expected on the way.
func near(a netip.Addr) bool { return a.IsPrivate() || a.IsLoopback() }

func (l *Leg) key(key byte) { l.call.post(func(ctx context.Context) { l.call.keyed(ctx, l, key) }) }

// answer takes an offer, or makes ours if there was none, and gives our description.
func (l *Leg) answer(offer []byte) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if offer == nil {
		l.near = sdp.Offer(uint64(l.call.row.ID), l.stream.Local(), g711.A, sdp.SendRecv)
		return l.near.Bytes(), nil
	}
	d, err := sdp.Parse(offer)
	if err != nil {
		return nil, err
	}
	l.near = d.Answer(uint64(l.call.row.ID), l.stream.Local(), sdp.SendRecv)
	l.farLocked(d)
	return l.near.Bytes(), nil
}

// answered takes the far end's answer to our offer.
func (l *Leg) answered(body []byte) error {
	d, err := sdp.Parse(body)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := sdp.Common(d.Audio, l.near.Audio); !ok {
		return sdp.ErrNothingFit
	}
	l.farLocked(d)
	return nil
}

// farLocked sends sound where a description says, in the first coding that both have.
func (l *Leg) farLocked(d sdp.Description) {
	law, _ := sdp.Common(d.Audio, l.near.Audio)
	l.held = d.Audio.Held()
	l.stream.SetFar(d.Audio, law)
}

// Tell implements dialog.Owner.
func (l *Leg) Tell(e dialog.Event) {
	l.call.post(func(ctx context.Context) { l.call.told(ctx, l, e) })
}

// Reoffer implements dialog.Owner: it answers by RFC 3264's table and lets the call know
// of a hold.
func (l *Leg) Reoffer(offer []byte) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if offer == nil {
		l.near = l.near.Next(sdp.SendRecv)
		return l.near.Bytes(), true
	}
	d, err := sdp.Parse(offer)
	if err != nil {
		return nil, false
	}
	near := d.Answer(l.near.ID, l.stream.Local(), sdp.SendRecv)
	near.Version = l.near.Version + 1
	was := l.held
	l.near = near
	l.farLocked(d)
	if held := l.held; held != was {
		l.call.post(func(ctx context.Context) { l.call.phoneHeld(ctx, l, held) })
	}
	return l.near.Bytes(), true
}

// onHold says whether the far end has put us on hold.
func (l *Leg) onHold() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held
}

// press passes a key on, as RFC 4733 if that was agreed to and as INFO otherwise.
func (l *Leg) press(key byte) {
	if !l.stream.Press(key, keyTime) {
		l.sip().SendInfo("application/dtmf-relay", dtmf.Info(key, keyTime))
	}
}

const keyTime = 160 * ms

// sip is the leg's dialog, whoever began it; nil before there is one.
func (l *Leg) sip() *dialog.Dialog {
	if l.incoming != nil {
		return l.incoming.Dialog
	}
	return l.dialog
}

// bye ends the leg in whatever state it is. The dialog tells no more of it.
func (l *Leg) bye(reason string) {
	if d := l.sip(); d != nil {
		d.Bye(reason)
	}
	if l.stream != nil {
		l.stream.Close()
	}
	l.up = false
}
