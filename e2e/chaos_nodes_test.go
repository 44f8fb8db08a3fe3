package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestChaosNodes kills, freezes and stops three nodes at random moments, leaders more often than
// others, while customers come and go and agents accept, decline, answer, give away and
// finish. Afterwards nothing that was acknowledged is missing or doubled on either side,
// and the floor's log and rows keep the invariants of routing.
func TestChaosNodes(t *testing.T) {
	t.Setenv("VAXEL_LOG_LEVEL", "warn") // a long run's log is kept in memory
	seed := chaosSeedOf(t)
	dice := rand.New(rand.NewPCG(seed, 2)) // chance that can be repeated
	c := startNodes(t, widget, widget, widget)
	day := &busyDay{c: c, acked: map[string]gateway.InteractionID{}, seen: map[string]int{}}
	var guests, agents sync.WaitGroup
	for n := range 4 {
		guests.Go(func() { day.comeAndGo(n, rand.New(rand.NewPCG(seed, uint64(100+n)))) })
	}
	staff := []*agent{c.front.agent, c.front.addAgent("bo", "Bo"), c.front.addAgent("cia", "Cia")}
	for n, a := range staff {
		a.signIn()
		w := &worker{a: a, desk: a.openConsole(), day: day, dice: rand.New(rand.NewPCG(seed, uint64(200+n))), said: map[gateway.InteractionID]int{}}
		agents.Go(func() { w.work() })
	}
	count := map[string]int{}
	for n := 0; n < *chaosKills && !t.Failed(); n++ {
		count[c.hurt(dice)]++
		if (n+1)%50 == 0 {
			t.Logf("%d cycles (%v), %d customers served", n+1, count, day.count())
		}
	}
	day.shut.Store(true)
	guests.Wait()
	c.front.wait("the end of all work", func() bool {
		return c.front.number(`select count(*) from interaction where state <> 'finished'`)+c.front.number(`select count(*) from floor_inbox`) == 0
	})
	day.over.Store(true)
	agents.Wait()
	for _, v := range c.list {
		v.signal(syscall.SIGTERM)
		v.wait("its end", v.dead)
	}
	day.check(t)
	events := checkFloor(t, c.front.pool).events
	t.Logf("seed %d: %d cycles (%v), %d customers served, %d answers acknowledged, %d events decided again", seed, *chaosKills, count, day.count(), len(day.acked), events)
}

// hurt does one cycle to one node and says which; it ends when the node is there again.
func (c *nodes) hurt(dice *rand.Rand) (what string) {
	time.Sleep(time.Duration(dice.IntN(400)) * time.Millisecond) // the random moment
	v := c.list[dice.IntN(len(c.list))]
	if dice.IntN(3) > 0 {
		v = c.leader()
	}
	switch p := dice.IntN(100); {
	case p < 50:
		what = "killed"
		v.kill()
		v.run("")
	case p < 85:
		what = "frozen"
		v.signal(syscall.SIGSTOP)
		time.Sleep(time.Duration(dice.IntN(3000)) * time.Millisecond) // around the lease's length
		v.signal(syscall.SIGCONT)
	default:
		what = "stopped"
		v.signal(syscall.SIGTERM)
		v.wait("its end", v.dead)
		v.run("")
	}
	v.wait("readiness", v.ready)
	return what
}

// busyDay is what customers and agents have done to each other.
type busyDay struct {
	c    *nodes
	shut atomic.Bool // nobody new comes in
	over atomic.Bool // agents go home

	mu     sync.Mutex                       // guards what follows
	acked  map[string]gateway.InteractionID // agents' lines that were taken, each unlike any other
	shown  []string                         // what was wrong in a widget
	served int
	seen   map[string]int // lines of agents, as widgets showed them
}

func (d *busyDay) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.served
}

// comeAndGo is one customer after the other, each until an agent has ended the chat.
func (d *busyDay) comeAndGo(slot int, dice *rand.Rand) {
	for n := 0; !d.shut.Load() && !d.c.front.t.Failed(); n++ {
		guest := d.c.front.visit()
		var said []string
		for line := range 1 + dice.IntN(4) {
			said = append(said, fmt.Sprintf("Kund %d.%d.%d", slot, n, line))
			kind, fields := "msg", map[string]any{"text": said[line]}
			if line == 0 {
				kind, fields["name"] = "form", fmt.Sprintf("Guest %d.%d", slot, n)
			}
			guest.say(kind, line, fields)
		}
		if !d.within(func() bool { return guest.isServed() && d.isOver(guest) }) {
			d.c.front.t.Errorf("guest %d.%d waited ten minutes for the end: %s", slot, n, guest.state())
		}
		guest.stop()
		<-guest.done
		d.leave(guest, said)
	}
}

// isOver says whether nothing of a chat is open: a line that came after its end has opened
// it again, which the widget may not have heard yet.
func (d *busyDay) isOver(guest *visitor) bool {
	conversation := guest.talksIn()
	var open int
	err := d.c.front.pool.QueryRow(d.c.front.t.Context(), `
		select (select count(*) from interaction where conversation::text = $1 and ended = '')
			+ (select count(*) from floor_inbox where admission->>'conversation' = $1)`, conversation).Scan(&open)
	return err == nil && open == 0
}

