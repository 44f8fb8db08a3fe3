package dialog_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
)

// lines counts what is logged.
type lines struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.buf.String(), "\n")
}

// accounted counts what was refused: the lines, and those that they stand for.
func (l *lines) accounted() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.buf.String()) {
		_, after, ok := strings.Cut(line, "repeated=")
		if !ok {
			continue
		}
		var repeated int
		_, _ = fmt.Sscan(after, &repeated)
		n += 1 + repeated
	}
	return n
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// flood sends datagrams from sources of its own, as the internet does.
func flood(t *testing.T, to netip.AddrPort, sources int, datagrams ...string) {
	t.Helper()
	for i := range sources {
		from := &net.UDPAddr{IP: net.IPv4(127, 10+byte(i>>16), byte(i>>8), byte(i))}
		c, err := net.DialUDP("udp4", from, net.UDPAddrFromAddrPort(to))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range datagrams {
			_, _ = c.Write([]byte(d)) // a full buffer is the flood's success
		}
		_ = c.Close()
	}
}

// 30,000 sources send rubbish and well-made requests while a call runs: memory stays,
// the log stays readable, and the call can be ended as if nothing were.
func TestFlood(t *testing.T) {
	out := &lines{}
	h := openLogged(t, func(p *party) { p.in.Ring(); p.in.Answer(p.desc) }, slog.New(slog.NewTextHandler(out, nil)))
	c := phonetest.NewPhone(t, "ann", g711.A, 440).Dial("200", h.Addr())
	phonetest.Wait(t, "the call is up", c.Up)
	p := h.call(t)
	before := heap()
	flood(t, h.Addr(), 30000,
		"\x00\x01\x02 rubbish "+strings.Repeat("x", 200),
		"INVITE sip:100@192.0.2.1 SIP/2.0\r\nUser-Agent: friendly-scanner\r\n\r\n",
		fmt.Sprintf("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", h.Addr()),
	)
	c.Info('9')
	phonetest.Wait(t, "the call is still served", func() bool { return strings.Contains(p.String(), "Signal=9") })
	if n := out.count(); n > 1000 {
		t.Errorf("%d lines in the log", n)
	}
	if grown := int64(heap()) - int64(before); grown > 20<<20 {
		t.Errorf("grew by %d MB", grown>>20)
	}
	c.Bye()
	phonetest.Wait(t, "the call ends", func() bool { return strings.HasSuffix(p.String(), "Ended{bye}") })
}

// What a burst left uncounted in the log is told once it is over, without a next one.
func TestBurstIsCounted(t *testing.T) {
	out := &lines{}
	h := openLogged(t, nil, slog.New(slog.NewTextHandler(out, nil)))
	const sent = 100
	flood(t, h.Addr(), 1, strings.Split(strings.TrimSuffix(strings.Repeat("rubbish|", sent), "|"), "|")...)
	phonetest.Wait(t, "all of it is accounted for", func() bool { return out.accounted() == sent })
}

// Calls that nobody takes are logged no more often.
func TestRefusalsStayReadable(t *testing.T) {
	out := &lines{}
	h := openLogged(t, func(p *party) { p.in.Refuse(404) }, slog.New(slog.NewTextHandler(out, nil)))
	phone := phonetest.NewPhone(t, "ann", g711.A, 440)
	begun := time.Now()
	for range 25 { // each is two messages, and a stranger has sixty
		c := phone.Dial("999", h.Addr())
		phonetest.Wait(t, "404", func() bool { return c.Status() == 404 })
	}
	if n, most := out.count(), 10*(2+int(time.Since(begun).Seconds())); n == 0 || n > most {
		t.Errorf("%d lines for one source, at most %d allowed", n, most)
	}
}

func FuzzDatagram(f *testing.F) {
	f.Add([]byte("INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: f\r\nCSeq: 1 INVITE\r\n\r\n"))
	f.Add([]byte("SIP/2.0 200 OK\r\n\r\n"))
	f.Add([]byte("\r\n\r\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		answer := dialog.Judge(in)
		if answer != nil && (!bytes.HasPrefix(answer, []byte("SIP/2.0 400 ")) || !bytes.HasSuffix(answer, []byte("\r\n\r\n")) || bytes.IndexByte(answer, 0) >= 0) {
			t.Errorf("answered %q", answer)
		}
	})
}
