package dialog

import (
	"context"
	"net/netip"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Incoming is a call that has come and is not answered yet.
type Incoming struct {
	*Dialog
	From, Name string // the caller's number or user part, and name as it was sent
	To         string // the user part that was dialled
	Source     netip.AddrPort
	Offer      []byte // nil when they want ours
}

func (s *Stack) incoming(ctx context.Context, req *sip.Request, tx *sip.ServerTx, key string) {
	tag, _ := req.From().Params.Get("tag")
	d := &Dialog{
		stack: s, inbox: NewInbox[func()](), over: make(chan struct{}), mergeKey: key,
		state: proceeding, invite: req, server: tx, remoteSeq: req.CSeq().SeqNo,
		id: Identity{
			CallID: req.CallID().Value(), LocalTag: newID(), RemoteTag: tag,
			Local: Line(req.To().Address.String()), Remote: Line(req.From().Address.String()),
			Target: contact(req), Source: req.Source(), Back: responseAddress(req, source(req)),
			InviteSeq: req.CSeq().SeqNo,
		},
	}
	for _, h := range sip.NewResponseFromRequest(req, sip.StatusTrying, "", nil).GetHeaders("Via") {
		d.id.Vias = append(d.id.Vias, Line(h.Value()))
	}
	if d.id.Target == "" {
		d.id.Target = d.id.Remote
	}
	for _, h := range req.GetHeaders("Record-Route") {
		d.id.Routes = append(d.id.Routes, Line(h.Value()))
	}
	in := &Incoming{Dialog: d, From: Line(req.From().Address.User), Name: Line(req.From().DisplayName), To: Line(req.Recipient.User), Source: source(req)}
	if len(req.Body()) > 0 {
		in.Offer = req.Body()
	}
	s.respond(req, tx, sip.StatusTrying) // before the owner can say more: the newest answer is what is repeated
	d.owner = s.called(ctx, in)
	if !s.add(d) {
		d.finish(Canceled{})
		return
	}
	gone := func(*sip.Request) { d.inbox.Put(func() { d.finish(Canceled{}) }) }
	if !tx.OnCancel(gone) {
		gone(nil)
	}
	s.work.Go(func() { d.acks(tx) })
}

// acks takes what some phones send under the INVITE's own branch.
func (d *Dialog) acks(tx *sip.ServerTx) {
	for {
		select {
		case ack := <-tx.Acks():
			d.inbox.Put(func() { d.acked(ack) })
		case <-tx.Done():
			return
		case <-d.over:
			return
		}
	}
}

// Ring tells the caller that it rings.
func (in *Incoming) Ring() {
	in.inbox.Put(func() {
		if in.state == proceeding {
			in.reply(in.response(in.invite, sip.StatusRinging, nil))
		}
	})
}

// Answer takes the call with our description, an answer or, if there was none, an offer.
func (in *Incoming) Answer(body []byte) {
	in.inbox.Put(func() {
		if in.state != proceeding {
			return
		}
		in.state, in.offered = accepted, in.Offer == nil
		in.sendAnswer(in.response(in.invite, sip.StatusOK, body))
	})
}

// Reject refuses the call. The owner is not told.
func (in *Incoming) Reject(status int) {
	in.inbox.Put(func() { in.refuse(status) })
}

// Refuse rejects a call that has no business here. It goes into the log like whatever else
// is refused: as often as a source may.
func (in *Incoming) Refuse(status int) {
	in.stack.gate.note(in.Source, nil, "a call that nobody takes", "status", status, "from", in.From, "to", in.To)
	in.Reject(status)
}

// refuse ends a call that was not answered. Retry-After sends a trunk elsewhere meanwhile.
func (d *Dialog) refuse(status int) {
	if d.state != proceeding {
		return
	}
	res := d.response(d.invite, status, nil)
	if status == sip.StatusServiceUnavailable {
		res.AppendHeader(sip.NewHeader("Retry-After", "10"))
	}
	d.reply(res)
	d.finish(nil)
}

func (d *Dialog) reply(res *sip.Response) {
	if err := d.server.Respond(res); err != nil {
		d.stack.log.Debug("answer an INVITE", "call_id", d.id.CallID, "status", res.StatusCode, "err", err)
	}
}

// sendAnswer sends a 2xx until it is ACKed, at T1 doubling to T2, and gives the call up
// after 64 T1 (RFC 3261 §13.3.1.4).
func (d *Dialog) sendAnswer(res *sip.Response) {
	d.stopResend()
	d.answer, d.wait, d.waited = res, sip.T1, 0
	d.reply(res)
	d.resend = time.AfterFunc(d.wait, func() { d.inbox.Put(d.again) })
}

func (d *Dialog) again() {
	if d.answer == nil {
		return
	}
	if d.waited += d.wait; d.waited >= 64*sip.T1 {
		if !d.parting {
			d.reason = `SIP;cause=408;text="No ACK"`
		}
		d.stack.send(d.byeRequest(d.reason))
		d.finish(Ended{Cause: "no_ack"})
		return
	}
	d.reply(d.answer)
	d.wait = min(2*d.wait, sip.T2)
	d.resend.Reset(d.wait)
}

func (d *Dialog) stopResend() {
	if d.resend != nil {
		d.resend.Stop()
	}
	d.answer = nil
}

// acked is the ACK to a 2xx of ours; one that is repeated tells nothing.
func (d *Dialog) acked(ack *sip.Request) {
	if d.answer == nil || ack.CSeq().SeqNo != d.answer.CSeq().SeqNo {
		return
	}
	d.stopResend()
	first := d.state == accepted
	if src := source(ack); first && src.IsValid() {
		d.stack.gate.know(src.Addr()) // whoever talks with us is heard in a flood of others
	}
	d.state = confirmed
	if d.parting {
		d.stack.send(d.byeRequest(d.reason))
		d.finish(nil)
		return
	}
	var body []byte
	if d.offered && len(ack.Body()) > 0 {
		body = ack.Body()
	}
	switch {
	case first:
		d.owner.Tell(Confirmed{Body: body})
	case body != nil:
		d.owner.Reoffer(body)
	}
}

// response is an answer within the dialog.
func (d *Dialog) response(req *sip.Request, status int, body []byte) *sip.Response {
	res := sip.NewResponseFromRequest(req, status, reasons[status], body)
	res.To().Params.Add("tag", d.id.LocalTag)
	if status > 100 && status < 300 {
		res.AppendHeader(d.stack.contact())
		res.AppendHeader(sip.NewHeader("Allow", allow))
	}
	if body != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	}
	return res
}
