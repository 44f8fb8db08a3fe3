package email

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A command whose answer does not come is cut off at its limit; one that makes progress may
// take as long as it needs, and a node that stops waits for no answer at all.
func TestSilenceIsCutOff(t *testing.T) {
	const limit = 15 * time.Second
	cases := []struct {
		name  string
		every time.Duration // between two bytes of the server's
		bytes int
		stop  time.Duration // of the node; 0 never
		want  error
		took  time.Duration
	}{
		{name: "silent", want: errSilent, took: limit},
		{name: "slow but alive", every: 10 * time.Second, bytes: 100, took: 1000 * time.Second},
		{name: "falls silent", every: 10 * time.Second, bytes: 3, want: errSilent, took: 30*time.Second + limit},
		{name: "we stop", stop: 4 * time.Second, want: context.Canceled, took: 4 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.stop > 0 {
					defer time.AfterFunc(c.stop, cancel).Stop()
				}
				ours, theirs := net.Pipe()
				defer func() { _ = theirs.Close() }()
				go func() {
					for range c.bytes {
						time.Sleep(c.every)
						_, _ = theirs.Write([]byte{'*'}) // nobody may read any more
					}
				}()
				begun := time.Now()
				raw := &conn{Conn: ours}
				err := raw.within(ctx, limit, func(more func()) error {
					for range 100 {
						if _, err := io.ReadFull(raw, make([]byte, 1)); err != nil {
							return err
						}
						more()
					}
					return nil
				})
				if took := time.Since(begun); !errors.Is(err, c.want) || took != c.took {
					t.Errorf("got %v after %v, want %v after %v", err, took, c.want, c.took)
				}
			})
		})
	}
}

// Whatever a library believes of deadlines, a connection that says nothing ends.
func TestNoConnectionHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer func() { _ = theirs.Close() }()
		raw := &conn{Conn: ours}
		_ = raw.SetDeadline(time.Time{}) // as go-imap does while it idles
		begun := time.Now()
		if _, err := raw.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != quietTime {
			t.Errorf("reading: %v after %v", err, time.Since(begun))
		}
		begun = time.Now()
		if _, err := raw.Write(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != writeTime || raw.wrote.Load() {
			t.Errorf("writing: %v after %v", err, time.Since(begun))
		}
	})
}
