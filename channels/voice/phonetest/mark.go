package phonetest

import (
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// A mark says in a frame who spoke it, as which one and when. It must come through a
// conference, which adds sounds up and codes the sum: so it is µ-law, whose silence is
// exactly zero, and whoever may be in one conference speaks in a place of their own, where
// the others are silent. The bytes of a mark are of those that decoding and coding gives
// back, which leaves seven bits of each.
type mark struct {
	seat, n uint32
	at      time.Duration // since the fleet began, in whole microseconds
}

// The places in a frame of those who may hear each other.
const (
	ofCustomer = iota
	ofAgent
	ofColleague
	places
)

const (
	markSize  = g711.FrameSize / places
	markMagic = 0x2A55 // tells marks from music and tones
)

// sizes of a mark's numbers in bytes: magic, seat, n, at, and their sum.
var markFields = [...]int{2, 3, 4, 5, 1}

// put writes the mark into its place of a frame.
func (m mark) put(frame []byte, place int) {
	b := frame[place*markSize:]
	for i, v := range m.numbers() {
		for n := range markFields[i] {
			b[n] = 0x80 | byte(v>>(7*n))
		}
		b = b[markFields[i]:]
	}
}

// markIn reads what is in a place of a frame, if that is a mark.
func markIn(frame []byte, place int) (m mark, ok bool) {
	b := frame[place*markSize:]
	var got [len(markFields)]uint64
	for i, size := range markFields {
		for n := range size {
			got[i] |= uint64(b[n]&0x7F) << (7 * n)
		}
		if i == 0 && (got[0] != markMagic&0x3FFF || b[0] < 0x80) {
			return mark{}, false
		}
		b = b[size:]
	}
	m = mark{seat: uint32(got[1]), n: uint32(got[2]), at: time.Duration(got[3]) * time.Microsecond}
	return m, m.numbers()[4] == got[4]
}

func (m mark) numbers() (list [len(markFields)]uint64) {
	us := uint64(m.at / time.Microsecond)
	sum := uint64(m.seat)*3 + uint64(m.n)*5 + us*7
	return [...]uint64{markMagic & 0x3FFF, uint64(m.seat), uint64(m.n), us, (sum ^ sum>>7 ^ sum>>14) & 0x7F}
}
