package bench

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"time"
)

// imapWatch stands between Växel and the mail server and notes when the server said that
// a mail has come: Dovecot itself waits half a second before it does.
type imapWatch struct {
	at []net.Listener

	mu   sync.Mutex // guards what follows
	said []map[int]time.Time
}

// watchIMAP listens once for each mailbox of notify.
func watchIMAP(ctx context.Context, b *Bench, to string) (*imapWatch, error) {
	w := &imapWatch{}
	var config net.ListenConfig
	for i := range idleBoxes {
		l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		b.cleanup(func() { _ = l.Close() })
		w.at, w.said = append(w.at, l), append(w.said, map[int]time.Time{})
		go func() {
			for {
				near, err := l.Accept()
				if err != nil {
					return
				}
				go w.carry(ctx, i, near, to)
			}
		}()
	}
	return w, nil
}

func (w *imapWatch) address(box int) string { return w.at[box].Addr().String() }

// carry passes bytes both ways until either side ends.
func (w *imapWatch) carry(ctx context.Context, box int, near net.Conn, to string) {
	defer func() { _ = near.Close() }()
	var dialer net.Dialer
	far, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := far.Read(buf)
		if err != nil {
			return
		}
		w.note(box, buf[:n], time.Now())
		if _, err := near.Write(buf[:n]); err != nil {
			return
		}
	}
}

// note looks for "* 7 EXISTS" (RFC 3501 §7.3.1), which Dovecot writes in one piece.
func (w *imapWatch) note(box int, said []byte, at time.Time) {
	for line := range bytes.Lines(said) {
		words := bytes.Fields(line)
		if len(words) != 3 || string(words[0]) != "*" || string(words[2]) != "EXISTS" {
			continue
		}
		n := 0
		for _, c := range words[1] {
			n = n*10 + int(c-'0')
		}
		w.mu.Lock()
		for ; n > 0; n-- { // several may have come at once
			if _, known := w.said[box][n]; known {
				break
			}
			w.said[box][n] = at
		}
		w.mu.Unlock()
	}
}

// told is when the server said that the mailbox has its n-th mail.
func (w *imapWatch) told(box, n int) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said[box][n]
}
