package voice_test

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// TestChild is the process that TestKill kills: it serves calls, offers each to the
// agent's phone, and accepts.
func TestChild(t *testing.T) {
	url := os.Getenv("VOICE_CHILD")
	if url == "" {
		return
	}
	h := newHouse(t)
	h.pool = pgtest.Open(t, url)
	wait := gateway.Seconds(60)
	if h.phones[anna] = []string{os.Getenv("VOICE_PHONE")}; h.phones[anna][0] == "" {
		wait = 1
	}
	h.run(voice.Config{Node: "test", Listen: netip.MustParseAddrPort(os.Getenv("VOICE_LISTEN")), Dir: os.Getenv("VOICE_DIR"), Patience: quick}, wait)
	fmt.Println("ADDR", h.Addr())
	id := h.interaction()
	h.offer(id, 1, anna)
	<-t.Context().Done()
}

// life is a child process, and what was there when it died.
type life struct {
	t         *testing.T
	url, dir  string
	addr      netip.AddrPort
	cmd       *exec.Cmd
	customer  *phonetest.Phone
	agent     *phonetest.Phone
	voicemail bool
}

func start(t *testing.T, point string, voicemail bool) *life {
	t.Helper()
	l := &life{t: t, url: pgtest.NewURL(t), dir: t.TempDir(), voicemail: voicemail}
	h := newHouse(t)
	l.customer, l.agent = h.customer(440), h.deskphone(anna, 1000)
	l.agent.OnCall(func(c *phonetest.Call) { c.Ring(); c.Answer() })
	l.cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.v")
	phone := l.agent.URI()
	if voicemail {
		phone = ""
	}
	l.cmd.Env = append(os.Environ(), "VOICE_CHILD="+l.url, "VOICE_DIR="+l.dir, "VOICE_PHONE="+phone, "VOICE_LISTEN="+own().String(), "VAXEL_CRASH="+point)
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if addr, ok := strings.CutPrefix(lines.Text(), "ADDR "); ok {
			l.addr = netip.MustParseAddrPort(addr)
			go func() {
				for lines.Scan() { // a full pipe would stop the child
				}
			}()
			return l
		}
	}
	t.Fatal("the child says no address")
	return nil
}

// own is an address that nobody else takes between two lives.
func own() netip.AddrPort {
	n := lives.Add(1)
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 64 + byte(os.Getpid()>>8)%64, byte(os.Getpid()), byte(n)}), 0)
}

var lives atomic.Uint32

// dies waits until the child has been killed.
func (l *life) dies() {
	l.t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = l.cmd.Wait() // how it ended is looked at below
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		l.t.Fatal("the child lives on")
	}
	if ws, ok := l.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || ws.Signal() != syscall.SIGKILL {
		l.t.Fatalf("the child ended as %v", l.cmd.ProcessState)
	}
}

// again is the next life, on the same rows.
func (l *life) again(before ...func(*house)) *house {
	l.t.Helper()
	h := newHouse(l.t)
	for _, f := range before {
		f(h)
	}
	h.pool = pgtest.Open(l.t, l.url)
	h.run(voice.Config{Node: "test", Listen: l.addr, Dir: l.dir, Patience: quick}, 0)
	return h
}

// A call that dies with its process ends as a system failure with one callback, and the
// telephones are told. One that the customer had ended already just ends.
func TestKill(t *testing.T) {
	for _, c := range []struct {
		point string
		end   gateway.End // "-" if the floor does not know of it
		hang  bool        // the customer hangs up first
	}{
		{"call.written", "-", false},
		{"call.received", gateway.EndSystemFailure, false},
		{"call.answered", gateway.EndSystemFailure, false},
		{"call.ringing", gateway.EndSystemFailure, false},
		{"call.accepted", gateway.EndSystemFailure, false},
		{"call.bridged", gateway.EndSystemFailure, false},
		{"call.leaving", "", true},
		{"call.left", "", true},
	} {
		t.Run(c.point, func(t *testing.T) {
			t.Parallel()
			l := start(t, c.point, false)
			call := l.customer.Dial(service, l.addr)
			if c.hang {
				phonetest.Wait(t, "they talk", func() bool { return l.customer.Sound.Ear.Hears(1000) })
				call.Bye()
			}
			l.dies()
			h := l.again()
			phonetest.Wait(t, "the caller is told", call.Gone)
			if cause := h.ends(); !c.hang && cause != "system_failure" || c.hang && cause != "customer_bye" {
				t.Errorf("ended by %s", cause)
			}
			var leaves []gateway.Leave
			for _, cmd := range h.told() {
				leaves = append(leaves, cmd.(gateway.Leave))
			}
			switch {
			case c.end == "-":
				if came := h.arrived(); len(leaves) != 0 || len(came) != 1 || came[0].Channel != gateway.Callback {
					t.Errorf("told the floor %+v and took in %+v, want a callback", leaves, came)
				}
			case len(leaves) != 1 || leaves[0].End != c.end || (leaves[0].Callback != 0) != (c.end == gateway.EndSystemFailure):
				t.Errorf("told the floor %+v", leaves)
			case c.point == "call.accepted", c.point == "call.bridged":
				phonetest.Wait(t, "the agent's phone is told", l.agent.Next().Gone)
			}
		})
	}
}

