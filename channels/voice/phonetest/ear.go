// Package phonetest is a telephone for tests: it calls and is called, plays a tone and
// hears which tones come back. It speaks SIP with messages of its own making, not with
// the room's dialogs, so that a mistake there doesn't cancel itself out here; whoever
// needs an outside opinion uses sipp and baresip beside it.
package phonetest

import (
	"math"
	"sync"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// Ear remembers the newest sound and says which tones it holds.
type Ear struct {
	mu  sync.Mutex // guards pcm
	pcm []int16
}

// earSpan is how much is listened to: 200 ms tell tones 5 Hz apart.
const earSpan = g711.Rate / 5

func (e *Ear) hear(law g711.Law, payload []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, b := range payload {
		e.pcm = append(e.pcm, law.Decode(b))
	}
	if n := len(e.pcm) - 4*earSpan; n > 4*earSpan {
		e.pcm = append(e.pcm[:0], e.pcm[n:]...)
	}
}

// Hears says whether the newest 200 ms are mostly a tone of that frequency.
func (e *Ear) Hears(hz int) bool { return e.Part(hz) > 0.7 }

// Part is how much of the newest 200 ms is a tone of that frequency, from 0 to 1.
func (e *Ear) Part(hz int) float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.pcm) < earSpan {
		return 0
	}
	return Share(e.pcm[len(e.pcm)-earSpan:], hz)
}

// Share is how much of the sound's power is a tone of that frequency, from 0 to 1, by
// Goertzel's method. Near silence holds no tone.
func Share(pcm []int16, hz int) float64 {
	total := power(pcm)
	if total < 100*100 {
		return 0
	}
	coeff := 2 * math.Cos(2*math.Pi*float64(hz)/g711.Rate)
	var s1, s2 float64
	for _, v := range pcm {
		s1, s2 = float64(v)+coeff*s1-s2, s1
	}
	n := float64(len(pcm))
	return 2 * (s1*s1 + s2*s2 - coeff*s1*s2) / (n * n) / total
}

func power(pcm []int16) float64 {
	var sum float64
	for _, v := range pcm {
		sum += float64(v) * float64(v)
	}
	return sum / float64(max(len(pcm), 1))
}
