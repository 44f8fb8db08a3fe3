package dialog

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var (
	stranger1 = netip.MustParseAddrPort("192.0.2.1:5060")
	stranger2 = netip.MustParseAddrPort("192.0.2.2:5060")
	rubbish   = []byte("\x00\x01\x02 rubbish")
	request1  = []byte("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n" +
		"To: <sip:c@d>\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
)

// loggedGate is a gate that trusts nobody, and what it writes.
func loggedGate() (*gate, *bytes.Buffer) {
	var out bytes.Buffer
	return newGate(nil, func(netip.Addr) bool { return false }, slog.New(slog.NewTextHandler(&out, nil))), &out
}

// A stranger has sixty messages at once and twenty more each second; one whom we have called
// is no stranger for a day.
func TestStrangersAreSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, _ := loggedGate()
		passed := func() (n int) {
			for range 200 {
				if g.admit(stranger1, request1) != nil {
					n++
				}
			}
			return n
		}
		if n := passed(); n != strangerBurst {
			t.Errorf("at once: %d of 200 passed, want %d", n, strangerBurst)
		}
		time.Sleep(time.Second)
		if n := passed(); n != strangerRate {
			t.Errorf("a second later: %d passed, want %d", n, strangerRate)
		}
		g.know(stranger1.Addr())
		if n := passed(); n != 200 {
			t.Errorf("called by us: %d passed, want all", n)
		}
		time.Sleep(25 * time.Hour)
		if n := passed(); n != strangerBurst {
			t.Errorf("a day later: %d passed, want %d", n, strangerBurst)
		}
	})
}

// One source may write ten lines a second into the log, all together fifty; what is not
// written is counted, and told when the second is over.
func TestLogStaysReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, out := loggedGate()
		lines := func() (list []string) {
			list = strings.FieldsFunc(out.String(), func(r rune) bool { return r == '\n' })
			out.Reset()
			return list
		}
		for range 5000 {
			g.admit(stranger1, rubbish)
		}
		g.admit(stranger2, rubbish)
		if got := lines(); len(got) != linesPerSecond+1 || !strings.Contains(got[linesPerSecond], stranger2.String()) {
			t.Errorf("%d lines, want ten about the first source and one about the second:\n%s", len(got), strings.Join(got, "\n"))
		}
		time.Sleep(time.Second)
		g.tally(time.Now())
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], "repeated=4989") {
			t.Errorf("after the burst: got %q, want one line that stands for 4990", got)
		}
		time.Sleep(time.Second)
		g.tally(time.Now())
		if got := lines(); len(got) != 0 {
			t.Errorf("nothing more came, and yet: %q", got)
		}
		for i := range 200 {
			g.admit(netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}), 5060), rubbish)
		}
		if got := lines(); len(got) != linesOfAll {
			t.Errorf("200 sources write %d lines in a second, want %d", len(got), linesOfAll)
		}
	})
}

// Who tells of what was not written sleeps until something is not written, and tells of each burst
// within a second, also of one after a rest.
func TestEachBurstIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, out := loggedGate()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); g.tell(ctx) }()
		for range 2 {
			time.Sleep(time.Hour)
			for range 100 {
				g.admit(stranger1, rubbish)
			}
			time.Sleep(time.Second)
			synctest.Wait()
			if !strings.Contains(out.String(), "repeated=89") {
				t.Errorf("a second after the burst: %q, want a line that stands for 90", out)
			}
			out.Reset()
		}
		stop()
		<-done
	})
}
