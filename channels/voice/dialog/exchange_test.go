package dialog_test

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// RFC 3261 §18.2.2 and RFC 3581 §4: an answer goes to the port of the Via, or to the one
// that the request came from if it asks for that; always from our port.
func TestWhereAnswersGo(t *testing.T) {
	h := open(t, nil)
	sender, named := socket(t), socket(t)
	for _, c := range []struct {
		name, host, params string
		at                 *net.UDPConn
		want               string
	}{
		{"by Via", "127.0.0.1", "", named, ""},
		{"by Via, with another name", "phone.invalid", "", named, "received=127.0.0.1"},
		{"by source", "127.0.0.1", ";rport", sender, fmt.Sprintf("rport=%d;received=127.0.0.1", sender.LocalAddr().(*net.UDPAddr).Port)},
	} {
		t.Run(c.name, func(t *testing.T) {
			via := fmt.Sprintf("SIP/2.0/UDP %s:%d;branch=z9hG4bK%x%s", c.host, named.LocalAddr().(*net.UDPAddr).Port, c.name, c.params)
			_, err := sender.WriteTo(fmt.Appendf(nil, "OPTIONS sip:c@d SIP/2.0\r\nVia: %s\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: %x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", via, c.name),
				net.UDPAddrFromAddrPort(h.Addr()))
			if err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 2048)
			_ = c.at.SetReadDeadline(time.Now().Add(time.Minute))
			n, from, err := c.at.ReadFromUDPAddrPort(b)
			if err != nil {
				t.Fatal(err)
			}
			if from != h.Addr() || !strings.HasPrefix(string(b[:n]), "SIP/2.0 200") || !strings.Contains(string(b[:n]), c.want) {
				t.Errorf("from %s, want %s with %q:\n%s", from, h.Addr(), c.want, b[:n])
			}
		})
	}
}

// 100 comes before whatever the owner says, or a repeated INVITE, or a refusal that was
// lost, would be answered with it.
func TestTryingComesFirst(t *testing.T) {
	h := open(t, func(p *party) { p.in.Ring(); p.in.Reject(486) })
	b := make([]byte, 2048)
	for i := range 20 {
		c := socket(t)
		_, err := c.WriteTo(fmt.Appendf(nil, "INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKfirst%d;rport\r\nFrom: <sip:a@b>;tag=%d\r\nTo: <sip:c@d>\r\nCall-ID: first%d\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
			c.LocalAddr(), i, i, i), net.UDPAddrFromAddrPort(h.Addr()))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Minute))
		for _, want := range []string{"100", "180", "486"} {
			n, _, err := c.ReadFromUDPAddrPort(b)
			if err != nil || !strings.HasPrefix(string(b[:n]), "SIP/2.0 "+want) {
				t.Fatalf("want %s; %v, got\n%s", want, err, b[:n])
			}
		}
	}
}

func socket(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}
