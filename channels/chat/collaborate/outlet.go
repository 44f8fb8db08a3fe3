package collaborate

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/coder/websocket"
)

// Close codes, as those of a visitor's chat.
const (
	closeOver     = websocket.StatusNormalClosure
	closeNobody   = websocket.StatusCode(4001) // forget the pass: no agent asks for this page
	closeOrigin   = websocket.StatusCode(4003)
	closeAgain    = websocket.StatusServiceRestart
	closeBadText  = websocket.StatusInvalidFramePayloadData
	closeTooMuch  = websocket.StatusCode(4008)
	maxQueued     = 256
	maxQueuedSize = 4 << 20 // bytes; a single frame may be larger
)

// outlet is the way out to one socket: a bounded queue, and one goroutine that empties it.
type outlet struct {
	ws   *websocket.Conn
	wake chan struct{} // holds one

	mu    sync.Mutex // guards what follows
	queue [][]byte
	size  int
}

func newOutlet(ws *websocket.Conn) *outlet { return &outlet{ws: ws, wake: make(chan struct{}, 1)} }

// send queues a frame that is not worth waiting for when its reader is too far behind.
func (o *outlet) send(f any) {
	data, _ := json.Marshal(f) // strings, numbers and JSON that was read
	_ = o.put(data)
}

// put queues a frame; false when its reader is too far behind.
func (o *outlet) put(data []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) >= maxQueued || len(o.queue) > 0 && o.size+len(data) > maxQueuedSize {
		return false
	}
	o.queue, o.size = append(o.queue, data), o.size+len(data)
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return true
}

// run writes until alive ends or the socket breaks. A frame under way is finished, with ctx:
// cut in its middle, no close frame could follow. flushed is called whenever all is written.
func (o *outlet) run(alive, ctx context.Context, flushed func()) error {
	for {
		select {
		case <-alive.Done():
			return alive.Err()
		case <-o.wake:
		}
		if err := o.flush(ctx); err != nil {
			return err
		}
		flushed()
	}
}

// flush writes what is queued.
func (o *outlet) flush(ctx context.Context) error {
	for {
		o.mu.Lock()
		batch := o.queue
		o.queue, o.size = nil, 0
		o.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		for _, data := range batch {
			if err := o.write(ctx, data); err != nil {
				return err
			}
		}
	}
}

func (o *outlet) write(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return o.ws.Write(ctx, websocket.MessageText, data)
}
