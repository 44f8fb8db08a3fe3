package dialog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Invitation is a call that we make.
type Invitation struct {
	To      string         // a SIP URI
	From    string         // the user part shown to the called
	Name    string         // the name shown to the called
	Through netip.AddrPort // where to send it; resolved from To if not set
}

// ErrAddress is a SIP URI that can't be called.
var ErrAddress = errors.New("not a SIP address that can be called")

// Host is the address that an invitation goes to; not valid if a name stands for it.
func Host(inv Invitation) netip.Addr {
	if inv.Through.IsValid() {
		return inv.Through.Addr()
	}
	uri, err := parseURI(inv.To)
	if err != nil {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(uri.Host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

func parseURI(address string) (sip.Uri, error) {
	var uri sip.Uri
	if Line(address) != address || sip.ParseUri(address, &uri) != nil || uri.Scheme != "sip" || uri.Host == "" {
		return uri, fmt.Errorf("%q: %w", address, ErrAddress)
	}
	return uri, nil
}

// Prepare makes a call that Send makes, so that its identity can be written down before
// it rings. Only an address that can't be called is an error here.
func (s *Stack) Prepare(inv Invitation, owner Owner) (*Dialog, error) {
	if _, err := parseURI(inv.To); err != nil {
		return nil, err
	}
	from := sip.Uri{Scheme: "sip", User: userPart(inv.From), Host: s.addr.Addr().String(), Port: int(s.addr.Port())}
	d := &Dialog{
		stack: s, inbox: NewInbox[func()](), over: make(chan struct{}), owner: owner, state: calling, through: inv.Through,
		id: Identity{CallID: newID(), LocalTag: newID(), Local: from.String(), Remote: inv.To, Target: inv.To},
	}
	d.invite = d.build(sip.INVITE)
	if inv.Name != "" {
		d.invite.From().DisplayName = displayName(inv.Name)
	}
	via := d.invite.Via()
	d.id.Branch, _ = via.Params.Get("branch")
	d.id.Via = s.addr
	return d, nil
}

// Send calls with our offer. The owner is told how it goes on.
func (d *Dialog) Send(offer []byte) error {
	d.invite.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	d.invite.SetBody(offer)
	if !d.stack.add(d) {
		return fmt.Errorf("call %s: %w", d.id.Remote, net.ErrClosed)
	}
	d.stack.tasks.Put(d.call)
	return nil
}

// userPart keeps what needs no escape in a URI (RFC 3261 §25.1 unreserved, and + * #).
func userPart(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_.!~*'()+", r)) {
			return r
		}
		return -1
	}, s)
	if s == "" {
		return "anonymous"
	}
	return s
}

// displayName is what strangers call themselves, without what would end the quotes.
func displayName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' {
			return -1
		}
		return r
	}, Line(s))
}

const resolveTime = 4 * time.Second // to look an address up

// call sends the INVITE and passes the answers on, as long as its transaction lasts.
func (d *Dialog) call(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, resolveTime)
	defer stop()
	through := d.through
	if !through.IsValid() {
		var err error
		if through, err = lookUp(ctx, hostPort(d.invite.Recipient)); err != nil {
			d.inbox.Put(func() { d.finish(Rejected{Status: sip.StatusServiceUnavailable}) })
			return
		}
	}
	d.stack.gate.know(through.Addr())
	d.invite.SetDestination(through.String())
	tx, err := d.stack.exchange.client(d.invite, through)
	if err != nil {
		d.inbox.Put(func() { d.finish(Rejected{Status: sip.StatusServiceUnavailable}) })
		return
	}
	tx.OnRetransmission(d.late) // 2xx again, or by another branch of a fork
	if err := tx.Init(); err != nil {
		tx.Terminate()
		d.inbox.Put(func() { d.finish(Rejected{Status: sip.StatusServiceUnavailable}) })
		return
	}
	for {
		select {
		case res := <-tx.Responses():
			if !d.inbox.Put(func() { d.responded(res) }) {
				d.late(res)
			}
			if !res.IsProvisional() {
				return
			}
		case <-tx.Done():
			d.inbox.Put(func() { d.finish(Rejected{Status: sip.StatusRequestTimeout}) })
			return
		}
	}
}

// responded handles an answer to our INVITE.
func (d *Dialog) responded(res *sip.Response) {
	switch {
	case res.IsProvisional():
		d.heard = true
		if d.canceling {
			d.sendCancel()
		} else if d.state == calling && res.StatusCode > 100 {
			d.owner.Tell(Ringing{Status: res.StatusCode})
		}
	case res.IsSuccess():
		d.answered(res)
	default:
		d.finish(Rejected{Status: res.StatusCode})
	}
}

