package chat

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	socketBuffer = 512 // bytes each way; net/http's are 4096, which ten thousand idle sockets would keep
	maxHeardOut  = 8 << 20
)

// lean gives the WebSocket library a connection with small buffers, and us its wire.
type lean struct {
	http.ResponseWriter
	wire *wire
}

// Hijack implements http.Hijacker. What the client sent early stays in the reader.
func (l lean) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(l.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	early, err := rw.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	r := bufio.NewReaderSize(conn, socketBuffer)
	if len(early) > 0 {
		r = bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn), max(socketBuffer, len(early)))
		if _, err := r.Peek(len(early)); err != nil {
			return nil, nil, err
		}
	}
	l.wire.conn, l.wire.buffered = conn, r
	if tcp, ok := conn.(syscall.Conn); ok { // not behind TLS, which keeps what it has read to itself
		if l.wire.raw, err = tcp.SyscallConn(); err != nil {
			return nil, nil, err
		}
	}
	return conn, bufio.NewReadWriter(r, bufio.NewWriterSize(conn, socketBuffer)), nil
}

// wire is a connection that can be listened to without reading it. A read within the
// WebSocket library needs a stack of 4 KiB and timers of its own; listening needs 2.
type wire struct {
	conn     net.Conn
	raw      syscall.RawConn // nil behind TLS
	buffered *bufio.Reader
}

// empty says whether nothing that was read waits to be taken.
func (w *wire) empty() bool { return w.buffered.Buffered() == 0 }

// listen returns when there is something to read, or the connection has ended.
func (w *wire) listen() { _ = w.raw.Read(readable) } // closed: the read that follows says so

// hearOut reads what a client still has to say that we have said goodbye to: to close
// before would make its system throw the goodbye away (RFC 1122 §4.2.2.13).
func (w *wire) hearOut() {
	if w.conn.SetReadDeadline(time.Now().Add(closeWait)) == nil {
		_, _ = io.CopyN(io.Discard, w.buffered, maxHeardOut) // whatever ends it
	}
}

// readable says whether a read would not have to wait.
func readable(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err != syscall.EAGAIN && err != syscall.EINTR
}
