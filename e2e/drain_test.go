package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/bus/natstest"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// drain has a node drained by the command, which says what is left when it ends.
func (v *vaxel) drain(more ...string) <-chan string {
	said := make(chan string, 1)
	path, err := binary()
	must(v.t, err)
	go func() {
		out, err := exec.Command(path, append([]string{"drain", "--config", filepath.Join(v.dir, "vaxel.toml")}, more...)...).CombinedOutput() // ends with its node
		v.log.note("drain says " + string(out))
		if err != nil {
			out = append(out, err.Error()...)
		}
		said <- string(out)
	}()
	return said
}

// TestRollingUpgrade: each of three nodes is drained, stopped and started again, while
// customers chat, one more comes, and one talks on the telephone of the first. No line is
// lost or doubled, and the call goes on until it is over.
func TestRollingUpgrade(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	c := &nodes{nats: natstest.New(t), front: newVaxel(t, "")}
	desk := phonetest.NewPhone(t, "bo", g711.A, agentHz)
	desk.OnCall(func(c *phonetest.Call) { c.Ring(); c.Answer() })
	bo := c.front.addAgent("bo", "Bo Ek", roster.Phone{Kind: roster.PhoneSIP, Address: desk.URI()})
	c.start(t, telephony(sip, 60)+widget, widget, widget)
	v := c.front
	v.agent.signIn()
	bo.signIn()
	screen, phone := v.agent.openConsole(), bo.openConsole()
	v.agent.available()
	guests, held := make([]*visitor, 3), map[gateway.InteractionID]bool{}
	for n := range guests {
		guests[n] = v.visit()
		guests[n].say("form", 0, map[string]any{"name": fmt.Sprintf("Guest %d", n), "text": "Hej 0"})
		v.wait("one more chat", func() bool { screen.takeAll(held); return len(held) > n })
	}
	lines := 0
	chat := func() {
		lines++
		for _, g := range guests {
			g.say("msg", lines, map[string]any{"text": fmt.Sprintf("Hej %d", lines)})
		}
		for id := range held {
			v.agent.persist(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"client_id": fmt.Sprintf("a%d", lines), "text": fmt.Sprintf("Svar %d", lines)})
		}
	}
	bo.available()
	caller := phonetest.NewPhone(t, "caller", g711.A, customerHz)
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	phonetest.Wait(t, "caller and agent talk", func() bool { return caller.Sound.Ear.Hears(agentHz) && desk.Sound.Ear.Hears(customerHz) })
	talk := bo.holds()

	for n, node := range c.list {
		said := node.drain("--deadline=10m", "--final=9m")
		chat()
		if n == 0 {
			v.wait("only the call is left", func() bool {
				return v.number(`select count(*) from node where (remains->>'calls')::int = 1 and (remains->>'consoles')::int + (remains->>'visitors')::int = 0
					and not (remains->>'leads')::bool and not (remains->>'mailboxes')::bool`) == 1
			})
			v.wait("the agent in the call is told", func() bool { return phone.heard("drain.notice") })
			refused := phonetest.NewPhone(t, "late", g711.A, customerHz).Dial("support", netip.MustParseAddrPort(sip))
			phonetest.Wait(t, "a new call is refused", func() bool { return refused.Status() == 503 })
			if call.Gone() || !caller.Sound.Ear.Hears(agentHz) {
				t.Error("the call did not go on")
			}
			phone.finish(t, talk)
			bo.must(http.MethodPut, "/me/status", map[string]any{"status": "working_offline"}, nil) // Anna takes the chats
		}
		if out := <-said; !strings.Contains(out, "is empty: stop it, and nobody notices. 0 calls were ended") {
			t.Fatalf("node %d: %s", n+1, out)
		}
		chat()
		node.signal(syscall.SIGTERM)
		node.wait("its end", node.dead)
		chat()
		node.run("")
		node.wait("its readiness", node.ready)
		chat()
	}
	late := v.visit()
	late.say("form", 0, map[string]any{"name": "Late guest", "text": "Hej"})
	v.wait("the last chat", func() bool { screen.takeAll(held); return len(held) > len(guests) })
	for n, g := range guests {
		v.wait("acknowledgement", g.allSaid)
		v.wait("all of it in the widget", func() bool { return len(g.texts()) >= 1+2*lines })
		for side, first := range map[string]int{"me: Hej": 0, "agent: Svar": 1} {
			var want, got []string
			for k := first; k <= lines; k++ {
				want = append(want, fmt.Sprintf("%s %d", side, k))
			}
			for _, text := range g.texts() {
				if strings.HasPrefix(text, side) {
					got = append(got, text)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("guest %d is shown %q, want %q", n, got, want)
			}
		}
		g.wantWhole()
	}
	for sql, want := range map[string]int{
		`select count(*) from interaction`:                                              len(guests) + 2,
		`select count(*) from interaction where ended not in ('', 'handled')`:           0,
		`select count(*) from entry where kind = 'message'`:                             len(guests)*(1+2*lines) + 1,
		`select count(*) from leg where ended_at is null`:                               0,
		`select count(*) from offer where outcome in ('withdrawn', 'missed', 'failed')`: 0,
		`select count(*) from audit where what = 'node.drained'`:                        len(c.list),
	} {
		if got := v.number(sql); got != want {
			t.Errorf("%s: got %d, want %d", sql, got, want)
		}
	}
	checkFloor(t, v.pool).wantSpans(v.pool)
}