// answered confirms the call, unless we have given it up: then the 2xx crossed our
// CANCEL, and the call that came about is ended (RFC 3261 §9.1, §13.2.2.4).
func (d *Dialog) answered(res *sip.Response) {
	tag, _ := res.To().Params.Get("tag")
	if d.state == confirmed {
		if tag == d.id.RemoteTag {
			d.stack.confirm(d.ack) // ours was lost
		} else {
			d.stack.lose(d.twin(res)) // another branch of a fork answered too
		}
		return
	}
	if d.canceling || d.state != calling {
		d.stack.lose(d.twin(res))
		d.finish(Rejected{Status: sip.StatusRequestTerminated})
		return
	}
	t := d.twin(res)
	d.idMu.Lock()
	d.id = t.id
	d.idMu.Unlock()
	d.state = confirmed
	d.ack = t.ackRequest()
	d.stack.confirm(d.ack)
	d.owner.Tell(Answered{Body: res.Body()})
}

// late is a 2xx after the first; it comes under sipgo's hand or after our end.
func (d *Dialog) late(res *sip.Response) {
	if !res.IsSuccess() || d.inbox.Put(func() { d.answered(res) }) {
		return
	}
	if tag, _ := res.To().Params.Get("tag"); tag != d.Identity().RemoteTag {
		d.stack.lose(d.twin(res))
	}
}

// twin is the dialog that a 2xx makes (RFC 3261 §12.1.2).
func (d *Dialog) twin(res *sip.Response) *Dialog {
	id := d.Identity()
	id.RemoteTag, _ = res.To().Params.Get("tag")
	if c := contact(res); c != "" {
		id.Target = c
	}
	id.Source, id.Routes, id.Seq, id.Branch = res.Source(), nil, d.invite.CSeq().SeqNo, ""
	for _, h := range slices.Backward(res.GetHeaders("Record-Route")) {
		id.Routes = append(id.Routes, Line(h.Value()))
	}
	return &Dialog{stack: d.stack, id: id, invite: d.invite}
}

// lose ends a call that came about though nobody wants it.
func (s *Stack) lose(d *Dialog) {
	s.confirm(d.ackRequest())
	s.send(d.byeRequest(`SIP;cause=200;text="Call completed elsewhere"`))
}

// cancel gives the call up. RFC 3261 §9.1: not before a provisional answer.
func (d *Dialog) cancel() {
	if d.canceling {
		return
	}
	d.canceling = true
	if d.heard {
		d.sendCancel()
	}
	// Whatever happens on the wire, the owner is done with it; the transaction's end
	// comes to late.
	time.AfterFunc(64*sip.T1, func() { d.inbox.Put(func() { d.finish(Rejected{Status: sip.StatusRequestTimeout}) }) })
}

func (d *Dialog) sendCancel() { d.stack.send(d.hop(sip.CANCEL, d.invite)) }

// hop is a CANCEL or the ACK to a refusal: requests of the INVITE's own transaction (RFC
// 3261 §9.1, §17.1.1.3). to has their To.
func (d *Dialog) hop(method sip.RequestMethod, to sip.Message) *sip.Request {
	req := sip.NewRequest(method, d.invite.Recipient)
	req.AppendHeader(d.invite.Via().Clone())
	sip.CopyHeaders("Route", d.invite, req)
	sip.CopyHeaders("From", d.invite, req)
	sip.CopyHeaders("To", to, req)
	sip.CopyHeaders("Call-ID", d.invite, req)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: d.invite.CSeq().SeqNo, MethodName: method})
	forwards := sip.MaxForwardsHeader(70)
	req.AppendHeader(&forwards)
	req.SetBody(nil)
	address(req, d.invite.Destination())
	return req
}

// ackRequest confirms a 2xx (RFC 3261 §13.2.2.4): a transaction of its own, same CSeq.
func (d *Dialog) ackRequest() *sip.Request {
	seq := d.id.Seq
	req := d.build(sip.ACK)
	req.CSeq().SeqNo = seq
	d.id.Seq = seq
	return req
}

func (d *Dialog) byeRequest(reason string) *sip.Request {
	req := d.build(sip.BYE)
	if reason != "" {
		req.AppendHeader(sip.NewHeader("Reason", Line(reason)))
	}
	return req
}

// build makes a request within the dialog, with the next CSeq.
func (d *Dialog) build(method sip.RequestMethod) *sip.Request {
	d.idMu.Lock()
	d.id.Seq++
	id := d.id
	d.idMu.Unlock()
	return d.stack.build(method, id)
}

