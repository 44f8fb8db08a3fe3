package timeline_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// ear is a feed that keeps what it is told.
type ear struct {
	mu        sync.Mutex
	appended  []gateway.Event
	announced []gateway.Event
}

func (e *ear) Append(_ context.Context, _ pgx.Tx, events ...gateway.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.appended = append(e.appended, events...)
	return nil
}

func (e *ear) Announce(events ...gateway.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.announced = append(e.announced, events...)
}

// house is a timeline at work.
type house struct {
	*timeline.Store
	t    testing.TB
	pool *pgxpool.Pool
	feed *ear
}

func newHouse(t testing.TB) *house {
	t.Helper()
	pool := pgtest.New(t)
	feed := &ear{}
	h := &house{timeline.New(pool, feed, slog.New(slog.DiscardHandler)), t, pool, feed}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return h
}

func (h *house) tx(do func(tx pgx.Tx) error) {
	h.t.Helper()
	if err := pgx.BeginFunc(h.t.Context(), h.pool, do); err != nil {
		h.t.Fatal(err)
	}
}

// open begins a conversation that the interaction serves, zero for none.
func (h *house) open(served gateway.InteractionID) (id gateway.ConversationID) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) (err error) {
		if id, err = h.Open(h.t.Context(), tx, 7, 8, gateway.Chat); err != nil || served == 0 {
			return err
		}
		return h.ServeAll(h.t.Context(), tx, gateway.Interaction{Conversation: id, ID: served})
	})
	return id
}

func (h *house) append(entries ...*gateway.Entry) {
	h.t.Helper()
	h.tx(func(tx pgx.Tx) error { return h.Append(h.t.Context(), tx, entries...) })
}

func (h *house) all(id gateway.ConversationID) []gateway.Entry {
	h.t.Helper()
	list, err := h.Entries(h.t.Context(), id, 0, 100000)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func line(id gateway.ConversationID, clientID, text string) gateway.Entry {
	return gateway.Entry{
		Conversation: id, Kind: gateway.EntryMessage, Channel: gateway.Chat, ClientID: clientID, Text: text,
		Author: gateway.Author{Kind: gateway.ByCustomer, ID: 8, Name: "Maja Lind"},
	}
}

func TestAppendGivesPositionsAndReadsBack(t *testing.T) {
	h := newHouse(t)
	a, b := h.open(41), h.open(0)
	first, second, other := line(a, "1", "Hej"), line(a, "", "två"), line(b, "1", "tre")
	second.Body = []byte(`{"order":  "stays", "n": 9007199254740993}`)
	second.Internal, second.Language = true, "en-GB"
	h.append(&other, &first, &second)

	if first.Pos != 1 || second.Pos != 2 || other.Pos != 1 {
		t.Errorf("positions: got %d %d %d want 1 2 1", first.Pos, second.Pos, other.Pos)
	}
	if first.Interaction != 41 || other.Interaction != 0 {
		t.Errorf("interactions: got %d %d want 41 0", first.Interaction, other.Interaction)
	}
	if diff := cmp.Diff([]gateway.Entry{first, second}, h.all(a)); diff != "" {
		t.Errorf("read back (-wrote +read):\n%s", diff)
	}
	got, err := h.Before(t.Context(), a, 2, 10)
	if err != nil || len(got) != 1 || got[0].Pos != 1 {
		t.Errorf("before 2: got %v, %v want the first", got, err)
	}
	if got, err := h.Before(t.Context(), a, 1<<40, 10); err != nil || len(got) != 2 {
		t.Errorf("before a position that is not there: got %v, %v want all", got, err)
	}
	if got, err := h.Entry(t.Context(), a, 2); err != nil || got.Text != "två" {
		t.Errorf("entry 2: got %v, %v", got, err)
	}
	if _, err := h.Entry(t.Context(), a, 3); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("entry 3: got %v want not found", err)
	}
	c, err := h.Get(t.Context(), a)
	if err != nil || c.LastPos != 2 || c.Open != 41 || c.Case != 7 || c.Customer != 8 || c.Channel != gateway.Chat {
		t.Errorf("get: got %+v, %v", c, err)
	}
	if list, err := h.OfCase(t.Context(), 7); err != nil || len(list) != 2 || list[0].ID != a {
		t.Errorf("of case: got %v, %v", list, err)
	}
}

func TestSameClientIDIsOneEntry(t *testing.T) {
	h := newHouse(t)
	id := h.open(0)
	first := line(id, "x", "once")
	h.append(&first)
	again, within := line(id, "x", "twice"), line(id, "y", "new")
	twin := line(id, "y", "newer")
	h.append(&again, &within, &twin)

	if !again.Repeated || again.Pos != 1 || again.Text != "once" {
		t.Errorf("again: got %+v want the first entry, repeated", again)
	}
	if within.Repeated || within.Pos != 2 || !twin.Repeated || twin.Pos != 2 || twin.Text != "new" {
		t.Errorf("within one call: got %+v and %+v", within, twin)
	}
	if got := len(h.all(id)); got != 2 {
		t.Errorf("got %d entries want 2", got)
	}
}

