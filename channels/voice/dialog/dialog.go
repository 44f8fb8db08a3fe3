package dialog

import (
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Identity is everything needed to say something within a dialog, also by another
// process after this one has died.
type Identity struct {
	CallID    string   `json:"call_id"`
	LocalTag  string   `json:"local_tag"`
	RemoteTag string   `json:"remote_tag"`
	Local     string   `json:"local"`  // our URI
	Remote    string   `json:"remote"` // theirs
	Target    string   `json:"target"` // where their requests go: the Contact
	Routes    []string `json:"routes,omitempty"`
	Source    string   `json:"source"` // where their messages come from
	Seq       uint32   `json:"seq"`    // our newest CSeq

	// While our INVITE has no answer: what a CANCEL needs.
	Branch string         `json:"branch,omitempty"`
	Via    netip.AddrPort `json:"via,omitzero"`
	// Of theirs: what its final response needs.
	Vias      []string       `json:"vias,omitempty"`
	Back      netip.AddrPort `json:"back,omitzero"`
	InviteSeq uint32         `json:"invite_seq,omitempty"`
}

type state int

const (
	proceeding state = iota // called, no final answer yet
	accepted                // answered, no ACK yet
	calling                 // our INVITE is out
	confirmed
	ended
)

// Dialog is one call with one far end. Its fields belong to its goroutine.
type Dialog struct {
	stack    *Stack
	inbox    *Inbox[func()]
	over     chan struct{} // closed when the actor has ended
	owner    Owner
	mergeKey string

	idMu sync.Mutex // guards id
	id   Identity

	state     state
	remoteSeq uint32

	invite  *sip.Request   // the one that began it
	through netip.AddrPort // where to send it; not valid: to its address
	server  *sip.ServerTx  // when called
	answer  *sip.Response  // our 2xx, until it is ACKed
	resend  *time.Timer
	wait    time.Duration // until the next 2xx
	waited  time.Duration
	offered bool // our 2xx held an offer; the ACK holds the answer
	parting bool // ended by us before the ACK; the BYE is to come
	reason  string

	canceling bool
	heard     bool         // a provisional answer came: CANCEL may be sent
	ack       *sip.Request // our ACK, repeated for each 2xx that is
}

// Identity is the dialog as it stands.
func (d *Dialog) Identity() Identity {
	d.idMu.Lock()
	defer d.idMu.Unlock()
	return d.id
}

// run is the actor.
func (d *Dialog) run() {
	defer close(d.over)
	defer d.stack.remove(d)
	for {
		do, ok := d.inbox.Take()
		if !ok {
			d.stopResend()
			return
		}
		do()
	}
}

// finish ends the dialog; cause tells the owner, unless it ended it.
func (d *Dialog) finish(e Event) {
	if d.state == ended {
		return
	}
	d.state = ended
	d.stopResend()
	if e != nil {
		d.owner.Tell(e)
	}
	d.inbox.Close()
}

// Bye ends the dialog from our side, whatever state it is in: a call that rings is
// canceled or refused, one that is answered gets a BYE with the reason (RFC 3326). Its owner
// is told no more.
func (d *Dialog) Bye(reason string) {
	d.inbox.Put(func() {
		switch d.state {
		case proceeding:
			d.refuse(sip.StatusTemporarilyUnavailable)
		case calling:
			d.cancel()
		case accepted:
			d.part(reason)
		case confirmed:
			d.stack.send(d.byeRequest(reason))
			d.finish(nil)
		case ended:
		}
	})
}

// part has a BYE sent as soon as the caller has ACKed our 2xx, or is not expected to any more:
// RFC 3261 §15, "the callee's UA MUST NOT send a BYE on a confirmed dialog until it has
// received an ACK for its 2xx response or until the server transaction times out".
func (d *Dialog) part(reason string) {
	if !d.parting {
		d.owner, d.parting, d.reason = nobody{}, true, reason
	}
}

// nobody owns a dialog that is only waiting for its end.
type nobody struct{}

// Tell implements Owner.
func (nobody) Tell(Event) {}

// Reoffer implements Owner.
func (nobody) Reoffer([]byte) ([]byte, bool) { return nil, false }

// SendInfo sends a SIP INFO within the call.
func (d *Dialog) SendInfo(contentType string, body []byte) {
	d.inbox.Put(func() {
		if d.state != confirmed {
			return
		}
		req := d.build(sip.INFO)
		req.AppendHeader(sip.NewHeader("Content-Type", contentType))
		req.SetBody(body)
		d.stack.send(req)
	})
}

// receive handles a request within the dialog.
func (d *Dialog) receive(req *sip.Request, tx *sip.ServerTx) {
	seq := req.CSeq().SeqNo
	// RFC 3261 §12.2.2. A goroutine for each message may have turned two around.
	if seq <= d.remoteSeq && d.remoteSeq > 0 {
		d.stack.respond(req, tx, sip.StatusInternalServerError)
		return
	}
	d.remoteSeq = seq
	switch req.Method { //nolint:exhaustive // check has refused the others
	case sip.BYE:
		d.stack.respond(req, tx, sip.StatusOK)
		cause := "bye"
		if h := req.GetHeader("Reason"); h != nil {
			cause = Line(h.Value())
		}
		d.finish(Ended{Cause: cause})
	case sip.INVITE, sip.UPDATE:
		d.reoffered(req, tx)
	case sip.INFO:
		d.stack.respond(req, tx, sip.StatusOK)
		kind := ""
		if h := req.GetHeader("Content-Type"); h != nil {
			kind = h.Value()
		}
		d.owner.Tell(Info{ContentType: kind, Body: req.Body()})
	default:
		d.stack.respond(req, tx, sip.StatusOK, sip.NewHeader("Allow", allow))
	}
}

// reoffered answers a re-INVITE or UPDATE (RFC 3261 §14.2, RFC 3311).
func (d *Dialog) reoffered(req *sip.Request, tx *sip.ServerTx) {
	if d.answer != nil || d.state == calling || d.state == proceeding { // our own offer or answer is out
		d.stack.respond(req, tx, sip.StatusRequestPending)
		return
	}
	d.retarget(req)
	if req.Method == sip.UPDATE && len(req.Body()) == 0 {
		d.stack.respond(req, tx, sip.StatusOK) // a session refresh
		return
	}
	offer := req.Body()
	if len(offer) == 0 {
		offer = nil
	}
	body, ok := d.owner.Reoffer(offer)
	if !ok {
		d.stack.respond(req, tx, sip.StatusNotAcceptableHere)
		return
	}
	res := d.response(req, sip.StatusOK, body)
	if req.IsInvite() {
		d.server, d.offered = tx, offer == nil
		d.sendAnswer(res)
		return
	}
	if err := tx.Respond(res); err != nil {
		d.stack.log.Debug("answer an UPDATE", "err", err)
	}
}

// retarget notes where the far end is now (RFC 3261 §12.2.2).
func (d *Dialog) retarget(msg sip.Message) {
	d.idMu.Lock()
	defer d.idMu.Unlock()
	if c := contact(msg); c != "" {
		d.id.Target = c
	}
	if src := msg.Source(); src != "" {
		d.id.Source = src
	}
}

func contact(msg sip.Message) string {
	h, ok := firstContact(msg)
	if !ok || h.Address.Wildcard || h.Address.Host == "" {
		return ""
	}
	return Line(h.Address.String())
}

func firstContact(msg sip.Message) (*sip.ContactHeader, bool) {
	var c *sip.ContactHeader
	switch m := msg.(type) {
	case *sip.Request:
		c = m.Contact()
	case *sip.Response:
		c = m.Contact()
	}
	return c, c != nil
}

// source is where a message came from.
func source(msg sip.Message) netip.AddrPort {
	a, err := netip.ParseAddrPort(msg.Source())
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
