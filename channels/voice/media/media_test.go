package media_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/rtp"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddr("127.0.0.1")

func plane(t *testing.T) *media.Plane {
	t.Helper()
	p, err := media.Open(t.Context(), media.Config{Listen: loopback, Shared: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return p
}

// leg joins a phone's sound to a new stream.
func leg(t *testing.T, p *media.Plane, s *phonetest.Sound) *media.Stream {
	t.Helper()
	st, err := p.Stream(t.Context(), media.Peer{Signalling: loopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(st.Close)
	st.SetFar(sdp.Audio{Addr: s.Addr(), Laws: []g711.Law{s.Law()}, Event: sdp.EventType, Direction: sdp.SendRecv}, s.Law())
	s.SendTo(st.Local())
	return st
}

// One says 440 in A-law, the other 1000 in µ-law: each hears the other, and only the
// other; keys pass; nothing is lost and the stream to each is one stream throughout.
func TestBridge(t *testing.T) {
	p := plane(t)
	a, b := phonetest.NewSound(t, g711.A, 440), phonetest.NewSound(t, g711.Mu, 1000)
	sa, sb := leg(t, p, a), leg(t, p, b)
	music := media.Tones(media.Tone{Hz: 700, D: 400 * time.Millisecond})
	sa.Play(music, true, nil)
	phonetest.Wait(t, "a hears the music", func() bool { return a.Ear.Hears(700) })
	media.Bridge(sa, sb)
	phonetest.Wait(t, "a hears b", func() bool { return a.Ear.Hears(1000) })
	phonetest.Wait(t, "b hears a", func() bool { return b.Ear.Hears(440) })
	a.Press('5')
	phonetest.Wait(t, "b gets the key", func() bool { return b.Pressed() == "5" })
	sa.Part()
	sa.Play(music, true, nil)
	phonetest.Wait(t, "a hears the music again", func() bool { return a.Ear.Hears(700) })
	n := b.Received.Load()
	sa.Press('#', 80*time.Millisecond)
	phonetest.Wait(t, "a gets our key", func() bool { return a.Pressed() == "#" })
	if b.Received.Load() != n {
		t.Error("b is sent sound after the bridge ended")
	}
	if g := a.Gaps.Load() + b.Gaps.Load(); g != 0 {
		t.Errorf("%d gaps in the sequence numbers", g)
	}
	if j := a.Jumps.Load() + b.Jumps.Load(); j != 0 {
		t.Errorf("%d jumps of source or time", j)
	}
}

// A clip that is not looped tells when it has been heard; one that is replaced does not.
func TestPlayTellsItsEnd(t *testing.T) {
	p := plane(t)
	a := phonetest.NewSound(t, g711.A, 0)
	s := leg(t, p, a)
	var ends atomic.Int64
	clip := media.Tones(media.Tone{Hz: 900, D: 100 * time.Millisecond})
	s.Play(clip, false, func() { ends.Add(100) })
	s.Play(clip, false, func() { ends.Add(1) })
	phonetest.Wait(t, "the end is told", func() bool { return ends.Load() > 0 })
	phonetest.Wait(t, "five frames are heard", func() bool { return a.Received.Load() == 5 })
	if ends.Load() != 1 {
		t.Errorf("told %d, want 1", ends.Load())
	}
}

// What is said is in the file, with its silence where packets were missing.
func TestTape(t *testing.T) {
	p := plane(t)
	a := phonetest.NewSound(t, g711.Mu, 600)
	s := leg(t, p, a)
	path := filepath.Join(t.TempDir(), "a.wav")
	tape, err := s.Record(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	phonetest.Wait(t, "half a second of voice", func() bool { return tape.State().Voice >= 500*time.Millisecond })
	a.Say(-1)
	phonetest.Wait(t, "the line is dead", func() bool { return tape.State().Silent > 300*time.Millisecond })
	a.Say(0)
	phonetest.Wait(t, "silence", func() bool { return tape.State().Quiet > 500*time.Millisecond })
	st := tape.State()
	if err := tape.Close(); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	sound, err := wav.Read(bytes.NewReader(b))
	if err != nil || sound.Duration() < st.Duration || sound.Duration() > st.Duration+100*time.Millisecond {
		t.Fatalf("file of %v, want %v; %v", sound.Duration(), st.Duration, err)
	}
	if share := phonetest.Share(sound.Samples[:3200], 600); share < 0.9 {
		t.Errorf("the first 400 ms are the tone by %.2f", share)
	}
	if st.Voice > st.Duration-500*time.Millisecond {
		t.Errorf("voice %v of %v: the pause counts as voice", st.Voice, st.Duration)
	}
}

// A far end that jumps ahead with every packet, which costs it nothing, fills no more than
// the recording's length.
func TestTapeHasAnEnd(t *testing.T) {
	p := plane(t)
	far, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	s, err := p.Stream(t.Context(), media.Peer{Signalling: loopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.SetFar(sdp.Audio{Addr: far.LocalAddr().(*net.UDPAddr).AddrPort(), Laws: []g711.Law{g711.A}, Direction: sdp.SendRecv}, g711.A)
	const most = 15 * time.Second
	tape, err := s.Record(filepath.Join(t.TempDir(), "a.wav"), most)
	if err != nil {
		t.Fatal(err)
	}
	pkt := make([]byte, rtp.HeaderSize+g711.FrameSize)
	for n := range uint32(50) {
		rtp.Header{PayloadType: uint8(g711.A), Seq: uint16(n), Timestamp: n * 99 * g711.Rate / 10, SSRC: 7}.Put(pkt)
		if _, err := far.WriteTo(pkt, net.UDPAddrFromAddrPort(s.Local())); err != nil {
			t.Fatal(err)
		}
	}
	phonetest.Wait(t, "they are received", func() bool { return s.Stats().Received == 50 })
	if st := tape.State(); st.Duration != most {
		t.Errorf("got %v, want %v", st.Duration, most)
	}
	if err := tape.Close(); err != nil || tape.State().Written != most {
		t.Errorf("wrote %v, %v", tape.State().Written, err)
	}
}

// A stranger's packets are never heard: neither before the far end's first, from another
// address, nor after it, from the same one.
func TestStrangersAreNotHeard(t *testing.T) {
	p := plane(t)
	a, b, evil := phonetest.NewSound(t, g711.A, 440), phonetest.NewSound(t, g711.A, 1000), phonetest.NewSound(t, g711.A, 1700)
	sa, sb := leg(t, p, a), leg(t, p, b)
	media.Bridge(sa, sb)
	phonetest.Wait(t, "both hear", func() bool { return a.Ear.Hears(1000) && b.Ear.Hears(440) })
	before := sa.Stats().Received + sb.Stats().Received
	evil.SendTo(sa.Local())
	phonetest.Wait(t, "time passes", func() bool { return sa.Stats().Received+sb.Stats().Received > before+50 })
	if a.Ear.Hears(1700) || b.Ear.Hears(1700) || !b.Ear.Hears(440) {
		t.Error("the stranger is heard")
	}
	if evil.Received.Load() != 0 {
		t.Error("the stranger gets sound")
	}
}

// Rubbish on the port harms nobody, and a closed stream's last packets don't become
// the next call's.
func TestAfterglow(t *testing.T) {
	p := plane(t)
	old := phonetest.NewSound(t, g711.A, 440)
	s1 := leg(t, p, old)
	phonetest.Wait(t, "the first call is heard", func() bool { return s1.Stats().Received > 5 })
	s1.Close()
	fresh := phonetest.NewSound(t, g711.A, -1)
	s2 := leg(t, p, fresh)
	if s2.Local() != s1.Local() {
		t.Fatal("want the same shared port twice")
	}
	c, err := net.Dial("udp4", s2.Local().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, junk := range []string{"x", "REGISTER sip:a SIP/2.0\r\n\r\n", string(make([]byte, 1400))} {
		if _, err := c.Write([]byte(junk)); err != nil {
			t.Fatal(err)
		}
	}
	fresh.Say(900)
	phonetest.Wait(t, "the second call is heard", func() bool { return s2.Stats().Received > 5 })
	s2.Play(media.Tones(media.Tone{Hz: 700, D: time.Second}), true, nil)
	phonetest.Wait(t, "the answer goes to the second phone", func() bool { return fresh.Ear.Hears(700) })
	if old.Received.Load() != 0 {
		t.Error("the first phone hears the second call")
	}
}

// Behind address translation nobody sends from where they say: the first source is taken
// on a port of its own, at once, and on a shared one if only one call can be meant.
func TestAddressTranslation(t *testing.T) {
	p := plane(t)
	for _, nat := range []bool{true, false} {
		a := phonetest.NewSound(t, g711.A, 440)
		s, err := p.Stream(t.Context(), media.Peer{Signalling: loopback, NAT: nat})
		if err != nil {
			t.Fatal(err)
		}
		s.SetFar(sdp.Audio{Addr: netip.MustParseAddrPort("10.1.2.3:4000"), Laws: []g711.Law{g711.A}, Direction: sdp.SendRecv}, g711.A)
		a.SendTo(s.Local())
		s.Play(media.Tones(media.Tone{Hz: 700, D: time.Second}), true, nil)
		phonetest.Wait(t, "the phone hears us", func() bool { return a.Ear.Hears(700) })
		s.Close()
	}
}

// A phone that talks before its description has come must not become another call's.
func TestEarlyTalkerIsNobodyElse(t *testing.T) {
	p := plane(t)
	quiet, early := phonetest.NewSound(t, g711.A, -1), phonetest.NewSound(t, g711.A, 440)
	s1 := leg(t, p, quiet)
	s2, err := p.Stream(t.Context(), media.Peer{Signalling: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer s2.Close()
	early.SendTo(s2.Local())
	sent := early.Sent()
	phonetest.Wait(t, "it talks for long", func() bool { return early.Sent() > sent+30 })
	s2.SetFar(sdp.Audio{Addr: early.Addr(), Laws: []g711.Law{g711.A}, Direction: sdp.SendRecv}, g711.A)
	phonetest.Wait(t, "it is heard as itself", func() bool { return s2.Stats().Received > 10 })
	n := s1.Stats().Received
	s1.Play(media.Tones(media.Tone{Hz: 700, D: time.Second}), true, nil)
	s2.Play(media.Tones(media.Tone{Hz: 900, D: time.Second}), true, nil)
	quiet.Say(300)
	phonetest.Wait(t, "each hears its own", func() bool { return quiet.Ear.Hears(700) && early.Ear.Hears(900) })
	if s1.Stats().Received == n {
		t.Error("the quiet phone is not heard")
	}
}

// A plane that can't hear any more ends and says so.
func TestEndsWhenAPortBreaks(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*media.Plane) error{
		"closed":        (*media.Plane).Close,
		"nothing comes": func(p *media.Plane) error { return p.Sicken(time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := media.Open(t.Context(), media.Config{Listen: loopback, Shared: 2}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- p.Run(t.Context()) }()
			if err := fault(p); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				t.Error("it ended as if it had been told to")
			}
		})
	}
}

// A disk that never says that a recording is safe is never said to have it, however often
// it is asked.
func TestTapeOnIllDisk(t *testing.T) {
	p := plane(t)
	s, err := p.Stream(t.Context(), media.Peer{Signalling: loopback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	path := filepath.Join(t.TempDir(), "a.wav")
	if err := os.Symlink("/dev/null", path); err != nil { // takes all, and can't be synced
		t.Fatal(err)
	}
	tape, err := s.Record(path, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := tape.Close(); err == nil {
			t.Error("the recording is said to be safe")
		}
	}
}