func TestAppendToNothing(t *testing.T) {
	h := newHouse(t)
	e := line(404, "x", "lost")
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.Append(t.Context(), tx, &e) })
	if !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("append: got %v want not found", err)
	}
	if _, err := h.Get(t.Context(), 404); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("get: got %v want not found", err)
	}
	if _, err := h.Say(t.Context(), e); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("say: got %v want not found", err)
	}
}

func TestTextFromOutsideIsCleaned(t *testing.T) {
	h := newHouse(t)
	id := h.open(1)
	e := line(id, "k\x00", "a\x00b\xff")
	e.Author.Name = "\x00\xfe"
	e.Body = []byte(`{"subject":"x\u0000y"}`)
	h.append(&e)
	e.ClientID = "other"
	said, err := h.Say(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range h.all(id) {
		if got.Text != "ab\uFFFD" || got.Author.Name != "\uFFFD" || string(got.Body) != `{"subject":"xy"}` {
			t.Errorf("got %+v", got)
		}
	}
	if said.Pos != 2 {
		t.Errorf("said at %d want 2", said.Pos)
	}
}

// Two transactions that touch the same conversations in opposite order must not block
// each other, and positions stay dense.
func TestManyWritersOfTheSameConversations(t *testing.T) {
	h := newHouse(t)
	const writers, rounds = 8, 40
	conversations := []gateway.ConversationID{h.open(1), h.open(2), h.open(3), h.open(4)}
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			order := slices.Clone(conversations)
			if n%2 == 1 {
				slices.Reverse(order)
			}
			for i := range rounds {
				var entries []*gateway.Entry
				for _, id := range order {
					e := line(id, fmt.Sprint(n, ".", i), "x")
					entries = append(entries, &e)
				}
				if n%4 == 0 {
					if _, err := h.Say(t.Context(), *entries[i%4]); err != nil {
						t.Error(err)
					}
				}
				if err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
					return h.Append(t.Context(), tx, entries...)
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for _, id := range conversations {
		list := h.all(id)
		if len(list) != writers*rounds {
			t.Errorf("conversation %d: got %d entries want %d", id, len(list), writers*rounds)
		}
		for i, e := range list {
			if e.Pos != int64(i+1) {
				t.Fatalf("conversation %d: entry %d is at %d", id, i+1, e.Pos)
			}
		}
	}
}

func TestFindByReference(t *testing.T) {
	h := newHouse(t)
	older, newer := h.open(0), h.open(0)
	maja := gateway.Address{Kind: gateway.AddressEmail, Value: "maja@example.com"}
	kim := gateway.Address{Kind: gateway.AddressEmail, Value: "Kim@Example.com"}
	mail := line(newer, "", "svar")
	mail.Kind, mail.Body = gateway.EntryMail, []byte(`{"subject":"x","from":{"kind":"email","value":"maja@example.com"},"cc":[{"kind":"email","value":"kim@example.com"}]}`)
	h.tx(func(tx pgx.Tx) error {
		return errors.Join(
			h.Refer(t.Context(), tx, older, "old@x"), h.Refer(t.Context(), tx, newer, "new@x"), h.Refer(t.Context(), tx, newer, "new@x"),
			h.Refer(t.Context(), tx, older, "both@x"), h.Refer(t.Context(), tx, newer, "both@x"),
			h.Refer(t.Context(), tx, older, ""),
			h.Refer(t.Context(), tx, older, "", maja, gateway.Address{}),
			h.Append(t.Context(), tx, &mail))
	})
	for name, c := range map[string]struct {
		a    gateway.Arrival
		want gateway.ConversationID
	}{
		"named":                        {gateway.Arrival{Conversation: older, References: []string{"new@x"}}, older},
		"newest reference first":       {gateway.Arrival{References: []string{"unknown@x", "new@x", "old@x"}, From: maja}, newer},
		"first one known":              {gateway.Arrival{References: []string{"old@x", "new@x"}, From: maja}, older},
		"same id twice, newest thread": {gateway.Arrival{References: []string{"both@x"}, From: maja}, newer},
		"copied in, other case":        {gateway.Arrival{References: []string{"new@x"}, From: kim}, newer},
		"participant of one only":      {gateway.Arrival{References: []string{"old@x", "new@x"}, From: kim}, newer},
		"in needless quotes":           {gateway.Arrival{References: []string{"old@x", "new@x"}, From: gateway.Address{Kind: gateway.AddressEmail, Value: `"Kim"@example.com`}}, newer},
		"a stranger":                   {gateway.Arrival{References: []string{"new@x"}, From: gateway.Address{Kind: gateway.AddressEmail, Value: "eve@example.com"}}, 0},
		"a stranger, signed":           {gateway.Arrival{References: []string{"new@x"}, Trusted: true}, newer},
		"nobody":                       {gateway.Arrival{References: []string{"old@x"}}, 0},
		"empty ids":                    {gateway.Arrival{References: []string{"", " ", "\x00"}, Trusted: true}, 0},
		"nothing":                      {gateway.Arrival{From: maja, Trusted: true}, 0},
	} {
		h.tx(func(tx pgx.Tx) error {
			id, known, found, err := h.Find(t.Context(), tx, c.a)
			if err != nil || id != c.want || found != (c.want != 0) || (known == 7) != found {
				t.Errorf("%s: got %d, case %d, %v, %v want %d", name, id, known, found, err, c.want)
			}
			return nil
		})
	}
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		_, _, _, err := h.Find(t.Context(), tx, gateway.Arrival{Conversation: 404})
		return err
	})
	if !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("find 404: got %v want not found", err)
	}
}

