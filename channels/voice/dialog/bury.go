package dialog

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// Bury ends a dialog of a process that has died, so that the far end doesn't ring or
// listen to silence for ever. One that was answered since is ended when its answer comes.
func (s *Stack) Bury(id Identity, reason string) {
	d := &Dialog{stack: s, id: id}
	if id.Branch != "" {
		d.withdraw()
		return
	}
	if len(id.Vias) > 0 {
		d.refuseCaller() // if they have our answer already, they don't listen to this
	}
	d.id.Seq += 100 // it may have gone further than was written down
	s.send(d.byeRequest(reason))
}

// withdraw cancels the INVITE that the dead process had sent.
func (d *Dialog) withdraw() {
	d.invite = d.stack.build(sip.INVITE, d.id)
	via := d.invite.Via()
	via.Host, via.Port = d.id.Via.Addr().String(), int(d.id.Via.Port())
	via.Params.Add("branch", d.id.Branch)
	s := d.stack
	s.mu.Lock()
	s.buried[d.id.Branch] = d
	s.mu.Unlock()
	time.AfterFunc(64*sip.T1, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.buried, d.id.Branch)
	})
	d.sendCancel()
}

// stray is a response that no transaction waits for. RFC 6026 §8.8: it is dropped, unless
// it is the final one to an INVITE of our last life.
func (s *Stack) stray(res *sip.Response) {
	branch, _ := res.Via().Params.Get("branch")
	s.mu.Lock()
	d := s.buried[branch]
	s.mu.Unlock()
	switch {
	case d == nil, res.CSeq().MethodName != sip.INVITE, res.IsProvisional():
	case res.IsSuccess():
		s.lose(d.twin(res))
	default:
		s.confirm(d.hop(sip.ACK, res))
	}
}

// refuseCaller answers the INVITE of a caller who may still hear it ring.
func (d *Dialog) refuseCaller() {
	res := sip.NewResponse(sip.StatusServiceUnavailable, reasons[sip.StatusServiceUnavailable])
	for _, v := range d.id.Vias {
		res.AppendHeader(sip.NewHeader("Via", v))
	}
	req := d.stack.build(sip.BYE, d.id) // theirs the other way round
	from, to := &sip.FromHeader{Address: req.To().Address}, &sip.ToHeader{Address: req.From().Address}
	from.Params.Add("tag", d.id.RemoteTag)
	to.Params.Add("tag", d.id.LocalTag)
	res.AppendHeader(from)
	res.AppendHeader(to)
	callID := sip.CallIDHeader(d.id.CallID)
	res.AppendHeader(&callID)
	res.AppendHeader(&sip.CSeqHeader{SeqNo: d.id.InviteSeq, MethodName: sip.INVITE})
	res.SetBody(nil)
	if err := (path{d.stack.conn, d.id.Back}).WriteMsg(res); err != nil {
		d.stack.log.Debug("refuse a caller of the last life", "call_id", d.id.CallID, "err", err)
	}
}
