package mailtest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// Wire stands between a client and a server and breaks when it is told to: it is cut or
// falls silent, after so many bytes from the server.
type Wire struct {
	Address string

	to string
	mu sync.Mutex // guards all below
	// plans are used up one per connection; without one the wire holds.
	plans []Break
	conns map[net.Conn]bool
	count int
	came  chan struct{}
}

// Break is how a connection breaks.
type Break struct {
	AfterDown int  // bytes from the server that still come through; negative: all
	AfterUp   int  // bytes from the client that still come through; 0: all
	Silent    bool // it stays open and says nothing more; otherwise it is cut
}

// StartWire gives a wire to the server at address.
func StartWire(t testing.TB, address string) *Wire {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{Address: l.Addr().String(), to: address, conns: map[net.Conn]bool{}, came: make(chan struct{}, 1000)}
	var running sync.WaitGroup
	ctx := context.WithoutCancel(t.Context())
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { w.carry(ctx, conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.CutAll()
		running.Wait()
	})
	return w
}

// Plan says how the next connections break, one each.
func (w *Wire) Plan(breaks ...Break) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plans = append(w.plans, breaks...)
}

// CutAll ends every connection there is.
func (w *Wire) CutAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		_ = c.Close()
	}
}

// Connections is how many there have been.
func (w *Wire) Connections() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count
}

func (w *Wire) carry(ctx context.Context, near net.Conn) {
	var dialer net.Dialer
	far, err := dialer.DialContext(ctx, "tcp", w.to)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	plan := Break{AfterDown: -1}
	if len(w.plans) > 0 {
		plan, w.plans = w.plans[0], w.plans[1:]
	}
	w.conns[near], w.conns[far] = true, true
	w.count++
	w.mu.Unlock()
	if plan.AfterUp == 0 {
		plan.AfterUp = -1
	}
	closeBoth := func() { _ = near.Close(); _ = far.Close() }
	var both sync.WaitGroup
	both.Go(func() { pass(near, far, plan.AfterDown, plan.Silent, closeBoth) })
	both.Go(func() { pass(far, near, plan.AfterUp, plan.Silent, closeBoth) })
	both.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, near)
	delete(w.conns, far)
}

// pass carries bytes one way until its allowance is used up.
func pass(to, from net.Conn, allowed int, silent bool, closeBoth func()) {
	if allowed < 0 {
		_, _ = io.Copy(to, from)
		closeBoth()
		return
	}
	_, _ = io.CopyN(to, from, int64(allowed))
	if silent {
		_, _ = io.Copy(io.Discard, from) // swallow until somebody gives up
	}
	closeBoth()
}
