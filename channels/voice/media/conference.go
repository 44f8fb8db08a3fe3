package media

import (
	"sync"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// conference lets each member hear the sum of the others. Its lock is taken inside a
// stream's, never around one.
type conference struct {
	mu      sync.Mutex // guards members
	members map[*Stream]*mouth
}

// What a member says is kept decoded, once; the clock takes a frame of it for each other
// member, 20 ms after the last. The far ends' clocks are not ours and not equal: an ear that
// falls behind skips to the newest (tooOld), one that has caught up waits until enough was
// said to last again (flows).

// mouth is what one member has said of late.
type mouth struct {
	said [mouthSize]int16 // a ring
	end  int              // samples said so far
	ears map[*Stream]*ear
}

// ear is how far another member has heard it.
type ear struct {
	at    int
	flows bool // enough was said to last until the next packet
}

const (
	mouthSize = 32 * g711.FrameSize // 640 ms
	delay     = 2 * g711.FrameSize  // so late a packet may come
	tooOld    = 6 * g711.FrameSize  // of more, only the newest is heard
)

// Join makes a conference. It ends what was played to its members, and their bridges. A
// conference is never changed but by leaving: whoever comes later makes a new one with
// those who are there.
func Join(members ...*Stream) {
	c := &conference{members: map[*Stream]*mouth{}}
	for _, s := range members {
		c.members[s] = &mouth{ears: map[*Stream]*ear{}}
	}
	for _, s := range members {
		s.Part()
		s.mu.Lock()
		if !s.closed {
			s.play = playing{}
			s.conference.Store(c)
			s.tickLocked()
		}
		s.mu.Unlock()
	}
}

// leave takes a stream out of its conference.
func (s *Stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.conference.Swap(nil)
	if c == nil {
		return
	}
	s.tickLocked()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.members, s)
	for _, m := range c.members {
		delete(m.ears, s)
	}
}

// take is a packet of a member.
func (c *conference) take(s *Stream, law g711.Law, payload []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.members[s]
	if m == nil {
		return
	}
	for _, b := range payload {
		m.said[m.end%mouthSize] = law.Decode(b)
		m.end++
	}
}

// mix codes the next frame for a member. What is louder than the coding can say is cut off
// at the loudest.
func (c *conference) mix(s *Stream, law g711.Law, frame []byte) {
	var sum [g711.FrameSize]int32
	c.mu.Lock()
	for other, m := range c.members {
		if other != s {
			m.tell(s, &sum)
		}
	}
	c.mu.Unlock()
	for i, v := range sum {
		frame[i] = law.Encode(int16(min(max(v, -1<<15), 1<<15-1)))
	}
}

// tell adds what a listener has not heard yet.
func (m *mouth) tell(to *Stream, sum *[g711.FrameSize]int32) {
	e := m.ears[to]
	if e == nil {
		e = &ear{at: m.end}
		m.ears[to] = e
	}
	if m.end-e.at > tooOld {
		e.at = m.end - delay
	}
	if e.flows = m.end-e.at >= g711.FrameSize && (e.flows || m.end-e.at >= delay); !e.flows {
		return
	}
	for i := range sum {
		sum[i] += int32(m.said[(e.at+i)%mouthSize])
	}
	e.at += g711.FrameSize
}
