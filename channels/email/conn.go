package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"
)

const (
	dialTime  = 20 * time.Second
	writeTime = 30 * time.Second // for one write; a mail is many
	// quietTime is how long a connection may say nothing at all. It is the last resort:
	// each command has a limit of its own.
	quietTime = 6 * time.Minute
)

// pace is how long we wait for what. Tests hurry.
type pace struct {
	answer  time.Duration // for a command's answer
	search  time.Duration // for one that may have to open a large folder first, and between mails
	look    time.Duration // between looks although nothing was announced: servers forget to
	poll    time.Duration // the same without IDLE
	check   time.Duration // for mailboxes that were saved on another node, and free leases
	backoff time.Duration // after the first failure
	most    time.Duration // after many
}

// usualPace is what servers on the internet bear.
func usualPace() pace {
	return pace{
		answer: 15 * time.Second, search: time.Minute, look: time.Minute, poll: 30 * time.Second,
		check: 5 * time.Second, backoff: time.Second, most: 5 * time.Minute,
	}
}

// conn is a connection that cannot hang: each read and write has a deadline, whatever
// the protocol library believes. Both libraries switch theirs off at times (go-imap
// while it idles, go-smtp while the body is written), so theirs are ignored.
type conn struct {
	net.Conn

	wrote  atomic.Bool // the last write went out whole
	onRead func()      // called before each read, if set
}

func (c *conn) Read(p []byte) (int, error) {
	if c.onRead != nil {
		c.onRead()
	}
	if err := c.Conn.SetReadDeadline(time.Now().Add(quietTime)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.Conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(p)
	c.wrote.Store(err == nil)
	return n, err
}

// SetDeadline sets none: each Read and Write has its own.
func (c *conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline sets none.
func (c *conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline sets none.
func (c *conn) SetWriteDeadline(time.Time) error { return nil }

// dial connects to a server; with ImplicitTLS the handshake is done.
func (e *Email) dial(ctx context.Context, s Server) (raw *conn, over net.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to %s: %w", s.Address, err)
	}
	raw = &conn{Conn: c}
	if s.TLS != ImplicitTLS {
		return raw, raw, nil
	}
	secure := tls.Client(raw, e.tlsFor(s))
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("secure the connection to %s: %w", s.Address, err), raw.Close())
	}
	return raw, secure, nil
}

func (e *Email) tlsFor(s Server) *tls.Config {
	c := e.tls.Clone()
	c.ServerName, _, _ = net.SplitHostPort(s.Address)
	return c
}

// errSilent is what a server that does not answer is cut off with.
var errSilent = errors.New("the server does not answer")

// within runs do and cuts the connection if it takes longer, which ends do with an error.
// It gives a function that starts the limit anew, for work that makes progress.
func (c *conn) within(ctx context.Context, limit time.Duration, do func(more func()) error) error {
	var late atomic.Bool
	timer := time.AfterFunc(limit, func() { late.Store(true); _ = c.Close() })
	defer timer.Stop()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	err := do(func() { timer.Reset(limit) })
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case late.Load():
		return fmt.Errorf("%w: %w", errSilent, err)
	}
	return err
}
