package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway"
)

// console is an agent's open socket, which comes back after every cut, as the real one does.
type console struct {
	a      *agent
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex // guards what follows
	offers map[gateway.InteractionID]gateway.Offer
	up     bool
	frames []frame
	rung   time.Time // when the last offer came
}

type frame struct {
	Type string          `json:"t"`
	N    int64           `json:"n"`
	At   string          `json:"at"`
	Data json.RawMessage `json:"data"`
}

// openConsole connects, and reconnects until the test ends.
func (a *agent) openConsole() *console {
	ctx, cancel := context.WithCancel(a.v.t.Context())
	c := &console{a: a, cancel: cancel, done: make(chan struct{}), offers: map[gateway.InteractionID]gateway.Offer{}}
	go func() {
		defer close(c.done)
		for ctx.Err() == nil {
			c.live(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	a.v.t.Cleanup(func() { cancel(); <-c.done })
	a.v.wait("the console", c.isUp)
	return c
}

func (c *console) isUp() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.up
}

func (c *console) live(ctx context.Context) {
	var ticket struct{ Ticket string }
	if c.a.call(http.MethodPost, "/socket-ticket", nil, &ticket) != http.StatusOK { //nolint:contextcheck // it takes the test's own
		return
	}
	conn, _, err := websocket.Dial(ctx, strings.Replace(c.a.v.base, "http", "ws", 1)+"/api/v1/socket", //nolint:bodyclose // Dial's is nil on success
		&websocket.DialOptions{Subprotocols: []string{"vaxel.v1"}})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	hello, _ := json.Marshal(map[string]any{"t": "hello", "ticket": ticket.Ticket})
	if conn.Write(ctx, websocket.MessageText, hello) != nil {
		return
	}
	for {
		_, body, err := conn.Read(ctx)
		if err != nil {
			c.mu.Lock()
			c.up = false
			c.mu.Unlock()
			return
		}
		var f frame
		if json.Unmarshal(body, &f) == nil {
			c.hear(f)
		}
	}
}

func (c *console) hear(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.frames = append(c.frames, f)
	switch f.Type {
	case "snapshot":
		var s struct{ Offers []gateway.Offer }
		_ = json.Unmarshal(f.Data, &s)
		clear(c.offers)
		for _, o := range s.Offers {
			c.offers[o.Interaction] = o
		}
		c.up = true
	case "offer.created":
		var o gateway.Offer
		_ = json.Unmarshal(f.Data, &o)
		c.offers[o.Interaction], c.rung = o, time.Now()
	case "offer.closed":
		var o gateway.Offer
		_ = json.Unmarshal(f.Data, &o)
		if c.offers[o.Interaction].No == o.No {
			delete(c.offers, o.Interaction)
		}
	}
}

func (c *console) offer() (gateway.Offer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, o := range c.offers {
		return o, true
	}
	return gateway.Offer{}, false
}

// available makes the agent so, whatever is killed meanwhile.
func (a *agent) available() {
	a.v.t.Helper()
	a.persist(http.MethodPut, "/me/status", map[string]string{"status": "available"})
}

// accept takes whatever is offered, again after every kill, until the agent holds it.
func (c *console) accept(t testing.TB) gateway.InteractionID {
	t.Helper()
	var held gateway.InteractionID
	c.a.v.wait("an accepted offer", func() bool {
		if o, ok := c.offer(); ok {
			c.a.call(http.MethodPost, "/offers/"+o.Interaction.String()+"/"+itoa(int64(o.No))+"/accept", nil, nil)
		}
		var mine struct{ Items []gateway.Interaction }
		if c.a.call(http.MethodGet, "/interactions?scope=mine", nil, &mine) != http.StatusOK {
			return false
		}
		for _, i := range mine.Items {
			if i.State == gateway.StateActive {
				held = i.ID
				return true
			}
		}
		return false
	})
	return held
}

// finish ends an interaction with the code, again after every kill, until it is finished.
func (c *console) finish(t testing.TB, id gateway.InteractionID) {
	t.Helper()
	c.a.v.wait("the finish", func() bool {
		c.a.call(http.MethodPost, "/interactions/"+id.String()+"/end", map[string]any{}, nil)
		c.a.call(http.MethodPost, "/interactions/"+id.String()+"/finish", map[string]any{"codes": c.a.v.codes}, nil)
		var i gateway.Interaction
		return c.a.call(http.MethodGet, "/interactions/"+id.String(), nil, &i) == http.StatusOK && i.State == gateway.StateFinished
	})
}

// wantHandled holds today's figures to what was done.
func (a *agent) wantHandled(n int) {
	a.v.t.Helper()
	var figures struct {
		Handled int `json:"handled_today"`
	}
	a.v.wait(fmt.Sprintf("figures that count %d", n), func() bool {
		a.must(http.MethodGet, "/me/statistics", nil, &figures)
		return figures.Handled == n
	})
}
