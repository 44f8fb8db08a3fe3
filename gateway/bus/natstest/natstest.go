// Package natstest runs a NATS server in the test's process, on loopback, which a test may
// stop and start again at the same address.
package natstest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Server is one NATS server.
type Server struct {
	URL string

	t    testing.TB
	opts *server.Options
	s    *server.Server
}

// New starts a server. It ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	n := &Server{t: t, opts: &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true}}
	n.Start()
	n.URL = n.s.ClientURL()
	t.Cleanup(n.Stop)
	return n
}

// Start starts it again after Stop. What it knew is gone: core NATS stores nothing.
func (n *Server) Start() {
	n.t.Helper()
	for late := time.Now().Add(time.Minute); ; {
		s, err := server.NewServer(n.opts) // writes the port that it got into opts
		if err != nil {
			n.t.Fatalf("natstest: %v", err)
		}
		s.Start()
		if s.ReadyForConnections(10 * time.Second) {
			n.s = s
			return
		}
		s.Shutdown() // somebody's connection may have the port for a moment
		if time.Now().After(late) {
			n.t.Fatal("natstest: not ready after a minute")
		}
	}
}

// Stop cuts all connections.
func (n *Server) Stop() {
	n.s.Shutdown()
	n.s.WaitForShutdown()
}
