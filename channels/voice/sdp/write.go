package sdp

import (
	"strconv"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// Bytes is the description as it is sent. Streams other than the audio are declined
// with port 0, in their places.
func (d Description) Bytes() []byte {
	ip := " IP4 "
	if d.Audio.Addr.Addr().Is6() {
		ip = " IP6 "
	}
	host := d.Audio.Addr.Addr().String()
	b := make([]byte, 0, 320)
	b = append(b, "v=0\r\no=- "...)
	b = strconv.AppendUint(b, d.ID, 10)
	b = append(b, ' ')
	b = strconv.AppendUint(b, d.Version, 10)
	b = append(b, " IN"+ip+host+"\r\ns=-\r\nc=IN"+ip+host+"\r\nt=0 0\r\n"...)
	for i, m := range d.media {
		if i == d.audio {
			b = d.Audio.append(b, m.proto)
			continue
		}
		b = append(b, "m="+m.kind+" 0 "+m.proto+" "+m.formats+"\r\n"...)
	}
	return b
}

func (a Audio) append(b []byte, proto string) []byte {
	b = append(b, "m=audio "...)
	b = strconv.AppendUint(b, uint64(a.Addr.Port()), 10)
	b = append(b, " "+proto...)
	for _, l := range a.Laws {
		b = append(b, ' ')
		b = strconv.AppendUint(b, uint64(l), 10)
	}
	event := strconv.Itoa(int(a.Event))
	if a.Event != 0 {
		b = append(b, " "+event...)
	}
	b = append(b, "\r\n"...)
	for _, l := range a.Laws {
		if l == g711.A {
			b = append(b, "a=rtpmap:8 PCMA/8000\r\n"...)
		} else {
			b = append(b, "a=rtpmap:0 PCMU/8000\r\n"...)
		}
	}
	if a.Event != 0 {
		b = append(b, "a=rtpmap:"+event+" telephone-event/8000\r\na=fmtp:"+event+" 0-16\r\n"...)
	}
	return append(b, "a=ptime:20\r\na="+a.Direction.String()+"\r\n"...)
}
