// Package rtp works on RTP packets where they lie, in the buffer that the socket
// filled: reading the header, renumbering it for another leg, and deciding whose
// packets a leg listens to.
//
// It promises to allocate nothing per packet and to read no byte outside the packet.
package rtp

import "encoding/binary"

// HeaderSize is the size of the fixed header (RFC 3550 §5.1), which is all we send.
const HeaderSize = 12

// Packet is one RTP packet. Only Valid may be called on bytes from outside; the
// other methods need its yes.
type Packet []byte

// Valid says whether the bytes are an RTP packet whose parts all lie inside it, and
// not RTCP on the same port (RFC 5761 §4).
func (p Packet) Valid() bool {
	if len(p) < HeaderSize || p[0]>>6 != 2 {
		return false
	}
	if pt := p.PayloadType(); pt >= 64 && pt <= 95 {
		return false
	}
	start, end := p.bounds()
	return start <= end
}

// PayloadType is what the payload is coded in.
func (p Packet) PayloadType() uint8 { return p[1] & 0x7F }

// Marker is set on the first packet after silence, and of a DTMF digit.
func (p Packet) Marker() bool { return p[1]&0x80 != 0 }

// Seq is the sequence number.
func (p Packet) Seq() uint16 { return binary.BigEndian.Uint16(p[2:]) }

// Timestamp is the time of the first sample, in samples.
func (p Packet) Timestamp() uint32 { return binary.BigEndian.Uint32(p[4:]) }

// SSRC names the source.
func (p Packet) SSRC() uint32 { return binary.BigEndian.Uint32(p[8:]) }

// Payload is the sound itself, without extension and padding.
func (p Packet) Payload() []byte {
	start, end := p.bounds()
	return p[start:end]
}

// bounds are where the payload starts and ends; start > end if the header lies.
func (p Packet) bounds() (start, end int) {
	start, end = HeaderSize+4*int(p[0]&0x0F), len(p)
	if p[0]&0x10 != 0 { // RFC 3550 §5.3.1: extension, its length in words after two bytes
		if len(p) < start+4 {
			return 1, 0
		}
		start += 4 + 4*int(binary.BigEndian.Uint16(p[start+2:]))
	}
	if p[0]&0x20 != 0 { // §5.1: the last byte counts the padding, itself included
		end -= int(p[len(p)-1])
		if p[len(p)-1] == 0 {
			return 1, 0
		}
	}
	return start, end
}

// Header is the fixed header, as it is written.
type Header struct {
	PayloadType uint8
	Marker      bool
	Seq         uint16
	Timestamp   uint32
	SSRC        uint32
}

// Put writes the header at the start of b, which has room for HeaderSize bytes. The
// other bits (padding, extension, sources) are cleared.
func (h Header) Put(b []byte) {
	b[0], b[1] = 0x80, h.PayloadType&0x7F
	if h.Marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], h.Seq)
	binary.BigEndian.PutUint32(b[4:], h.Timestamp)
	binary.BigEndian.PutUint32(b[8:], h.SSRC)
}

// Renumber overwrites what belongs to one leg in a packet for another, and leaves
// extension, padding and payload where they are.
func (p Packet) Renumber(h Header) {
	p[1] = h.PayloadType & 0x7F
	if h.Marker {
		p[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p[2:], h.Seq)
	binary.BigEndian.PutUint32(p[4:], h.Timestamp)
	binary.BigEndian.PutUint32(p[8:], h.SSRC)
}
