// Package dialog speaks SIP over UDP: one actor per dialog, on sipgo's transactions.
//
// It promises that each dialog's events come one after the other, from one goroutine,
// and that a dialog that has begun ends exactly once, whatever crosses on the wire:
//
//	called:   proceeding → accepted → confirmed → ended
//	              └─ canceled, rejected ──────────→ ended
//	calling:  calling → ringing → confirmed → ended
//	              └─ rejected, given up ────→ ended (a 2xx that crosses is ACKed and ended)
//
// Responses and retransmissions that nobody waits for any more are still answered as
// RFC 3261 and 6026 want. Owners are told by callbacks that must not wait.
package dialog

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Config is where SIP is spoken.
type Config struct {
	Listen    netip.AddrPort          // port 0 lets the system choose
	Advertise netip.Addr              // what others are told; Listen's address if not set
	Trusted   func(a netip.Addr) bool // who may send as much as they like; nil trusts nobody
}

// Stack is one SIP address.
type Stack struct {
	addr     netip.AddrPort // as others are told
	conn     *net.UDPConn
	log      *slog.Logger
	gate     *gate
	exchange *exchange

	called  func(context.Context, *Incoming) Owner
	tasks   *Inbox[func(context.Context)] // requests to send, each on its own goroutine
	sending atomic.Int64                  // requests without an answer yet
	work    sync.WaitGroup                // dialogs, tasks and messages that have come

	mu      sync.Mutex // guards what follows
	closed  bool
	dialogs map[string]*Dialog
	buried  map[string]*Dialog // by the branch of an INVITE of our last life
	merging map[string]string  // Call-ID, tag and CSeq of an INVITE → its branch
}

const (
	socketBuffer = 8 << 20 // holds what comes while we are not running
	settleTime   = 2 * time.Second
)

// Open binds the socket. called gives each INVITE from outside its owner (the context is Run's), who
// must see to it that it is answered or rejected. Run makes it work.
func Open(ctx context.Context, cfg Config, called func(context.Context, *Incoming) Owner, log *slog.Logger) (*Stack, error) {
	var lc net.ListenConfig
	c, err := lc.ListenPacket(ctx, "udp4", cfg.Listen.String())
	if err != nil {
		return nil, fmt.Errorf("listen for SIP: %w", err)
	}
	conn := c.(*net.UDPConn) // udp4 gives nothing else
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	if cfg.Trusted == nil {
		cfg.Trusted = func(netip.Addr) bool { return false }
	}
	local := conn.LocalAddr().(*net.UDPAddr) // a UDP socket's
	if !cfg.Advertise.IsValid() {
		cfg.Advertise = cfg.Listen.Addr()
	}
	return &Stack{
		addr: netip.AddrPortFrom(cfg.Advertise, local.AddrPort().Port()),
		conn: conn, log: log, gate: newGate(conn, cfg.Trusted, log), exchange: newExchange(conn),
		called: called, tasks: NewInbox[func(context.Context)](),
		dialogs: map[string]*Dialog{}, buried: map[string]*Dialog{}, merging: map[string]string{},
	}, nil
}

// Addr is the address that others are told.
func (s *Stack) Addr() netip.AddrPort { return s.addr }

// Run listens until ctx ends and the dialogs have, for which they get two seconds, or until
// the socket is broken, which is an error. Nothing of it is left when it returns.
func (s *Stack) Run(outer context.Context) error {
	stop := context.AfterFunc(outer, func() {
		s.settle()
		_ = s.conn.Close()
	})
	defer stop()
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	s.work.Go(func() { s.perform(context.WithoutCancel(ctx)) })
	s.work.Go(func() { s.gate.tell(ctx) })
	err := s.listen(ctx)
	cancel()
	s.exchange.close()
	s.mu.Lock()
	s.closed = true
	open := s.dialogs
	s.dialogs = map[string]*Dialog{}
	s.mu.Unlock()
	for _, d := range open {
		d.inbox.Close()
	}
	s.tasks.Close()
	_ = s.conn.Close()
	s.work.Wait()
	if outer.Err() != nil {
		return nil
	}
	return err
}

// perform does the tasks. They outlive Run's context, as telephones are still told of
// the end then.
func (s *Stack) perform(ctx context.Context) {
	for {
		do, ok := s.tasks.Take()
		if !ok {
			return
		}
		s.work.Go(func() { do(ctx) })
	}
}

// settle gives dialogs that were just ended the time to say so.
func (s *Stack) settle() {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(settleTime); time.Now().Before(end); <-tick.C {
		s.mu.Lock()
		open := len(s.dialogs)
		s.mu.Unlock()
		if open == 0 && s.sending.Load() == 0 {
			return
		}
	}
}

func (s *Stack) find(callID, tag string) *Dialog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialogs[callID+"\n"+tag]
}

// add makes a dialog known and starts its actor, unless the stack has ended.
func (s *Stack) add(d *Dialog) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.dialogs[d.id.CallID+"\n"+d.id.LocalTag] = d
	s.work.Go(d.run)
	return true
}

func (s *Stack) remove(d *Dialog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.dialogs, d.id.CallID+"\n"+d.id.LocalTag)
	delete(s.merging, d.mergeKey)
}

func newID() string { return uuid.NewString() }
