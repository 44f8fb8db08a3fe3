package dialog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

const (
	listenAgain  = 100 * time.Millisecond
	mostFailures = 50 // to receive, one after the other, 5 s: callers have gone elsewhere by then
)

// listen takes what comes until the socket is closed, or broken; each message gets a
// goroutine, as a transaction may wait for its owner.
func (s *Stack) listen(ctx context.Context) error {
	b := make([]byte, 1<<16)
	for failed := 0; ; {
		n, from, err := s.conn.ReadFromUDPAddrPort(b)
		if err != nil {
			if failed++; failed == mostFailures || errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("listen for SIP: %w", err)
			}
			s.log.Warn("listen for SIP; it goes on", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(listenAgain):
			}
			continue
		}
		failed = 0
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
