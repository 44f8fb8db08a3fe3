// Package collaborate shows a customer's page to the agent who helps them: the page is
// mirrored while the customer lets it, the agent points at things on it and, after a second
// consent, clicks and fills in for them.
//
// It promises: nothing of the page leaves the customer's browser before they have consented,
// and what is masked never does (web-widget/src/mirror.ts); who asked, consented, had the
// control and ended it are entries of the conversation, committed before anybody is told;
// either side stops it at any moment; what is shown is passed on and kept nowhere.
//
//	        ask                 share                    end
//	(none) ─────→ asked ───────────────────→ shared ───────────────→ ended
//	                │ decline, nobody answers  │ control: off ⇄ asked ⇄ given
//	                └──────────────────────────┴───────────────────────↑
//
// A customer is found by the token of their chat, or, when they are on the telephone, by six
// digits that the agent reads out. Their browser then has a pass, with which the next page of
// the same website goes on.
//
// The customer's socket and the agent's may be on different nodes: what one side sends goes
// over the bus, in numbered pieces. A piece that is missing costs a new picture of the whole
// page, never a wrong one. Nobody waits for a slow reader; a customer who sends too much is
// read more slowly.
package collaborate

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

// Timeline is where entries of the conversation are kept.
type Timeline interface {
	Append(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error
}

// Feed tells of what was committed.
type Feed interface {
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
	Watch(topics []string, heard func(gateway.Event)) (cancel func())
}

// Bus carries what is shown from one node to the other. It may be lost.
type Bus interface {
	Publish(subject string, data []byte)
	Subscribe(subject string, heard func(data []byte)) (cancel func())
}

// Guests knows the visitors of websites.
type Guests interface {
	// Guest lets a page of a widget's website in and says whose chat token it is. A token
	// that is nobody's leaves Conversation zero; a page that may not is refused.
	Guest(ctx context.Context, key, token, language, origin, host string) (Guest, error)
}

// Guest is a visitor on a page.
type Guest struct {
	Widget       int64
	Language     string
	Conversation gateway.ConversationID
}

// Floor knows who is served by whom.
type Floor interface {
	// Serving gives the open interactions of conversations.
	Serving(ctx context.Context, of ...gateway.ConversationID) ([]gateway.Interaction, error)
}

// Config is what co-browsing needs of the house.
type Config struct {
	Log      *slog.Logger
	Pool     *pgxpool.Pool
	Timeline Timeline
	Feed     Feed
	Bus      Bus
	Guests   Guests
	Floor    Floor
	Assets   http.Handler // the widget's own file /w/mirror.js

	// Source is the address that a request comes from, past proxies.
	Source func(*http.Request) string

	// IdleAfter ends what nobody does anything in; five minutes unless set.
	IdleAfter time.Duration
}

// Room is co-browsing on this node.
type Room struct {
	Config

	sockets sync.WaitGroup

	mu      sync.Mutex                     // guards what follows
	open    map[int]context.CancelFunc     // sockets; nil while it does not run
	last    int                            // number given to one
	guesses map[netip.Prefix]*rate.Limiter // who types codes, lately
}

const (
	idleAfter   = 5 * time.Minute
	answerAfter = 10 * time.Minute // an agent who asked is not answered any more
	goneAfter   = 2 * time.Minute  // a customer whose page is gone does not come back
	sweepEvery  = 20 * time.Second
)

// New makes the room; its sockets work while Run runs.
func New(c Config) *Room {
	if c.IdleAfter == 0 {
		c.IdleAfter = idleAfter
	}
	return &Room{Config: c, guesses: map[netip.Prefix]*rate.Limiter{}}
}

// Handler serves the customer's side, below /w/.
func (r *Room) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /w/collaborate", r.serveVisitor)
	mux.Handle("GET /w/mirror.js", r.Assets)
	return mux
}

// Run lets sockets live until ctx is done and has ended them all. Their browsers come again,
// to this node's successor.
func (r *Room) Run(ctx context.Context) error {
	r.setOpen(map[int]context.CancelFunc{})
	tick := time.NewTimer(beat.Next(sweepEvery))
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			tick.Reset(beat.Next(sweepEvery))
			r.forgetGuesses()
			if err := r.sweep(ctx); err != nil && ctx.Err() == nil {
				r.Log.Warn("co-browsing not swept", "err", err)
			}
		}
	}
	r.setOpen(nil)
	r.sockets.Wait()
	return nil
}

// setOpen begins with no sockets, or with nil ends those that are open.
func (r *Room) setOpen(open map[int]context.CancelFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, end := range r.open {
		end()
	}
	r.open = open
}

// begin counts a socket in, for as long as the node lives; false when it stops.
func (r *Room) begin(ctx context.Context) (alive context.Context, done func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open == nil {
		return nil, nil, false
	}
	r.sockets.Add(1)
	r.last++
	me := r.last
	alive, end := context.WithCancel(ctx)
	r.open[me] = end
	return alive, func() {
		end()
		r.mu.Lock()
		delete(r.open, me)
		r.mu.Unlock()
		r.sockets.Done()
	}, true
}