// Killed while the agent's phone rings: it stops at the next start, and an answer that
// crosses it is confirmed and ended.
func TestKillWhileItRings(t *testing.T) {
	t.Parallel()
	l := start(t, "", false)
	l.agent.OnCall((*phonetest.Call).Ring)
	l.customer.Dial(service, l.addr)
	a := l.agent.Next()
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	l.dies()
	h := l.again()
	phonetest.Wait(t, "the CANCEL comes, and the ACK to what it makes", func() bool { return a.Canceled() && a.Confirmed() })
	a.Answer()
	phonetest.Wait(t, "the answer is ended", func() bool { return has(a.Reason(), "Call completed elsewhere") })
	if cause := h.ends(); cause != "system_failure" {
		t.Errorf("ended by %s", cause)
	}
}

// Killed while the caller speaks, or at any point until it is stored: the voicemail is
// there, once, with what was said.
func TestKillVoicemail(t *testing.T) {
	for _, point := range []string{"", "call.recording", "call.recorded", "call.stored"} {
		t.Run("at "+point, func(t *testing.T) {
			t.Parallel()
			l := start(t, point, true)
			l.customer.Sound.Say(0)
			c := l.customer.Dial(service, l.addr)
			phonetest.Wait(t, "the beep", func() bool { return l.customer.Sound.Ear.Hears(1000) })
			l.customer.Sound.Say(660)
			sent := l.customer.Sound.Sent()
			phonetest.Wait(t, "more than two seconds are said", func() bool { return l.customer.Sound.Sent() > sent+130 })
			switch point {
			case "call.recording":
			case "":
				if err := l.cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			default:
				c.Bye()
			}
			l.dies()
			h := l.again()
			h.ends()
			h.waitedUntilVoicemail()
			a, raw := h.voicemail()
			if a.Key == "" || len(raw) < 2*8000*15/10 {
				t.Fatalf("stored %d bytes as %+v", len(raw), a)
			}
			if !did(h, func(cmd gateway.Leave) bool { return cmd.End == gateway.EndVoicemail }) {
				t.Errorf("told the floor %+v", h.told())
			}
			emptyDir(t, l.dir)
		})
	}
}

// Killed when the queue has just sent the caller to voicemail: nobody took the message, so
// they are called back.
func TestKillSentToVoicemail(t *testing.T) {
	t.Parallel()
	l := start(t, "call.answered", false)
	l.customer.Dial(service, l.addr)
	l.dies()
	h := l.again(func(h *house) { h.over = true })
	h.ends()
	if len(h.arrived()) != 1 || h.arrived()[0].Channel != gateway.Callback || h.arrived()[0].Conversation == 0 {
		t.Errorf("arrived: %+v", h.arrived())
	}
}

// Killed before anything was said: there is no message, so they are called back.
func TestKillBeforeMessage(t *testing.T) {
	t.Parallel()
	l := start(t, "", true)
	l.customer.Sound.Say(0)
	l.customer.Dial(service, l.addr)
	phonetest.Wait(t, "the beep", func() bool { return l.customer.Sound.Ear.Hears(1000) })
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	l.dies()
	h := l.again()
	h.ends()
	if len(h.arrived()) != 1 || h.arrived()[0].Channel != gateway.Callback || h.arrived()[0].Conversation == 0 {
		t.Errorf("arrived: %+v", h.arrived())
	}
}
