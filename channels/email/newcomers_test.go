package email_test

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// watcher stands before a server: it counts what is searched for on the way there, and may
// have the server refuse sizes of a range.
type watcher struct {
	server   string
	searched atomic.Int64
	refuses  atomic.Bool
}

func watch(t *testing.T, server string) (address string, w *watcher) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	w = &watcher{server: server}
	go func() {
		for near, err := l.Accept(); err == nil; near, err = l.Accept() {
			go w.carry(near)
		}
	}()
	return l.Addr().String(), w
}

func (w *watcher) carry(near net.Conn) {
	defer func() { _ = near.Close() }()
	far, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	go func() { _, _ = io.Copy(wayThere{far, w}, near); _ = far.Close() }()
	_, _ = io.Copy(near, far)
}

// wayThere is a connection to the server.
type wayThere struct {
	net.Conn

	*watcher
}

// Write passes on what the client says; a command of ours is one write.
func (c wayThere) Write(b []byte) (int, error) {
	c.searched.Add(int64(bytes.Count(b, []byte(" UID SEARCH "))))
	if c.refuses.Load() && bytes.Contains(b, []byte(":* ")) {
		b = bytes.Replace(b, []byte("UID FETCH"), []byte("UID THROW"), 1)
	}
	return c.Conn.Write(b)
}

// readToTheEnd runs a channel whose server is watched until it has read the three mails that were there.
func readToTheEnd(t *testing.T) (*mailtest.Dovecot, *house, *email.Email, *watcher) {
	t.Helper()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 3)...)
	address, w := watch(t, d.IMAP)
	e := h.open(t, "a", d)
	save(t, e, support(address, nobody))
	run(t, e)
	until(t, "read to the end", func() bool { l, err := e.Health(t.Context()); return err == nil && !l[0].SyncedAt.IsZero() })
	return d, h, e, w
}

// TestWhatIsNewIsNotSearchedFor: once the folder was read to the end, the sizes of what came
// tell what there is.
func TestWhatIsNewIsNotSearchedFor(t *testing.T) {
	t.Parallel()
	d, h, _, w := readToTheEnd(t)
	before := w.searched.Load()
	if before == 0 {
		t.Fatal("the first look was no search")
	}
	for n := 4; n <= 6; n++ {
		d.Deliver(t, "support@cyklar.example", mails(n, n)...)
		exactly(t, h.wait(t, n), n)
	}
	if n := w.searched.Load() - before; n != 0 {
		t.Errorf("searched %d times for what was new", n)
	}
	until(t, "all seen", func() bool { seen, all := inbox(t, d, "INBOX"); return seen == 6 && all == 6 })
}

// TestSizesOfARangeAreRefused: a server that does so is searched from then on, on the same connection, and no mail
// waits for another.
func TestSizesOfARangeAreRefused(t *testing.T) {
	t.Parallel()
	d, h, e, w := readToTheEnd(t)
	w.refuses.Store(true)
	before := w.searched.Load()
	for n := 4; n <= 5; n++ {
		d.Deliver(t, "support@cyklar.example", mails(n, n)...)
		exactly(t, h.wait(t, n), n)
	}
	if w.searched.Load() == before {
		t.Error("nothing was searched for")
	}
	if l, err := e.Health(t.Context()); err != nil || l[0].Problem != "" {
		t.Errorf("the mailbox's health: %+v, %v", l, err)
	}
}
