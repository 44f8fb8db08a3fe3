package names_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api/names"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// people is a roster that takes a second to be read, and counts how often it was.
type people struct {
	readings atomic.Int32
	anna     atomic.Value // what she is called
}

func (p *people) Queues(context.Context, roster.QueueFilter) ([]roster.Queue, error) {
	p.readings.Add(1)
	channels := map[gateway.Channel]gateway.ChannelPlan{gateway.Chat: {}, gateway.Email: {}}
	asked := channels[gateway.Chat]
	asked.WrapUp.Mode = gateway.WrapUpOptional
	channels[gateway.Chat] = asked
	return []roster.Queue{
		{ID: 1, Name: roster.Label{"sv": "Fakturor", "en": "Invoices"}, Active: true, Channels: channels},
		{ID: 2, Name: roster.Label{"sv": "Fax"}},
	}, nil
}

func (p *people) AllStatusCodes(context.Context) ([]roster.StatusCode, error) {
	return []roster.StatusCode{{Intent: gateway.IntentOnBreak, Code: "lunch", Name: roster.Label{"sv": "Lunch", "en": "Lunch hour"}}}, nil
}

func (p *people) Known(context.Context) ([]roster.Known, error) {
	called := p.anna.Load().(string)
	time.Sleep(time.Second)
	return []roster.Known{{ID: 1, Name: called, Active: true, Queues: []gateway.QueueID{1}}, {ID: 2, Name: "Bo"}}, nil
}

func newCache() (*people, *names.Cache) {
	p := &people{}
	p.anna.Store("Anna")
	return p, names.New(p)
}

// However many ask at once, the names are read for them together; those that are a little
// old are given while they are read anew; after a change everybody waits for new ones.
func TestNamesAreReadOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := newCache()
		for _, when := range []struct {
			what     string
			before   func()
			waits    bool
			readings int32 // at most
		}{
			{"the first", func() {}, true, 2},
			{"while they are fresh", func() {}, false, 0},
			{"when they are a little old", func() { time.Sleep(names.Fresh / 2) }, false, 2},
			{"after a change", func() { c.Forget(nil) }, true, 2},
			{"after a pause", func() { time.Sleep(2 * names.Fresh) }, true, 2},
		} {
			time.Sleep(3 * time.Second) // what is under way ends
			when.before()
			p.readings.Store(0)
			if waited := slowest(t, c) > 0; waited != when.waits {
				t.Errorf("%s: waited %v", when.what, waited)
			}
			time.Sleep(3 * time.Second)
			if got := p.readings.Load(); got > when.readings {
				t.Errorf("%s: got %d readings for all, want at most %d", when.what, got, when.readings)
			}
		}
	})
}

// slowest has a hundred ask at once, and is how long the last of them waited.
func slowest(t *testing.T, c *names.Cache) time.Duration {
	t.Helper()
	var all sync.WaitGroup
	began := time.Now()
	for range 100 {
		all.Go(func() {
			if _, err := c.Get(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// Who has been read before a change that came meanwhile is not kept: the next reads again.
func TestAChangeOvertakesAReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, c := newCache()
		go func() { _, _ = c.Get(t.Context()) }()
		synctest.Wait() // she has been read, by her old name
		p.anna.Store("Anna Ek")
		c.Forget(nil)
		time.Sleep(2 * time.Second)
		if list, err := c.Get(t.Context()); err != nil || list.Agent(1) != "Anna Ek" {
			t.Errorf("got %q, %v, want her new name", list.Agent(1), err)
		}
	})
}

func TestWhatIsReadOfTheRoster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := newCache()
		list, err := c.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if queue, code := list.Queue(1, "sv"), list.Code(gateway.IntentOnBreak, "lunch", "en"); queue != "Fakturor" || code != "Lunch hour" {
			t.Errorf("got queue %q and code %q", queue, code)
		}
		if list.Closed[1] || !list.Closed[2] {
			t.Errorf("closed are %v, want the second queue", list.Closed)
		}
		if asks := list.Asks[1]; !asks[gateway.Chat] || asks[gateway.Email] {
			t.Errorf("a wrap-up is asked for in %v, want chat alone", asks)
		}
		if list.Agents[1].Left || !list.Agents[2].Left || list.Agent(2) != "Bo" {
			t.Errorf("got %v, want Bo as one who has left", list.Agents)
		}
	})
}
