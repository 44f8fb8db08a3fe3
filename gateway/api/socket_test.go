package api_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway"
)

func TestTheSnapshotIsWhatIsHeld(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()

	again, welcome := s.open("")
	if welcome["resumed"] != false || welcome["heartbeat_s"] != 5.0 || welcome["node"] != "one" {
		t.Errorf("got %v", welcome)
	}
	snap := again.next()
	data := snap["data"].(m)
	if snap["t"] != "snapshot" || snap["at"] == "" || data["presence"].(m)["status"] != "busy" || len(data["lines"].([]any)) != 2 {
		t.Errorf("got %v", snap)
	}
	if held := data["interactions"].([]any); len(held) != 1 || held[0].(m)["id"] != i["id"] || held[0].(m)["customer_name"] != "Alva Ek" {
		t.Errorf("got %v", held)
	}
	// What was held before is followed: a line of the customer's comes without asking.
	h.says(t, i, "Hallå?")
	again.until("message.created", func(e m) bool { return e["text"] == "Hallå?" })
}

// says lets the customer of an interaction write.
func (h *house) says(t testing.TB, i m, text string) {
	t.Helper()
	var c gateway.ConversationID
	check(t, c.UnmarshalText([]byte(i["conversation"].(string))))
	_, err := h.Timeline.Say(t.Context(), gateway.Entry{
		Conversation: c, Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: text, ClientID: seq(), At: time.Now(),
		Author: gateway.Author{Kind: gateway.ByCustomer, Name: "Alva Ek"},
	})
	check(t, err)
}

// The log tells of a mail without its text; whoever follows the conversation gets it whole,
// early and when it comes again.
func TestAMailComesWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	var c gateway.ConversationID
	check(t, c.UnmarshalText([]byte(i["conversation"].(string))))
	e := gateway.Entry{
		Conversation: c, Kind: gateway.EntryMail, Channel: gateway.Email, Text: "Hej", ClientID: seq(), At: time.Now(),
		Body: []byte(`{"subject": "Faktura", "from": {"kind": "email", "value": "a@b.example"}, "html": "<p>Hej</p>"}`), Author: gateway.Author{Kind: gateway.ByCustomer},
	}
	if told := string(gateway.MessageCreated(e).Data); strings.Contains(told, "Hej") || !strings.Contains(told, `"partial":true`) {
		t.Errorf("the log tells %s", told)
	}
	_, err := h.Timeline.Say(t.Context(), e)
	check(t, err)
	s.until("message.created", func(e m) bool {
		body, _ := e["body"].(m)
		return e["text"] == "Hej" && body["html"] == "<p>Hej</p>" && e["partial"] == nil
	})
}

func TestTheFloorKnowsWhoseConsoleIsOpen(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	live := func(want bool) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			p, err := h.Floor.Presence(t.Context(), h.anna)
			check(t, err)
			if p.Live == want {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the floor thinks that live is %v", p.Live)
			}
		}
	}
	one := h.ready(t, "anna")
	live(true)
	two, _ := one.open("")
	check(t, one.conn.Close(websocket.StatusNormalClosure, ""))
	two.until("snapshot", nil)
	live(true)
	check(t, two.conn.CloseNow()) // as a cut wire
	live(false)
	three, _ := one.open("")
	three.until("snapshot", nil)
	live(true)
}

// TestResumeGivesWhatWasMissed cuts the socket at random moments. Each entry comes, in
// order of its first appearance without a gap.
func TestResumeGivesWhatWasMissed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	chance := rand.New(rand.NewPCG(1, 2))
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	const lines = 120
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := range lines {
			h.says(t, i, fmt.Sprint("rad ", n))
		}
	}()
	seen := map[float64]bool{}
	resumes := 0
	for len(seen) < lines {
		f := s.next()
		if e, ok := f["data"].(m); ok && f["t"] == "message.created" && strings.HasPrefix(fmt.Sprint(e["text"]), "rad ") {
			seen[e["pos"].(float64)] = true
		}
		if chance.IntN(12) == 0 && s.at != "" {
			resumes++
			if chance.IntN(2) == 0 {
				_ = s.conn.CloseNow()
			} else {
				_ = s.conn.Close(websocket.StatusNormalClosure, "")
			}
			var welcome m
			if s, welcome = s.open(s.at); welcome["resumed"] != true {
				t.Fatalf("got %v", welcome)
			}
		}
	}
	<-done
	first, end := 1e9, 0.0
	for pos := range seen {
		first, end = min(first, pos), max(end, pos)
	}
	if resumes < 3 || end-first+1 != float64(len(seen)) {
		t.Errorf("after %d cuts: %d entries from %v to %v", resumes, len(seen), first, end)
	}
}

func TestResumeFromLongAgoBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, at := range []string{"nonsense", "1-2-3-4", strings.Repeat("f", 300)} {
		s, welcome := h.as(t, "anna").open(at)
		if welcome["resumed"] != false {
			t.Errorf("%q: got %v", at, welcome)
		}
		s.until("snapshot", nil)
	}
}

// TestFramesComeEarly holds a transaction open: the log waits for it, the screen does not.
func TestFramesComeEarly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	s.until("interaction.changed", func(i m) bool { return i["state"] == "active" })
	slow, err := h.pool.Begin(t.Context())
	check(t, err)
	_, err = slow.Exec(t.Context(), "select pg_current_xact_id()")
	check(t, err)
	h.says(t, i, "tidig")
	for {
		f := s.next()
		if e, ok := f["data"].(m); ok && e["text"] == "tidig" {
			if f["at"] != nil {
				t.Errorf("not early: %v", f)
			}
			break
		}
	}
	check(t, slow.Rollback(t.Context()))
	for {
		f := s.next()
		if e, ok := f["data"].(m); ok && e["text"] == "tidig" && f["at"] != nil {
			return
		}
	}
}

func (s *socket) untilKind(kind string) {
	s.t.Helper()
	for s.next()["t"] != kind {
	}
}

func TestTypingReachesThoseWhoFollow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	topic := "conversation:" + i["conversation"].(string)
	bo := h.ready(t, "bo", topic)
	s.until("interaction.changed", func(i m) bool { return i["state"] == "active" })
	bo.post("/interactions/"+i["id"].(string)+"/observe", nil, 200)
	s.say(m{"t": "typing", "conversation": i["conversation"], "on": true})
	for {
		f := bo.next()
		if f["t"] == "typing" {
			if f["n"] != nil || f["data"].(m)["author"].(m)["name"] != "Anna" {
				t.Errorf("got %v", f)
			}
			break
		}
	}
	bo.say(m{"t": "subs", "remove": []string{topic}})
	bo.say(m{"t": "ping"})
	bo.untilKind("pong")
	h.says(t, i, "hörs inte")
	s.until("message.created", func(e m) bool { return e["text"] == "hörs inte" })
	bo.say(m{"t": "ping"})
	for f := bo.next(); f["t"] != "pong"; f = bo.next() {
		if f["t"] == "message.created" {
			t.Errorf("got %v after leaving", f)
		}
	}
}

func TestBoardsTick(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna", "board")
	h.arrive(t, gateway.Chat, h.invoices)
	s.untilKind("queue.stats")
}

// TestTopicsHaveAnEnd: a console that goes on asking for more is told so and closed, however
// few it asks for at a time; what it follows already and what it gives up count for nothing.
func TestTopicsHaveAnEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	topics := func(first, count int) (list []string) {
		for n := range count {
			list = append(list, fmt.Sprintf("queue:%d", first+n))
		}
		return list
	}
	s, _ := h.as(t, "anna").open("", topics(1, 300)...)
	s.say(m{"t": "subs", "add": topics(201, 300)})
	s.say(m{"t": "subs", "add": topics(501, 100), "remove": topics(1, 100)})
	s.lives()
	s.say(m{"t": "subs", "add": topics(601, 1)})
	s.endsTooMany()
}

// TestAttendedConversationsTakeNoRoom: what an agent is given is followed beside what the
// console asks for; followed and unfollowed many times, it neither takes nor makes room.
func TestAttendedConversationsTakeNoRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	s.until("interaction.changed", func(i m) bool { return i["state"] == "active" })
	topic := "conversation:" + i["conversation"].(string)
	var queues []string
	for n := range 499 {
		queues = append(queues, fmt.Sprintf("queue:%d", n+1))
	}
	s.say(m{"t": "subs", "add": append(queues, "board")}) // 500, beside the conversation
	for range 5 {
		s.say(m{"t": "subs", "remove": []string{topic}})
		s.say(m{"t": "subs", "add": []string{topic}, "remove": []string{"queue:1"}})
		s.say(m{"t": "subs", "add": []string{"queue:1"}, "remove": []string{topic}})
	}
	s.lives()
	s.say(m{"t": "subs", "add": []string{topic}}) // one more than it may ask for
	s.endsTooMany()
}

// lives holds that the socket is still served.
func (s *socket) lives() {
	s.t.Helper()
	s.say(m{"t": "ping"})
	s.untilKind("pong")
}

// endsTooMany holds that the socket is closed for what it asked for.
func (s *socket) endsTooMany() {
	s.t.Helper()
	for {
		_, err := s.read()
		if err == nil {
			continue
		}
		if websocket.CloseStatus(err) != websocket.StatusInvalidFramePayloadData || !strings.Contains(err.Error(), "too_many_topics: a console asks for at most 500 topics") {
			s.t.Errorf("got %v", err)
		}
		return
	}
}