func TestCompareBeforeSending(t *testing.T) {
	h := newHouse(t)
	id := h.open(1)
	question, answer, note := line(id, "", "?"), line(id, "", "!"), line(id, "", "psst")
	answer.Author.Kind, note.Author.Kind, note.Internal = gateway.ByAgent, gateway.ByAgent, true
	h.append(&question, &answer, &note)
	for seen, want := range map[int64]error{1: gateway.ErrConflict, 2: nil, 3: nil} {
		h.tx(func(tx pgx.Tx) error {
			if err := h.Compare(t.Context(), tx, id, seen); !errors.Is(err, want) {
				t.Errorf("seen %d: got %v want %v", seen, err, want)
			}
			return nil
		})
	}
}

func TestSeenOnlyGrows(t *testing.T) {
	h := newHouse(t)
	id := h.open(1)
	one, two, three := line(id, "", "1"), line(id, "", "2"), line(id, "", "3")
	h.append(&one, &two, &three)
	anna := gateway.Author{Kind: gateway.ByAgent, ID: 3}
	for _, pos := range []int64{2, 1, 2, 99, -1} {
		if err := h.Seen(t.Context(), id, anna, pos); err != nil {
			t.Fatal(err)
		}
	}
	var told []int64
	for _, e := range h.feed.announced {
		told = append(told, e.Rev)
	}
	if diff := cmp.Diff([]int64{2, 3}, told); diff != "" || h.feed.announced[0].Type != "message.receipt" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestServeEndsOnlyItsOwn(t *testing.T) {
	h := newHouse(t)
	id := h.open(5)
	h.tx(func(tx pgx.Tx) error {
		return h.ServeAll(t.Context(), tx,
			gateway.Interaction{Conversation: id, ID: 6},
			gateway.Interaction{Conversation: id, ID: 5, End: gateway.EndHandled}) // the one that was replaced ends late
	})
	if c, err := h.Get(t.Context(), id); err != nil || c.Open != 6 {
		t.Errorf("got %d, %v want 6", c.Open, err)
	}
}

func TestContinueTheCase(t *testing.T) {
	h := newHouse(t)
	h.open(0)
	latest := h.open(0)
	h.tx(func(tx pgx.Tx) error {
		for channel, want := range map[gateway.Channel]gateway.ConversationID{gateway.Chat: latest, gateway.Email: 0} {
			if got, err := h.Continue(t.Context(), tx, 7, channel); err != nil || got != want {
				t.Errorf("%s: got %d, %v want %d", channel, got, err, want)
			}
		}
		return nil
	})
}

// A conversation that is opened under a number has its first entry, and goes on after it.
func TestAppendFirst(t *testing.T) {
	h := newHouse(t)
	var id gateway.ConversationID
	err := lazy.Do(t.Context(), h.pool, func(tx *lazy.Tx) error {
		numbers := h.Numbers(tx, 1)
		if _, err := tx.Prompt(t.Context()); err != nil {
			return err
		}
		ids, err := h.OpenAll(t.Context(), tx, *numbers, []gateway.CaseID{3}, []gateway.CustomerID{4}, []gateway.Channel{gateway.Chat})
		if err != nil {
			return err
		}
		id = ids[0]
		first, second := line(id, "c1", "Hej!"), line(id, "c2", "Är någon där?")
		if err := h.AppendFirst(t.Context(), tx, &first); err != nil {
			return err
		}
		return h.Append(t.Context(), tx, &second)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range h.all(id) {
		if e.Pos != int64(i+1) || e.ClientID != fmt.Sprintf("c%d", i+1) {
			t.Errorf("got %+v at position %d", e, i+1)
		}
	}
	if c, err := h.Get(t.Context(), id); err != nil || c.LastPos != 2 || c.Case != 3 {
		t.Errorf("got %+v (%v), want two entries of case 3", c, err)
	}
}
