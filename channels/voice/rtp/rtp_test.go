package rtp_test

import (
	"bytes"
	"net/netip"
	"testing"

	pion "github.com/pion/rtp"

	"github.com/vaxelhq/vaxel/channels/voice/rtp"
)

// What another implementation wrote, with every optional part, is read the same.
func TestReadsAnotherImplementation(t *testing.T) {
	p := pion.Packet{
		Header: pion.Header{
			Version: 2, Marker: true, PayloadType: 8, SequenceNumber: 65534, Timestamp: 4000000000,
			SSRC: 0xCAFEBABE, CSRC: []uint32{1, 2}, Extension: true, ExtensionProfile: 0xBEDE, Padding: true, PaddingSize: 4,
		},
		Payload: bytes.Repeat([]byte{0xD5}, 160),
	}
	if err := p.SetExtension(1, []byte{7}); err != nil {
		t.Fatal(err)
	}
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	got := rtp.Packet(raw)
	if !got.Valid() || got.PayloadType() != 8 || !got.Marker() || got.Seq() != 65534 || got.Timestamp() != 4000000000 ||
		got.SSRC() != 0xCAFEBABE || !bytes.Equal(got.Payload(), p.Payload) {
		t.Errorf("read wrongly: %v, payload %d bytes", got[:12], len(got.Payload()))
	}
	got.Renumber(rtp.Header{PayloadType: 0, Seq: 1, Timestamp: 2, SSRC: 3})
	var back pion.Packet
	if err := back.Unmarshal(got); err != nil {
		t.Fatal(err)
	}
	if back.SequenceNumber != 1 || back.Marker || len(back.CSRC) != 2 || !bytes.Equal(back.Payload, p.Payload) {
		t.Errorf("renumbered wrongly: %v", back.Header)
	}
}

func TestRefusesWhatIsNotRTP(t *testing.T) {
	rtcp := make([]byte, 28)
	rtcp[0], rtcp[1] = 0x80, 200
	lying := make([]byte, 12)
	lying[0] = 0x8F
	for name, b := range map[string][]byte{
		"empty": {}, "short": make([]byte, 11), "version 0": make([]byte, 20), "RTCP": rtcp, "sources that are not there": lying,
	} {
		if rtp.Packet(b).Valid() {
			t.Errorf("%s passes as RTP", name)
		}
	}
}

// Music, then the agent's stream with its own numbers, then music: the caller hears
// one stream whose sequence numbers have no gap and whose time never goes back.
func TestSenderIsOneStream(t *testing.T) {
	s := rtp.NewSender(42, 65530, 1<<32-400)
	now := int64(0)
	var heard []rtp.Header
	play := func() { heard = append(heard, s.Next(8, now)); now += 160 }
	relay := func(ssrc uint32, seq uint16, ts uint32) {
		heard = append(heard, s.Relay(rtp.Header{PayloadType: 8, Seq: seq, Timestamp: ts, SSRC: ssrc}, now))
		now += 160
	}
	for range 4 {
		play()
	}
	for i := range 5 {
		relay(7, uint16(9+i), uint32(100+160*i))
	}
	relay(8, 3, 0) // the phone began again with a new SSRC
	relay(8, 4, 160)
	relay(8, 40000, 77) // and again without telling
	for range 3 {
		play()
	}
	for i := 1; i < len(heard); i++ {
		a, b := heard[i-1], heard[i]
		if b.Seq-a.Seq != 1 || b.Timestamp-a.Timestamp != 160 || b.SSRC != 42 {
			t.Errorf("packet %d: seq %d → %d, timestamp %d → %d", i, a.Seq, b.Seq, a.Timestamp, b.Timestamp)
		}
	}
	for i, want := range []bool{true, false, false, false, true, false, false, false, false, true, false, true, true, false, false} {
		if heard[i].Marker != want {
			t.Errorf("packet %d: marker %v", i, heard[i].Marker)
		}
	}
}

// Loss and disorder on the way in are told as they are.
func TestRelayKeepsDistances(t *testing.T) {
	s := rtp.NewSender(1, 0, 0)
	var got []uint16
	for _, seq := range []uint16{10, 12, 11, 20} {
		got = append(got, s.Relay(rtp.Header{Seq: seq, Timestamp: uint32(seq) * 160, SSRC: 5}, int64(seq)*160).Seq)
	}
	for i, want := range []uint16{0, 2, 1, 10} {
		if got[i]-got[0] != want {
			t.Errorf("got distances of %v", got)
		}
	}
}

func TestLatchClosesOnce(t *testing.T) {
	said, actual, other := netip.MustParseAddrPort("10.0.0.5:4000"), netip.MustParseAddrPort("192.0.2.9:50123"), netip.MustParseAddrPort("203.0.113.1:9")
	var l rtp.Latch
	if l.Take(said, said.Addr()) {
		t.Error("took a packet before anybody was expected")
	}
	l.Expect(said)
	if l.To() != said || l.Take(other, actual.Addr()) {
		t.Error("a stranger was taken")
	}
	if !l.Take(actual, actual.Addr()) || l.To() != actual || !l.Closed() {
		t.Error("the far end behind NAT was not taken")
	}
	if l.Take(other, actual.Addr()) || l.Take(netip.AddrPortFrom(said.Addr(), 9), actual.Addr()) {
		t.Error("a second source was taken")
	}
	l.Expect(said)
	if l.To() != actual {
		t.Error("the same claim again opened the latch")
	}
	if !l.Take(said, actual.Addr()) || l.To() != said || l.Take(actual, actual.Addr()) {
		t.Error("the address of the SDP did not correct a stray one")
	}
	l.Release(said)
	if !l.Closed() {
		t.Error("the right source was released")
	}
	l.Expect(other)
	if l.Closed() || l.To() != other {
		t.Error("a new claim did not open the latch")
	}
}

func TestNothingIsAllocated(t *testing.T) {
	s := rtp.NewSender(1, 2, 3)
	b := make([]byte, 172)
	rtp.Header{PayloadType: 8}.Put(b)
	now := int64(0)
	if n := testing.AllocsPerRun(100, func() {
		p := rtp.Packet(b)
		if p.Valid() {
			now += 160
			p.Renumber(s.Relay(rtp.Header{Seq: p.Seq() + 1, SSRC: p.SSRC()}, now))
		}
	}); n != 0 {
		t.Errorf("got %v allocations a packet", n)
	}
}

func FuzzPacket(f *testing.F) {
	ok := make([]byte, 172)
	rtp.Header{PayloadType: 8, Marker: true}.Put(ok)
	f.Add(ok)
	f.Add([]byte{0xBF, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 255, 255, 255, 255, 4})
	f.Fuzz(func(t *testing.T, in []byte) {
		p := rtp.Packet(in)
		if !p.Valid() {
			return
		}
		n := len(p.Payload())
		p.Renumber(rtp.Header{PayloadType: 101, Seq: 5})
		if len(p.Payload()) != n || p.PayloadType() != 101 || p.Seq() != 5 {
			t.Errorf("renumbering changed the payload from %d to %d bytes", n, len(p.Payload()))
		}
	})
}
