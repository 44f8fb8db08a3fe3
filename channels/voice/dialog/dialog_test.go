package dialog_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a stack whose calls are written down.
type house struct {
	*dialog.Stack

	mu    sync.Mutex // guards calls
	calls []*party
	auto  func(*party)
}

// party is an owner that remembers.
type party struct {
	in   *dialog.Incoming
	out  *dialog.Dialog
	desc []byte

	mu      sync.Mutex // guards what follows
	events  []string
	offered bool // ours is out
}

func (p *party) Tell(e dialog.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := e.(type) {
	case dialog.Answered:
		p.events = append(p.events, "Answered")
	case dialog.Confirmed:
		said := "Confirmed"
		if d, err := sdp.Parse(e.Body); err == nil {
			said += " with " + d.Audio.Direction.String()
		}
		p.events = append(p.events, said)
	case dialog.Info:
		p.events = append(p.events, fmt.Sprintf("Info %s %q", e.ContentType, e.Body))
	default:
		p.events = append(p.events, fmt.Sprintf("%T%v", e, e))
	}
}

func (p *party) Reoffer(offer []byte) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if offer == nil {
		p.offered = true
		return p.desc, true
	}
	d, err := sdp.Parse(offer)
	if err != nil {
		return nil, false
	}
	if p.offered {
		p.offered, p.events = false, append(p.events, "Answer "+d.Audio.Direction.String())
		return nil, true
	}
	return d.Answer(2, netip.MustParseAddrPort("127.0.0.1:9"), sdp.SendRecv).Bytes(), true
}

func (p *party) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.ReplaceAll(strings.Join(p.events, " "), "dialog.", "")
}

func (p *party) saw(t *testing.T, want string) {
	t.Helper()
	phonetest.Wait(t, fmt.Sprintf("the dialog tells %q", want), func() bool { return p.String() == want })
}

func open(t *testing.T, auto func(*party)) *house {
	t.Helper()
	return openLogged(t, auto, slog.New(slog.DiscardHandler))
}

func openLogged(t *testing.T, auto func(*party), log *slog.Logger) *house {
	t.Helper()
	h := &house{auto: auto}
	s, err := dialog.Open(t.Context(), dialog.Config{Listen: netip.MustParseAddrPort("127.0.0.1:0")}, func(_ context.Context, in *dialog.Incoming) dialog.Owner {
		p := &party{in: in, desc: sdp.Offer(1, netip.MustParseAddrPort("127.0.0.1:9"), g711.A, sdp.SendRecv).Bytes()}
		h.mu.Lock()
		h.calls = append(h.calls, p)
		h.mu.Unlock()
		if h.auto != nil {
			h.auto(p)
		}
		return p
	}, log)
	if err != nil {
		t.Fatal(err)
	}
	h.Stack = s
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) call(t *testing.T) *party {
	t.Helper()
	var p *party
	phonetest.Wait(t, "a call comes", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.calls) > 0 {
			p = h.calls[len(h.calls)-1]
		}
		return p != nil
	})
	return p
}

