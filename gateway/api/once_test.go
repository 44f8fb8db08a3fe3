package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// rows counts what a statement finds.
func (h *house) rows(t testing.TB, sql string) (n int) {
	t.Helper()
	check(t, h.pool.QueryRow(t.Context(), "select count(*) "+sql).Scan(&n))
	return n
}

// call is a call by Anna under a key.
func call(s *socket, key string, want int) m {
	s.t.Helper()
	return s.with("Idempotency-Key", key).post("/calls", m{"number": "+46701740605", "queue": s.h.support}, want)
}

func (h *house) calls(t testing.TB) [2]int {
	t.Helper()
	return [2]int{h.rows(t, "from support_case"), h.rows(t, "from conversation")}
}

func TestARefusedCallLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	s.put("/me/status", m{"status": "on_break", "code": "lunch"}, 200)
	if got := call(s, "d1", 409); got["code"] != "agent_on_break" {
		t.Errorf("got %v", got)
	}
	if got := h.calls(t); got != [2]int{} || h.rows(t, "from answer") != 0 {
		t.Errorf("got %v cases and conversations want none", got)
	}
	s.put("/me/status", m{"status": "available"}, 200)
	call(s, "d1", 201)
	if got := h.calls(t); got != [2]int{1, 1} {
		t.Errorf("got %v cases and conversations want one each", got)
	}
}

func TestACallWhosePhoneCannotBeRung(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.desk.breaks(gateway.Conflict("phone_unreachable", "your phone can't be rung", nil))
	call(s, "d1", 409)
	s.until("interaction.changed", func(i m) bool { return i["state"] == "wrap_up" })
	h.desk.breaks(nil)
	if i := h.finish(s); i["state"] != "finished" {
		t.Errorf("got %v", i)
	}
	if i := call(s, "d1", 201); i["state"] != "active" || len(h.desk.rung) != 2 || h.desk.rung[0] == h.desk.rung[1] {
		t.Errorf("got %v after %v", i, h.desk.rung)
	}
}

// finish ends what the agent holds.
func (h *house) finish(s *socket) m {
	s.t.Helper()
	held := items(s.get("/interactions"))
	return s.post("/interactions/"+held[0]["id"].(string)+"/finish", m{"codes": []any{h.solved}}, 200)
}

// TestACallWhoseAnswerIsLost repeats the key: the call that was begun goes on.
func TestACallWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(h *house, on bool){
		"floor":     func(h *house, on bool) { h.line.cut(false, on) },
		"asking":    func(h *house, on bool) { h.line.cut(on, false) },
		"telephone": func(h *house, on bool) { h.desk.breaks(map[bool]error{true: errors.New("lost")}[on]) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			s := h.ready(t, "anna")
			lose(h, true)
			for range 2 {
				w := s.with("Idempotency-Key", "d1").raw("POST", "/calls", strings.NewReader(`{"number": "+46701740605"}`))
				if w.StatusCode < http.StatusInternalServerError {
					t.Fatalf("got %d: %s", w.StatusCode, w.Body)
				}
			}
			lose(h, false)
			i := call(s, "d1", 201)
			again := call(s, "d1", 201)
			if i["state"] != "active" || again["id"] != i["id"] {
				t.Errorf("got %v and %v", i, again)
			}
			for _, id := range h.desk.rung {
				if id.String() != i["id"] {
					t.Errorf("rang for %v want %v", h.desk.rung, i["id"])
				}
			}
			if got := h.calls(t); got != [2]int{1, 1} || h.rows(t, "from interaction") != 1 {
				t.Errorf("got %v cases and conversations want one each", got)
			}
		})
	}
}

func TestACallThatNeverBeganIsUndone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.line.cut(true, false)
	call(s, "lost", 503)
	h.line.cut(false, true)
	call(s, "begun", 503)
	h.line.cut(false, false)
	check(t, h.Forget(t.Context(), time.Now()))
	if got := h.calls(t); got != [2]int{2, 2} {
		t.Errorf("got %v cases and conversations: too early", got)
	}
	check(t, h.Forget(t.Context(), time.Now().Add(time.Hour)))
	if got := h.calls(t); got != [2]int{1, 1} || h.rows(t, "from interaction i join support_case c on c.id = i.case_id") != 1 {
		t.Errorf("got %v cases and conversations want those of the call that began", got)
	}
	call(s, "begun", 201)
}

func TestOneKeyManyAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.as(t, "anna")
	ids := sync.Map{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			ids.Store(s.with("Idempotency-Key", "t1").post("/tasks", m{"title": "Ring upp"}, 201)["id"], true)
		})
	}
	all.Wait()
	n := 0
	ids.Range(func(any, any) bool { n++; return true })
	if rows := h.rows(t, "from task"); n != 1 || rows != 1 {
		t.Errorf("got %d answers and %d tasks want one", n, rows)
	}
}

