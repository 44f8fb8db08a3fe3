package voice

import (
	"math"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/media"
)

// sounds are the clips that everybody shares.
type sounds struct {
	music   func() *media.Clip // waiting and hold
	ringing *media.Clip        // the called phone rings
	busy    *media.Clip
	gone    *media.Clip // three short tones: the call went elsewhere
	hold    *media.Clip // the agent has answered and the floor has not
	beep    *media.Clip // speak now
	silence *media.Clip // keeps the line open
	spoken  map[string]*media.Clip
}

const ms = time.Millisecond

// loadSounds makes the clips; dir has the operator's own sentences, or is empty.
func loadSounds(dir string) (*sounds, error) {
	words, err := spoken(dir)
	if err != nil {
		return nil, err
	}
	tone, pause := func(hz int, d time.Duration) media.Tone { return media.Tone{Hz: hz, D: d} }, func(d time.Duration) media.Tone { return media.Tone{D: d} }
	s := &sounds{
		music:   sync.OnceValue(music),
		ringing: media.Tones(tone(425, 1000*ms), pause(4000*ms)),
		busy:    media.Tones(tone(425, 260*ms), pause(240*ms)),
		gone:    media.Tones(tone(620, 140*ms), pause(100*ms), tone(620, 140*ms), pause(100*ms), tone(620, 140*ms), pause(100*ms)),
		hold:    media.Tones(tone(425, 80*ms), pause(1920*ms)),
		beep:    media.Tones(pause(200*ms), tone(1000, 400*ms)),
		silence: media.Tones(pause(20 * ms)),
		spoken:  words,
	}
	if own := words[musicFile]; own != nil {
		s.music = func() *media.Clip { return own }
	}
	return s, nil
}

// music is 24 s of slow broken chords, composed here: C, A minor, F, G, each note a
// sine with one overtone that fades like a struck bar.
func music() *media.Clip {
	const beat, notes = g711.Rate * 3 / 8, 64
	chords := [4][4]float64{{261.6, 329.6, 392.0, 523.3}, {220.0, 329.6, 440.0, 523.3}, {349.2, 440.0, 523.3, 698.5}, {392.0, 493.9, 587.3, 784.0}}
	order := [8]int{0, 2, 1, 3, 2, 1, 3, 2}
	pcm := make([]float64, beat*notes)
	for n := range notes {
		hz := chords[n/8%4][order[(n+n/32)%8]]
		for i := range beat * 4 { // each note rings into the next ones, round the loop
			t := float64(i) / g711.Rate
			v := math.Sin(2*math.Pi*hz*t) + 0.35*math.Sin(4*math.Pi*hz*t)*math.Exp(-6*t)
			pcm[(n*beat+i)%len(pcm)] += 2600 * math.Min(1, t*200) * math.Exp(-2.2*t) * v
		}
	}
	out := make([]int16, len(pcm))
	for i, v := range pcm {
		out[i] = int16(v)
	}
	return media.NewClip(out)
}
