// Package voice is the telephone: calls come in over SIP, wait in the queue with music,
// are joined to an agent's own phone, or end as voicemail.
//
// A Leg is one telephone, a Call the legs that hear each other and the interaction they
// belong to; both are actors. A call goes
//
//	arriving → waiting → talking → leaving → ended
//	               ├──→ voicemail ──↗ ↑
//	               ├──→ outside ────────→ ended   (sent on to somebody else's telephone)
//	               └── caller leaves ─┘
//	dialling → talking → leaving → ended            (an agent calls a customer)
//	              ├──→ outside → ended              (given to somebody on line 2)
//	              └──→ waiting → outside → ended    (sent to a number)
//
// and each step is a committed row before it is heard of outside. While they talk the
// floor says who has the customer and which colleagues are on it, alone with the agent or
// in conference; the call arranges who hears whom. Answering the agent's phone accepts the
// offer; the floor's word, quoted by offer number, decides. A process
// that dies ends its calls at its next start as system failures with a callback; a
// voicemail keeps what was said. No caller can choose a number to be sent on to: what is
// called, by Dial or by the agent who talks, because an agent is rung at a number of their own, or because a step of
// the queue names it, is inside a dial plan that allows nothing until it is set. A SIP
// address at a trunk is a number too.
//
// Crash points: call.written, call.received, call.answered, call.ringing,
// call.accepted, call.bridged, call.leaving, call.left, call.recording, call.recorded,
// call.stored, call.ended.
package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/gateway"
)

// Voice is the telephone of one node.
type Voice struct {
	cfg      Config
	rooms    Rooms
	pool     *pgxpool.Pool
	log      *slog.Logger
	stack    *dialog.Stack
	plane    *media.Plane
	sounds   *sounds
	trunks   atomic.Pointer[[]Trunk]
	refusing atomic.Bool  // calls from outside go to another node
	killed   atomic.Int64 // calls that EndAll has ended
	calls    sync.WaitGroup
	started  time.Time // calls from before are of another life

	// find is dialog.Find, which may take seconds.
	find func(ctx context.Context, address string) (user string, at netip.AddrPort, err error)

	mu      sync.Mutex // guards what follows
	active  map[gateway.InteractionID]*Call
	open    map[*Call]struct{}
	stopped bool
}

// Open binds the ports and reads the trunks. Run makes it work.
func Open(ctx context.Context, cfg Config, pool *pgxpool.Pool, rooms Rooms, log *slog.Logger) (*Voice, error) {
	cfg.Patience = cfg.Patience.orDefault()
	if !cfg.Listen.Addr().Is4() || cfg.Listen.Addr().IsUnspecified() && !cfg.Advertise.IsValid() {
		return nil, fmt.Errorf("listen on %s: name an IPv4 address, and with 0.0.0.0 the one that others reach: %w", cfg.Listen, errConfig)
	}
	if err := checkPlan(cfg.DialPlan); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the recordings' directory: %w", err)
	}
	v := &Voice{cfg: cfg, rooms: rooms, pool: pool, log: log, find: dialog.Find, active: map[gateway.InteractionID]*Call{}, open: map[*Call]struct{}{}}
	if err := v.loadTrunks(ctx); err != nil {
		return nil, err
	}
	if err := pool.QueryRow(ctx, "select clock_timestamp()").Scan(&v.started); err != nil {
		return nil, fmt.Errorf("read the database's clock: %w", err)
	}
	var err error
	if v.sounds, err = loadSounds(cfg.Prompts); err != nil {
		return nil, err
	}
	if v.plane, err = media.Open(ctx, media.Config{Listen: cfg.Listen.Addr(), Advertise: cfg.Advertise, Low: cfg.RTPLow, High: cfg.RTPHigh}, log); err != nil {
		return nil, err
	}
	v.stack, err = dialog.Open(ctx, dialog.Config{Listen: cfg.Listen, Advertise: cfg.Advertise, Trusted: v.trusted}, v.called, log)
	if err != nil {
		return nil, errors.Join(err, v.plane.Close())
	}
	return v, nil
}

// Addr is where SIP is spoken.
func (v *Voice) Addr() netip.AddrPort { return v.stack.Addr() }

// Run serves calls until ctx ends. Calls that then go on are cut off, and ended at the
// next start as if the process had died.
func (v *Voice) Run(ctx context.Context) error {
	outer, stop := context.WithCancel(context.WithoutCancel(ctx)) // telephones are told before the ports close
	defer stop()
	g, gctx := errgroup.WithContext(outer)
	g.Go(func() error { return v.stack.Run(gctx) })
	g.Go(func() error { return v.plane.Run(gctx) })
	working, halt := context.WithCancel(ctx)
	defer halt()
	v.calls.Go(func() { v.recover(working) })
	v.calls.Go(func() { v.watchPhones(working) })
	select {
	case <-ctx.Done():
	case <-gctx.Done(): // a socket broke
	}
	halt()
	v.stopCalls()
	v.calls.Wait()
	stop()
	return g.Wait()
}

// stopCalls makes an end of every call.
func (v *Voice) stopCalls() {
	v.mu.Lock()
	v.stopped = true
	open := make([]*Call, 0, len(v.open))
	for c := range v.open {
		open = append(open, c)
	}
	v.mu.Unlock()
	for _, c := range open {
		c.post(func(context.Context) { c.cutOff() })
	}
}

func (v *Voice) stopping() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.stopped
}

// begin starts a call's actor, unless we are stopping. A call outlives what began it.
func (v *Voice) begin(ctx context.Context, c *Call) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.stopped {
		return false
	}
	v.open[c] = struct{}{}
	v.calls.Go(func() { c.run(context.WithoutCancel(ctx)) })
	return true
}

// calling says whether the interaction has a call under way here.
func (v *Voice) calling(id gateway.InteractionID) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.active[id] != nil
}

// serve makes a call findable by its interaction; 0 takes it out.
func (v *Voice) serve(c *Call, id gateway.InteractionID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.active[c.row.Interaction] == c {
		delete(v.active, c.row.Interaction)
	}
	if id != 0 {
		v.active[id] = c
	}
}

func (v *Voice) forget(c *Call) {
	v.serve(c, 0)
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.open, c)
}

func (v *Voice) path(call int64) string {
	return filepath.Join(v.cfg.Dir, fmt.Sprintf("call-%d.wav", call))
}
