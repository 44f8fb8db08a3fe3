package dialog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
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

// Find gives whom a SIP address names, without escapes, and where that is now: a name is
// looked up, for four seconds at most. Nobody is told apart by a password or parameters.
func Find(ctx context.Context, address string) (user string, at netip.AddrPort, err error) {
	uri, err := parseURI(address)
	if err != nil {
		return "", at, err
	}
	if user, err = url.PathUnescape(uri.User); err != nil {
		return "", at, fmt.Errorf("%q: %w", address, ErrAddress)
	}
	ctx, stop := context.WithTimeout(ctx, resolveTime)
	defer stop()
	at, err = lookUp(ctx, hostPort(uri))
	return user, at, err
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
	from := s.uri(userPart(inv.From))
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
		} else if d.state == calling {
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
