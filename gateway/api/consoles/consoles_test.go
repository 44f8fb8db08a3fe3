package consoles_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api/consoles"
)

// leader stands in for the floor: it hears of consoles, unless it is away.
type leader struct {
	mu    sync.Mutex // guards what follows
	away  bool
	heard []string
}

func (l *leader) leave(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

func (l *leader) Do(_ context.Context, _ string, cmd gateway.Command) (none gateway.Answer, _ error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return none, &gateway.Error{Kind: gateway.KindTryAgain, Code: "no_leader"}
	}
	c := cmd.(gateway.Consoles)
	said := fmt.Sprintf("agent %d %v", c.Agent, c.Live)
	if c.Silent > 0 {
		said += fmt.Sprintf(" silent %d", c.Silent)
	}
	l.heard = append(l.heard, said)
	return none, nil
}

// console is an agent's socket.
type console struct {
	consoles.Heard
	agent gateway.AgentID
}

func (c *console) Agent() gateway.AgentID { return c.agent }

func anna() *console { return &console{agent: 1} }

func newOpen(l *leader) *consoles.Open[*console] {
	return consoles.New[*console](l, "n1", slog.New(slog.DiscardHandler))
}

// A leader is told of an agent's first console and of the end of the last, not of those
// between; one that was away is told at the next beat, a new one everything at once.
func TestTheFloorKnowsWhoIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{}
		open := newOpen(l)
		go open.Run(t.Context())
		expect := func(when string, want ...string) {
			t.Helper()
			synctest.Wait()
			l.mu.Lock()
			defer l.mu.Unlock()
			if !slices.Equal(l.heard, want) {
				t.Errorf("%s: the floor heard %q, want %q", when, l.heard, want)
			}
			l.heard = nil
		}

		first := open.Join(anna())
		expect("the first console", "agent 1 true")
		second := open.Join(anna())
		first()
		expect("one of two closed")

		l.leave(true)
		second()
		expect("nobody leads")
		l.leave(false)
		expect("nobody was asked yet")
		time.Sleep(consoles.Heartbeat)
		expect("a beat later", "agent 1 false silent 5")

		third := open.Join(anna())
		expect("back again", "agent 1 true")
		open.Forget(nil)
		expect("a new leader", "agent 1 true")
		third()
		expect("gone", "agent 1 false")
		time.Sleep(time.Hour)
		expect("nothing is told twice")

		mute, polite := anna(), anna()
		leave, part := open.Join(mute), open.Join(polite)
		expect("two more", "agent 1 true")
		time.Sleep(3 * time.Second)
		polite.Hear()
		part()
		time.Sleep(9 * time.Second)
		leave()
		expect("the silent one is given up", "agent 1 false silent 9")
	})
}

// Who is no agent has a console, but nobody's: the floor is not told of it.
func TestWhoseConsolesAreOpen(t *testing.T) {
	t.Parallel()
	open := newOpen(&leader{})
	mine, admins := anna(), &console{}
	leave := open.Join(mine)
	open.Join(admins)
	if n, agents := open.Count(); n != 2 || !slices.Equal(agents, []gateway.AgentID{1}) || !open.Has(1) || open.Has(0) {
		t.Errorf("%d are open, of %v; want two, one of them Anna's", n, agents)
	}
	leave()
	if n, agents := open.Count(); n != 1 || len(agents) != 0 || open.Has(1) || !slices.Equal(open.All(), []*console{admins}) {
		t.Errorf("%d are open, of %v; want the administrator's", n, agents)
	}
}

// A closed door lets nobody in, and is waited at until those inside have left.
func TestTheDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := newOpen(&leader{})
		if !open.Enter() || !open.Close() || open.Close() || open.Enter() {
			t.Error("want one inside, and the door closed once")
		}
		left := false
		go func() { open.Wait(); left = true }()
		synctest.Wait()
		if left {
			t.Error("nobody waited for the one inside")
		}
		open.Leave()
		synctest.Wait()
		if open.Reopen(); !left || !open.Enter() {
			t.Error("want all gone, and the door open again")
		}
		open.Leave()
	})
}
