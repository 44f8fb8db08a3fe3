package main

import (
	"context"
	"net"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// pingAfter is for how long a connection to another machine is believed in, as pgxpool has it.
const pingAfter = time.Second

// doubtful says whether a connection is asked if it still is one before it is used. One through a
// socket of this machine need not be: its end is known here as soon as it happens. In a house where
// little happens nearly every statement was two, of which the first said nothing.
func doubtful(_ context.Context, c pgxpool.ShouldPingParams) bool {
	if c.IdleDuration <= pingAfter {
		return false
	}
	socket, here := c.Conn.PgConn().Conn().(*net.UnixConn)
	return !here || !silent(socket)
}

// silent says whether nothing has come: neither the other side's end nor what it said before. It
// looks beside whoever reads: after a slow write pgx leaves a reader behind that waits for the next
// answer, and to wait for that one would be to wait for ever.
func silent(socket *net.UnixConn) (nothing bool) {
	raw, err := socket.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		nothing = err == syscall.EAGAIN
	})
	return nothing && err == nil
}
