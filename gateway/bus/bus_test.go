package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
)

func TestHintsComeInOrderToEverySubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		var first, second []string
		defer b.Subscribe("floor", func(d []byte) { first = append(first, string(d)) })()
		defer b.Subscribe("floor", func(d []byte) { second = append(second, string(d)) })()
		defer b.Subscribe("other", func(d []byte) { t.Errorf("got %q of another subject", d) })()
		want := []string{"1", "2", "3"}
		for _, d := range want {
			b.Publish("floor", []byte(d))
		}
		synctest.Wait()
		if !slices.Equal(first, want) || !slices.Equal(second, want) {
			t.Errorf("got %v and %v, want %v", first, second, want)
		}
	})
}

func TestPublisherNeverWaitsForASlowSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		var slow, quick int
		let := make(chan struct{})
		cancel := b.Subscribe("s", func([]byte) { slow++; <-let })
		defer b.Subscribe("s", func([]byte) { quick++ })()
		for range 5000 {
			b.Publish("s", []byte("x"))
			synctest.Wait() // deadlocks, and so fails, if Publish waited
		}
		close(let)
		synctest.Wait()
		cancel()
		if quick != 5000 || slow != 1025 {
			t.Errorf("got %d quick and %d slow, want 5000 and 1 under way + 1024 in the buffer", quick, slow)
		}
	})
}

func TestBareHintsAreCoalescedAndNoneIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		looks := 0
		let := make(chan struct{})
		defer b.Subscribe("s", func([]byte) { looks++; <-let })()
		b.Publish("s", nil)
		synctest.Wait() // the first look is under way
		for range 5000 {
			b.Publish("s", nil)
		}
		close(let)
		synctest.Wait()
		if looks != 2 {
			t.Errorf("got %d looks, want 2: the one under way and one for all that came since", looks)
		}
	})
}

func TestNothingRunsAfterCancel(t *testing.T) {
	b := bus.New()
	var canceled atomic.Bool
	cancel := b.Subscribe("s", func([]byte) {
		if canceled.Load() {
			t.Error("ran after cancel")
		}
	})
	for range 1000 {
		b.Publish("s", []byte("x"))
	}
	cancel()
	canceled.Store(true)
	b.Publish("s", []byte("x"))
}

func echo(_ context.Context, key string, body []byte) ([]byte, error) {
	return []byte(key + "=" + string(body)), nil
}

func TestAskReachesTheHolder(t *testing.T) {
	b := bus.New()
	defer b.Serve("floor", echo)()
	if got, err := b.Ask(t.Context(), "floor", "k1", []byte("v")); err != nil || string(got) != "k1=v" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAskWaitsForAHolderToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		time.AfterFunc(time.Second, func() { b.Serve("floor", echo) })
		began := time.Now()
		if got, err := b.Ask(t.Context(), "floor", "k", nil); err != nil || string(got) != "k=" {
			t.Errorf("got %q, %v", got, err)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("answered after %v, want at once when the holder came (1s)", took)
		}
	})
}

func TestAskSaysTryAgainAtTheDeadline(t *testing.T) {
	for name, serve := range map[string]func(*bus.Local){
		"no_holder": func(*bus.Local) {},
		"no_answer": func(b *bus.Local) {
			b.Serve("floor", func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
		},
		"rebuilding": func(b *bus.Local) {
			b.Serve("floor", func(context.Context, string, []byte) ([]byte, error) {
				return nil, &gateway.Error{Kind: gateway.KindTryAgain, Code: "rebuilding"}
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := bus.New()
				serve(b)
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				began := time.Now()
				_, err := b.Ask(ctx, "floor", "k", nil)
				var e *gateway.Error
				if !errors.As(err, &e) || e.Kind != gateway.KindTryAgain || e.Code != name {
					t.Errorf("got %v, want try_again %s", err, name)
				}
				if took := time.Since(began); took != 3*time.Second {
					t.Errorf("gave up after %v, want the deadline (3s)", took)
				}
			})
		})
	}
}

func TestAskAsksTheNewHolderUnderTheSameKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		var keys []string
		cancel := b.Serve("floor", func(_ context.Context, key string, _ []byte) ([]byte, error) {
			keys = append(keys, key)
			return nil, &gateway.Error{Kind: gateway.KindTryAgain, Code: "stepping_down"}
		})
		time.AfterFunc(50*time.Millisecond, func() { cancel(); b.Serve("floor", echo) })
		got, err := b.Ask(t.Context(), "floor", "k", nil)
		if err != nil || string(got) != "k=" || len(keys) < 2 || slices.ContainsFunc(keys, func(k string) bool { return k != "k" }) {
			t.Errorf("got %q, %v after keys %v", got, err, keys)
		}
	})
}

func TestAskGivesUpWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := bus.New().Ask(ctx, "floor", "k", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
}

func TestRefusalsCrossAsTheyAre(t *testing.T) {
	b := bus.New()
	defer b.Serve("floor", func(_ context.Context, key string, _ []byte) ([]byte, error) {
		if key == "plain" {
			return nil, errors.New("the disk is full")
		}
		return nil, gateway.Conflict("offer_gone", "somebody else has it", map[string]int64{"agent": 1 << 60})
	})()
	_, err := b.Ask(t.Context(), "floor", "k", nil)
	var e *gateway.Error
	if !errors.As(err, &e) || !errors.Is(err, gateway.ErrConflict) || e.Code != "offer_gone" {
		t.Fatalf("got %v", err)
	}
	if data, err := json.Marshal(e.Data); err != nil || string(data) != `{"agent":1152921504606846976}` {
		t.Errorf("got data %s, %v", data, err)
	}
	if _, err := b.Ask(t.Context(), "floor", "plain", nil); err == nil || err.Error() != "the disk is full" || errors.As(err, &e) {
		t.Errorf("got %v, want the text and no refusal", err)
	}
}

func TestCancelOfServeWaitsForAnswersUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		var answered atomic.Bool
		cancel := b.Serve("floor", func(context.Context, string, []byte) ([]byte, error) {
			time.Sleep(time.Second)
			answered.Store(true)
			return nil, nil
		})
		go func() { _, _ = b.Ask(t.Context(), "floor", "k", nil) }()
		synctest.Wait()
		cancel()
		if !answered.Load() {
			t.Error("cancel returned before the answer")
		}
	})
}

func BenchmarkAsk(b *testing.B) {
	l := bus.New()
	defer l.Serve("floor", echo)()
	for b.Loop() {
		if _, err := l.Ask(b.Context(), "floor", "k", nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	l := bus.New()
	defer l.Subscribe("floor", func([]byte) {})()
	for b.Loop() {
		l.Publish("floor", nil)
	}
}
