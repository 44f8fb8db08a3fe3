package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAWrapUpIsExtended by a minute, twice, each time once for one key; not before the
// end, not by others, not where the plan has no such time, and not after the finish.
func TestAWrapUpIsExtended(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s, bo := h.ready(t, "anna"), h.as(t, "bo")
	at := "/interactions/" + h.ending(s, gateway.WrapUpTimedExtendable)
	s.refused("POST", at+"/extend", nil, 409, "not_in_wrap_up")
	until := when(t, s.post(at+"/end", nil, 200))
	bo.refused("POST", at+"/extend", nil, 403, "not_yours")
	for n := range 2 {
		var first, again time.Time
		key := s.with("Idempotency-Key", fmt.Sprint("e", n))
		first, again = when(t, key.post(at+"/extend", nil, 200)), when(t, key.post(at+"/extend", nil, 200))
		if first.Sub(until) != time.Minute || !again.Equal(first) {
			t.Errorf("minute %d: got %v and %v after %v", n+1, first, again, until)
		}
		until = first
		if i := s.get(at); can(i, "extend") != (n == 0) || !can(i, "finish") {
			t.Errorf("minute %d: offered are %v", n+1, i["actions"])
		}
	}
	s.refused("POST", at+"/extend", nil, 409, "no_more_time")
	if got := when(t, s.get(at)); !got.Equal(until) {
		t.Errorf("refused, but the wrap-up ends at %v, not %v", got, until)
	}
	s.post(at+"/finish", m{"codes": []any{h.solved}}, 200)
	s.refused("POST", at+"/extend", nil, 409, "finished")
	s.refused("POST", "/interactions/999999/extend", nil, 404, "unknown_interaction")

	at = "/interactions/" + h.ending(s, gateway.WrapUpTimed)
	if i := s.post(at+"/end", nil, 200); can(i, "extend") {
		t.Errorf("offered are %v", i["actions"])
	}
	s.refused("POST", at+"/extend", nil, 409, "no_more_time")
}

// TestAWrapUpIsAskedFor where it is the agent's choice: the interaction says so before its
// end, and then there is one; elsewhere it does not.
func TestAWrapUpIsAskedFor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	at := "/interactions/" + h.ending(s, gateway.WrapUpOptional)
	if got := s.get(at)["actions"]; !slices.Contains(got.([]any), any("extend")) {
		t.Errorf("optional: the actions are %v", got)
	}
	s.post(at+"/extend", nil, 200)
	if until := time.Until(when(t, s.post(at+"/end", nil, 200))); until > 10*time.Minute {
		t.Errorf("asked for, the wrap-up lasts %v", until)
	}
	s.post(at+"/finish", m{"codes": []any{h.solved}}, 200)
	at = "/interactions/" + h.ending(s, gateway.WrapUpTimed)
	if got := s.get(at)["actions"]; slices.Contains(got.([]any), any("extend")) {
		t.Errorf("timed: the actions are %v", got)
	}
}

// ending is a chat that the agent holds in a queue of its own, whose wrap-ups last ten minutes.
func (h *house) ending(s *socket, mode gateway.WrapUpMode) string {
	s.t.Helper()
	admin := h.as(s.t, "admin")
	queue := admin.post("/admin/queues", m{"name": m{"sv": mode}, "channels": m{"chat": m{
		"target": 60, "offer_timeout": 30, "decline": "soft", "wrap_up": m{"mode": mode, "seconds": 600, "code_required": true},
	}}}, 201)["id"].(string)
	admin.patch("/admin/agents/"+h.anna.String(), m{"memberships": []m{{"queue": queue, "enabled": true, "level": 2}}})
	id := h.arriveAt(s.t, gateway.Chat, queue)["interaction"].(string)
	offer := s.until("offer.created", func(o m) bool { return o["interaction"] == id })
	s.post(fmt.Sprintf("/offers/%s/%v/accept", id, offer["no"]), nil, 200)
	return id
}

func when(t *testing.T, i m) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(i["wrap_up_until"]))
	check(t, err)
	return at
}