func (h *house) invite(t *testing.T, phone *phonetest.Phone) *party {
	t.Helper()
	p := &party{}
	var err error
	p.out, err = h.Prepare(dialog.Invitation{To: phone.URI(), From: "100", Name: "Växel"}, p)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.out.Send(sdp.Offer(1, netip.MustParseAddrPort("127.0.0.1:9"), g711.A, sdp.SendRecv).Bytes()); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCalled(t *testing.T) {
	h := open(t, nil)
	phone := phonetest.NewPhone(t, "ann", g711.A, 440)
	c := phone.Dial("200", h.Addr())
	p := h.call(t)
	if p.in.From != "ann" || p.in.To != "200" || p.in.Offer == nil {
		t.Errorf("called by %q for %q", p.in.From, p.in.To)
	}
	p.in.Ring()
	phonetest.Wait(t, "it rings", func() bool { return c.Status() == 180 })
	p.in.Answer(p.desc)
	phonetest.Wait(t, "it is answered", c.Up)
	p.saw(t, "Confirmed")
	c.Info('7')
	p.saw(t, `Confirmed Info application/dtmf-relay "Signal=7\r\nDuration=160\r\n"`)
	c.Hold(sdp.SendOnly)
	phonetest.Wait(t, "the hold is answered", func() bool { return c.Direction() == sdp.RecvOnly })
	c.Bye()
	phonetest.Wait(t, "the dialog ends", func() bool { return strings.HasSuffix(p.String(), "Ended{bye}") })
}

func TestCallerGivesUp(t *testing.T) {
	h := open(t, func(p *party) { p.in.Ring() })
	c := phonetest.NewPhone(t, "ann", g711.A, 440).Dial("200", h.Addr())
	phonetest.Wait(t, "it rings", func() bool { return c.Status() == 180 })
	c.Cancel()
	phonetest.Wait(t, "487", func() bool { return c.Status() == 487 })
	h.call(t).saw(t, "Canceled{}")
}

func TestRefused(t *testing.T) {
	h := open(t, func(p *party) { p.in.Reject(486) })
	c := phonetest.NewPhone(t, "ann", g711.A, 440).Dial("200", h.Addr())
	phonetest.Wait(t, "486", func() bool { return c.Status() == 486 && c.Gone() })
}

func TestCalling(t *testing.T) {
	h := open(t, nil)
	phone := phonetest.NewPhone(t, "bo", g711.A, 440)
	p := h.invite(t, phone)
	c := phone.Next()
	c.Ring()
	p.saw(t, "Ringing{180}")
	c.Answer()
	p.saw(t, "Ringing{180} Answered")
	phonetest.Wait(t, "the ACK comes", c.Up)
	p.out.SendInfo("application/dtmf-relay", []byte("Signal=5"))
	phonetest.Wait(t, "the INFO comes", func() bool { return c.Infos() == "Signal=5" })
	p.out.Bye(`SIP;cause=200;text="Call completed elsewhere"`)
	phonetest.Wait(t, "the BYE comes", c.Gone)
	if !strings.Contains(c.Reason(), "completed elsewhere") {
		t.Errorf("Reason: %q", c.Reason())
	}
}

func TestCallingEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(*phonetest.Call)
		want string
	}{
		{"busy", func(c *phonetest.Call) { c.Reject(486) }, "Rejected{486}"},
		{"decline", func(c *phonetest.Call) { c.Reject(603) }, "Rejected{603}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := open(t, nil)
			phone := phonetest.NewPhone(t, "bo", g711.A, 440)
			p := h.invite(t, phone)
			c.do(phone.Next())
			p.saw(t, c.want)
		})
	}
}

// RFC 5407 §3.1.2 and the like: we give up at the moment of the answer.
func TestAnswerCrossesCancel(t *testing.T) {
	h := open(t, nil)
	phone := phonetest.NewPhone(t, "bo", g711.A, 440)
	p := h.invite(t, phone)
	c := phone.Next()
	p.out.Bye("") // nothing provisional came yet: no CANCEL may be sent
	c.Answer()
	phonetest.Wait(t, "the call that came about is ended", c.Gone)
	if c.Canceled() {
		t.Error("a CANCEL was sent before any answer")
	}
	p.saw(t, "Rejected{487}")
}

func TestCancelWhileItRings(t *testing.T) {
	h := open(t, nil)
	phone := phonetest.NewPhone(t, "bo", g711.A, 440)
	p := h.invite(t, phone)
	c := phone.Next()
	c.Ring()
	p.saw(t, "Ringing{180}")
	p.out.Bye("")
	phonetest.Wait(t, "the CANCEL comes", c.Canceled)
	p.saw(t, "Ringing{180} Rejected{487}")
}

// A proxy forked our INVITE and two phones answered: one call stays, the other gets ACK
// and BYE.
func TestForkedAnswers(t *testing.T) {
	h := open(t, nil)
	phone := phonetest.NewPhone(t, "bo", g711.A, 440)
	p := h.invite(t, phone)
	first := phone.Next()
	second := first.Fork("elsewhere")
	first.Answer()
	p.saw(t, "Answered")
	second.Answer()
	phonetest.Wait(t, "the second is ended", second.Gone)
	if !second.Up() && !second.Confirmed() || first.Gone() {
		t.Error("the first is gone, or the second was not ACKed")
	}
	if p.String() != "Answered" {
		t.Errorf("told %s", p)
	}
}

