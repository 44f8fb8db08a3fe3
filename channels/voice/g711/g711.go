// Package g711 turns telephone speech into numbers and back: ITU-T G.711 A-law and
// µ-law by table, one byte a sample, 8,000 samples a second.
//
// It promises to allocate nothing and to be total: every byte and every sample has
// an answer. Converting A-law to µ-law goes through the linear value and is within
// one quantising step.
package g711

// Rate is G.711's samples a second.
const Rate = 8000

// FrameSize is 20 ms of G.711, in bytes and in samples.
const FrameSize = 160

// Law is one of the two companding laws.
type Law uint8

// The laws, with RFC 3551's static RTP payload types as their values.
const (
	Mu Law = 0
	A  Law = 8
)

// Silence is the byte whose linear value is nearest to zero.
func (l Law) Silence() byte {
	if l == Mu {
		return 0xFF
	}
	return 0xD5
}

// Decode is the linear value of one byte.
func (l Law) Decode(b byte) int16 {
	if l == Mu {
		return fromMu[b]
	}
	return fromA[b]
}

// Encode is the byte that stands for a linear value.
func (l Law) Encode(s int16) byte {
	i := uint16(s) >> 2 & 0x3FFF
	if l == Mu {
		return toMu[i]
	}
	return toA[i]
}

// DecodeTo writes the linear values of src into dst, which must be as long.
func (l Law) DecodeTo(dst []int16, src []byte) {
	table := &fromA
	if l == Mu {
		table = &fromMu
	}
	for i, b := range src {
		dst[i] = table[b]
	}
}

// EncodeTo writes src as bytes into dst, which must be as long.
func (l Law) EncodeTo(dst []byte, src []int16) {
	for i, s := range src {
		dst[i] = l.Encode(s)
	}
}

// Recode turns bytes of the law into bytes of the other one, in place.
func (l Law) Recode(b []byte) {
	table := &aToMu
	if l == Mu {
		table = &muToA
	}
	for i, v := range b {
		b[i] = table[v]
	}
}

var (
	fromA, fromMu [256]int16
	toA, toMu     [1 << 14]byte // by the upper 14 bits of the sample
	aToMu, muToA  [256]byte
)

func init() {
	for i := range 256 {
		fromA[i] = expandA(byte(i))
		fromMu[i] = expandMu(byte(i))
	}
	for i := range toA {
		s := int16(uint16(i) << 2)
		toA[i] = compressA(s)
		toMu[i] = compressMu(s)
	}
	for i := range 256 {
		aToMu[i] = Mu.Encode(fromA[i])
		muToA[i] = A.Encode(fromMu[i])
	}
}

// expandA follows G.711 table 1: even bits inverted, 3 bits of segment, 4 of step.
func expandA(b byte) int16 {
	b ^= 0x55
	v := int16(b&0x0F)<<4 + 8
	if seg := b >> 4 & 7; seg > 0 {
		v = (v + 0x100) << (seg - 1)
	}
	if b&0x80 == 0 {
		return -v
	}
	return v
}

func compressA(s int16) byte {
	v, sign := int(s)>>3, byte(0xD5)
	if v < 0 {
		v, sign = -v-1, 0x55
	}
	seg := byte(0)
	for top := v >> 5; top > 0 && seg < 7; top >>= 1 {
		seg++
	}
	step := v >> 1
	if seg > 1 {
		step = v >> seg
	}
	return (seg<<4 | byte(step&0x0F)) ^ sign
}

// expandMu follows G.711 table 2: all bits inverted, bias 33 on the 14-bit scale.
func expandMu(b byte) int16 {
	b = ^b
	v := (int16(b&0x0F)<<3+0x84)<<(b>>4&7) - 0x84
	if b&0x80 != 0 {
		return -v
	}
	return v
}

func compressMu(s int16) byte {
	const clip = 32635
	v, sign := int(s), byte(0)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, clip) + 0x84
	seg := byte(0)
	for top := v >> 8; top > 0 && seg < 7; top >>= 1 {
		seg++
	}
	return ^(sign | seg<<4 | byte(v>>(seg+3)&0x0F))
}
