// Package sdp offers and answers telephone sound: G.711 and telephone-event over RTP,
// after RFC 3264 and RFC 8866.
//
// Reading is tolerant of what old phones write and strict about what would hurt us:
// sizes are bounded, addresses must be literal, and nothing else than the first usable
// audio stream is accepted. Whatever else is offered is declined in its place, as
// RFC 3264 §6 wants.
package sdp

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// Direction is who sends, seen from whoever wrote it (RFC 8866 §6.7).
type Direction uint8

// The directions; the bits are send and receive.
const (
	Inactive Direction = 0
	SendOnly Direction = 1
	RecvOnly Direction = 2
	SendRecv Direction = 3
)

// receives says whether the writer listens.
func (d Direction) receives() bool { return d&RecvOnly != 0 }

// reversed is the same stream seen from the other end.
func (d Direction) reversed() Direction { return d>>1 | d&1<<1 }

// String is the attribute's name.
func (d Direction) String() string {
	return [...]string{"inactive", "sendonly", "recvonly", "sendrecv"}[d&3]
}

// Audio is one end of a telephone's sound.
type Audio struct {
	Addr      netip.AddrPort // where it wants to receive
	Laws      []g711.Law     // G.711 laws, the preferred one first
	Event     uint8          // payload type of telephone-event; 0 means none
	Direction Direction
}

// Errors of reading and answering; SIP turns both into 488.
var (
	ErrMalformed  = errors.New("malformed session description")
	ErrNothingFit = errors.New("no G.711 audio over RTP in the session description")
)

// Description is one session description, offered or answered.
type Description struct {
	ID, Version uint64
	Audio       Audio
	media       []media // every m= line in its place, for the answer
	audio       int     // which of them is Audio
}

type media struct {
	kind, proto, formats string
}

// EventType is the payload type that we offer for telephone-event.
const EventType = 101

// Offer describes our own end with both laws, the given one first.
func Offer(id uint64, addr netip.AddrPort, first g711.Law, d Direction) Description {
	return Description{
		ID: id, Version: 1,
		Audio: Audio{Addr: addr, Laws: []g711.Law{first, first ^ g711.A}, Event: EventType, Direction: d},
		media: []media{{kind: "audio", proto: "RTP/AVP"}},
	}
}

// Answer agrees to an offer with our own end: the offerer's first law, its event type,
// and the direction that RFC 3264 §6.1 allows for what we want.
func (d Description) Answer(id uint64, addr netip.AddrPort, want Direction) Description {
	a := d
	a.ID, a.Version = id, 1
	a.Audio = Audio{Addr: addr, Laws: d.Audio.Laws[:1], Event: d.Audio.Event, Direction: Respond(d.Audio.Direction, want)}
	return a
}

// Respond is the table of RFC 3264 §6.1: sendonly is answered recvonly or inactive,
// recvonly by sendonly or inactive, inactive by inactive, sendrecv by anything.
func Respond(offered, want Direction) Direction { return offered.reversed() & want }

// Next is the description after something changed: same session, next version
// (RFC 3264 §8).
func (d Description) Next(dir Direction) Description {
	d.Version++
	d.Audio.Direction = dir
	return d
}

// Held says whether the writer put us on hold: it doesn't listen, by direction or by
// the old way of address 0.0.0.0 (RFC 3264 §8.4).
func (a Audio) Held() bool { return !a.Direction.receives() || a.Addr.Addr().IsUnspecified() }

// Common is the law for sound towards the far end: its first that we also named.
func Common(far, near Audio) (g711.Law, bool) {
	for _, l := range far.Laws {
		if slices.Contains(near.Laws, l) {
			return l, true
		}
	}
	return 0, false
}

func (m media) isAudio() bool {
	return m.kind == "audio" && (m.proto == "RTP/AVP" || m.proto == "RTP/AVPF")
}

func clean(s string) bool { return !strings.ContainsAny(s, "\x00\r\n") }