func (s *Stack) build(method sip.RequestMethod, id Identity) *sip.Request {
	var target, local, remote sip.Uri
	_ = sip.ParseUri(id.Target, &target) // what was parsed before is parsed again
	_ = sip.ParseUri(id.Local, &local)
	_ = sip.ParseUri(id.Remote, &remote)
	req := sip.NewRequest(method, target)
	via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: "UDP", Host: s.addr.Addr().String(), Port: int(s.addr.Port())}
	via.Params.Add("branch", sip.GenerateBranch())
	via.Params.Add("rport", "")
	req.AppendHeader(via)
	for _, r := range id.Routes {
		req.AppendHeader(sip.NewHeader("Route", r))
	}
	from, to := &sip.FromHeader{Address: local}, &sip.ToHeader{Address: remote}
	from.Params.Add("tag", id.LocalTag)
	if id.RemoteTag != "" {
		to.Params.Add("tag", id.RemoteTag)
	}
	req.AppendHeader(from)
	req.AppendHeader(to)
	callID := sip.CallIDHeader(id.CallID)
	req.AppendHeader(&callID)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: id.Seq, MethodName: method})
	forwards := sip.MaxForwardsHeader(70)
	req.AppendHeader(&forwards)
	req.AppendHeader(s.contact())
	req.AppendHeader(sip.NewHeader("Allow", allow))
	req.SetBody(nil)
	address(req, id.destination(target))
	return req
}

// destination is where a request goes. A far end behind address translation names a
// Contact that can't be reached; then the packets' source is right.
func (id Identity) destination(target sip.Uri) string {
	if len(id.Routes) > 0 {
		var h sip.RouteHeader
		if sip.ParseUri(trimAngles(id.Routes[0]), &h.Address) == nil && h.Address.Host != "" {
			return hostPort(h.Address)
		}
	}
	if src, err := netip.ParseAddrPort(id.Source); err == nil {
		if a, err := netip.ParseAddr(target.Host); err != nil || a.IsPrivate() && !src.Addr().IsPrivate() {
			return src.String()
		}
	}
	return hostPort(target)
}

func hostPort(uri sip.Uri) string {
	port := uri.Port
	if port <= 0 {
		port = sip.DefaultUdpPort
	}
	return net.JoinHostPort(uri.Host, strconv.Itoa(port))
}

func trimAngles(s string) string {
	if i, j := slices.Index([]byte(s), '<'), slices.Index([]byte(s), '>'); i >= 0 && j > i {
		return s[i+1 : j]
	}
	return s
}

func address(req *sip.Request, to string) {
	req.SetTransport("UDP")
	req.SetDestination(to)
}

func (s *Stack) contact() sip.Header {
	return &sip.ContactHeader{Address: sip.Uri{Scheme: "sip", Host: s.addr.Addr().String(), Port: int(s.addr.Port())}}
}

// send sends a request whose answer changes nothing, and sees it through.
func (s *Stack) send(req *sip.Request) {
	s.sending.Add(1)
	s.tasks.Put(func(ctx context.Context) {
		defer s.sending.Add(-1)
		ctx, stop := context.WithTimeout(ctx, 64*sip.T1)
		defer stop()
		tx, err := s.begin(ctx, req)
		if err != nil {
			s.log.Debug("send a SIP request", "method", req.Method.String(), "err", err)
			return
		}
		defer tx.Terminate()
		for {
			select {
			case res := <-tx.Responses():
				if !res.IsProvisional() {
					return
				}
			case <-tx.Done():
				return
			case <-ctx.Done():
				return
			}
		}
	})
}

func (s *Stack) begin(ctx context.Context, req *sip.Request) (*sip.ClientTx, error) {
	to, err := lookUp(ctx, req.Destination())
	if err != nil {
		return nil, err
	}
	tx, err := s.exchange.client(req, to)
	if err != nil {
		return nil, err
	}
	if err := tx.Init(); err != nil {
		tx.Terminate()
		return nil, err
	}
	return tx, nil
}

// confirm sends the ACK to a 2xx, which has no transaction and no answer. It goes out at
// once, before a BYE may follow, unless a name has to be looked up.
func (s *Stack) confirm(ack *sip.Request) {
	if to, err := netip.ParseAddrPort(ack.Destination()); err == nil {
		s.write(ack, to)
		return
	}
	s.tasks.Put(func(ctx context.Context) {
		ctx, stop := context.WithTimeout(ctx, resolveTime)
		defer stop()
		to, err := lookUp(ctx, ack.Destination())
		if err != nil {
			s.log.Debug("send ACK", "call_id", ack.CallID().Value(), "err", err)
			return
		}
		s.write(ack, to)
	})
}

func (s *Stack) write(ack *sip.Request, to netip.AddrPort) {
	if err := (path{s.conn, to}).WriteMsg(ack); err != nil {
		s.log.Debug("send ACK", "call_id", ack.CallID().Value(), "err", err)
	}
}
