package dialog_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

// wire is a far end that says what no telephone would, word for word.
type wire struct {
	t    *testing.T
	conn *net.UDPConn
	to   netip.AddrPort
	tag  string // of the stack, once it has said it
	seen []string
}

func newWire(t *testing.T, h *house) *wire {
	t.Helper()
	return &wire{t: t, conn: socket(t), to: h.Addr()}
}

func (w *wire) send(msg string) {
	w.t.Helper()
	if _, err := w.conn.WriteToUDPAddrPort([]byte(msg), w.to); err != nil {
		w.t.Fatal(err)
	}
}

// ask sends a request of the wire's one call.
func (w *wire) ask(method, branch string, seq int, body []byte) {
	w.t.Helper()
	to, kind := "<sip:200@vaxel>", ""
	if w.tag != "" {
		to += ";tag=" + w.tag
	}
	if body != nil {
		kind = "Content-Type: application/sdp\r\n"
	}
	me := w.conn.LocalAddr()
	w.send(fmt.Sprintf("%s sip:200@vaxel SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%s;rport\r\nFrom: <sip:ann@vaxel>;tag=1\r\nTo: %s\r\nCall-ID: %s\r\n"+
		"CSeq: %d %s\r\nContact: <sip:ann@%s>\r\n%sContent-Length: %d\r\n\r\n%s", method, me, branch, to, w.t.Name(), seq, method, me, kind, len(body), body))
}

// await reads until a message comes that begins and is numbered so; others may be repeats.
func (w *wire) await(begins, cseq string) string {
	w.t.Helper()
	b := make([]byte, 4096)
	_ = w.conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		n, err := w.conn.Read(b)
		if err != nil {
			w.t.Fatalf("no %q of %q: %v", begins, cseq, err)
		}
		msg := string(b[:n])
		w.seen = append(w.seen, msg)
		if strings.HasPrefix(msg, begins) && strings.Contains(msg, "\r\nCSeq: "+cseq+"\r\n") {
			return msg
		}
	}
}

// count is how many messages have come that begin so.
func (w *wire) count(begins string) (n int) {
	for _, msg := range w.seen {
		if strings.HasPrefix(msg, begins) {
			n++
		}
	}
	return n
}

// learn notes the stack's tag.
func (w *wire) learn(msg string) {
	_, rest, _ := strings.Cut(msg, "\r\nTo: ")
	line, _, _ := strings.Cut(rest, "\r\n")
	_, w.tag, _ = strings.Cut(line, ";tag=")
}

func describe(d sdp.Direction) []byte {
	return sdp.Offer(1, netip.MustParseAddrPort("127.0.0.1:9"), g711.A, d).Bytes()
}

// RFC 3261 §8.2.2.2: a proxy forked the INVITE and both branches came here.
func TestMergedRequests(t *testing.T) {
	h := open(t, func(p *party) { p.in.Ring() })
	w := newWire(t, h)
	w.ask("INVITE", "one", 1, describe(sdp.SendRecv))
	w.await("SIP/2.0 180", "1 INVITE")
	w.ask("INVITE", "two", 1, describe(sdp.SendRecv))
	if answer := w.await("SIP/2.0 482", "1 INVITE"); !strings.Contains(answer, "branch=z9hG4bKtwo") {
		t.Errorf("the wrong one is refused:\n%s", answer)
	}
	h.call(t).in.Reject(486)
	if answer := w.await("SIP/2.0 486", "1 INVITE"); !strings.Contains(answer, "branch=z9hG4bKone") {
		t.Errorf("the first goes on by another branch:\n%s", answer)
	}
	if h.mu.Lock(); len(h.calls) != 1 {
		t.Errorf("%d calls", len(h.calls))
	}
	h.mu.Unlock()
}

// RFC 3311: an UPDATE waits while an offer or answer is out, and is answered then.
func TestUpdate(t *testing.T) {
	h := open(t, func(p *party) { p.in.Ring() })
	w := newWire(t, h)
	w.ask("INVITE", "invite", 1, describe(sdp.SendRecv))
	w.learn(w.await("SIP/2.0 180", "1 INVITE"))
	w.ask("UPDATE", "early", 2, describe(sdp.SendOnly))
	w.await("SIP/2.0 491", "2 UPDATE")
	p := h.call(t)
	p.in.Answer(p.desc)
	w.await("SIP/2.0 200", "1 INVITE")
	w.ask("UPDATE", "unacked", 3, describe(sdp.SendOnly))
	w.await("SIP/2.0 491", "3 UPDATE")
	w.ask("ACK", "ack", 1, nil)
	p.saw(t, "Confirmed")
	w.ask("UPDATE", "refresh", 4, nil)
	if answer := w.await("SIP/2.0 200", "4 UPDATE"); strings.Contains(answer, "v=0") {
		t.Errorf("no offer, but an answer:\n%s", answer)
	}
	w.ask("UPDATE", "hold", 5, describe(sdp.SendOnly))
	if answer := w.await("SIP/2.0 200", "5 UPDATE"); !strings.Contains(answer, "a=recvonly") {
		t.Errorf("hold is answered:\n%s", answer)
	}
	w.ask("UPDATE", "junk", 6, []byte("junk"))
	w.await("SIP/2.0 488", "6 UPDATE")
	w.ask("BYE", "bye", 7, nil)
	w.await("SIP/2.0 200", "7 BYE")
}

