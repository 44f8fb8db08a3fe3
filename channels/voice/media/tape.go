package media

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
)

const (
	tapeFlush = 200 * time.Millisecond // at most this much is lost with the process
	tapeGap   = 10 * g711.Rate         // a longer jump of the timestamp is a new source, not silence
	loudness  = 300.0                  // RMS from which a frame counts as voice, −41 dBov
)

// Tape records what one far end says into a WAV file that is whole at every moment. What
// the disk refuses is kept in memory and written once it can be.
type Tape struct {
	s    *Stream
	most int // samples; the rest is not recorded, so this bounds the memory as well

	file sync.Mutex // guards w and ill, for the time of a write
	w    *wav.Writer
	ill  bool // the last write failed

	mu    sync.Mutex // guards what follows
	buf   []int16    // not in the file yet
	total int        // samples, those in buf included
	kept  int        // samples in the file
	ended bool
	ssrc  uint32
	next  uint32 // timestamp expected
	begun bool
	voice int // samples of voice
	quiet int // samples since the last voice
	heard int64
}

// TapeState is how a recording goes.
type TapeState struct {
	Duration time.Duration
	Written  time.Duration // of it, in the file: this survives the process
	Voice    time.Duration // of it, voice
	Quiet    time.Duration // since the last voice, or since the start
	Silent   time.Duration // since the last packet: the far end may be gone
}

// Record begins a file at the path, of at most so much sound.
func (s *Stream) Record(path string, most time.Duration) (*Tape, error) {
	w, err := wav.Create(path, g711.Rate, 1)
	if err != nil {
		return nil, err
	}
	t := &Tape{s: s, w: w, most: int(most * g711.Rate / time.Second), heard: s.plane.now()}
	s.plane.tapes.add(t)
	s.tape.Store(t)
	return t, nil
}

// State is how the recording goes.
func (t *Tape) State() TapeState {
	t.mu.Lock()
	defer t.mu.Unlock()
	return TapeState{
		Duration: samples(t.total), Written: samples(t.kept), Voice: samples(t.voice), Quiet: samples(t.quiet),
		Silent: samples(int(t.s.plane.now() - t.heard)),
	}
}

// samples is how long so many are, at 8 kHz.
func samples(n int) time.Duration { return time.Duration(n) * time.Second / g711.Rate }

// Close ends the recording and makes the file whole and durable. If the disk refuses what
// is left to be written, nothing is lost yet: Close may be called again, and once it has
// succeeded does nothing.
func (t *Tape) Close() error {
	t.s.tape.CompareAndSwap(t, nil)
	t.s.plane.tapes.remove(t)
	t.stop()
	if err := t.flush(); err != nil {
		return err
	}
	t.file.Lock()
	defer t.file.Unlock()
	return t.w.Close()
}

// stop keeps later packets out, so that what is flushed then is all.
func (t *Tape) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
}

// take appends a packet where its timestamp says; what was lost becomes silence, and
// what comes late, or after the end, is dropped. The far end names its timestamps, so
// silence costs it nothing: it counts as much as sound.
func (t *Tape) take(law g711.Law, pkt rtp.Packet) {
	payload, ts := pkt.Payload(), pkt.Timestamp()
	t.mu.Lock()
	defer t.mu.Unlock()
	room := t.most - t.total
	if t.ended || room <= 0 {
		return
	}
	gap := int32(ts - t.next)
	if !t.begun || pkt.SSRC() != t.ssrc || gap > tapeGap || gap < -tapeGap {
		t.begun, t.ssrc, gap = true, pkt.SSRC(), 0
	}
	if gap < 0 {
		return
	}
	t.next = ts + uint32(len(payload))
	t.heard = t.s.plane.now()
	silence := min(int(gap), room)
	payload = payload[:min(len(payload), room-silence)]
	old := len(t.buf)
	t.buf = append(t.buf, make([]int16, silence+len(payload))...)
	frame := t.buf[old+silence:]
	law.DecodeTo(frame, payload)
	t.total += silence + len(frame)
	if loud(frame) {
		t.voice, t.quiet = t.voice+len(frame), 0
	} else {
		t.quiet += silence + len(frame)
	}
}

// Voice is how much of the samples is voice, by the same measure as a Tape's state.
func Voice(pcm []int16) time.Duration {
	n := 0
	for frame := range slices.Chunk(pcm, g711.FrameSize) {
		if loud(frame) {
			n += len(frame)
		}
	}
	return samples(n)
}

// loud says whether a frame is voice, by its energy alone.
func loud(frame []int16) bool {
	var sum float64
	for _, s := range frame {
		sum += float64(s) * float64(s)
	}
	return len(frame) > 0 && math.Sqrt(sum/float64(len(frame))) >= loudness
}

// flush writes what is not in the file yet. Nobody but flush takes from buf's beginning.
func (t *Tape) flush() error {
	t.file.Lock()
	defer t.file.Unlock()
	t.mu.Lock()
	buf := t.buf
	t.mu.Unlock()
	if len(buf) == 0 {
		return nil
	}
	err := t.w.Write(buf)
	if was := t.ill; err != nil && !was {
		t.s.plane.log.Error("a recording can't be written; trying again", "err", err)
	}
	if t.ill = err != nil; t.ill {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept += len(buf)
	if t.buf = t.buf[len(buf):]; len(t.buf) == 0 {
		t.buf = nil
	}
	return nil
}
