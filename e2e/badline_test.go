package e2e

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// badLine is the network between widgets and the house: what passes it can be cut, held up,
// or swallowed while both ends believe that the connection stands.
type badLine struct {
	net.Listener
	to  string
	all sync.WaitGroup

	mu    sync.Mutex // guards wires
	wires map[*wire]struct{}
}

// wire is one connection through it.
type wire struct {
	near, far net.Conn

	mu   sync.Mutex    // guards held
	held chan struct{} // closed when it is held up no more; nil: it passes
}

func newBadLine(t *testing.T, to string) *badLine {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &badLine{Listener: l, to: to, wires: map[*wire]struct{}{}}
	b.all.Go(b.accept)
	t.Cleanup(func() {
		_ = l.Close()
		b.each(1, (*wire).cut)
		b.all.Wait()
	})
	return b
}

func (b *badLine) accept() {
	for {
		near, err := b.Accept()
		if err != nil {
			return
		}
		b.all.Go(func() { b.carry(near) })
	}
}

func (b *badLine) carry(near net.Conn) {
	var dialer net.Dialer
	far, err := dialer.DialContext(context.Background(), "tcp", b.to)
	if err != nil {
		_ = near.Close()
		return
	}
	w := &wire{near: near, far: far}
	b.mu.Lock()
	b.wires[w] = struct{}{}
	b.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { w.pass(near, far) })
	both.Go(func() { w.pass(far, near) })
	both.Wait()
	b.mu.Lock()
	delete(b.wires, w)
	b.mu.Unlock()
}

func (w *wire) pass(from io.Reader, to io.Writer) {
	defer w.cut()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		w.mu.Lock()
		held := w.held
		w.mu.Unlock()
		if held != nil {
			<-held
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// cut ends both sides without a goodbye.
func (w *wire) cut() {
	for _, c := range []net.Conn{w.near, w.far} {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset
		}
		_ = c.Close()
	}
	w.release()
}

// hold keeps back what is said on both sides; false when it is held already.
func (w *wire) hold() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held != nil {
		return false
	}
	w.held = make(chan struct{})
	return true
}

func (w *wire) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.held != nil {
		close(w.held)
		w.held = nil
	}
}

// freeze holds it up for a while.
func (w *wire) freeze(d time.Duration) {
	if w.hold() {
		time.AfterFunc(d, w.release)
	}
}

// halfOpen swallows what is said for a while; then the connection is found to be gone.
func (w *wire) halfOpen(d time.Duration) {
	if w.hold() {
		time.AfterFunc(d, w.cut)
	}
}

// each does something to a share of the connections, 0 to 1.
func (b *badLine) each(share float64, do func(*wire)) {
	b.mu.Lock()
	var some []*wire
	for w := range b.wires {
		if rand.Float64() < share {
			some = append(some, w)
		}
	}
	b.mu.Unlock()
	for _, w := range some {
		do(w)
	}
}
