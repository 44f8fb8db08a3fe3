package api_test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// shows waits until the console's board has these queues, and gives their rows.
func (s *socket) shows(queues ...gateway.QueueID) map[string]m {
	s.t.Helper()
	for {
		f := s.next()
		rows, ok := f["data"].([]any)
		if f["t"] != "queue.stats" || !ok || len(rows) != len(queues) {
			continue
		}
		out := map[string]m{}
		for _, row := range rows {
			out[row.(m)["queue"].(string)] = row.(m)
		}
		for _, q := range queues {
			if out[q.String()] == nil {
				s.t.Fatalf("got %v want queue %v", rows, q)
			}
		}
		return out
	}
}

// TestBoardsShowWhatIsOnesOwn: an agent's live board has the agent's queues and those asked
// for by name, a supervisor's has all; steps are heard of likewise.
func TestBoardsShowWhatIsOnesOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	bo.put("/agents/"+h.anna.String()+"/queues/"+h.invoices.String(), m{"enabled": false}, 200)
	all, _ := bo.open("", "board")
	anna := h.ready(t, "anna", "board")
	anna.shows(h.support)
	all.shows(h.invoices, h.support)

	for _, q := range []gateway.QueueID{h.invoices, h.support} {
		h.Feed.Announce(gateway.NewEvent(gateway.TopicBoard, "interaction.step", 0, routing.StepTaken{Interaction: 1, Channel: gateway.Chat, Queue: q, Step: gateway.Step{Do: gateway.LowerSkills}}))
	}
	if step := anna.until("interaction.step", nil); step["queue"] != h.support.String() {
		t.Errorf("heard of %v", step)
	}
	anna.say(m{"t": "subs", "add": []string{"queue:" + h.invoices.String()}})
	anna.shows(h.invoices, h.support)
}

// TestBoardsSayWhatIs holds each column, at rest and live, to what was done: one chat is
// finished, one is held, one was declined and given to a colleague, one waits.
func TestBoardsSayWhatIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna", "board")
	bo, _ := h.as(t, "bo").open("", "board")
	h.arrive(t, gateway.Chat, h.invoices)
	_, done := anna.take()
	anna.post("/interactions/"+done["id"].(string)+"/end", nil, 200)
	anna.post("/interactions/"+done["id"].(string)+"/finish", m{"codes": []any{h.solved}}, 200)
	given := h.arrive(t, gateway.Chat, h.invoices)["interaction"].(string)
	offer := anna.until("offer.created", func(o m) bool { return o["interaction"] == given })
	anna.post(fmt.Sprintf("/offers/%v/%v/decline", offer["interaction"], offer["no"]), nil, 200)
	bo.post("/interactions/"+given+"/assign", m{"agent": h.bo}, 200)
	held := h.arrive(t, gateway.Chat, h.invoices)["interaction"].(string)
	offer = anna.until("offer.created", func(o m) bool { return o["interaction"] == held })
	anna.post(fmt.Sprintf("/offers/%v/%v/accept", held, offer["no"]), nil, 200)
	anna.put("/me/status", m{"status": "working_offline"}, 202) // nothing new
	waiting := h.arrive(t, gateway.Chat, h.invoices)["interaction"].(string)
	bo.until("interaction.changed", func(i m) bool { return i["id"] == waiting && i["state"] == "waiting" })
	waits := bo.get("/interactions/" + waiting)

	queue := m{
		"id": h.invoices.String(), "name": "Faktura", "mine": true, "favourite": false, "waiting.chat": 1.0, "waiting.email": 0.0,
		"in_progress": 2.0, "serving.chat": 2.0, "agents.busy": 2.0, "agents.available": nil, "routable": 0.0, "ready": 0.0,
		"longest_since": waits["arrived_at"], "oldest_due": waits["due_at"],
		"service_level": 1.0, "answered_today": 3.0, "abandoned_today": 0.0,
	}
	shows(t, func() m { return items(anna.get("/queues?name=faktura"))[0] }, queue)
	shows(t, func() m { return items(anna.get("/agents"))[0] }, m{
		"id": h.anna.String(), "name": "Anna", "group": h.group.String(), "presence.status": "busy", "presence.next": "working_offline",
		"holds.0.channel": "chat", "holds.0.count": 1.0, "holds.1": nil,
		"accepted": 2.0, "declined": 1.0, "handled_today": 1.0,
	})
	live := m{
		"queue": h.invoices.String(), "routable": 0.0, "ready": 0.0, "agents.busy": 2.0, "service_level": 1.0, "answered_today": 3.0, "abandoned_today": 0.0,
	}
	shows(t, func() m { return anna.shows(h.invoices, h.support)[h.invoices.String()] }, live)
}

// shows waits until what is shown holds the values, each under the path to it.
func shows(t *testing.T, row func() m, want m) {
	t.Helper()
	var wrong string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if wrong = differs(row(), want); wrong == "" {
			return
		}
	}
	t.Error(wrong)
}

func differs(row, want m) string {
	var wrong strings.Builder
	for path, value := range want {
		var got any = row
		for key := range strings.SplitSeq(path, ".") {
			n, _ := strconv.Atoi(key)
			switch at := got.(type) {
			case m:
				got = at[key]
			case []any:
				got = nil
				if n < len(at) {
					got = at[n]
				}
			}
		}
		if got != value {
			fmt.Fprintf(&wrong, "%s: got %v want %v\n", path, got, value)
		}
	}
	return wrong.String()
}

