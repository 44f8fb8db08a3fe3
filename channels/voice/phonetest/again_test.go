package phonetest_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// farEnd loses what it likes.
type farEnd struct {
	t    *testing.T
	conn *net.UDPConn
}

func newFarEnd(t *testing.T) *farEnd {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(time.Minute))
	return &farEnd{t, c}
}

func (f *farEnd) addr() netip.AddrPort { return f.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// next is the next message that begins so.
func (f *farEnd) next(begins string) string {
	f.t.Helper()
	b := make([]byte, 4096)
	for {
		n, err := f.conn.Read(b)
		if err != nil {
			f.t.Fatalf("no %s: %v", begins, err)
		}
		if msg := string(b[:n]); strings.HasPrefix(msg, begins) {
			return msg
		}
	}
}

// What is lost is said again, word for word, until it is heard.
func TestSaysAgainWhatIsLost(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t)
	phone := phonetest.NewPhone(t, "ann", g711.A, 440)
	call := phone.Dial("200", f.addr())
	lost := f.next("INVITE ")
	if again := f.next("INVITE "); again != lost {
		t.Errorf("got %q, want %q again", again, lost)
	}
	head, _, _ := strings.Cut(lost, "\r\nContact:")
	_, head, _ = strings.Cut(head, "\r\n")
	answer := "SIP/2.0 486 Busy\r\n" + head + "\r\nContent-Length: 0\r\n\r\n"
	if _, err := f.conn.WriteToUDPAddrPort([]byte(answer), phone.Addr()); err != nil {
		t.Fatal(err)
	}
	f.next("ACK ")
	phonetest.Wait(t, "it is over", call.Gone)
}

// Who asks again hears the same answer, and what was asked is done once; an answered call
// is told of until that is confirmed.
func TestAnswersAgain(t *testing.T) {
	t.Parallel()
	f := newFarEnd(t)
	phone := phonetest.NewPhone(t, "ann", g711.A, 440)
	phone.OnCall((*phonetest.Call).Ring)
	ask := func(method, body string) {
		t.Helper()
		seq := "1 " + method
		msg := method + " sip:ann@phone SIP/2.0\r\nVia: SIP/2.0/UDP " + f.addr().String() + ";branch=z9hG4bK" + method + "\r\nFrom: <sip:x@y>;tag=1\r\n" +
			"To: <sip:ann@phone>\r\nCall-ID: 1\r\nCSeq: " + seq + "\r\nContact: <sip:x@" + f.addr().String() + ">\r\nMax-Forwards: 70\r\n\r\n" + body
		for range 2 {
			if _, err := f.conn.WriteToUDPAddrPort([]byte(msg), phone.Addr()); err != nil {
				t.Fatal(err)
			}
		}
	}
	ask("INVITE", "")
	call := phone.Next()
	f.next("SIP/2.0 180")
	ask("INFO", "Signal=5")
	first, second := f.next("SIP/2.0 200"), f.next("SIP/2.0 200")
	if first != second || call.Infos() != "Signal=5" || phone.Calls() != 1 {
		t.Errorf("got %q and %q, %q in %d calls", first, second, call.Infos(), phone.Calls())
	}
	call.Reject(486)
	if a, b := f.next("SIP/2.0 486"), f.next("SIP/2.0 486"); a != b {
		t.Errorf("got %q and %q", a, b)
	}
	ask("ACK", "")
	phonetest.Wait(t, "the refusal is heard", call.Confirmed)
}
