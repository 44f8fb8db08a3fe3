package api_test

import (
	"testing"

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

// TestLiveBoardsShowTodaysFigures brings the day's figures with the floor's state.
func TestLiveBoardsShowTodaysFigures(t *testing.T) {
	h := newHouse(t)
	anna := h.ready(t, "anna", "board")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	for anna.shows(h.invoices, h.support)[h.invoices.String()]["answered_today"] != 1.0 {
		continue
	}
	anna.post("/interactions/"+i["id"].(string)+"/finish", m{"codes": []any{h.solved}}, 200)
	rows := items(anna.get("/agents"))
	for _, want := range []string{"id", "name", "presence", "queues", "holds", "accepted", "declined", "handled_today", "aht_s"} {
		if _, ok := rows[0][want]; !ok {
			t.Errorf("the agent board has no column %s: %v", want, rows[0])
		}
	}
	row := items(anna.get("/queues?name=faktura"))[0]
	for _, want := range []string{
		"waiting", "in_progress", "serving", "agents", "expected_wait_s", "routable", "ready", "service_level", "abandoned_today", "answered_today", "mine", "favourite",
	} {
		if _, ok := row[want]; !ok {
			t.Errorf("the queue board has no column %s: %v", want, row)
		}
	}
}

// TestBoardsAreScoped shows agents what waits in their own queues, and supervisors all.
func TestBoardsAreScoped(t *testing.T) {
	h := newHouse(t)
	sales := h.as(t, "admin").post("/admin/queues", m{"name": m{"sv": "Sälj"}}, 201)["id"].(string)
	bo, _ := h.as(t, "bo").open("", "board")
	anna, _ := h.as(t, "anna").open("", "board")
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
	for _, row := range items(anna.get("/queues?name=faktura")) {
		if row["oldest_due"] == nil || row["longest_since"] == nil || row["expected_wait_s"].(m)["chat"] == nil {
			t.Errorf("got %v", row)
		}
	}
}

func TestBoardsAndDirectory(t *testing.T) {
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
