package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"os"

	"github.com/vaxelhq/vaxel/channels/email"
)

// check refuses a door that nobody could mean.
func (m MailInConfig) check(bad func(key, why string, args ...any)) {
	if _, _, err := net.SplitHostPort(m.Listen); m.Listen != "" && err != nil {
		bad("mail_in.listen", "write it as host:port, such as 127.0.0.1:2424")
	}
	for _, p := range m.From {
		if _, err := netip.ParsePrefix(p); err != nil {
			bad("mail_in.from", "%q is not a network such as 10.0.0.0/8", p)
		}
	}
	if m.MaxMB < 0 || m.MaxMB > maxMailMB {
		bad("mail_in.max_mb", "%d is not a number of MB from 1 to %d, or 0 for %d", m.MaxMB, maxMailMB, usualMailMB)
	}
}

const usualMailMB, maxMailMB = 50, 200 // a mail that is handed in is held in memory

// mailDoor takes mail in from the site's mail servers until ctx ends.
func (h *house) mailDoor(ctx context.Context) error {
	c := h.config.MailIn
	if c.Listen == "" {
		return nil
	}
	l, err := listen(ctx, "mail_in.listen", c.Listen)
	if err != nil {
		return err
	}
	door := email.Door{LMTP: c.LMTP, From: c.mayHandIn, MaxBytes: int64(c.MaxMB) << 20}
	if door.Domain, err = os.Hostname(); err != nil {
		door.Domain = "localhost"
	}
	if h.config.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(h.config.TLSCert, h.config.TLSKey)
		if err != nil {
			return err
		}
		door.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	return h.email.Stand(ctx, l, door)
}

// mayHandIn says whether mail is taken from an address.
func (m MailInConfig) mayHandIn(peer net.Addr) bool {
	at, err := netip.ParseAddrPort(peer.String())
	if err != nil {
		return false
	}
	from := at.Addr().Unmap()
	for _, p := range m.From {
		if network, err := netip.ParsePrefix(p); err == nil && network.Contains(from) {
			return true
		}
	}
	return len(m.From) == 0 && from.IsLoopback()
}
