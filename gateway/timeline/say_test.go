package timeline_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/timeline"
)

func TestSayAnswersAfterTheCommitAndTells(t *testing.T) {
	h := newHouse(t)
	id := h.open(41)
	said, err := h.Say(t.Context(), line(id, "a", "Hej"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]gateway.Entry{said}, h.all(id)); diff != "" || said.Pos != 1 || said.Interaction != 41 {
		t.Errorf("said %+v, stored (-said +stored):\n%s", said, diff)
	}
	again, err := h.Say(t.Context(), line(id, "a", "Hej"))
	if err != nil || !again.Repeated || again.Pos != 1 {
		t.Errorf("again: got %+v, %v want the first", again, err)
	}
	want := []gateway.Event{gateway.MessageCreated(said)}
	if diff := cmp.Diff(want, h.feed.appended); diff != "" {
		t.Errorf("appended to the feed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, h.feed.announced); diff != "" {
		t.Errorf("announced (-want +got):\n%s", diff)
	}
}

func TestSayWithoutAnInteraction(t *testing.T) {
	h := newHouse(t)
	id := h.open(5)
	if _, err := h.Say(t.Context(), line(id, "a", "while served")); err != nil {
		t.Fatal(err)
	}
	h.tx(func(tx pgx.Tx) error {
		return h.ServeAll(t.Context(), tx, gateway.Interaction{Conversation: id, ID: 5, End: gateway.EndHandled})
	})

	if _, err := h.Say(t.Context(), line(id, "b", "too late")); !errors.Is(err, timeline.ErrUnserved) {
		t.Errorf("customer: got %v want ErrUnserved", err)
	}
	if again, err := h.Say(t.Context(), line(id, "a", "while served")); err != nil || again.Pos != 1 {
		t.Errorf("resent: got %+v, %v want the first answer", again, err)
	}
	note := line(id, "c", "kund ringde")
	note.Author.Kind = gateway.ByAgent
	if said, err := h.Say(t.Context(), note); err != nil || said.Pos != 2 {
		t.Errorf("agent: got %+v, %v want 2", said, err)
	}
	rated := line(id, "rated", "★★★★☆")
	rated.Kind = gateway.EntryEvent
	if _, err := h.Say(t.Context(), rated); err != nil {
		t.Errorf("what a customer does asks for nobody: %v", err)
	}
}

func TestSayOfManyKeepsEachSendersOrder(t *testing.T) {
	h := newHouse(t)
	const people, lines = 40, 25
	var all sync.WaitGroup
	ids := make([]gateway.ConversationID, people/2)
	for i := range ids {
		ids[i] = h.open(1)
	}
	for n := range people {
		all.Go(func() {
			id := ids[n/2]
			last := int64(0)
			for i := range lines {
				l := line(id, fmt.Sprint(n, ".", i), "x")
				said, err := h.Say(t.Context(), l)
				if err != nil || said.Pos <= last {
					t.Errorf("said %+v after %d: %v", said, last, err)
				}
				last = said.Pos
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		for i, e := range h.all(id) {
			if e.Pos != int64(i+1) {
				t.Fatalf("entry %d is at %d", i+1, e.Pos)
			}
		}
		if c, _ := h.Get(t.Context(), id); c.LastPos != 2*lines {
			t.Errorf("got %d lines want %d", c.LastPos, 2*lines)
		}
	}
	if len(h.feed.appended) != people*lines {
		t.Errorf("got %d events want %d", len(h.feed.appended), people*lines)
	}
}

// A line that PostgreSQL refuses must not take its neighbours with it, nor one that it
// must not see.
func TestSayPoisonedLineFailsAlone(t *testing.T) {
	h := newHouse(t)
	id, other := h.open(1), h.open(2)
	hold, err := h.pool.Begin(t.Context()) // so that the lines gather in one batch
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Lock(t.Context(), hold, id, other); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			l := line([]gateway.ConversationID{id, other}[i%2], strconv.Itoa(i), "x")
			switch i {
			case 7:
				l.ClientID = unindexable()
			case 8:
				l.Body = []byte(`{not json`)
			}
			_, err := h.Say(t.Context(), l)
			if (err != nil) != (i == 7 || i == 8) || errors.Is(err, gateway.ErrInvalid) != (i == 8) {
				t.Errorf("line %d: got %v", i, err)
			}
		})
	}
	if err := hold.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	all.Wait()
	if got := len(h.all(id)) + len(h.all(other)); got != 18 {
		t.Errorf("got %d entries want 18", got)
	}
	if len(h.feed.announced) != 18 {
		t.Errorf("announced %d want 18", len(h.feed.announced))
	}
}

// unindexable is an id that PostgreSQL refuses: nothing so long that can't be compressed
// goes into an index.
func unindexable() (id string) {
	for len(id) < 10_000 {
		id += rand.Text()
	}
	return id
}

func TestSayGivesUpWithItsContext(t *testing.T) {
	h := newHouse(t)
	id := h.open(1)
	hold, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Lock(t.Context(), hold, id); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := h.Say(ctx, line(id, "a", "x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v want deadline exceeded", err)
	}
	if err := hold.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	said, err := h.Say(t.Context(), line(id, "a", "x"))
	if err != nil || said.Pos != 1 {
		t.Errorf("said again: got %+v, %v want 1", said, err)
	}
}
