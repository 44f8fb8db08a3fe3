package sdp_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	pion "github.com/pion/sdp/v3"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

var here = netip.MustParseAddrPort("192.0.2.1:20000")

func lines(s ...string) []byte { return []byte(strings.Join(s, "\r\n") + "\r\n") }

// What a video phone offers is answered stream by stream, and another library reads it.
func TestAnswerDeclinesInPlace(t *testing.T) {
	offer, err := sdp.Parse(lines("v=0", "o=alice 2890844526 2890844527 IN IP4 10.0.0.5", "s=call", "c=IN IP4 10.0.0.5", "t=0 0",
		"m=video 4002 RTP/AVP 31", "a=rtpmap:31 H261/90000",
		"m=audio 4000 RTP/AVP 9 0 8 96 97", "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:96 opus/48000/2",
		"a=rtpmap:97 telephone-event/8000", "a=sendrecv",
		"m=application 9 UDP/BFCP *"))
	if err != nil {
		t.Fatal(err)
	}
	if a := offer.Audio; a.Addr.String() != "10.0.0.5:4000" || !slices.Equal(a.Laws, []g711.Law{g711.Mu, g711.A}) || a.Event != 97 || a.Held() {
		t.Errorf("read as %+v", a)
	}
	raw := offer.Answer(7, here, sdp.SendRecv).Bytes()
	var back pion.SessionDescription
	if err := back.Unmarshal(raw); err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	var got []string
	for _, m := range back.MediaDescriptions {
		got = append(got, m.MediaName.String())
	}
	want := []string{"video 0 RTP/AVP 31", "audio 20000 RTP/AVP 0 97", "application 0 UDP/BFCP *"}
	if !slices.Equal(got, want) {
		t.Errorf("answered %q, want %q", got, want)
	}
	answer, err := sdp.Parse(raw)
	if err != nil || answer.ID != 7 || answer.Audio.Addr != here || answer.Audio.Direction != sdp.SendRecv {
		t.Errorf("our answer reads as %+v, %v", answer, err)
	}
	if law, ok := sdp.Common(offer.Audio, answer.Audio); !ok || law != g711.Mu {
		t.Errorf("agreed on %v, %v", law, ok)
	}
}

func TestOfferReadsBack(t *testing.T) {
	o := sdp.Offer(3, here, g711.A, sdp.SendRecv)
	got, err := sdp.Parse(o.Bytes())
	if err != nil || !slices.Equal(got.Audio.Laws, o.Audio.Laws) || got.Audio.Event != sdp.EventType || got.Audio.Addr != here {
		t.Errorf("got %+v, %v", got, err)
	}
	n, err := sdp.Parse(o.Next(sdp.SendOnly).Bytes())
	if err != nil || n.Version != o.Version+1 || n.Audio.Direction != sdp.SendOnly || n.ID != o.ID {
		t.Errorf("the next version is %+v, %v", n, err)
	}
}

// RFC 3264 §6.1, all sixteen cases.
func TestDirections(t *testing.T) {
	all := []sdp.Direction{sdp.Inactive, sdp.SendOnly, sdp.RecvOnly, sdp.SendRecv}
	want := map[sdp.Direction][]sdp.Direction{ // offered: answers if we want each of all
		sdp.Inactive: {sdp.Inactive, sdp.Inactive, sdp.Inactive, sdp.Inactive},
		sdp.SendOnly: {sdp.Inactive, sdp.Inactive, sdp.RecvOnly, sdp.RecvOnly},
		sdp.RecvOnly: {sdp.Inactive, sdp.SendOnly, sdp.Inactive, sdp.SendOnly},
		sdp.SendRecv: {sdp.Inactive, sdp.SendOnly, sdp.RecvOnly, sdp.SendRecv},
	}
	for _, offered := range all {
		for i, w := range all {
			if got := sdp.Respond(offered, w); got != want[offered][i] {
				t.Errorf("%v offered, %v wanted: answered %v", offered, w, got)
			}
		}
	}
}

func TestHold(t *testing.T) {
	for _, c := range []struct {
		conn, attr string
		held       bool
	}{
		{"10.0.0.5", "a=sendrecv", false},
		{"10.0.0.5", "a=sendonly", true},
		{"10.0.0.5", "a=inactive", true},
		{"10.0.0.5", "a=recvonly", false},
		{"0.0.0.0", "a=sendrecv", true}, // RFC 2543's way
	} {
		d, err := sdp.Parse(lines("v=0", "o=- 1 1 IN IP4 10.0.0.5", "s=-", "t=0 0", c.attr, "m=audio 4000 RTP/AVP 8", "c=IN IP4 "+c.conn))
		if err != nil || d.Audio.Held() != c.held {
			t.Errorf("%s %s: held %v, %v", c.conn, c.attr, d.Audio.Held(), err)
		}
	}
}

func TestRefuses(t *testing.T) {
	head := "v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n"
	for _, c := range []struct {
		body string
		want error
	}{
		{"", sdp.ErrMalformed},
		{"hello", sdp.ErrMalformed},
		{head + "m=audio 99999 RTP/AVP 8\r\n", sdp.ErrMalformed},
		{head + "m=audio\r\n", sdp.ErrMalformed},
		{head + "rubbish\r\n", sdp.ErrMalformed},
		{head + strings.Repeat("m=audio 1 RTP/AVP 3\r\n", 17), sdp.ErrMalformed},
		{strings.Repeat(head, 300), sdp.ErrMalformed},
		{head, sdp.ErrNothingFit},
		{head + "m=audio 4000 RTP/AVP 3 18\r\n", sdp.ErrNothingFit},
		{head + "m=audio 0 RTP/AVP 8\r\n", sdp.ErrNothingFit},
		{head + "m=audio 4000 RTP/SAVP 8\r\n", sdp.ErrNothingFit},
		{head + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:8 opus/48000/2\r\n", sdp.ErrNothingFit},
		{"v=0\r\no=- 1 1 IN IP4 a\r\nc=IN IP4 phone.example\r\nm=audio 4000 RTP/AVP 8\r\n", sdp.ErrNothingFit},
		{"v=0\r\no=- 1 1 IN IP4 a\r\nc=IN IP4 224.0.0.1\r\nm=audio 4000 RTP/AVP 8\r\n", sdp.ErrNothingFit},
	} {
		if _, err := sdp.Parse([]byte(c.body)); !errors.Is(err, c.want) {
			t.Errorf("%.60q: got %v, want %v", c.body, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(sdp.Offer(1, here, g711.Mu, sdp.SendRecv).Bytes())
	f.Add(lines("v=0", "o=x 1 1 IN IP6 ::1", "c=IN IP6 ::1", "m=video 1/2 RTP/AVP 31", "m=audio 2 RTP/AVPF 8 0 101", "a=rtpmap:101 telephone-event/8000", "a=inactive"))
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := sdp.Parse(in)
		if err != nil {
			return
		}
		if len(d.Audio.Laws) == 0 || len(d.Audio.Laws) > 2 || d.Audio.Addr.Port() == 0 {
			t.Fatalf("accepted %+v", d.Audio)
		}
		answer := d.Answer(9, here, sdp.SendRecv).Bytes()
		back, err := sdp.Parse(answer)
		if err != nil || back.Audio.Addr != here || len(back.Audio.Laws) != 1 || back.Audio.Direction != sdp.Respond(d.Audio.Direction, sdp.SendRecv) {
			t.Fatalf("our answer %q reads as %+v, %v", answer, back.Audio, err)
		}
	})
}
