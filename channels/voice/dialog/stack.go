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
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo/sip"
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

// Run listens until ctx ends and the dialogs have, for which they get two seconds. Nothing
// of it is left when it returns.
func (s *Stack) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		s.settle()
		_ = s.conn.Close()
	})
	defer stop()
	s.work.Go(func() { s.perform(context.WithoutCancel(ctx)) })
	s.work.Go(func() { s.gate.tell(ctx) })
	s.listen(ctx)
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
	s.work.Wait()
	return nil
}

const listenAgain = 100 * time.Millisecond

// listen takes what comes until the socket is closed; each message gets a goroutine, as
// a transaction may wait for its owner.
func (s *Stack) listen(ctx context.Context) {
	b := make([]byte, 1<<16)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.log.Warn("listen for SIP; it goes on", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(listenAgain):
			}
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if msg := s.gate.admit(from, b[:n]); msg != nil {
			msg.SetTransport("UDP")
			msg.SetSource(from.String())
			s.work.Go(func() { s.came(ctx, msg, from) })
		}
	}
}

// came gives a message to its transaction or, if it begins one, to the dialogs.
func (s *Stack) came(ctx context.Context, msg sip.Message, from netip.AddrPort) {
	switch m := msg.(type) {
	case *sip.Response:
		if !s.exchange.response(m) {
			s.stray(m)
		}
	case *sip.Request:
		tx, err := s.exchange.server(m, from)
		switch {
		case err != nil:
			s.log.Debug("take a SIP request", "source", from.String(), "err", err)
		case tx != nil:
			s.request(ctx, m, tx)
		case m.IsAck():
			s.acked(m)
		}
	}
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

// acked gives the ACK to a 2xx to its dialog.
func (s *Stack) acked(ack *sip.Request) {
	if check(ack) != nil {
		return
	}
	if d := s.find(ack.CallID().Value(), toTag(ack)); d != nil {
		d.inbox.Put(func() { d.acked(ack) })
	}
}

func toTag(req *sip.Request) string {
	to := req.To()
	if to == nil {
		return ""
	}
	tag, _ := to.Params.Get("tag")
	return tag
}

// request judges and hands over a request, on a goroutine of its own.
func (s *Stack) request(ctx context.Context, req *sip.Request, tx *sip.ServerTx) {
	tag := toTag(req)
	switch {
	case req.IsInvite():
	case tag == "": // a stranger's: answering it again is cheaper than remembering it
		defer tx.Terminate()
	default:
		defer tx.TerminateGracefully()
	}
	if r := check(req); r != nil {
		s.respond(req, tx, r.status, r.headers...)
		return
	}
	if tag != "" {
		s.within(req, tx, tag)
		return
	}
	switch req.Method { //nolint:exhaustive // check has refused the others
	case sip.INVITE:
		s.invited(ctx, req, tx)
	case sip.OPTIONS:
		s.respond(req, tx, sip.StatusOK, sip.NewHeader("Allow", allow), sip.NewHeader("Accept", "application/sdp"))
	default: // nothing outside a dialog that it could mean
		s.respond(req, tx, sip.StatusCallTransactionDoesNotExists)
	}
}

// within hands a request to its dialog and waits until that has answered.
func (s *Stack) within(req *sip.Request, tx *sip.ServerTx, tag string) {
	d := s.find(req.CallID().Value(), tag)
	done := make(chan struct{})
	if d != nil && d.inbox.Put(func() { d.receive(req, tx); close(done) }) {
		if req.IsInvite() {
			return
		}
		select {
		case <-done:
		case <-d.over:
		}
		return
	}
	s.respond(req, tx, sip.StatusCallTransactionDoesNotExists)
}

func (s *Stack) invited(ctx context.Context, req *sip.Request, tx *sip.ServerTx) {
	branch, _ := req.Via().Params.Get("branch")
	key := mergeKey(req)
	s.mu.Lock()
	other, merged := s.merging[key]
	if !merged {
		s.merging[key] = branch
	}
	s.mu.Unlock()
	if merged && other != branch {
		s.respond(req, tx, sip.StatusLoopDetected) // RFC 3261 §8.2.2.2
		return
	}
	s.incoming(ctx, req, tx, key)
}

func mergeKey(req *sip.Request) string {
	tag, _ := req.From().Params.Get("tag")
	return req.CallID().Value() + "\n" + tag + "\n" + req.CSeq().Value()
}

// respond sends a final answer outside of any dialog of ours.
func (s *Stack) respond(req *sip.Request, tx sip.ServerTransaction, status int, headers ...sip.Header) {
	res := sip.NewResponseFromRequest(req, status, reasons[status], nil)
	res.SipVersion = "SIP/2.0" // also to one of another version
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if err := tx.Respond(res); err != nil {
		s.log.Debug("answer a SIP request", "status", status, "err", err)
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
