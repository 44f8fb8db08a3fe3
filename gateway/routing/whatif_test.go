package routing_test

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// A recorded day, played again with nothing changed, is that day: every effect at the
// same moment.
func TestPlayReproducesTheDay(t *testing.T) {
	var log []routing.Logged
	var told, again []any
	office(arrivals(7, 600)).Play(nil, func(l routing.Logged, res routing.Result) {
		if res.Err == nil {
			log, told = append(log, l), append(told, l.At, res.Effects)
		}
	})
	day := routing.Record(routing.New(), slices.Values(log))
	day.Play(nil, func(l routing.Logged, res routing.Result) {
		if res.Err == nil {
			again = append(again, l.At, res.Effects)
		}
	})
	if diff := cmp.Diff(told, again); diff != "" {
		t.Errorf("the day went another way:\n%.2000s", diff)
	}
	if len(day.Episodes) != 600 || len(day.Unknown) > 0 {
		t.Errorf("%d episodes, left out %v", len(day.Episodes), day.Unknown)
	}
	later := routing.New()
	for range later.Replay(slices.Values(log[:len(log)/2]), nil) {
		continue
	}
	rest := routing.Record(later, slices.Values(log[len(log)/2:]))
	if n := rest.Unknown["Open at the start"]; n == 0 || len(rest.Episodes)+n < 300 {
		t.Errorf("from the middle on: %d episodes, left out %v", len(rest.Episodes), rest.Unknown)
	}
	figures := routing.Figures{}
	for l, res := range routing.New().Replay(slices.Values(log), nil) {
		figures.Hear(l, res)
	}
	for counter, f := range figures {
		if mean, longest := f.Wait(); f.Answered == 0 || mean > longest || f.ServiceLevel() > 1 || f.Percentile(95) > longest {
			t.Errorf("%v: %+v", counter, f)
		}
	}
}

// A floor wakes a little late, and later at some times than at others: what is played
// again is as late.
func TestPlayWakesAsLateAsItWas(t *testing.T) {
	day := office(arrivals(7, 300))
	for n := range day.Episodes {
		day.Episodes[n].WrapUp = -1
	}
	timed := func(p gateway.Plan) gateway.Plan {
		for _, q := range p.Queues {
			c := q.Channels[channelOf[q.ID]]
			c.WrapUp = gateway.WrapUpPlan{Mode: gateway.WrapUpTimed, Seconds: 15}
			q.Channels[channelOf[q.ID]] = c
		}
		return p
	}
	day.Play(timed, func(l routing.Logged, _ routing.Result) {
		if _, ok := l.Event.(routing.Wake); ok {
			day.Wakes = append(day.Wakes, l.At.Add(time.Duration(1+len(day.Wakes)%7)*time.Millisecond))
		}
	})
	var log []routing.Logged
	late := map[gateway.InteractionID]time.Time{}
	note := func(into map[gateway.InteractionID]time.Time, res routing.Result) {
		for _, e := range res.Effects {
			if e, ok := e.(routing.InteractionChanged); ok && !e.Interaction.FinishedAt.IsZero() {
				into[e.Interaction.ID] = e.Interaction.FinishedAt
			}
		}
	}
	day.Play(nil, func(l routing.Logged, res routing.Result) {
		log = append(log, l)
		note(late, res)
	})
	again := map[gateway.InteractionID]time.Time{}
	routing.Record(routing.New(), slices.Values(log)).Play(nil, func(_ routing.Logged, res routing.Result) { note(again, res) })
	if diff := cmp.Diff(late, again); diff != "" || len(late) < 299 { // with the script the last wrap-up ends
		t.Errorf("%d ended, and another time:\n%.2000s", len(late), diff)
	}
}

// The order of waiting work decides who waits, as the simulation that chose it found: with
// strict bands callers wait least and chats longest; by due time chats are best off on
// average and at worst, and callers not far behind; by arrival everybody waits alike.
func TestOrdersRankAsKnown(t *testing.T) {
	day := workload(t)
	mean, longest := map[string]map[gateway.QueueID]time.Duration{}, map[string]map[gateway.QueueID]time.Duration{}
	for name, change := range map[string]func(gateway.Plan) gateway.Plan{
		"edf":    nil,
		"fifo":   func(p gateway.Plan) gateway.Plan { p.Order = gateway.FirstCome; return p },
		"strict": strict,
	} {
		figures := routing.Figures{}
		day.Play(change, figures.Hear)
		mean[name], longest[name] = map[gateway.QueueID]time.Duration{}, map[gateway.QueueID]time.Duration{}
		for counter, f := range figures {
			q := counter.Queue
			mean[name][q], longest[name][q] = f.Wait()
			t.Logf("%-6s %-5v %5d answered, mean %4.0f s, p95 %5.0f s, longest %5.0f s, service level %.2f",
				name, q, f.Answered, mean[name][q].Seconds(), f.Percentile(95).Seconds(), longest[name][q].Seconds(), f.ServiceLevel())
		}
	}
	voice := func(name string) time.Duration { return mean[name][1] }
	chat := func(name string) time.Duration { return mean[name][2] }
	if voice("strict") >= voice("edf") || voice("edf") >= voice("fifo") {
		t.Errorf("calls wait %v strict, %v edf, %v fifo", voice("strict"), voice("edf"), voice("fifo"))
	}
	if chat("edf") >= chat("strict") || chat("strict") >= chat("fifo") {
		t.Errorf("chats wait %v edf, %v strict, %v fifo", chat("edf"), chat("strict"), chat("fifo"))
	}
	if a, b := longest["edf"][2], longest["strict"][2]; a >= b {
		t.Errorf("the longest chat waits %v edf, %v strict", a, b)
	}
}

