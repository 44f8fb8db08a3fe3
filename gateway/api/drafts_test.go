package api_test

import (
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestADraftIsEverybodys: what an agent writes is there on another machine and for a colleague
// who opens the case; two who write at once are told; sending ends it, in its transaction.
func TestADraftIsEverybodys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.ready(t, "anna")
	got := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "q@kund.example", Subject: "Kedja"})
	at := "/interactions/" + s.takeOf(got.Case.String())["id"].(string)
	drafts := "/conversations/" + got.Conversation.String() + "/drafts"
	bo := h.as(t, "bo")
	looks, _ := bo.open("", gateway.TopicConversation(got.Conversation))

	file := s.upload("kvitto.txt", "text/plain", "42 kr")
	first := s.with("If-Match", "0").put(drafts+"/reply", m{"text": "Hej Al", "to": []gateway.Address{alva}, "attachments": []any{file}}, 200)
	told := looks.until("draft.changed", nil)
	if told["agent"] != h.anna.String() || told["rev"] != first["rev"] || told["text"] != nil {
		t.Errorf("told %v of %v", told, first)
	}
	if list := items(bo.get(drafts)); len(list) != 1 || list[0]["text"] != "Hej Al" || list[0]["agent"] != h.anna.String() || list[0]["attachments"].([]any)[0].(m)["name"] != "kvitto.txt" {
		t.Errorf("Bo sees %v", list)
	}
	if w := bo.raw("GET", drafts+"/reply/files/"+file["blob"].(string), nil); w.StatusCode != http.StatusOK || string(w.Body) != "42 kr" {
		t.Errorf("Bo gets %d %q", w.StatusCode, w.Body)
	}
	bo.refused("GET", drafts+"/forward/files/"+file["blob"].(string), nil, 404, "no_file")
	bo.refused("GET", drafts+"/reply/files/0000", nil, 404, "no_file")
	there := s.with("If-Match", "0").refused("PUT", drafts+"/reply", m{"text": "Hej, från telefonen"}, 409, "stale")
	if there["data"].(m)["text"] != "Hej Al" {
		t.Errorf("refused with %v", there)
	}
	second := bo.with("If-Match", number(first["rev"])).put(drafts+"/reply", m{"text": "Hej Alva, det är Bo."}, 200)
	s.with("If-Match", number(first["rev"])).refused("PUT", drafts+"/reply", m{"text": "Hej Alva"}, 409, "stale")
	if n := h.rows(t, "from blob where name = 'kvitto.txt'"); n != 0 {
		t.Errorf("%d rows name a file that nothing carries any more", n)
	}

	s.post(at+"/reply", m{"text": "Hej Alva!"}, 201) // Bo's draft is not what she sent
	third := s.with("If-Match", number(second["rev"])).put(drafts+"/reply", m{"text": "En sak till"}, 200)
	s.put(drafts+"/forward", m{"text": "Kan ni laga den?"}, 200)
	s.post(at+"/reply", m{"text": "Hej!", "draft": second["rev"]}, 201) // what she has begun since stays
	if list := items(s.get(drafts)); len(list) != 2 {
		t.Errorf("after sending an earlier one there is %v", list)
	}
	s.post(at+"/reply", m{"text": "En sak till", "draft": third["rev"]}, 201)
	if list := items(s.get(drafts)); len(list) != 1 || list[0]["kind"] != "forward" {
		t.Errorf("after sending there is %v", list)
	}
	told = looks.until("draft.changed", func(d m) bool { return d["gone"] == true })
	if told["kind"] != "reply" || told["rev"].(float64) <= third["rev"].(float64) {
		t.Errorf("told %v after rev %v", told, third["rev"])
	}
	s.with("If-Match", number(third["rev"])).refused("PUT", drafts+"/reply", m{"text": "En sak till"}, 409, "stale")
	bo.delete(drafts+"/forward", 204)
	bo.delete(drafts+"/forward", 204)
	s.post(at+"/forward", m{"text": "x", "to": []gateway.Address{workshop}}, 201)

	s.refused("PUT", drafts+"/note", m{"text": "x"}, 400, "bad_id")
	s.refused("PUT", drafts+"/reply", m{"text": "x", "attachments": []any{m{"blob": "none", "name": "x", "type": "x", "size": 1}}}, 422, "no_such_attachment")
	s.refused("GET", "/conversations/999/drafts", nil, 404, "no_conversation")
	h.as(t, "admin").refused("PUT", drafts+"/reply", m{"text": "x"}, 403, "no_agent")
}
