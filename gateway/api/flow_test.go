package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// arrive brings a customer in and gives what became of it.
func (h *house) arrive(t testing.TB, channel gateway.Channel, queue gateway.QueueID) m {
	t.Helper()
	return h.arriveAt(t, channel, queue.String())
}

func (h *house) arriveAt(t testing.TB, channel gateway.Channel, queue string) m {
	t.Helper()
	c := h.guest(t)
	c.key = h.newKey(t, 0)
	n := seq()
	from := m{"kind": "email", "value": "kund" + n + "@example.com", "name": "Alva Ek"}
	if channel == gateway.Callback {
		from = m{"kind": "phone", "value": "+46701740605", "name": "Alva Ek"}
	}
	return c.with("Idempotency-Key", n).post("/interactions", m{
		"channel": channel, "queue": queue, "subject": "Faktura " + n, "text": "Min faktura stämmer inte.", "language": "sv",
		"from": from,
	}, 201)
}

var count = make(chan int, 1)

func init() { count <- 0 }

func seq() string {
	n := <-count + 1
	count <- n
	return strconv.Itoa(n)
}

// ready is an agent at work: the console is open and the status available.
func (h *house) ready(t testing.TB, name string, subs ...string) *socket {
	t.Helper()
	s, _ := h.as(t, name).open("", subs...)
	s.until("snapshot", nil)
	s.put("/me/status", m{"status": "available"}, 200)
	return s
}

// take waits for an offer and accepts it.
func (s *socket) take() (offer, interaction m) {
	s.t.Helper()
	offer = s.until("offer.created", nil)
	return offer, s.post(fmt.Sprintf("/offers/%v/%v/accept", offer["interaction"], offer["no"]), nil, 200)
}

// TestArticlesInTheCustomersLanguage writes English to a Swedish agent, before anybody has
// accepted: what is suggested, looked for and inserted is English.
func TestArticlesInTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	c := h.guest(t)
	c.key = h.newKey(t, 0)
	c.with("Idempotency-Key", seq()).post("/interactions", m{
		"channel": gateway.Chat, "queue": h.invoices.String(), "language": "sv", "text": "May I return a lamp that I have opened?",
		"from": m{"kind": "email", "value": "bo" + seq() + "@example.com"},
	}, 201)
	_, i := s.take()
	suggest := "/articles/suggest?conversation=" + i["conversation"].(string)
	if got := s.get(suggest); got["language"] != "en" || len(items(got)) != 1 {
		t.Errorf("got %v, want one article in English", got)
	}
	at := "/interactions/" + i["id"].(string) + "/articles"
	if got := s.post(at, m{"article": "1"}, 201)["body"].(m)["language"]; got != "en" {
		t.Errorf("inserted in %v", got)
	}
	if got := s.post(at, m{"article": "1", "language": "sv"}, 201)["body"].(m)["language"]; got != "sv" {
		t.Errorf("asked for in Swedish, inserted in %v", got)
	}
	if got := s.get(suggest + "&language=sv")["language"]; got != "sv" {
		t.Errorf("asked for in Swedish, looked for in %v", got)
	}
}

func TestAChatFromArrivalToTransactionCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	came := h.arrive(t, gateway.Chat, h.invoices)

	offer, i := s.take()
	if offer["customer_name"] != "Alva Ek" || offer["queue_name"] != "Faktura" || offer["case_number"] == 0.0 || offer["interaction"] != came["interaction"] {
		t.Errorf("got offer %v", offer)
	}
	if i["state"] != "active" || i["agent"] != h.anna.String() || i["customer_name"] != "Alva Ek" {
		t.Errorf("got interaction %v", i)
	}
	at, conversation := "/interactions/"+i["id"].(string), i["conversation"].(string)
	if got := s.get(at)["actions"].([]any); len(got) < 5 {
		t.Errorf("got actions %v", got)
	}
	said := s.post(at+"/messages", m{"client_id": "a1", "text": "Hej Alva!"}, 201)
	if again := s.post(at+"/messages", m{"client_id": "a1", "text": "Hej Alva!"}, 201); again["pos"] != said["pos"] {
		t.Errorf("the same id twice: got %v and %v", said, again)
	}
	keyed := s.with("Idempotency-Key", "k1")
	if one, two := keyed.post(at+"/notes", m{"text": "intern"}, 201), keyed.post(at+"/notes", m{"text": "intern"}, 201); one["pos"] != two["pos"] || one["internal"] != true {
		t.Errorf("the same key twice: got %v and %v", one, two)
	}
	card := s.post(at+"/articles", m{"shortcut": "återköp"}, 201)
	if card["kind"] != "article" || card["body"].(m)["url"] != "https://help.example/11" {
		t.Errorf("got card %v", card)
	}
	s.refused("POST", at+"/articles", m{"shortcut": "svinn"}, 404, "no_public_article")
	s.refused("POST", at+"/articles", m{"shortcut": "finnsinte"}, 404, "no_shortcut")
	s.refused("POST", at+"/messages", m{"text": ""}, 422, "bad_request")
	s.until("message.created", func(e m) bool { return e["client_id"] == "a1" })

	entries := items(s.get("/conversations/" + conversation + "/entries"))
	for n, e := range entries {
		if e["pos"] != float64(n+1) {
			t.Errorf("entry %d stands at %v", n, e["pos"])
		}
	}
	if rest := items(s.get("/conversations/" + conversation + "/entries?after=1&limit=1")); len(rest) != 1 || rest[0]["pos"] != 2.0 {
		t.Errorf("after 1: got %v", rest)
	}
	s.post("/conversations/"+conversation+"/seen", m{"pos": len(entries)}, 204)
	if list := items(s.get("/articles/suggest?conversation=" + conversation)); len(list) != 0 {
		t.Errorf("an article that was given is suggested: %v", list)
	}

	later := s.put("/me/status", m{"status": "on_break", "code": "lunch"}, 202)
	if later["next"] != "on_break" || later["status"] != "busy" {
		t.Errorf("got %v", later)
	}
	ended := s.post(at+"/end", nil, 200)
	if ended["state"] != "wrap_up" {
		t.Errorf("got %v", ended)
	}
	s.refused("POST", at+"/messages", m{"text": "Hallå?"}, 409, "ended")
	h.as(t, "bo").refused("POST", at+"/finish", m{"codes": []string{"999"}}, 403, "not_yours")
	s.refused("POST", at+"/finish", m{}, 422, "code_required")
	s.refused("POST", at+"/finish", m{"codes": []string{"999"}}, 422, "unknown_code")
	done := s.with("Idempotency-Key", "f1").post(at+"/finish", m{"codes": []any{h.solved}, "note": "klart"}, 200)
	if done["state"] != "finished" || done["end"] != "handled" {
		t.Errorf("got %v", done)
	}
	again := s.with("Idempotency-Key", "f1").post(at+"/finish", m{"codes": []any{h.solved}}, 200)
	if again["rev"] != done["rev"] {
		t.Errorf("the same key twice: got %v and %v", done, again)
	}
	s.until("interaction.changed", func(i m) bool { return i["state"] == "finished" })
	s.until("agent.status", func(p m) bool { return p["status"] == "on_break" })

	line := s.get("/cases/" + i["case"].(string) + "/timeline")
	if len(items(line)) < len(entries) || len(line["interactions"].([]any)) != 1 {
		t.Errorf("got timeline %v", line)
	}
}

