package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
)

// offer is an offer as its frame tells of it.
type offer struct {
	gateway.Offer
	Subject string
}

// agent is somebody who works at the API and holds an agent's socket.
type agent struct {
	house *house
	id    gateway.AgentID
	key   string
	wants gateway.Intent // once there
	stop  func()         // ends the socket

	offered func(a *agent, o offer, at time.Time) // an offer frame has come, once each
	told    func(frame []byte, at time.Time)      // any other frame has come, as it is on the wire
	faults  atomic.Int64                          // requests refused
}

// call makes one request.
func (a *agent) call(ctx context.Context, method, path string, in, out any, headers ...string) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.house.base+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := a.house.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode > 299:
		return fmt.Errorf("%s %s: %d %s", method, path, resp.StatusCode, got)
	case out != nil:
		return json.Unmarshal(got, out)
	}
	return nil
}

// work opens the agents' sockets and has each be what they want.
func (h *house) work(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(16)
	for _, a := range h.agents {
		group.Go(func() error {
			if err := a.open(ctx); err != nil {
				return fmt.Errorf("open an agent's socket: %w", err)
			}
			return a.call(ctx, http.MethodPut, "/me/status", map[string]any{"status": a.wants}, nil)
		})
	}
	return group.Wait()
}

// open connects the socket and reads it until stop.
func (a *agent) open(ctx context.Context) error {
	var ticket struct{ Ticket string }
	if err := a.call(ctx, http.MethodPost, "/socket-ticket", nil, &ticket); err != nil {
		return err
	}
	conn, _, err := websocket.Dial(ctx, strings.Replace(a.house.base, "http", "ws", 1)+"/api/v1/socket", //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{Subprotocols: []string{"vaxel.v1"}, HTTPClient: a.house.http})
	if err != nil {
		return err
	}
	conn.SetReadLimit(1 << 20)
	hello, err := json.Marshal(map[string]string{"t": "hello", "ticket": ticket.Ticket})
	if err != nil {
		return err
	}
	if err := conn.Write(ctx, websocket.MessageText, hello); err != nil {
		return err
	}
	up, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(ended)
		a.read(ctx, conn, up)
	}()
	a.stop = func() { cancel(); <-ended }
	a.house.b.cleanup(a.stop)
	select {
	case <-up:
		return nil
	case <-ended:
		return fmt.Errorf("the socket of agent %d was closed", a.id)
	}
}

var (
	snapshotFrame = []byte(`"t":"snapshot"`)
	offerFrame    = []byte(`"t":"offer.created"`)
)

// read takes each frame's time before anything else is done with it. It looks at the head only,
// so that what is measured is the server and not this JSON.
func (a *agent) read(ctx context.Context, conn *websocket.Conn, up chan struct{}) {
	defer func() { _ = conn.CloseNow() }()
	latest := map[gateway.InteractionID]int{}
	for {
		_, frame, err := conn.Read(ctx)
		at := time.Now()
		if err != nil {
			return
		}
		head := frame[:min(len(frame), 60)]
		switch {
		case bytes.Contains(head, snapshotFrame):
			close(up)
		case bytes.Contains(head, offerFrame):
			var f struct{ Data offer }
			if json.Unmarshal(frame, &f) != nil || latest[f.Data.Interaction] >= f.Data.No {
				continue // the same offer, again from the log
			}
			latest[f.Data.Interaction] = f.Data.No
			if a.offered != nil {
				a.offered(a, f.Data, at)
			}
		case a.told != nil:
			a.told(frame, at)
		}
	}
}

// accept takes an offer, not holding the socket's reader up.
func (a *agent) accept(ctx context.Context, o offer, then func()) {
	go func() {
		err := a.call(ctx, http.MethodPost, fmt.Sprintf("/offers/%d/%d/accept", o.Interaction, o.No), nil, nil)
		if err != nil {
			a.fail(ctx, err)
			return
		}
		if then != nil {
			then()
		}
	}()
}

// finish ends an interaction; the queue wants no wrap-up.
func (a *agent) finish(ctx context.Context, id gateway.InteractionID) {
	if err := a.call(ctx, http.MethodPost, fmt.Sprintf("/interactions/%d/end", id), map[string]any{}, nil); err != nil {
		a.fail(ctx, err)
	}
}

func (a *agent) fail(ctx context.Context, err error) {
	if ctx.Err() == nil && a.faults.Add(1) == 1 {
		a.house.b.note("agent %d: %v", a.id, err)
	}
}

// faults counts what agents' programs were refused.
func (h *house) faults() (n int) {
	for _, a := range h.agents {
		n += int(a.faults.Load())
	}
	return n
}