// TestBoardsAreToldOnceASecond: an agent goes to and fro, as fast as they hear of it.
// A board hears of them, and of their queues, at most once a second each, and of how it ended.
func TestBoardsAreToldOnceASecond(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	bo, _ := h.as(t, "bo").open("", "board")
	bo.until("snapshot", nil)
	begun, changes := time.Now(), 0
	for ; time.Since(begun) < 3*time.Second; changes += 2 {
		for _, status := range []string{"working_offline", "available"} {
			anna.put("/me/status", m{"status": status}, 200)
			anna.until("agent.status", func(p m) bool { return p["status"] == status })
		}
	}
	anna.put("/me/status", m{"status": "on_break", "code": "lunch"}, 200)
	told, shown := map[any]int{}, 0.0
	for over := false; !over; {
		f := bo.next()
		if p, ok := f["data"].(m); f["t"] == "agent.status" && ok {
			if p["agent"] != h.anna.String() || f["rev"] == shown {
				continue // of Bo, or once more for its cursor
			}
			shown, over = f["rev"].(float64), p["status"] == "on_break"
		}
		told[f["t"]]++
	}
	most := int(time.Since(begun)/time.Second) + 2
	for _, kind := range []string{"agent.status", "queue.stats"} {
		if n := told[kind]; n < 1 || n > most {
			t.Errorf("of %d changes within %v the board heard %d times by %s, want 1 to %d", changes, time.Since(begun), n, kind, most)
		}
	}
}

// TestReasonsAreNamedOnBoards: colleagues have reasons of their own, which are called on the
// board what the administrator calls them, in the reader's language.
func TestReasonsAreNamedOnBoards(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.as(t, "admin").post("/admin/status-codes", m{"intent": "working_offline", "code": "errand", "name": m{"sv": "Ärende"}, "agents": []any{h.anna}}, 201)
	anna, bo := h.ready(t, "anna"), h.as(t, "bo")
	if own := bo.get("/status-codes")["working_offline"].([]any); len(own) != 0 {
		t.Errorf("Bo may choose %v", own)
	}
	anna.refused("GET", "/agents/"+h.bo.String()+"/status-codes", nil, 403, "role_required")
	if hers := bo.get("/agents/" + h.anna.String() + "/status-codes")["working_offline"].([]any); len(hers) != 1 || hers[0].(m)["id"] != "errand" {
		t.Errorf("who changes Anna's status may choose %v", hers)
	}
	anna.put("/me/status", m{"status": "working_offline", "code": "errand"}, 200)
	shows(t, func() m { return items(bo.get("/agents?name=anna"))[0] }, m{"presence.status_code": "errand", "code_name": "Ärende"})
}

// TestBoardsAreScoped shows agents what waits in their own queues, and supervisors all.
func TestBoardsAreScoped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	sales := h.as(t, "admin").post("/admin/queues", m{"name": m{"sv": "Sälj"}}, 201)["id"].(string)
	bo, _ := h.as(t, "bo").open("", "board")
	anna, _ := h.as(t, "anna").open("", "board")
	var added gateway.QueueID
	check(t, added.UnmarshalText([]byte(sales)))
	bo.shows(h.invoices, h.support, added)
	other := h.arriveAt(t, gateway.Chat, sales)
	own := h.arrive(t, gateway.Chat, h.invoices)
	is := func(came m) func(m) bool { return func(i m) bool { return i["id"] == came["interaction"] } }
	bo.until("interaction.changed", is(other))
	anna.until("interaction.changed", func(i m) bool {
		if i["queue"] == sales {
			t.Errorf("got %v", i)
		}
		return is(own)(i)
	})
	// How it stands there everybody sees, to transfer; what waits there, nobody from elsewhere.
	shows(t, func() m { return items(anna.get("/queues?name=" + url.QueryEscape("sälj")))[0] }, m{"id": sales, "mine": false, "waiting.chat": 1.0})
	for _, i := range items(anna.get("/interactions?scope=queues")) {
		if i["queue"] == sales {
			t.Errorf("got %v", i)
		}
	}
	anna.refused("GET", "/interactions?scope=all", nil, 403, "role_required")
}

func TestBoardsAndDirectory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	s.take()
	s.put("/me/favourites/queue/"+h.support.String(), nil, 204)
	s.put("/me/favourites/agent/"+h.bo.String(), nil, 204)
	if list := items(s.get("/me/favourites")); len(list) != 2 {
		t.Errorf("got %v", list)
	}
	if list := items(s.get("/queues?scope=favourites")); len(list) != 1 || list[0]["name"] != "Support" || list[0]["mine"] != true {
		t.Errorf("got %v", list)
	}
	s.delete("/me/favourites/queue/"+h.support.String(), 204)
	rows := items(s.get("/agents"))
	if len(rows) != 2 || rows[0]["id"] != h.anna.String() || rows[0]["presence"].(m)["status"] != "busy" {
		t.Fatalf("got %v", rows)
	}
	if held := rows[0]["holds"].([]any); len(held) != 1 || held[0].(m)["channel"] != "chat" {
		t.Errorf("got %v", held)
	}
	for _, row := range items(s.get("/queues")) {
		if agents := row["agents"].(m); agents["busy"] != 1.0 || agents["logged_out"] != 1.0 {
			t.Errorf("got %v", row)
		}
	}
	if list := items(s.get("/groups")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
	s.get("/me/statistics")
	s.get("/status-codes")
	if list := items(s.get("/transaction-codes?queue=" + h.invoices.String())); len(list) != 1 || list[0]["required"] != true {
		t.Errorf("got %v", list)
	}
	if list := items(s.get("/interactions")); len(list) != 1 || list[0]["subject"] == "" {
		t.Errorf("got %v", list)
	}
	bo := h.as(t, "bo")
	bo.get("/statistics")
	h.arrive(t, gateway.Callback, h.support)
	if list := items(bo.get("/interactions?scope=all&limit=1")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
}
