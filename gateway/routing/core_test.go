package routing_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// What is no event is refused, and nothing happens.
func TestUnknownEvent(t *testing.T) {
	if r := routing.New().Apply(time.Time{}, "hello"); !errors.Is(r.Err, gateway.ErrInvalid) || len(r.Effects) > 0 {
		t.Errorf("got %+v", r)
	}
	if _, err := routing.MarshalEvent("hello"); err == nil {
		t.Error("a string was written to the log")
	}
	for _, data := range []string{"", "{}", `{"name":"Admit","body":7}`, `{"name":"Hello","body":{}}`} {
		if ev, err := routing.UnmarshalEvent([]byte(data)); err == nil {
			t.Errorf("%q was read as %+v", data, ev)
		}
	}
}

// An answer and the views show the same as the last effects told.
func TestViews(t *testing.T) {
	at := time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)
	c := busyFloor(t, at)
	r := c.Apply(at.Add(time.Second), gateway.Accept{Interaction: 2, No: 1, Agent: 1})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	presence, _ := c.Presence(1)
	interaction, _ := c.Interaction(2)
	want := gateway.Answer{Presence: &presence, Interaction: &interaction, At: at.Add(time.Second)}
	if diff := cmp.Diff(want, r.Answer); diff != "" {
		t.Error(diff)
	}
	var told gateway.Presence
	for _, e := range r.Effects {
		if p, ok := e.(routing.PresenceChanged); ok {
			told = *p.Presence
		}
	}
	if diff := cmp.Diff(told, presence); diff != "" {
		t.Error(diff)
	}
	boards := c.Boards()
	if len(boards) != 1 || boards[0].Channels[1].InProgress != 2 || boards[0].Channels[2].Waiting != 1 {
		t.Errorf("got %+v", boards)
	}
	if _, ok := c.Interaction(99); ok {
		t.Error("interaction 99 is there")
	}
}

// A clock that runs backwards does not: the event happens at the time of the one before.
func TestTimeNeverGoesBack(t *testing.T) {
	at := time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)
	c := busyFloor(t, at)
	r := c.Apply(at.Add(-time.Hour), gateway.EndInteraction{Interaction: 1, Agent: 1})
	if r.Err != nil || !r.Answer.Interaction.EndedAt.Equal(at) {
		t.Errorf("ended at %v (%v), want %v", r.Answer.Interaction.EndedAt, r.Err, at)
	}
}

// A restored floor is where the old one was, also when time has passed that nobody has
// told it of: what waited long enough for a member with a delay waits for the Wake, here
// as there.
func TestRestoreDoesNotRunAhead(t *testing.T) {
	at := time.Date(2024, 5, 6, 9, 0, 0, 0, time.UTC)
	c := routing.New()
	apply := func(c *routing.Core, after time.Duration, ev routing.Event) routing.Result {
		r := c.Apply(at.Add(after), ev)
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		return r
	}
	apply(c, 0, routing.Configure{Plan: fuzzPlan()}) // agent 2 helps after a minute
	apply(c, 0, gateway.Consoles{Agent: 2, Live: true})
	apply(c, 0, routing.Admit{Admission: gateway.Admission{Interaction: 1, Channel: gateway.Chat, Queue: 1}})
	apply(c, 61*time.Second, gateway.Consoles{Agent: 1, Live: true})
	restored, err := routing.Restore(snapshot(t, c))
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range []routing.Event{gateway.SetStatus{Agent: 2, Intent: gateway.IntentAvailable}, routing.Wake{}} {
		want, got := apply(c, 62*time.Second, ev), apply(restored, 62*time.Second, ev)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%T: the restored floor does something else:\n%s", ev, diff)
		}
	}
}
