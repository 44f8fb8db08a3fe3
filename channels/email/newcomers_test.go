package email_test

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// searches counts what is searched for on the way to a server.
type searches struct {
	net.Conn

	n *atomic.Int64
}

// Write passes on what the client says; a command of ours is one write.
func (s searches) Write(b []byte) (int, error) {
	s.n.Add(int64(bytes.Count(b, []byte(" UID SEARCH "))))
	return s.Conn.Write(b)
}

// countSearches stands before a server.
func countSearches(t *testing.T, server string) (address string, n *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	n = &atomic.Int64{}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", server)
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() { _, _ = io.Copy(searches{far, n}, near); _ = far.Close() }()
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
		}
	}()
	return l.Addr().String(), n
}

// TestWhatIsNewIsNotSearchedFor: once the folder was read to the end, the sizes of what came
// tell what there is.
func TestWhatIsNewIsNotSearchedFor(t *testing.T) {
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 3)...)
	address, searched := countSearches(t, d.IMAP)
	e := h.open(t, "a", d)
	save(t, e, support(address, nobody))
	run(t, e)
	until(t, "read to the end", func() bool { l, err := e.Health(t.Context()); return err == nil && !l[0].SyncedAt.IsZero() })
	before := searched.Load()
	if before == 0 {
		t.Fatal("the first look was no search")
	}
	for n := 4; n <= 6; n++ {
		d.Deliver(t, "support@cyklar.example", mails(n, n)...)
		exactly(t, h.wait(t, n), n)
	}
	if n := searched.Load() - before; n != 0 {
		t.Errorf("searched %d times for what was new", n)
	}
	until(t, "all seen", func() bool { seen, all := inbox(t, d, "INBOX"); return seen == 6 && all == 6 })
}