// RFC 3261 §15: a call that we end before the ACK gets its BYE after it, and nobody is told of
// what comes in between.
func TestEndBeforeACK(t *testing.T) {
	h := open(t, nil)
	w := newWire(t, h)
	w.ask("INVITE", "invite", 1, describe(sdp.SendRecv))
	p := h.call(t)
	p.in.Answer(p.desc)
	w.learn(w.await("SIP/2.0 200", "1 INVITE"))
	p.in.Bye(`SIP;cause=16;text="enough"`)
	w.ask("UPDATE", "between", 2, nil)
	w.await("SIP/2.0 491", "2 UPDATE")
	if n := w.count("BYE"); n > 0 {
		t.Errorf("%d BYEs before the ACK", n)
	}
	w.ask("ACK", "ack", 1, nil)
	if bye := w.await("BYE", "1 BYE"); !strings.Contains(bye, `text="enough"`) {
		t.Errorf("without our reason:\n%s", bye)
	}
	if told := p.String(); told != "" {
		t.Errorf("told %s", told)
	}
}

// RFC 6026: our ACK was lost, so the 2xx comes again and is confirmed again. One that
// belongs to no INVITE of ours gets nothing.
func TestAnswerAgain(t *testing.T) {
	h := open(t, nil)
	w, p := newWire(t, h), &party{}
	var err error
	if p.out, err = h.Prepare(dialog.Invitation{To: "sip:bo@" + w.conn.LocalAddr().String(), From: "100"}, p); err != nil {
		t.Fatal(err)
	}
	if err := p.out.Send(describe(sdp.SendRecv)); err != nil {
		t.Fatal(err)
	}
	invite := w.await("INVITE", "1 INVITE")
	answer := answerTo(invite, w.conn.LocalAddr())
	w.send(answer)
	w.await("ACK", "1 ACK")
	w.send(answer)
	w.await("ACK", "1 ACK")
	w.send(strings.ReplaceAll(answer, "branch=", "branch=z9hG4bKnobody"))
	w.ask("OPTIONS", "probe", 1, nil)
	w.await("SIP/2.0 200", "1 OPTIONS")
	p.saw(t, "Answered")
	p.out.Bye("")
	w.await("BYE", "2 BYE")
	if acks := w.count("ACK"); acks != 2 {
		t.Errorf("%d ACKs to two answers and a stray one:\n%s", acks, strings.Join(w.seen, "\n"))
	}
}

// answerTo is a 200 that takes the call.
func answerTo(invite string, me net.Addr) string {
	var b strings.Builder
	b.WriteString("SIP/2.0 200 OK\r\n")
	head, _, _ := strings.Cut(invite, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Via", "From", "Call-ID", "CSeq":
			b.WriteString(line + "\r\n")
		case "To":
			b.WriteString(line + ";tag=bo\r\n")
		}
	}
	body := describe(sdp.SendRecv)
	fmt.Fprintf(&b, "Contact: <sip:bo@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", me, len(body), body)
	return b.String()
}

// RFC 3264 §4, RFC 3261 §13.2.1: without an offer in the INVITE ours is in the 200 and the
// answer in the ACK; within the call likewise.
func TestOfferInAnswer(t *testing.T) {
	h := open(t, nil)
	w := newWire(t, h)
	w.ask("INVITE", "invite", 1, nil)
	p := h.call(t)
	if p.in.Offer != nil {
		t.Errorf("offer %q", p.in.Offer)
	}
	p.in.Answer(p.desc)
	answer := w.await("SIP/2.0 200", "1 INVITE")
	if !strings.HasSuffix(answer, "\r\n\r\n"+string(p.desc)) {
		t.Errorf("our offer:\n%s", answer)
	}
	w.learn(answer)
	w.ask("ACK", "ack", 1, describe(sdp.RecvOnly))
	p.saw(t, "Confirmed with recvonly")
	w.ask("INVITE", "again", 2, nil)
	if answer := w.await("SIP/2.0 200", "2 INVITE"); !strings.Contains(answer, "v=0") {
		t.Errorf("our offer within the call:\n%s", answer)
	}
	w.ask("ACK", "again-ack", 2, describe(sdp.SendOnly))
	p.saw(t, "Confirmed with recvonly Answer sendonly")
}
