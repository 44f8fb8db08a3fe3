package chat

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Our close codes, beside RFC 6455 §7.4.1's.
const (
	closeTokenGone   = websocket.StatusCode(4001) // forget the token and begin anew
	closeOrigin      = websocket.StatusCode(4003) // this page may not embed this widget
	closeSlow        = websocket.StatusCode(4008) // did not read; resume
	closeTakenOver   = websocket.StatusCode(4009) // the same visitor connected again
	closeDraining    = websocket.StatusCode(4010) // come again when the drain frame says
	closeBlocked     = websocket.StatusCode(4011) // an agent has blocked them
	closeRestart     = websocket.StatusServiceRestart
	closePolicy      = websocket.StatusPolicyViolation
	closeBadText     = websocket.StatusInvalidFramePayloadData
	closeNotText     = websocket.StatusUnsupportedData
	maxQueued        = 256     // frames that a reader may be behind
	maxQueuedBytes   = 1 << 20 // and bytes; a single frame may be larger
	writeTimeout     = 10 * time.Second
	closeWait        = 3 * time.Second // for a close to be answered
	maxFrame         = 64 << 10        // bytes that a visitor may send at once
	maxCharacters    = 5000            // of one line
	helloTimeout     = 10 * time.Second
	linesPerSecond   = 5
	linesBurst       = 20  // lines at once, after a silence
	snapPage         = 100 // entries in one frame
	articlesPerReply = 3
)

// socket is the visitor's end of a session.
type socket interface {
	Read(ctx context.Context) (websocket.MessageType, []byte, error)
	Write(ctx context.Context, kind websocket.MessageType, data []byte) error
	Close(code websocket.StatusCode, reason string) error
	CloseNow() error
}

// outlet is the way out to one socket: a bounded queue, and a goroutine only while there
// is something to write.
type outlet struct {
	ws    socket
	spawn func(func(context.Context)) bool

	mu      sync.Mutex // guards what follows
	queue   []queued
	size    int           // of queue, in bytes
	writing bool          // a writer runs
	closed  bool          // nothing more is queued
	idle    chan struct{} // closed when the writer stops; waited for by drained
	goodbye chan struct{} // closed when a close that was asked for is over; waited for by settle
}

// queued is a frame that waits, coded.
type queued struct {
	kind string // of an ephemeral frame: a newer one takes its place
	data []byte
}

// send queues a frame that must not be missed. A reader that has let too many gather is
// cut off; resuming makes it whole.
func (o *outlet) send(f frameOut) { o.put("", f) }

// tell queues a frame that only matters now: it replaces an older one of its kind, and
// is dropped when the queue is full.
func (o *outlet) tell(f frameOut) { o.put(f.T, f) }

// put never waits: it runs under the session's lock, and where events are heard.
func (o *outlet) put(kind string, f frameOut) {
	data, _ := json.Marshal(f) // strings and numbers of ours
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || kind != "" && o.replaceLocked(kind, data) {
		return
	}
	full := len(o.queue) >= maxQueued || len(o.queue) > 0 && o.size+len(data) > maxQueuedBytes
	switch {
	case full && kind != "":
		return
	case full:
		o.closeLocked(closeSlow, "read faster; resuming makes it whole")
		return
	}
	o.queue = append(o.queue, queued{kind, data})
	o.size += len(data)
	o.startLocked()
}

// replaceLocked puts a newer frame in the place of an older one of its kind.
func (o *outlet) replaceLocked(kind string, data []byte) bool {
	for i := range o.queue {
		if o.queue[i].kind == kind {
			o.size += len(data) - len(o.queue[i].data)
			o.queue[i].data = data
			return true
		}
	}
	return false
}

// startLocked starts a writer unless one runs. When the node stops there is none any more;
// the queue is resumed elsewhere.
func (o *outlet) startLocked() {
	if o.writing {
		return
	}
	o.writing, o.idle = true, make(chan struct{})
	if !o.spawn(o.write) {
		o.stopLocked()
	}
}

// stopLocked tells those in drained that the writer has ended.
func (o *outlet) stopLocked() {
	o.writing = false
	close(o.idle)
}

// write drains the queue and ends.
func (o *outlet) write(ctx context.Context) {
	for {
		o.mu.Lock()
		batch := o.queue
		o.queue, o.size = nil, 0
		if len(batch) == 0 {
			o.stopLocked()
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
		for _, f := range batch {
			if o.writeOne(ctx, f.data) != nil {
				_ = o.ws.CloseNow() // the reader sees it and cleans up
				o.fail()
				return
			}
		}
	}
}

// writeOne gives a reader ten seconds for each frame.
func (o *outlet) writeOne(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return o.ws.Write(ctx, websocket.MessageText, data)
}

// fail is the writer's end when the socket is broken: what was queued is resumed.
func (o *outlet) fail() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed, o.queue, o.size = true, nil, 0
	o.stopLocked()
}

// drained waits until everything queued is written.
func (o *outlet) drained(ctx context.Context) error {
	for {
		o.mu.Lock()
		idle, writing := o.idle, o.writing
		o.mu.Unlock()
		if !writing {
			return ctx.Err()
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// close says why and closes, after what is queued. Only the first call counts.
func (o *outlet) close(code websocket.StatusCode, reason string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closeLocked(code, reason)
}

// closeLocked leaves the goodbye to a goroutine, which may have to wait for the reader. Who
// is cut off for being slow is not told what is queued before: they don't read it.
func (o *outlet) closeLocked(code websocket.StatusCode, reason string) {
	if o.closed {
		return
	}
	o.closed = true
	if code == closeSlow {
		o.queue, o.size = nil, 0
	}
	said := make(chan struct{})
	if o.spawn(func(ctx context.Context) { o.finish(ctx, code, reason); close(said) }) {
		o.goodbye = said
	}
}

// whileOpen asks f unless the socket is closing: the library's close reads too, on a
// goroutine of its own, and f may look at what only one may.
func (o *outlet) whileOpen(f func() bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.closed && f()
}

// settle ends the connection, after the goodbye if one was asked for.
func (o *outlet) settle() {
	o.mu.Lock()
	said := o.goodbye
	o.closed = true
	o.mu.Unlock()
	if said != nil {
		<-said // bounded by closeWait and the library's 5 s
	}
	_ = o.ws.CloseNow() // closed already, or gone
}

// finish says goodbye (RFC 6455 §7.1.2) after what is queued.
func (o *outlet) finish(ctx context.Context, code websocket.StatusCode, reason string) {
	ctx, cancel := context.WithTimeout(ctx, closeWait)
	defer cancel()
	if code != closeSlow {
		_ = o.drained(ctx) // what could not be written in time is resumed
	}
	_ = o.ws.Close(code, reason)
}
