package lazy_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaxelhq/vaxel/gateway/lazy"
)

// shelf is what is read, a second a time, and how often it was.
type shelf struct {
	mu   sync.Mutex // guards what follows
	size int        // what is told of each key
	asks [][]string
	err  error
}

func (s *shelf) read(_ context.Context, keys []string) (map[string]int, error) {
	s.mu.Lock()
	slices.Sort(keys)
	s.asks = append(s.asks, keys)
	size, err := s.size, s.err
	s.mu.Unlock()
	time.Sleep(time.Second)
	found := map[string]int{}
	for _, k := range keys {
		found[k] = size
	}
	return found, err
}

func (s *shelf) put(size int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size, s.err = size, err
}

// Whoever asks while others' answer is on its way gets one that is read for them, and all
// of those get one together.
func TestWhoAsksMeanwhileIsAnsweredTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{size: 1}
		all := lazy.NewTogether(s.read)
		get := func(want int, key string) {
			if got, err := all.Get(t.Context(), key); err != nil || got[key] != want {
				t.Errorf("%s: got %v, %v want %d", key, got, err, want)
			}
		}
		go get(1, "first")
		synctest.Wait() // it is being read
		s.put(2, nil)
		for _, key := range []string{"a", "b", "a", "first"} {
			go get(2, key)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := all.Get(gone, "c"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v of who has gone, want that", err)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if want := [][]string{{"first"}, {"a", "b", "c", "first"}}; !slices.EqualFunc(s.asks, want, slices.Equal) {
			t.Errorf("got the readings %v want %v", s.asks, want)
		}
	})
}

func TestWhatFailsIsReadAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		s := &shelf{err: broken}
		all := lazy.NewTogether(s.read)
		if _, err := all.Get(t.Context(), "a"); !errors.Is(err, broken) {
			t.Errorf("got %v want %v", err, broken)
		}
		s.put(3, nil)
		if got, err := all.Get(t.Context(), "a"); err != nil || got["a"] != 3 {
			t.Errorf("got %v, %v want 3", got, err)
		}
	})
}
