package dialog

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"
)

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
	return net.JoinHostPort(strings.Trim(uri.Host, "[]"), strconv.Itoa(port))
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
	return &sip.ContactHeader{Address: s.uri("")}
}

// uri is somebody here, or this address alone.
func (s *Stack) uri(user string) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: s.addr.Addr().String(), Port: int(s.addr.Port())}
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
