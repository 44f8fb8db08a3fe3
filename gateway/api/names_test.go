package api

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaxelhq/vaxel/gateway/lazy"
)

// However many ask at once, the names are read for them together; those that are a little
// old are given while they are read anew; after a change everybody waits for new ones.
func TestNamesAreReadOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var readings atomic.Int32
		n := &names{}
		n.reading = lazy.NewTogether(func(context.Context, []struct{}) (map[struct{}]nameList, error) {
			readings.Add(1)
			time.Sleep(time.Second)
			n.mu.Lock()
			defer n.mu.Unlock()
			n.at = time.Now()
			return map[struct{}]nameList{{}: {}}, nil
		})
		ask := func() (slowest time.Duration) {
			var all sync.WaitGroup
			took := make([]time.Duration, 100)
			for i := range took {
				all.Go(func() {
					began := time.Now()
					if _, err := n.get(t.Context()); err != nil {
						t.Error(err)
					}
					took[i] = time.Since(began)
				})
			}
			all.Wait()
			for _, d := range took {
				slowest = max(slowest, d)
			}
			return slowest
		}
		for _, c := range []struct {
			what     string
			before   func()
			waits    bool
			readings int32 // at most
		}{
			{"the first", func() {}, true, 2},
			{"while they are fresh", func() {}, false, 0},
			{"when they are a little old", func() { time.Sleep(namesFor / 2) }, false, 2},
			{"after a change", func() { n.forget(nil) }, true, 2},
			{"after a pause", func() { time.Sleep(2 * namesFor) }, true, 2},
		} {
			time.Sleep(3 * time.Second) // what is under way ends
			c.before()
			readings.Store(0)
			if waited := ask() > 0; waited != c.waits {
				t.Errorf("%s: waited %v", c.what, waited)
			}
			time.Sleep(3 * time.Second)
			if got := readings.Load(); got > c.readings {
				t.Errorf("%s: got %d readings for all, want at most %d", c.what, got, c.readings)
			}
		}
	})
}