// Requests that must be refused, and how. The stack lives on.
func TestBadRequests(t *testing.T) {
	h := open(t, func(p *party) { p.in.Reject(480) })
	me := "127.0.0.1:5099"
	msg := func(first string, replace ...string) string {
		method, _, _ := strings.Cut(first, " ")
		m := first + "\r\nVia: SIP/2.0/UDP " + me + ";branch=z9hG4bK-" + fmt.Sprintf("%x", first+fmt.Sprint(replace)) + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: " +
			fmt.Sprintf("%x", first+fmt.Sprint(replace)) + "\r\nCSeq: 1 " + method + "\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
		return strings.NewReplacer(replace...).Replace(m)
	}
	for name, c := range map[string]struct {
		msg  string
		want string // the status line's start; empty for no answer
	}{
		"options":          {msg("OPTIONS sip:c@d SIP/2.0"), "SIP/2.0 200"},
		"register":         {msg("REGISTER sip:d SIP/2.0"), "SIP/2.0 405"},
		"unknown method":   {msg("NEWMETHOD sip:c@d SIP/2.0"), "SIP/2.0 501"},
		"other version":    {msg("INVITE sip:c@d SIP/7.0"), "SIP/2.0 505"},
		"other scheme":     {msg("INVITE nobodyknows:c SIP/2.0"), "SIP/2.0 416"},
		"extension":        {msg("INVITE sip:c@d SIP/2.0", "Max-", "Require: nothingSupportsThis\r\nMax-"), "SIP/2.0 420"},
		"body":             {msg("INVITE sip:c@d SIP/2.0", "Max-", "Content-Type: text/plain\r\nMax-", "Length: 0\r\n\r\n", "Length: 2\r\n\r\nhi"), "SIP/2.0 415"},
		"no tag":           {msg("INVITE sip:c@d SIP/2.0", ";tag=1", ""), "SIP/2.0 400"},
		"other CSeq":       {msg("INVITE sip:c@d SIP/2.0", "1 INVITE", "1 BYE"), "SIP/2.0 400"},
		"no CSeq":          {msg("INVITE sip:c@d SIP/2.0", "CSeq: 1 INVITE\r\n", ""), "SIP/2.0 400"},
		"short body":       {msg("INVITE sip:c@d SIP/2.0", "Length: 0", "Length: 500"), "SIP/2.0 400"},
		"bad CSeq":         {msg("INVITE sip:c@d SIP/2.0", "CSeq: 1", "CSeq: many"), "SIP/2.0 400"},
		"line feed":        {msg("INVITE sip:c@d SIP/2.0", "Call-ID: ", "Call-ID: x\ny"), "SIP/2.0 400"},
		"NUL":              {msg("INVITE sip:c@d SIP/2.0", "sip:a@b", "sip:a\x00@b"), "SIP/2.0 400"},
		"bye for nobody":   {msg("BYE sip:c@d SIP/2.0"), "SIP/2.0 481"},
		"call for nobody":  {msg("INVITE sip:c@d SIP/2.0"), "SIP/2.0 100"},
		"scanner":          {msg("OPTIONS sip:c@d SIP/2.0", "Max-", "User-Agent: friendly-scanner\r\nMax-"), ""},
		"keep-alive":       {"\r\n\r\n", ""},
		"noise":            {strings.Repeat("\xff", 500), ""},
		"half":             {"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP " + me + ";branch=z9hG4bK1\r\n", "SIP/2.0 400"},
		"stray answer":     {"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP " + me + ";branch=z9hG4bK2\r\nCSeq: 1 INVITE\r\n\r\n", ""},
		"answer with junk": {"SIP/2.0 200 OK\r\nCSeq: \xff\xfe\r\n\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("udp4", h.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			c.msg = strings.ReplaceAll(c.msg, me, conn.LocalAddr().String())
			if _, err := conn.Write([]byte(c.msg)); err != nil {
				t.Fatal(err)
			}
			probe := ""
			if c.want == "" { // what comes next answers the next question
				_, _ = conn.Write([]byte(strings.ReplaceAll(msg("OPTIONS sip:probe@d SIP/2.0", "Call-ID: ", "Call-ID: "+t.Name(), "z9hG4bK-", "z9hG4bK-"+fmt.Sprintf("%x", t.Name())), me, conn.LocalAddr().String())))
				c.want, probe = "SIP/2.0 200", "Call-ID: "+t.Name()
			}
			b := make([]byte, 4096)
			_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
			for {
				n, err := conn.Read(b)
				if err != nil {
					t.Fatalf("no answer %q: %v", c.want, err)
				}
				if line, _, _ := strings.Cut(string(b[:n]), "\r\n"); strings.HasPrefix(line, c.want) && strings.Contains(string(b[:n]), probe) {
					return
				} else if probe != "" || !strings.HasPrefix(line, "SIP/2.0 100") && !strings.HasPrefix(line, "SIP/2.0 480") {
					t.Fatalf("got %q, want %q:\n%s", line, c.want, b[:n])
				}
			}
		})
	}
}

// Sipp's own caller scenario, fifty times, against our answers.
func TestSippCalls(t *testing.T) {
	h := open(t, func(p *party) { p.in.Ring(); p.in.Answer(p.desc) })
	out, err := exec.CommandContext(t.Context(), "sipp", "-sn", "uac", h.Addr().String(), "-i", "127.0.0.1",
		"-r", "50", "-m", "50", "-d", "100", "-nostdin", "-timeout", "60").CombinedOutput()
	if err != nil {
		t.Fatalf("sipp: %v\n%s", err, out)
	}
}
