package main

import (
	"net"
	"testing"
)

// A running telephone of another demonstration holds a port by UDP and TCP, and the next
// one by TLS: the ports given are clear of both.
func TestATelephoneGetsPortsOfItsOwn(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp4", local(0))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	taken := l.Addr().(*net.TCPAddr).Port
	var port int
	if err := freePhone(t.Context(), &port, taken-1); err != nil {
		t.Fatal(err)
	}
	if port <= taken {
		t.Errorf("got port %d beside %d, which is taken", port, taken)
	}
}
