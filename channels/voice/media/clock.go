package media

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dtmf"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
)

const phases = 20 // of 1 ms: a frame's length

// clock sends a frame to everybody who is played to, every 20 ms. Streams are spread
// over the phases, so that no millisecond has more than its share. It sleeps while
// nobody listens.
type clock struct {
	plane *Plane
	wake  chan struct{}

	mu      sync.Mutex // guards what follows
	slots   [phases][]*Stream
	players int
	turn    int
}

func newClock(p *Plane) *clock { return &clock{plane: p, wake: make(chan struct{}, 1)} }

// join puts a stream into the emptiest of the next phases and says which.
func (c *clock) join(s *Stream) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turn = (c.turn + 7) % phases // 7 and 20 have no common divisor: every phase comes
	c.slots[c.turn] = append(c.slots[c.turn], s)
	if c.players++; c.players == 1 {
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	return c.turn
}

// leave takes a stream out of its phase. It may be sent one frame more, if the phase is
// just being sent; the stream looks for itself (frame).
func (c *clock) leave(s *Stream, slot int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.slots[slot], s); i >= 0 {
		c.slots[slot] = slices.Delete(c.slots[slot], i, i+1)
		c.players--
	}
}

// run counts milliseconds while there are players. Time is added up and not measured anew
// each time, so that a late wake-up is made good and frames keep their distance of 20 ms:
// a far end plays them from a buffer of a few.
func (c *clock) run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var frames deck
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
		for at, ms := time.Now(), 0; c.busy(); ms++ {
			at = at.Add(time.Millisecond)
			due := c.at(ms%phases, frames.due[:0])
			if len(due) == 0 {
				continue
			}
			if late := -time.Until(at); late > time.Second {
				at = at.Add(late) // the machine slept; what it missed is past
			} else if late < 0 {
				timer.Reset(-late)
				select {
				case <-timer.C:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			frames.send(due)
		}
	}
}

func (c *clock) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.players > 0
}

// at copies a phase's streams, so that they may come and go while it is sent.
func (c *clock) at(slot int, due []*Stream) []*Stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(due, c.slots[slot]...)
}

// deck is the room for frames on their way out.
type deck struct {
	due   []*Stream
	slab  []byte
	out   outbox
	ended []func()
}

// send makes a frame for each of the streams in memory of its own and sends all of them
// with as few system calls as there are ports. What has ended is told afterwards, outside
// all locks: a callback may start the next clip.
func (d *deck) send(due []*Stream) {
	const room = rtp.HeaderSize + g711.FrameSize
	d.due = due
	if need := room * len(due); len(d.slab) < need {
		d.slab = make([]byte, 2*need)
	}
	for i, s := range due {
		n, end := s.frame(d.slab[i*room:(i+1)*room], &d.out)
		if n && end != nil {
			d.ended = append(d.ended, end)
		}
	}
	d.out.flush()
	for _, f := range d.ended {
		f()
	}
	clear(d.ended)
	clear(d.due)
	d.ended = d.ended[:0]
}

// playing is where a stream is in a clip.
type playing struct {
	clip *Clip
	pos  int
	loop bool
	done func()
}

// Play plays a clip in place of whatever the far end hears. A looped clip goes on
// until Stop or another Play; done, if not nil, is called once a clip has been heard to
// its end, and not if something else replaced it.
func (s *Stream) Play(c *Clip, loop bool, done func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.play = playing{clip: c, loop: loop, done: done}
	s.tickLocked()
}

// Stop ends what is being played.
func (s *Stream) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.play = playing{}
	s.tickLocked()
}

// Press sends a key to the far end (RFC 4733), held for d, and says whether that agreed to
// telephone events. Keys queue up; while one is sent, nothing else is.
func (s *Stream) Press(key byte, d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.event == 0 {
		return false
	}
	s.press = append(s.press, dtmf.Press(key, d)...)
	s.tickLocked()
	return true
}

// tickLocked is in the clock exactly while there is something to send. The clock's lock
// is taken inside the stream's, never the other way round.
func (s *Stream) tickLocked() {
	busy := s.play.clip != nil || len(s.press) > 0 || s.conference.Load() != nil
	switch {
	case busy && s.slot == 0:
		s.slot = s.plane.clock.join(s) + 1
	case !busy && s.slot > 0:
		s.plane.clock.leave(s, s.slot-1)
		s.slot = 0
	}
}

// frame makes the next packet of a stream in b and says whether there was one; end is
// to be called if the clip is over.
func (s *Stream) frame(b []byte, out *outbox) (sent bool, end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.plane.now()
	if len(s.press) > 0 {
		b = s.keyLocked(b, now)
	} else if s.play.clip != nil {
		b = s.clipLocked(b, now)
		if s.play.pos >= s.play.clip.Len() {
			if s.play.loop {
				s.play.pos = 0
			} else {
				end, s.play = s.play.done, playing{}
			}
		}
	} else if c := s.conference.Load(); c != nil {
		c.mix(s, s.law, b[rtp.HeaderSize:])
		s.sender.Next(uint8(s.law), now).Put(b)
	} else {
		return false, nil
	}
	s.tickLocked()
	if s.dest != nil && !s.deaf {
		s.sent.Add(1)
		out.add(s.port, b, s.dest)
	}
	return true, end
}

// clipLocked puts the clip's next frame behind a header; the sound itself was coded once,
// for everybody.
func (s *Stream) clipLocked(b []byte, now int64) []byte {
	n := copy(b[rtp.HeaderSize:], s.play.clip.in(s.law)[s.play.pos:])
	s.play.pos += n
	s.sender.Next(uint8(s.law), now).Put(b)
	return b[:rtp.HeaderSize+n]
}

// keyLocked sends the next packet of a key: all of one key share a timestamp.
func (s *Stream) keyLocked(b []byte, now int64) []byte {
	e := s.press[0]
	s.press = s.press[1:]
	h := s.sender.Next(s.event, now)
	if e.Marker {
		s.pressT = h.Timestamp
	}
	h.Timestamp, h.Marker = s.pressT, e.Marker
	h.Put(b)
	n := copy(b[rtp.HeaderSize:], e.Payload[:])
	return b[:rtp.HeaderSize+n]
}
