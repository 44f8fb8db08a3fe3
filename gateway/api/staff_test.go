package api_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

func TestStaffChatsAreTheirs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, bo := h.ready(t, "anna"), h.ready(t, "bo")
	outsider := h.agent(t, "cilla", gateway.RoleAdministrator)
	chat := anna.post("/staff-chats", m{"members": []any{h.bo}}, 201)
	id := chat["id"].(string)
	if len(chat["members"].([]any)) != 2 || chat["members"].([]any)[1].(m)["name"] != "Bo" {
		t.Errorf("got %v", chat)
	}
	if news := bo.until("staff_chat.created", nil); news["id"] != id {
		t.Errorf("got %v", news)
	}
	anna.post("/staff-chats/"+id+"/messages", m{"client_id": "s1", "text": "Fika?"}, 201)
	bo.until("message.created", func(e m) bool { return e["text"] == "Fika?" })
	if list := items(bo.get("/staff-chats")); len(list) != 1 || list[0]["unread"] != 1.0 || list[0]["preview"] != "Fika?" {
		t.Errorf("got %v", list)
	}
	bo.post("/staff-chats/"+id+"/seen", m{"pos": 1}, 204)
	if list := items(bo.get("/staff-chats/" + id + "/entries")); len(list) != 1 {
		t.Errorf("got %v", list)
	}

	cilla := h.as(t, "cilla")
	_ = outsider
	cilla.refused("GET", "/staff-chats/"+id+"/entries", nil, 404, "staff_chat_not_found")
	for _, c := range []*client{cilla, anna.client} {
		c.refused("GET", "/conversations/"+id+"/entries", nil, 404, "no_conversation")
		c.refused("POST", "/conversations/"+id+"/seen", m{"pos": 1}, 404, "no_conversation")
		c.refused("GET", "/entries/"+id+"/1/html", nil, 404, "no_conversation")
		c.refused("GET", "/articles/suggest?conversation="+id, nil, 404, "no_conversation")
	}
	curious, _ := cilla.open("", "conversation:"+id)
	curious.until("snapshot", nil)
	anna.post("/staff-chats/"+id+"/messages", m{"text": "Hemligt"}, 201)
	bo.until("message.created", func(e m) bool { return e["text"] == "Hemligt" })
	curious.say(m{"t": "ping"})
	for f := curious.next(); f["t"] != "pong"; f = curious.next() {
		if f["t"] == "message.created" {
			t.Errorf("an outsider heard %v", f)
		}
	}

	anna.refused("POST", "/supervisor-messages", m{"text": "Hej", "audience": m{"everybody": true}}, 403, "role_required")
	told := bo.post("/supervisor-messages", m{"text": "Möte kl 15", "audience": m{"queues": []any{h.invoices}}}, 201)
	if news := anna.until("supervisor_message.created", nil); news["id"] != told["id"] || news["text"] != "Möte kl 15" {
		t.Errorf("got %v", news)
	}
	anna.post("/supervisor-messages/"+told["id"].(string)+"/seen", nil, 204)
	if list := items(anna.get("/supervisor-messages")); len(list) != 1 || list[0]["seen"] != true {
		t.Errorf("got %v", list)
	}
	if list := items(bo.get("/supervisor-messages?sent=true")); len(list) != 1 || list[0]["seen_by"] != 1.0 {
		t.Errorf("got %v", list)
	}
	if news := bo.until("supervisor_message.seen", nil); news["agent"] != h.anna.String() {
		t.Errorf("got %v", news)
	}
	readers := items(bo.get("/supervisor-messages/" + told["id"].(string) + "/readers"))
	if len(readers) != 2 || readers[0]["seen_at"] != nil || readers[1]["name"] != "Anna" || readers[1]["seen_at"] == nil {
		t.Errorf("got %v", readers)
	}
	bo.delete("/supervisor-messages/"+told["id"].(string), 200)

	urgent := bo.post("/supervisor-messages", m{"text": "Driftstopp på PostNord", "urgent": true, "audience": m{"everybody": true}}, 201)
	if news := anna.until("supervisor_message.created", func(news m) bool { return news["id"] == urgent["id"] }); news["urgent"] != true {
		t.Errorf("got %v", news)
	}
	for at, want := range map[string]int{
		"/supervisor-messages": 1, "/supervisor-messages?past=true": 2, "/supervisor-messages?past=true&q=MÖTE": 1, "/supervisor-messages?q=posten": 0,
		"/staff-chats/entries?q=fika": 1, "/staff-chats/entries?q=hemlig": 1, "/staff-chats/entries?q=driftstopp": 0,
	} {
		if list := items(anna.get(at)); len(list) != want {
			t.Errorf("%s: got %v want %d", at, list, want)
		}
	}
	if list := items(cilla.get("/staff-chats/entries?q=fika")); len(list) != 0 {
		t.Errorf("an outsider found %v", list)
	}
}
