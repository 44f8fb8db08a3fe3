package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/coder/websocket"
)

// TestJunkIsClosed: what no widget says ends a visitor's socket with a code that says why, for a
// stranger as for who is in a chat, and costs nobody else anything.
func TestJunkIsClosed(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	v.start()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"text": "Hej"})
	v.wait("a chat", guest.allSaid)
	stale := v.visit()
	stale.say("form", 0, map[string]any{"text": "Glöm mig"})
	v.wait("another", func() bool { return stale.allSaid() && stale.talksIn() != "" })
	stale.stop()
	<-stale.done
	_, err := v.pool.Exec(t.Context(), `update visitor set erased_at = now() where conversation_id = $1`, stale.conv)
	must(t, err)
	hello := fmt.Sprintf(`{"t":"hello","key":"shop","token":%q}`, strings.Repeat("A", 43))
	for _, say := range []struct {
		what   string
		origin string
		frames []string
		kind   websocket.MessageType // of the last
		want   websocket.StatusCode
	}{
		{"a binary frame", v.base, []string{hello, "\x00\xff\x00"}, websocket.MessageBinary, 1003},
		{"a binary hello", v.base, []string{hello}, websocket.MessageBinary, 1003},
		{"a frame of 1 MB", v.base, []string{hello, `{"t":"msg","cid":"1","text":"` + strings.Repeat("x", 1<<20) + `"}`}, websocket.MessageText, 1009},
		{"a hello of 1 MB", v.base, []string{`{"t":"hello","key":"` + strings.Repeat("x", 1<<20) + `"}`}, websocket.MessageText, 1009},
		{"bad JSON", v.base, []string{hello, `{"t":"msg","cid":`}, websocket.MessageText, 1007},
		{"JSON of another kind", v.base, []string{hello, `[1,2]`}, websocket.MessageText, 1007},
		{"a stale token", v.base, []string{`{"t":"hello","key":"shop","token":"` + stale.token + `"}`}, websocket.MessageText, 4001},
		{"a foreign origin", "https://evil.example", []string{hello}, websocket.MessageText, 4003},
		{"no origin", "", []string{hello}, websocket.MessageText, 4003},
	} {
		if got := v.closes(t, say.origin, say.frames, say.kind); got != say.want {
			t.Errorf("%s is closed with %d, want %d", say.what, got, say.want)
		}
	}
	guest.say("msg", 1, map[string]any{"text": "Är ni där?"})
	v.wait("the chat goes on", guest.allSaid)
	guest.wantWhole()
}

// closes says what the frames are answered with in the end.
func (v *vaxel) closes(t *testing.T, origin string, frames []string, last websocket.MessageType) websocket.StatusCode {
	t.Helper()
	header := http.Header{}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, _, err := websocket.Dial(t.Context(), strings.Replace(v.base, "http", "ws", 1)+"/w/socket", &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // Dial's is nil on success
	must(t, err)
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	for i, f := range frames {
		kind := websocket.MessageText
		if i == len(frames)-1 {
			kind = last
		}
		if conn.Write(t.Context(), kind, []byte(f)) != nil {
			break // it is being closed already
		}
	}
	for {
		if _, _, err := conn.Read(t.Context()); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

// TestHalfOpenSockets: 10,000 sockets whose browsers have gone without a word, half of them before
// they said who they are, are noticed and let go within a minute, and so is their memory.
func TestHalfOpenSockets(t *testing.T) {
	const (
		count = 10_000
		kept  = 1024 // bytes a socket: what describes goroutines, some 450 bytes each, Go uses again and never gives back
	)
	var limit syscall.Rlimit
	if must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)); limit.Max < count+1000 {
		t.Skipf("a process may open %d files here, and this needs %d: raise ulimit -n", limit.Max, count+1000)
	}
	t.Setenv("GOGC", "10") // what nothing refers to is not counted for long
	metrics := freePort(t, "tcp")
	v := newVaxel(t, fmt.Sprintf("metrics = %q\n", metrics)+widget)
	v.start()
	v.visit().say("form", 0, map[string]any{"text": "Hej"})
	quiet := v.memory(t, metrics)
	for range 20 {
		quiet = min(quiet, v.memory(t, metrics))
	}
	var open atomic.Int64
	var all sync.WaitGroup
	turns := make(chan struct{}, 64) // what listens takes so many at a time
	for i := range count {
		turns <- struct{}{}
		all.Go(func() {
			conn := v.halfOpen(t, i)
			<-turns
			if conn == nil {
				return
			}
			defer conn.Close()
			open.Add(1)
			_, _ = io.Copy(io.Discard, conn) // pings are heard and not answered
			open.Add(-1)
		})
	}
	for range cap(turns) {
		turns <- struct{}{}
	}
	full := v.memory(t, metrics)
	v.wait("nobody is held who has gone", func() bool { return open.Load() == 0 })
	all.Wait()
	left := v.memory(t, metrics)
	v.wait("the memory is back", func() bool {
		left = min(left, v.memory(t, metrics))
		return left < quiet+10<<20+kept*count
	})
	t.Logf("%.1f MB before, %.1f MB with %d sockets, %.1f MB after", float64(quiet)/1e6, float64(full)/1e6, count, float64(left)/1e6)
}

// halfOpen is a browser that goes after the upgrade, or after its hello: it will say nothing more.
func (v *vaxel) halfOpen(t *testing.T, i int) net.Conn {
	t.Helper()
	from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/1000))}
	conn, err := (&net.Dialer{LocalAddr: from}).DialContext(t.Context(), "tcp", strings.TrimPrefix(v.base, "http://"))
	if err != nil {
		t.Error(err)
		return nil
	}
	_, err = fmt.Fprintf(conn, "GET /w/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: %s\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", v.base)
	if err == nil && i%2 == 0 {
		hello := `{"t":"hello","key":"shop"}`
		_, err = conn.Write(append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...)) // RFC 6455 §5.2, a mask of zeros
	}
	if err == nil {
		_, err = bufio.NewReader(conn).ReadString('\n')
	}
	if err != nil {
		t.Error(err)
		_ = conn.Close()
		return nil
	}
	return conn
}

var heaps = regexp.MustCompile(`(?m)^go_memstats_(?:heap_alloc|stack_inuse)_bytes ([0-9.e+]+)$`)

// memory is what the process uses of heap and stacks, as it says itself.
func (v *vaxel) memory(t *testing.T, metrics string) int {
	t.Helper()
	text := string(fetched(t, http.DefaultClient, "http://"+metrics+"/metrics"))
	sum := 0.0
	for _, m := range heaps.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		must(t, err)
		sum += n
	}
	if sum == 0 {
		t.Fatalf("no memory in\n%s", text)
	}
	return int(sum)
}