func TestAMailIsAnswered(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Email, h.support)
	_, i := s.take()
	at := "/interactions/" + i["id"].(string)
	s.refused("POST", at+"/messages", m{"text": "Hej"}, 409, "not_a_chat")

	file := s.upload("bild.png", "image/png", "PNG!")
	reply := m{"client_id": "r1", "text": "Hej!", "html": `<p>Hej!</p><img src="https://x.example/1.png" alt="karta">`, "to": []m{{"kind": "email", "value": "kund@example.com"}}, "attachments": []m{file}}
	sent := s.post(at+"/reply", reply, 201)
	if again := s.post(at+"/reply", reply, 201); again["pos"] != sent["pos"] {
		t.Errorf("the same id twice: got %v and %v", sent, again)
	}
	entry := fmt.Sprintf("/entries/%v/%v", sent["conversation"], sent["pos"])
	w := s.raw("GET", entry+"/html", nil)
	if w.StatusCode != http.StatusOK || !bytes.Contains(w.Body, []byte("<p>Hej!</p>")) || !strings.Contains(w.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("got %d %v %s", w.StatusCode, w.Header, w.Body)
	}
	if remote := s.raw("GET", entry+"/html?images=remote", nil); !bytes.Contains(w.Body, []byte(`<img alt="karta">`)) || !bytes.Contains(remote.Body, []byte(`src="https://x.example/1.png"`)) {
		t.Errorf("got %s, and on demand %s; want the picture on demand alone", w.Body, remote.Body)
	}
	w = s.raw("GET", entry+"/files/"+file["blob"].(string), nil)
	if string(w.Body) != "PNG!" || w.Header.Get("Content-Type") != "image/png" || !strings.Contains(w.Header.Get("Content-Disposition"), "bild.png") {
		t.Errorf("got %d %v", w.StatusCode, w.Header)
	}
	for _, bad := range []m{{"kind": "email", "value": "nope nope"}, {"kind": "email", "value": "a b@example.com"}, {"kind": "phone", "value": "+46701740605"}} {
		s.refused("POST", at+"/reply", m{"text": "Hej!", "to": []m{bad}}, 400, "bad_address")
		s.refused("POST", at+"/reply", m{"text": "Hej!", "cc": []m{bad}}, 400, "bad_address")
	}
	s.refused("GET", entry+"/files/0000", nil, 404, "no_file")
	s.refused("GET", entry+"/raw", nil, 404, "no_raw")
	s.refused("POST", at+"/reply", m{"text": "igen", "seen_pos": 1}, 409, "answered_meanwhile")
	h.guest(t).refused("GET", entry+"/html", nil, 401, "sign_in")
}

// TestALinkInAMailIsGiven as one in a chat is: noted with the mail, once, whatever is
// repeated or refused.
func TestALinkInAMailIsGiven(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	bo.post("/admin/articles", m{"wordings": m{"sv": m{"title": "Öppet köp", "answer": "30 dagar.", "status": "published"}}}, 201)
	check(t, h.kb.Sync(t.Context()))
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Email, h.support)
	_, i := s.take()
	at := "/interactions/" + i["id"].(string) + "/reply"
	const page = "https://help.example/help/sv/a/101-oppet-kop"
	reply := m{"client_id": "r1", "text": "Läs " + page, "html": "<p>" + page + "</p>", "to": []m{{"kind": "email", "value": "kund@example.com"}}}
	sent := s.post(at, reply, 201)
	s.post(at, reply, 201)
	s.refused("POST", at, m{"text": page, "seen_pos": 1}, 409, "answered_meanwhile")
	text := sent["text"].(string)
	if !strings.HasPrefix(text, "Läs "+page+"?k=") || !strings.Contains(sent["body"].(m)["html"].(string), page+"?k=") {
		t.Errorf("got %v", sent)
	}
	var given int
	var k string
	var agent gateway.AgentID
	check(t, h.pool.QueryRow(t.Context(), "select count(*), min(k), min(agent) from click").Scan(&given, &k, &agent))
	if given != 1 || text != "Läs "+page+"?k="+k || agent != h.anna {
		t.Errorf("got %d links, %s by %d", given, k, agent)
	}
}

// upload stores a file and gives what a reply names it by.
func (c *client) upload(name, mediaType, content string) m {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}, "Content-Type": {mediaType},
	})
	check(c.t, err)
	_, _ = io.WriteString(part, content)
	check(c.t, form.Close())
	w := c.with("Content-Type", form.FormDataContentType()).raw("POST", "/attachments", &body)
	if w.StatusCode != http.StatusCreated {
		c.t.Fatalf("upload: %d %s", w.StatusCode, w.Body)
	}
	file := m{}
	check(c.t, json.Unmarshal(w.Body, &file))
	return file
}

func TestTransferAndPull(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	at := "/interactions/" + i["id"].(string)
	bo := h.ready(t, "bo")

	anna.refused("POST", at+"/transfer", m{}, 400, "one_target")
	anna.refused("POST", at+"/transfer", m{"to_agent": "999"}, 404, "agent_not_found")
	bo.refused("POST", at+"/messages", m{"text": "min"}, 403, "not_yours")
	anna.post(at+"/transfer", m{"to_agent": h.bo, "note": "Kan du ta den?"}, 200)
	_, i = bo.take()
	if i["agent"] != h.bo.String() {
		t.Errorf("got %v", i)
	}
	if recents := items(anna.get("/me/recents")); len(recents) != 1 || recents[0]["id"] != h.bo.String() || recents[0]["name"] != "Bo" {
		t.Errorf("got recents %v", recents)
	}
	bo.post(at+"/transfer", m{"to_queue": h.support}, 200)
}

