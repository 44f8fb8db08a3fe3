package chat

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
)

const socketBuffer = 512 // bytes each way; net/http's are 4096, which ten thousand idle sockets would keep

// lean gives the WebSocket library a connection with small buffers.
type lean struct{ http.ResponseWriter }

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
	r := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(bytes.Clone(early)), conn), max(socketBuffer, len(early)))
	if _, err := r.Peek(len(early)); err != nil {
		return nil, nil, err
	}
	return conn, bufio.NewReadWriter(r, bufio.NewWriterSize(conn, socketBuffer)), nil
}
