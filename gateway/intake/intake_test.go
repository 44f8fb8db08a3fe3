package intake_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/intake"
)

func TestReceivePassesEveryRoomOnce(t *testing.T) {
	h := newHouse(t)
	var also []gateway.Received
	got, err := h.Receive(t.Context(), mail("m1", "Hej"), func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		also = append(also, r)
		_, err := note(ctx, tx, "cursor", 1)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	conversation := int64(got.Conversation)
	if got.Case != 70 || got.Customer != 8 || got.Pos == 0 || got.Interaction == 0 || got.Repeated || conversation == 0 {
		t.Errorf("received %+v", got)
	}
	equal(t, "opened for case", h.noted("open"), 70)
	equal(t, "referred", h.noted("refer m1@example.com"), conversation)
	equal(t, "sender attends", h.noted("attend maja@example.com"), conversation)
	equal(t, "other address attends", h.noted("attend +46701234567"), conversation)
	equal(t, "appended", h.noted("append Hej"), conversation)
	equal(t, "admitted", h.noted("admit"), conversation)
	equal(t, "told", h.noted("event message.created"), got.Pos)
	equal(t, "cursor", h.noted("cursor"), 1)
	if diff := cmp.Diff([]gateway.Received{got}, also); diff != "" {
		t.Errorf("also (-want +got):\n%s", diff)
	}
	if h.hints != 1 || len(h.announced) != 1 {
		t.Errorf("got %d hints, %d announcements, want 1 of each", h.hints, len(h.announced))
	}
	var e gateway.Entry
	decode(t, h.announced[0], &e)
	if want := (gateway.Author{Kind: gateway.ByCustomer, ID: 8, Name: "Maja Lind"}); e.Author != want || e.Channel != gateway.Email || e.At.Unix() != 1700000000 {
		t.Errorf("entry %+v", e)
	}
}

func TestSameKeyIsReceivedOnce(t *testing.T) {
	h := newHouse(t)
	first, err := h.Receive(t.Context(), mail("m1", "Hej"), nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Receive(t.Context(), mail("m1", "Hej igen"), func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		_, err := note(ctx, tx, "cursor", 1) // it moves all the same
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	first.Repeated = true
	if again != first {
		t.Errorf("got %+v want %+v", again, first)
	}
	equal(t, "admitted", h.noted("admit"), int64(first.Conversation))
	equal(t, "cursor", h.noted("cursor"), 1)
}

func TestSameKeyAtTheSameTime(t *testing.T) {
	h := newHouse(t)
	const keys, bearers = 10, 6
	var all sync.WaitGroup
	var mu sync.Mutex
	answers := map[string]map[gateway.Received]int{}
	for n := range keys * bearers {
		all.Go(func() {
			key := fmt.Sprint("m", n%keys)
			got, err := h.Receive(t.Context(), mail(key, key), nil)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if answers[key] == nil {
				answers[key] = map[gateway.Received]int{}
			}
			answers[key][got]++
		})
	}
	all.Wait()
	if got := len(h.noted("admit")); got != keys {
		t.Errorf("got %d admissions want %d", got, keys)
	}
	for key, of := range answers {
		for got, times := range of {
			if want := map[bool]int{false: 1, true: bearers - 1}[got.Repeated]; times != want || len(of) != 2 {
				t.Errorf("%s: got %+v %d times want %d", key, got, times, want)
			}
		}
	}
}

func TestNothingRemainsOfWhatFailed(t *testing.T) {
	h := newHouse(t)
	full := errors.New("disk full")
	_, err := h.Receive(t.Context(), mail("m1", "Hej"), func(context.Context, pgx.Tx, gateway.Received) error { return full })
	if !errors.Is(err, full) {
		t.Fatalf("got %v want %v", err, full)
	}
	equal(t, "admitted", h.noted("admit"))
	if h.hints != 0 || len(h.announced) != 0 {
		t.Error("told of what was not committed")
	}
	if got, err := h.Receive(t.Context(), mail("m1", "Hej"), nil); err != nil || got.Repeated {
		t.Errorf("then: got %+v, %v", got, err)
	}
	if _, err := h.Receive(t.Context(), gateway.Arrival{}, nil); !errors.Is(err, gateway.ErrInvalid) {
		t.Errorf("no key: got %v want invalid", err)
	}
}

func TestQuietArrivalAsksForNobody(t *testing.T) {
	h := newHouse(t)
	a := mail("m1", "Autosvar")
	a.Quiet = true
	got, err := h.Receive(t.Context(), a, nil)
	if err != nil || got.Interaction != 0 {
		t.Errorf("got %+v, %v", got, err)
	}
	equal(t, "admitted", h.noted("admit"))
	equal(t, "told", h.noted("event message.created"), got.Pos)
}

func TestLineSaidBeforeAsksForNobodyAgain(t *testing.T) {
	h := newHouse(t)
	a := mail("m1", "Hej")
	a.Conversation, a.Entry.ClientID = 33, "known"
	if got, err := h.Receive(t.Context(), a, nil); err != nil || got.Interaction != 0 || got.Conversation != 33 {
		t.Errorf("got %+v, %v", got, err)
	}
	equal(t, "admitted", h.noted("admit"))
	equal(t, "told", h.noted("event message.created"))
}

func TestClosedCaseGetsAConversationOfItsOwn(t *testing.T) {
	h := newHouse(t)
	h.newCase = 71
	a := mail("m1", "Hej igen")
	a.Conversation = 33
	got, err := h.Receive(t.Context(), a, nil)
	if err != nil || got.Case != 71 || got.Conversation == 33 {
		t.Errorf("got %+v, %v", got, err)
	}
	equal(t, "opened for case", h.noted("open"), 71)
}

func TestRepeatedWhenAnotherIsInTheWay(t *testing.T) {
	h := newHouse(t)
	h.fail = []error{&pgconn.PgError{Code: "40P01"}, fmt.Errorf("append: %w", &pgconn.PgError{Code: "40001"}), nil}
	if got, err := h.Receive(t.Context(), mail("m1", "Hej"), nil); err != nil || got.Repeated {
		t.Errorf("got %+v, %v", got, err)
	}
	equal(t, "opened for the third try's case", h.noted("open"), 72)
	h.fail = []error{&pgconn.PgError{Code: "23505"}}
	if _, err := h.Receive(t.Context(), mail("m2", "Hej"), nil); err == nil {
		t.Error("a lasting error was repeated")
	}
}

func TestBatchThreadsWithinItself(t *testing.T) {
	h := newHouse(t)
	var items []intake.Item
	for i := range 120 {
		a := mail(fmt.Sprint("m", i), "x")
		if i > 0 {
			a.References = []string{fmt.Sprintf("m%d@example.com", i-1)}
		}
		items = append(items, intake.Item{Arrival: a})
	}
	received, errs := h.ReceiveBatch(t.Context(), items)
	for i, got := range received {
		if errs[i] != nil || got.Conversation != received[0].Conversation || got.Pos == 0 {
			t.Fatalf("%d: got %+v, %v", i, got, errs[i])
		}
	}
	equal(t, "opened", h.noted("open"), 70)
	if h.hints != 3 {
		t.Errorf("got %d transactions want 3", h.hints)
	}
}

func TestBatchWithABadOneAndATwin(t *testing.T) {
	h := newHouse(t)
	items := []intake.Item{
		{Arrival: mail("m1", "a")}, {Arrival: mail("m2", "poison")}, {Arrival: mail("m1", "a")}, {Arrival: mail("m3", "c")},
	}
	received, errs := h.ReceiveBatch(t.Context(), items)
	for i, wantErr := range []bool{false, true, false, false} {
		if (errs[i] != nil) != wantErr {
			t.Errorf("%d: got %v", i, errs[i])
		}
	}
	if received[0].Repeated || !received[2].Repeated || received[2].Conversation != received[0].Conversation || received[3].Case == 0 {
		t.Errorf("got %+v", received)
	}
	if got := len(h.noted("admit")); got != 2 {
		t.Errorf("got %d admissions want 2", got)
	}
}

func TestMailOfAKnownCaseGoesOnWithItsMails(t *testing.T) {
	h := newHouse(t)
	first, err := h.Receive(t.Context(), mail("m1", "Hej"), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.quoted = first.Case
	second, err := h.Receive(t.Context(), mail("m2", "Hej igen"), nil)
	if err != nil || second.Conversation != first.Conversation {
		t.Errorf("mail: got %+v, %v want conversation %d", second, err, first.Conversation)
	}
	chat := mail("c1", "Hallå")
	chat.Channel = gateway.Chat
	if third, err := h.Receive(t.Context(), chat, nil); err != nil || third.Conversation == first.Conversation {
		t.Errorf("chat: got %+v, %v want a conversation of its own", third, err)
	}
	equal(t, "locked", h.noted("lock"), int64(first.Conversation))
	equal(t, "locked cases", h.noted("lock case"), int64(first.Case))
}

// A conversation that somebody began after the transaction had locked its own is found by
// the next try, which locks it in order.
func TestConversationBegunMeanwhile(t *testing.T) {
	h := newHouse(t)
	first, err := h.Receive(t.Context(), mail("m1", "Hej"), nil)
	if err != nil {
		t.Fatal(err)
	}
	h.meanwhile = func() { h.quoted = first.Case } // between the first look and the second
	second, err := h.Receive(t.Context(), mail("m2", "Hej igen"), nil)
	if err != nil || second.Conversation != first.Conversation {
		t.Errorf("got %+v, %v want conversation %d", second, err, first.Conversation)
	}
	equal(t, "locked", h.noted("lock"), int64(first.Conversation))
}

// A customer's credit goes with what they send, in a batch too.
func TestCreditIsTheCustomers(t *testing.T) {
	h := newHouse(t)
	h.credits = map[string]gateway.Seconds{"vip@example.com": 600}
	important := mail("m2", "Hej")
	important.From.Value = "vip@example.com"
	if _, errs := h.ReceiveBatch(t.Context(), []intake.Item{{Arrival: mail("m1", "Hej")}, {Arrival: important}}); errs[0] != nil || errs[1] != nil {
		t.Fatal(errs)
	}
	equal(t, "credits", h.noted("credit"), 0, 600)
}