func TestPullingByHand(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, _ := h.as(t, "anna").open("")
	anna.put("/me/status", m{"status": "working_offline"}, 200)
	h.arrive(t, gateway.Email, h.support)
	var waiting []m
	for len(waiting) == 0 {
		waiting = items(anna.get("/interactions?scope=queues"))
	}
	at := "/interactions/" + waiting[0]["id"].(string)
	if actions := anna.get(at)["actions"].([]any); len(actions) != 1 || actions[0] != "pull" {
		t.Errorf("got %v", actions)
	}
	got := anna.with("Idempotency-Key", "p1").post(at+"/pull", nil, 200)
	again := anna.with("Idempotency-Key", "p1").post(at+"/pull", nil, 200)
	if got["agent"] != h.anna.String() || again["rev"] != got["rev"] {
		t.Errorf("got %v and %v", got, again)
	}
	bo, admin := h.as(t, "bo"), h.as(t, "admin")
	bo.refused("POST", at+"/pull", nil, 409, "not_waiting")
	var told []string
	for _, line := range items(admin.get("/audit?limit=4")) {
		told = append(told, line["what"].(string))
	}
	if got := strings.Join(told, " "); !strings.HasPrefix(got, "interaction.pulled.refused interaction.pulled interaction.pulled ") || strings.Count(got, " interaction.pulled") != 2 {
		t.Errorf("got %s", got)
	}

	other := admin.post("/admin/queues", m{"name": m{"sv": "Annat"}, "band": 5, "channels": m{"email": m{}}}, 201)["id"].(string)
	var id gateway.QueueID
	if err := id.UnmarshalText([]byte(other)); err != nil {
		t.Fatal(err)
	}
	at = "/interactions/" + h.arrive(t, gateway.Email, id)["interaction"].(string)
	for len(items(bo.get("/interactions?scope=all"))) < 2 {
	}
	if actions := anna.get(at)["actions"]; actions != nil {
		t.Errorf("got %v, want nothing in a queue that is not hers", actions)
	}
	anna.refused("POST", at+"/pull", nil, 403, "not_in_queue")
	adds := func(steps ...m) {
		rev := number(admin.get("/admin/queues/" + other)["rev"])
		admin.with("If-Match", rev).patch("/admin/queues/"+other, m{"steps": steps})
	}
	adds(m{"after": 0, "do": "add_queue", "queue": h.support, "channels": []string{"chat"}}, m{"after": 3600, "do": "add_queue", "queue": h.support})
	anna.refused("POST", at+"/pull", nil, 403, "not_in_queue")
	adds(m{"after": 0, "do": "add_queue", "queue": h.support})
	if actions := anna.get(at)["actions"].([]any); len(actions) != 1 || actions[0] != "pull" {
		t.Errorf("got %v, want what has been added to her queue", actions)
	}
	bo.put("/me/status", m{"status": "working_offline"}, 200)
	if i := bo.post(at+"/pull", nil, 200); i["agent"] != h.bo.String() {
		t.Errorf("a supervisor: got %v", i)
	}
}

