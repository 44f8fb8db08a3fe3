package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/floor"
)

// leader stands in for the bus and the floor behind it: it hears of consoles, unless it is away.
type leader struct {
	floor.Bus // nothing else is asked of it

	mu    sync.Mutex // guards what follows
	away  bool
	heard []string
}

func (l *leader) leave(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

func (l *leader) Ask(_ context.Context, _, _ string, body []byte) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return nil, &gateway.Error{Kind: gateway.KindTryAgain, Code: "no_leader"}
	}
	cmd, err := gateway.UnmarshalCommand(body)
	if err != nil {
		return nil, err
	}
	c := cmd.(gateway.Consoles)
	said := fmt.Sprintf("agent %d %v", c.Agent, c.Live)
	if c.Silent > 0 {
		said += fmt.Sprintf(" silent %d", c.Silent)
	}
	l.heard = append(l.heard, said)
	return json.Marshal(map[string]any{"answer": gateway.Answer{}})
}

// A leader is told of an agent's first console and of the end of the last, not of those
// between; one that was away is told at the next beat, a new one everything at once.
func TestTheFloorKnowsWhoIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &leader{}
		cs := newConsoles(floor.NewClient(l), "n1", slog.New(slog.DiscardHandler))
		go cs.run(t.Context())
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
		anna := func() *console { return &console{by: access.Caller{Agent: 1}} }

		first := cs.join(anna())
		expect("the first console", "agent 1 true")
		second := cs.join(anna())
		first()
		expect("one of two closed")

		l.leave(true)
		second()
		expect("nobody leads")
		l.leave(false)
		expect("nobody was asked yet")
		time.Sleep(heartbeat)
		expect("a beat later", "agent 1 false silent 5")

		third := cs.join(anna())
		expect("back again", "agent 1 true")
		cs.forget(nil)
		expect("a new leader", "agent 1 true")
		third()
		expect("gone", "agent 1 false")
		time.Sleep(time.Hour)
		expect("nothing is told twice")

		mute, polite := anna(), anna()
		leave, part := cs.join(mute), cs.join(polite)
		expect("two more", "agent 1 true")
		time.Sleep(3 * time.Second)
		polite.hear()
		part()
		time.Sleep(9 * time.Second)
		leave()
		expect("the silent one is given up", "agent 1 false silent 9")
	})
}
