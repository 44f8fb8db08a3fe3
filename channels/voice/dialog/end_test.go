package dialog_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
)

// Requests keep coming while the stack ends. Whatever it still says, it says from its own
// port, and nothing of it is left afterwards (goleak watches).
func TestEndsWhileAsked(t *testing.T) {
	for range 20 {
		endWhileAsked(t)
	}
}

func endWhileAsked(t *testing.T) {
	t.Helper()
	s, err := dialog.Open(t.Context(), dialog.Config{
		Listen:  netip.MustParseAddrPort("127.0.0.1:0"),
		Trusted: func(netip.Addr) bool { return true },
	}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	var askers sync.WaitGroup
	for i := range 4 {
		askers.Go(func() { ask(t, s.Addr(), i, ctx.Done(), cancel) })
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	askers.Wait()
}

// ask sends OPTIONS, each from a socket of its own, until done; the fiftieth calls enough.
func ask(t *testing.T, to netip.AddrPort, who int, done <-chan struct{}, enough func()) {
	t.Helper()
	b := make([]byte, 2048)
	var socks []*net.UDPConn
	for n := 0; ; n++ {
		select {
		case <-done:
			for _, c := range socks {
				for {
					_ = c.SetReadDeadline(time.Unix(1, 0))
					_, from, err := c.ReadFromUDPAddrPort(b)
					if err != nil {
						break
					}
					if from != to {
						t.Errorf("answered from %s, not %s", from, to)
					}
				}
				_ = c.Close()
			}
			return
		default:
		}
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Error(err)
			return
		}
		socks = append(socks, c)
		me := c.LocalAddr().String()
		_, _ = c.WriteToUDPAddrPort(fmt.Appendf(nil, "OPTIONS sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-%d-%d\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: %d-%d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n", me, who, n, who, n), to)
		if n == 50 {
			enough()
		}
	}
}

// A stack that can't hear any more ends and says so, with dialogs or without.
func TestEndsWhenItsSocketBreaks(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*dialog.Stack) error{
		"closed":        (*dialog.Stack).Break,
		"nothing comes": func(s *dialog.Stack) error { return s.Sicken(time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := dialog.Open(t.Context(), dialog.Config{Listen: netip.MustParseAddrPort("127.0.0.1:0")}, nil, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- s.Run(t.Context()) }()
			if err := fault(s); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err == nil {
				t.Error("it ended as if it had been told to")
			}
		})
	}
}