func TestStaleOffersAndForeignThings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	offer := s.until("offer.created", nil)
	at := fmt.Sprintf("/offers/%v/", offer["interaction"])
	s.refused("POST", at+"99/accept", nil, 409, "offer_gone")
	s.refused("POST", "/offers/99999/1/accept", nil, 404, "no_interaction")
	h.as(t, "bo").refused("POST", fmt.Sprintf("%s%v/accept", at, offer["no"]), nil, 403, "not_yours")
	declined := s.post(fmt.Sprintf("%s%v/decline", at, offer["no"]), nil, 200)
	if declined["agent"] != h.anna.String() {
		t.Errorf("got %v", declined)
	}
	s.until("offer.closed", func(o m) bool { return o["outcome"] == "declined" })
	s.refused("POST", fmt.Sprintf("%s%v/accept", at, offer["no"]), nil, 409, "offer_gone")

	for path, code := range map[string]string{
		"/interactions/99999": "no_interaction", "/cases/99999": "", "/customers/99999": "", "/conversations/99999/entries": "",
		"/articles/99999": "no_article", "/articles/shortcut/nix": "no_shortcut", "/entries/99999/1/html": "", "/nothing": "no_such_path",
		"/staff-chats/99999/entries": "staff_chat_not_found",
	} {
		if got := s.do("GET", path, nil, 404); code != "" && got["code"] != code {
			t.Errorf("%s: got %v want %s", path, got, code)
		}
	}
	for _, path := range []string{"/interactions/abc", "/cases/1e3", "/customers/-", "/conversations/x/entries"} {
		s.refused("GET", path, nil, 400, "bad_id")
	}
	s.refused("GET", "/entries/x/1/html", nil, 400, "bad_id")
	s.refused("POST", "/me", nil, 405, "no_such_method")
	s.refused("GET", "/interactions?scope=all", nil, 403, "role_required")
	s.refused("GET", "/interactions?scope=everything", nil, 422, "bad_request")
	s.refused("GET", "/interactions?limit=100000", nil, 422, "bad_request")
	s.refused("GET", "/cases?after=nonsense", nil, 400, "bad_cursor")
	s.refused("PUT", "/me/status", m{"status": "asleep"}, 422, "bad_request")
	s.refused("PUT", "/me/status", m{"status": "on_break"}, 422, "code_required")
	s.refused("PUT", "/me/status", m{"status": "on_break", "code": "golf"}, 422, "unknown_code")
	s.refused("PUT", "/me/status", m{"status": "available", "mood": "good"}, 422, "bad_request")
	s.refused("PATCH", "/tasks/99999", m{"title": "x"}, 404, "task_not_found")
}

// TestWhy says of each member why they were not asked, while it waits, and who was when,
// after it has been taken.
func TestWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	at := "/interactions/" + h.arrive(t, gateway.Chat, h.invoices)["interaction"].(string)
	for h.rows(t, "from interaction where state = 'waiting'") == 0 {
		check(t, t.Context().Err())
	}
	why := bo.get(at + "/why")["now"].(m)
	list := why["candidates"].([]any)
	if len(list) != 2 || list[0].(m)["rule"] != "status" || list[0].(m)["words"] == "" || why["queue"] != h.invoices.String() {
		t.Errorf("got %v", why)
	}
	h.as(t, "anna").refused("GET", at+"/why", nil, 403, "role_required")
	bo.put("/agents/"+h.anna.String()+"/queues/"+h.invoices.String(), m{"enabled": true, "level": 3}, 200)
	h.ready(t, "anna").take()
	after := bo.get(at + "/why")
	var edited []any
	for _, d := range after["decisions"].([]any) {
		if list, ok := d.(m)["edits"].([]any); ok {
			edited = append(edited, list...)
		}
	}
	if len(edited) != 1 {
		t.Fatalf("got %v, want one edit of the plan", after)
	}
	if change := edited[0].(m)["changes"].([]any)[0].(m); change["agent"] != h.anna.String() || change["what"] != "membership" || change["by"] != "Bo" ||
		change["from"].(m)["level"] != 2.0 || change["to"].(m)["level"] != 3.0 {
		t.Errorf("got %v, want Anna's level, by Bo", change)
	}
	all := after["decisions"].([]any)
	if after["now"] != nil || len(all) < 2 {
		t.Fatalf("got %v", after)
	}
	last := all[len(all)-1].(m)
	if offer := last["offers"].([]any)[0].(m); offer["outcome"] != "accepted" || last["candidates"].([]any)[0].(m)["chosen"] != true {
		t.Errorf("got %v", last)
	}
	bo.refused("GET", "/interactions/999999/why", nil, 404, "no_interaction")
}

func TestDialling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	s.refused("POST", "/calls", m{"number": "+4690012345"}, 403, "not_in_dial_plan")
	i := s.with("Idempotency-Key", "d1").post("/calls", m{"number": "+46701740605", "queue": h.support}, 201)
	if i["state"] != "active" || i["outbound"] != true || i["channel"] != "voice" {
		t.Errorf("got %v", i)
	}
	if again := s.with("Idempotency-Key", "d1").post("/calls", m{"number": "+46701740605", "queue": h.support}, 201); again["id"] != i["id"] || again["case"] != i["case"] {
		t.Errorf("the same key twice: got %v and %v", i, again)
	}
	s.post("/interactions/"+i["id"].(string)+"/hold", nil, 200)
	s.post("/interactions/"+i["id"].(string)+"/resume", nil, 200)
	if lines := items(s.get("/me/lines")); len(lines) != 2 {
		t.Errorf("got %v", lines)
	}
}