// strict puts each channel's queue into a band of its own.
func strict(p gateway.Plan) gateway.Plan {
	p.Order, p.Queues = gateway.FirstCome, slices.Clone(p.Queues)
	for i := range p.Queues {
		p.Queues[i].Band = 9 - i
	}
	return p
}

// workload is the day of testdata/office.csv, which -update draws anew from its seed.
func workload(t *testing.T) routing.Recording {
	t.Helper()
	const file = "testdata/office.csv"
	if *update {
		var out strings.Builder
		for _, c := range arrivals(2024, 6000) {
			fmt.Fprintf(&out, "%d,%d,%d\n", c.after.Milliseconds(), c.queue, c.talk.Milliseconds())
		}
		if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []arrival
	for _, line := range lines {
		ms := func(i int) time.Duration { return time.Duration(number(line[i])) * time.Millisecond }
		all = append(all, arrival{ms(0), gateway.QueueID(number(line[1])), ms(2)})
	}
	return office(all)
}

// arrival is a customer: how long after the beginning of the day they came, to which
// queue, and how long they talk.
type arrival struct {
	after time.Duration
	queue gateway.QueueID
	talk  time.Duration
}

// arrivals draws a day that is busiest in the middle.
func arrivals(seed uint64, n int) (all []arrival) {
	random := rand.New(rand.NewPCG(seed, seed))
	var at time.Duration
	for id := range n {
		part := float64(id) / float64(n)
		gap := 15.0 // seconds between arrivals; twenty agents can take one in about 13.5
		if part > 0.35 && part < 0.65 {
			gap = 11.8
		}
		at += time.Duration(random.ExpFloat64() * gap * float64(time.Second)).Truncate(time.Millisecond)
		queue := []gateway.QueueID{1, 1, 2, 2, 3}[random.IntN(5)]
		talk := time.Duration(random.ExpFloat64()*250*float64(time.Second) + 4e9).Truncate(time.Millisecond)
		all = append(all, arrival{at, queue, talk})
	}
	return all
}

// channelOf is what comes to each queue of the office.
var channelOf = map[gateway.QueueID]gateway.Channel{1: gateway.Voice, 2: gateway.Chat, 3: gateway.Email}

// office has twenty agents for one thing at a time, and a queue each for calls, chats and
// mail, with their targets. All take a whole agent.
func office(customers []arrival) (day routing.Recording) {
	start := time.Date(2024, 5, 6, 6, 0, 0, 0, time.UTC)
	plan := gateway.Plan{Costs: map[gateway.Channel]int{gateway.Chat: 100, gateway.Email: 100}}
	targets := []gateway.Seconds{20, 60, 4 * 3600}
	for i, target := range targets {
		plan.Queues = append(plan.Queues, gateway.QueuePlan{ID: gateway.QueueID(i + 1), Band: 5, Channels: map[gateway.Channel]gateway.ChannelPlan{
			channelOf[gateway.QueueID(i+1)]: {Target: target, OfferTimeout: 60, WrapUp: gateway.WrapUpPlan{Mode: gateway.WrapUpManual}},
		}})
	}
	for id := range gateway.AgentID(20) {
		a := gateway.AgentPlan{ID: id + 1, Channels: gateway.Channels, Phone: true}
		for q := range gateway.QueueID(3) {
			a.Memberships = append(a.Memberships, gateway.Membership{Queue: q + 1, Enabled: true, Level: 2})
		}
		plan.Agents = append(plan.Agents, a)
	}
	day.Acts = append(day.Acts, routing.Logged{At: start, Event: routing.Configure{Plan: plan}})
	for id := range gateway.AgentID(20) {
		day.Acts = append(day.Acts,
			routing.Logged{At: start, Event: gateway.Consoles{Agent: id + 1, Live: true}},
			routing.Logged{At: start, Event: gateway.SetStatus{Agent: id + 1, Intent: gateway.IntentAvailable}})
	}
	for i, c := range customers {
		day.Episodes = append(day.Episodes, routing.Episode{
			At: start.Add(c.after), Patience: -1, Answer: time.Second, WrapUp: 15 * time.Second, Talk: c.talk,
			Admit: routing.Admit{Admission: gateway.Admission{
				Interaction: gateway.InteractionID(i + 1), Channel: channelOf[c.queue], Queue: c.queue, Alone: true, ArrivedAt: start.Add(c.after),
			}},
		})
	}
	return day
}
