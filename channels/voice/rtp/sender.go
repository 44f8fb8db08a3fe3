package rtp

// Sender numbers everything that one leg hears, so that music, prompts, a bridge and
// music again are one stream to the far end: one SSRC, no jump backwards. Its owner
// guards it.
type Sender struct {
	SSRC uint32

	started bool
	seq     uint16 // of the newest packet sent
	ts      uint32 // of the newest packet sent
	last    int64  // when that was, in samples of the local clock

	source uint32 // the SSRC being relayed; its packets keep their distances
	bound  bool
	dSeq   uint16
	dTS    uint32
}

// NewSender begins a stream at random numbers (RFC 3550 §5.1), given by the caller.
func NewSender(ssrc uint32, seq uint16, ts uint32) Sender {
	return Sender{SSRC: ssrc, seq: seq, ts: ts}
}

// Next numbers a packet of our own. now is the local clock in samples; the
// timestamp advances by what has passed since the last packet.
func (s *Sender) Next(pt uint8, now int64) Header {
	first := !s.started || s.bound
	s.bound = false
	s.step(now)
	return Header{PayloadType: pt, Marker: first, Seq: s.seq, Timestamp: s.ts, SSRC: s.SSRC}
}

// Relay numbers a packet from another leg. Gaps and disorder of the source are
// passed on as they are, so that the far end's jitter buffer sees the truth.
func (s *Sender) Relay(in Header, now int64) Header {
	if !s.bound || in.SSRC != s.source || far(in.Seq+s.dSeq-s.seq) {
		s.step(now)
		s.source, s.bound = in.SSRC, true
		s.dSeq, s.dTS = s.seq-in.Seq, s.ts-in.Timestamp
		in.Marker = true
	}
	out := Header{PayloadType: in.PayloadType, Marker: in.Marker, Seq: in.Seq + s.dSeq, Timestamp: in.Timestamp + s.dTS, SSRC: s.SSRC}
	if int16(out.Seq-s.seq) > 0 {
		s.seq, s.last = out.Seq, now
		if int32(out.Timestamp-s.ts) > 0 {
			s.ts = out.Timestamp
		}
	}
	return out
}

// step moves to the next packet by the local clock, at least one frame further.
func (s *Sender) step(now int64) {
	s.seq++
	if s.started {
		s.ts += uint32(max(now-s.last, 1))
	}
	s.started, s.last = true, now
}

// far is a jump that no network makes: the source began again without a new SSRC.
func far(d uint16) bool { return d > 3000 && d < 1<<16-3000 }
