package media

import (
	"math"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// Clip is sound ready to be sent, coded once for everybody who hears it, in whole frames.
type Clip struct {
	a, mu []byte
}

// NewClip codes samples at 8 kHz; the last frame is filled with silence.
func NewClip(samples []int16) *Clip {
	n := (len(samples) + g711.FrameSize - 1) / g711.FrameSize * g711.FrameSize
	full := make([]int16, n)
	copy(full, samples)
	c := &Clip{a: make([]byte, n), mu: make([]byte, n)}
	g711.A.EncodeTo(c.a, full)
	g711.Mu.EncodeTo(c.mu, full)
	return c
}

// NewClipA takes A-law as it is.
func NewClipA(alaw []byte) *Clip {
	pcm := make([]int16, len(alaw))
	g711.A.DecodeTo(pcm, alaw)
	return NewClip(pcm)
}

// Row is clips one after the other.
func Row(clips ...*Clip) *Clip {
	row := &Clip{}
	for _, c := range clips {
		row.a, row.mu = append(row.a, c.a...), append(row.mu, c.mu...)
	}
	return row
}

// Len is the clip's length in samples.
func (c *Clip) Len() int { return len(c.a) }

// Duration is the clip's length.
func (c *Clip) Duration() time.Duration { return time.Duration(c.Len()) * time.Second / g711.Rate }

// in is the sound in a law; A unless Mu is asked for.
func (c *Clip) in(l g711.Law) []byte {
	if l == g711.Mu {
		return c.mu
	}
	return c.a
}

// Tone is one part of a signal: a frequency (0 is silence) for a time.
type Tone struct {
	Hz int
	D  time.Duration
}

// Tones makes a clip of tones in turn, at −10 dBm0, each swelling and fading in 5 ms so
// that nothing clicks.
func Tones(parts ...Tone) *Clip {
	const level, ramp = 7000.0, 40
	var pcm []int16
	for _, p := range parts {
		n := int(p.D * g711.Rate / time.Second)
		for i := range n {
			edge := float64(min(i, n-1-i, ramp)) / ramp
			v := level * edge * math.Sin(2*math.Pi*float64(p.Hz)*float64(i)/g711.Rate)
			pcm = append(pcm, int16(v))
		}
	}
	return NewClip(pcm)
}