// TestDrainAlone: a node that is alone refuses new calls, goes on with chats, and at the
// deadline sets its agents working offline and ends its call, which is called back.
func TestDrainAlone(t *testing.T) {
	t.Parallel()
	sip := freePort(t, "udp")
	v := newVaxel(t, telephony(sip, 60)+widget)
	desk := phonetest.NewPhone(t, "agent", g711.A, agentHz)
	desk.OnCall(func(c *phonetest.Call) { c.Ring(); c.Answer() })
	v.agent.setPhone(desk.URI())
	v.start()
	v.agent.signIn()
	screen := v.agent.openConsole()
	v.agent.available()
	caller := phonetest.NewPhone(t, "caller", g711.A, customerHz)
	call := caller.Dial("support", netip.MustParseAddrPort(sip))
	phonetest.Wait(t, "caller and agent talk", func() bool { return caller.Sound.Ear.Hears(agentHz) && desk.Sound.Ear.Hears(customerHz) })

	said := v.drain("--deadline=5s", "--final=5s")
	v.wait("the agent is told", func() bool { return screen.heard("drain.notice") })
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Guest", "text": "Hej"})
	v.wait("the chat is taken in", guest.allSaid)
	if out := <-said; !strings.Contains(out, "the only node") || !strings.Contains(out, "still here") {
		t.Errorf("got %s", out)
	}
	phonetest.Wait(t, "the call is ended", call.Gone)
	v.wait("the callback", func() bool { return v.number(`select count(*) from interaction where channel = 'callback'`) == 1 })
	v.wait("the agent works offline, or will", func() bool {
		return v.number(`select count(*) from presence where intent = 'working_offline' or next = 'working_offline'`) == 1
	})
	v.wait("the report of the call that was still here, and is ended", func() bool {
		return v.number(`select count(*) from node where (remains->>'drain_killed')::int = 1 and (remains->'at_deadline'->>'calls')::int = 1`) == 1 &&
			v.number(`select count(*) from audit where what = 'node.drain_deadline' and (detail->>'calls')::int = 1`) == 1
	})
	if out := <-v.drain("--cancel"); !strings.Contains(out, "works") {
		t.Errorf("got %s", out)
	}
	checkFloor(t, v.pool).wantSpans(v.pool)
}

// TestDrainPlanned: a drain is planned, by the command and by the API. The node works until
// then, and agents are told; it is called off, planned anew, and begins by itself.
func TestDrainPlanned(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	boss := v.hire(gateway.RoleAdministrator, "bea", "Bea Lund")
	v.start()
	v.agent.signIn()
	boss.signIn()
	screen := v.agent.openConsole()
	phase := func() string {
		var n struct{ Phase string }
		if f, ok := screen.last("drain.notice"); ok {
			must(t, json.Unmarshal(f.Data, &n))
		}
		return n.Phase
	}
	at := time.Now().Add(10 * time.Minute)
	if out := <-v.drain("--at=" + at.Format(time.RFC3339)); !strings.Contains(out, "works, and is drained from "+at.UTC().Format("2006-01-02 15:04:05Z")) {
		t.Errorf("got %s", out)
	}
	v.wait("a notice of what is planned", func() bool { return phase() == "planned" })
	var list struct{ Items []bus.Node }
	v.wait("what the node holds", func() bool {
		boss.must(http.MethodGet, "/admin/nodes", nil, &list)
		r := list.Items[0].Remains
		return r != nil && r.Leads && r.Consoles == 1
	})
	if !v.ready() || list.Items[0].Drain.Begun() || list.Items[0].Remains.Done {
		t.Errorf("the node has begun before its time: %+v", list.Items[0])
	}
	if out := <-v.drain("--cancel"); !strings.Contains(out, "works\n") {
		t.Errorf("got %s", out)
	}
	v.wait("the word that it is called off", func() bool { return phase() == "over" })
	boss.must(http.MethodPost, "/admin/nodes/e2e/drain", map[string]any{"at": time.Now().Add(2 * time.Second), "deadline": 600}, nil)
	v.wait("its beginning", func() bool { return phase() == "notice" })
	boss.must(http.MethodDelete, "/admin/nodes/e2e/drain", nil, nil)
	v.wait("the word that it is over", func() bool { return phase() == "over" })
	if n := v.number(`select count(*) from audit where what in ('node.drained', 'node.undrained') and subject = 'node:e2e'`); n != 4 {
		t.Errorf("the audit log has %d orders, want 4", n)
	}
}

// last gives the latest frame of a kind.
func (c *console) last(kind string) (found frame, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range slices.Backward(c.frames) {
		if f.Type == kind {
			return f, true
		}
	}
	return found, false
}

// heard says whether a frame of the kind has come.
func (c *console) heard(kind string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.frames, func(f frame) bool { return f.Type == kind })
}