// TestTheAnswerGoesWithTheWork loses the answer's table between the work and its commit:
// neither is there, and the key does it once later.
func TestTheAnswerGoesWithTheWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.as(t, "anna")
	exec := func(sql string) {
		t.Helper()
		_, err := h.pool.Exec(t.Context(), sql)
		check(t, err)
	}
	exec("alter table answer add constraint no_answers check (body is null)")
	s.with("Idempotency-Key", "t1").post("/tasks", m{"title": "Ring upp"}, 500)
	if n := h.rows(t, "from task"); n != 0 {
		t.Errorf("got %d tasks without an answer", n)
	}
	exec("alter table answer drop constraint no_answers")
	first := s.with("Idempotency-Key", "t1").post("/tasks", m{"title": "Ring upp"}, 201)
	if again := s.with("Idempotency-Key", "t1").post("/tasks", m{"title": "Ring upp"}, 201); again["id"] != first["id"] {
		t.Errorf("got %v and %v", first, again)
	}
}

// TestAKeyIsItsOperations gives one key to two commands.
func TestAKeyIsItsOperations(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	k := s.with("Idempotency-Key", "k")
	k.put("/me/status", m{"status": "working_offline"}, 202)
	if got := k.post("/interactions/"+i["id"].(string)+"/end", nil, 200); got["state"] != "wrap_up" {
		t.Errorf("got %v", got)
	}
}

// TestSaidBeforeTheEnd repeats lines whose answers were lost until the customer had gone.
func TestSaidBeforeTheEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := s.take()
	at := "/interactions/" + i["id"].(string)
	line, link := m{"client_id": "a1", "text": "Hej!"}, m{"client_id": "a2", "shortcut": "återköp"}
	said, linked := s.post(at+"/messages", line, 201), s.post(at+"/articles", link, 201)
	s.post(at+"/end", nil, 200)
	if again := s.post(at+"/messages", line, 201); again["pos"] != said["pos"] {
		t.Errorf("got %v want %v", again, said)
	}
	if again := s.post(at+"/articles", link, 201); again["pos"] != linked["pos"] {
		t.Errorf("got %v want %v", again, linked)
	}
	s.refused("POST", at+"/messages", m{"client_id": "a3", "text": "Hej!"}, 409, "ended")
}

var to = []m{{"kind": "email", "value": "alva@example.com"}}

// TestARepeatedReply is of before its own position.
func TestARepeatedReply(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Email, h.invoices)
	_, i := s.take()
	reply := m{"client_id": "r1", "text": "Hej!", "seen_pos": i["last_pos"], "to": to}
	at := "/interactions/" + i["id"].(string) + "/reply"
	first := s.post(at, reply, 201)
	if again := s.post(at, reply, 201); again["pos"] != first["pos"] || h.rows(t, "from outbound") != 1 {
		t.Errorf("got %v want %v", again, first)
	}
	s.refused("POST", at, m{"client_id": "r2", "text": "Hej!", "to": to, "attachments": []m{{"blob": strings.Repeat("a", 64), "name": "x.pdf", "type": "application/pdf", "size": 1}}}, 422, "no_such_attachment")
	s.refused("POST", at, m{"client_id": "r2", "text": "Hej!", "to": to, "attachments": []m{{"blob": "../x", "name": "x.pdf", "type": "application/pdf", "size": 1}}}, 422, "no_such_attachment")
	shown := m{"client_id": "r3", "text": "Hej!", "to": to, "html": `<p>Hej! <img alt="" src="cid:a1@vaxel"></p>`}
	if got := s.refused("POST", at, shown, 422, "picture_missing")["data"].(m); got["cid"] != "a1@vaxel" {
		t.Errorf("it misses %v", got)
	}
	file := s.upload("stang.png", "image/png", "\x89PNG")
	file["cid"] = "a1@vaxel"
	shown["attachments"] = []any{file}
	s.post(at, shown, 201)
}

// TestADeadlockedReply has another transaction in its way, which PostgreSQL lets win.
func TestADeadlockedReply(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Email, h.invoices)
	_, i := s.take()
	ctx := t.Context()
	tx, err := h.pool.Begin(ctx)
	check(t, err)
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	// It holds what a reply takes last, and will want what a reply takes first.
	_, err = tx.Exec(ctx, "set local deadlock_timeout = '1min'") // so the reply is the one that gives up
	check(t, err)
	_, err = tx.Exec(ctx, "select from support_case where id = $1 for update", i["case"])
	check(t, err)
	sent := make(chan answer, 1)
	body, err := json.Marshal(m{"client_id": "r1", "text": "Hej!", "to": to})
	check(t, err)
	go func() { sent <- s.raw("POST", "/interactions/"+i["id"].(string)+"/reply", bytes.NewReader(body)) }()
	for h.rows(t, "from pg_locks where not granted") == 0 {
		check(t, ctx.Err())
	}
	_, err = tx.Exec(ctx, "select from conversation where id = $1 for update", i["conversation"])
	check(t, err)
	check(t, tx.Commit(ctx))
	if w := <-sent; w.StatusCode != http.StatusCreated || h.rows(t, "from outbound") != 1 {
		t.Errorf("got %d: %s", w.StatusCode, w.Body)
	}
}

func number(n any) string { return strconv.FormatFloat(n.(float64), 'f', 0, 64) }