// within waits for a fact that takes as long as several others' work, ten minutes at most.
func (d *busyDay) within(fact func() bool) bool {
	for deadline := time.Now().Add(10 * time.Minute); time.Now().Before(deadline) && !d.c.front.t.Failed(); {
		if fact() {
			return true
		}
		time.Sleep(20 * time.Millisecond) // between looks
	}
	return false
}

// leave compares what the widget showed with what was said.
func (d *busyDay) leave(guest *visitor, said []string) {
	var mine, theirs []string
	for _, text := range guest.texts() {
		if own, ok := strings.CutPrefix(text, "me: "); ok {
			mine = append(mine, own)
		} else {
			theirs = append(theirs, strings.TrimPrefix(text, "agent: "))
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.served++
	for _, text := range theirs {
		d.seen[text]++
	}
	if !slices.Equal(mine, said) || len(guest.faults) > 0 {
		d.shown = append(d.shown, fmt.Sprintf("said %q, the widget shows %q; %v", said, mine, guest.faults))
	}
}

// check holds that each line that was acknowledged is shown and stored once.
func (d *busyDay) check(t *testing.T) {
	t.Helper()
	for _, wrong := range d.shown {
		t.Error(wrong)
	}
	stored := map[string]int{}
	rows, err := d.c.front.pool.Query(t.Context(), `select text from entry where kind = 'message'`)
	must(t, err)
	for rows.Next() {
		var text string
		must(t, rows.Scan(&text))
		stored[text]++
	}
	must(t, rows.Err())
	for text, n := range stored {
		if n != 1 {
			t.Errorf("%q is stored %d times", text, n)
		}
	}
	for text, id := range d.acked {
		if stored[text] != 1 || d.seen[text] != 1 {
			t.Errorf("%q of interaction %v was acknowledged; stored %d times, shown %d times", text, id, stored[text], d.seen[text])
		}
	}
}

// worker is an agent at work.
type worker struct {
	a    *agent
	desk *console
	day  *busyDay
	dice *rand.Rand
	said map[gateway.InteractionID]int
}

func (w *worker) work() {
	for !w.day.over.Load() && !w.a.v.t.Failed() {
		w.a.call(http.MethodPut, "/me/status", map[string]string{"status": "available"}, nil)
		if o, ok := w.desk.offer(); ok && o.Channel != gateway.Voice { // whose telephone rings answers there
			verb := "accept"
			if w.dice.IntN(10) == 0 {
				verb = "decline"
			}
			w.a.call(http.MethodPost, "/offers/"+o.Interaction.String()+"/"+itoa(int64(o.No))+"/"+verb, nil, nil)
		}
		var mine struct{ Items []gateway.Interaction }
		w.a.call(http.MethodGet, "/interactions?scope=mine", nil, &mine)
		for _, i := range mine.Items {
			w.serve(i)
		}
		time.Sleep(time.Duration(50+w.dice.IntN(200)) * time.Millisecond) // people take a moment
	}
}

// serve says something, and then gives away or ends what it has said enough to.
func (w *worker) serve(i gateway.Interaction) {
	path := "/interactions/" + i.ID.String()
	switch {
	case i.State != gateway.StateActive, i.Agent != w.a.id: // ended, or given away: while it waits its agent is who had it last
		w.a.call(http.MethodPost, path+"/finish", map[string]any{"codes": w.a.v.codes}, nil)
	case i.Channel == gateway.Voice: // until the customer hangs up
	case i.Channel == gateway.Email && w.said[i.ID] == 0:
		w.say(i, "reply")
	case i.Channel == gateway.Email:
		w.a.call(http.MethodPost, path+"/end", map[string]any{}, nil)
	case w.said[i.ID] < 1+int(i.ID)%3:
		w.say(i, "messages")
	case w.dice.IntN(8) == 0:
		w.a.call(http.MethodPost, path+"/transfer", map[string]any{"to_queue": w.a.v.queue}, nil)
	default:
		w.a.call(http.MethodPost, path+"/end", map[string]any{}, nil)
	}
}

// say repeats a line, or a mail, until it is taken or refused for good.
func (w *worker) say(i gateway.Interaction, how string) {
	text := fmt.Sprintf("Svar %v.%v.%d", w.a.id, i.ID, w.said[i.ID])
	for range 100 {
		got := w.a.call(http.MethodPost, "/interactions/"+i.ID.String()+"/"+how, map[string]any{"client_id": text, "text": text}, nil)
		switch {
		case got >= 200 && got < 300:
			w.said[i.ID]++
			if i.Channel == gateway.Chat {
				w.day.mu.Lock()
				w.day.acked[text] = i.ID
				w.day.mu.Unlock()
			}
			return
		case got >= 400 && got < 500:
			return // no longer theirs
		}
		time.Sleep(50 * time.Millisecond) // as a console does
	}
}

// isServed says whether the chat is over and everything that was said is taken.
func (c *visitor) isServed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phase == "ended" && len(c.unsaid) == 0
}

func (c *visitor) state() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("phase %s, conversation %s, unsaid %v", c.phase, c.conv, c.unsaid)
}
