package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestWhisper: a supervisor looks on and whispers. The agent hears it and may answer; whoever
// follows the customer's conversation, as its visitor does, hears nothing at all.
func TestWhisper(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	cilla := h.agent(t, "cilla", gateway.RoleAgent)
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	id, topic := i["id"].(string), "conversation:"+i["conversation"].(string)
	visitor := make(chan gateway.Event, 100) // as their socket hears it
	t.Cleanup(h.Feed.Watch([]string{topic}, func(e gateway.Event) { visitor <- e }))
	bo, admin := h.ready(t, "bo", topic), h.as(t, "admin")
	at := "/interactions/" + id

	if got := bo.post(at+"/observe", nil, 200); got["shown"] != true {
		t.Errorf("got %v", got)
	}
	bo.post(at+"/observe", nil, 200)
	if told := anna.until("interaction.observed", nil); len(told["observers"].([]any)) != 1 {
		t.Errorf("got %v", told)
	}
	bo.post(at+"/side-chat", m{"client_id": "w1", "text": "Fråga efter ordernumret"}, 201)
	bo.post(at+"/side-chat", m{"client_id": "w1", "text": "Fråga efter ordernumret"}, 201)
	anna.until("message.created", func(e m) bool { return e["text"] == "Fråga efter ordernumret" })
	anna.post(at+"/side-chat", m{"text": "Det gör jag"}, 201)
	bo.until("message.created", func(e m) bool { return e["text"] == "Det gör jag" })
	side := anna.get(at + "/side-chat")
	if len(items(side)) != 2 || side["chat"] == nil || side["observers"].([]any)[0].(m)["name"] != "Bo" {
		t.Errorf("got %v", side)
	}

	outside := h.as(t, "cilla")
	outside.refused("POST", at+"/side-chat", m{"text": "Hej"}, 403, "not_yours")
	outside.refused("POST", at+"/observe", nil, 403, "role_required")
	outside.refused("GET", "/staff-chats/"+side["chat"].(m)["id"].(string)+"/entries", nil, 404, "staff_chat_not_found")
	outside.refused("GET", at+"/side-chat", nil, 403, "not_yours")
	anna.refused("POST", "/interactions/99/side-chat", m{"text": "Hej"}, 404, "no_interaction")

	admin.put("/admin/supervision", m{"show_observers": false, "rev": 1}, 200)
	if side := anna.get(at + "/side-chat"); len(side["observers"].([]any)) != 0 || len(side["chat"].(m)["members"].([]any)) != 1 {
		t.Errorf("an agent who is not to know is told %v", side)
	}
	bo.delete(at+"/observe", 204)
	h.consult(t, anna, id, cilla)
	var read []any // by her, who was not there when it was whispered
	for _, e := range items(outside.get(at + "/side-chat")) {
		read = append(read, e["text"])
	}
	if diff := cmp.Diff([]any{"Det gör jag", "Kan vi lova det?", "Ja"}, read); diff != "" {
		t.Errorf("whom the agent asks reads (-want +got):\n%s", diff)
	}

	bo.say(m{"t": "typing", "conversation": i["conversation"], "on": true})
	bo.post("/conversations/"+i["conversation"].(string)+"/seen", m{"pos": 1}, 204)
	for _, e := range items(anna.get("/conversations/" + i["conversation"].(string) + "/entries")) {
		if e["kind"] == "message" && e["author"].(m)["kind"] != "customer" {
			t.Errorf("the customer's conversation holds %v", e)
		}
	}
	anna.post("/conversations/"+i["conversation"].(string)+"/seen", m{"pos": 1}, 204)
	for e := range visitor {
		var data m
		check(t, json.Unmarshal(e.Data, &data))
		if e.Type == "typing" || e.Type == "message.created" && data["kind"] == "message" {
			t.Errorf("the visitor would hear %v", data)
		}
		if e.Type == "message.receipt" {
			if who := data["reader"].(m)["name"]; who != "Anna" {
				t.Errorf("the visitor would see that %v has read", who)
			}
			break
		}
	}

	did := map[any]int{}
	for _, line := range items(admin.get("/audit?limit=20")) {
		did[line["what"]]++
	}
	for _, what := range []string{"interaction.observed", "interaction.whispered", "interaction.observed_no_more", "supervision.set"} {
		if did[what] != 1 {
			t.Errorf("%s is in the audit log %d times, want once: %v", what, did[what], did)
		}
	}
}

// TestLookingOnLapses: a console that is gone says no goodbye. The end is in the audit log all
// the same, once and before the next beginning, and who is looked on at is told.
func TestLookingOnLapses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	id := i["id"].(string)
	bo, admin := h.as(t, "bo"), h.as(t, "admin")
	gone := func() {
		t.Helper()
		_, err := h.pool.Exec(t.Context(), "update staff_observer set until = now() - interval '1 s'")
		check(t, err)
	}
	looking := func(n int) {
		t.Helper()
		anna.until("interaction.observed", func(o m) bool { return len(o["observers"].([]any)) == n })
	}
	bo.post("/interactions/"+id+"/observe", nil, 200)
	looking(1)
	gone()
	looking(0)
	bo.post("/interactions/"+id+"/observe", nil, 200)
	looking(1)
	gone()
	bo.post("/interactions/"+id+"/observe", nil, 200) // perhaps before it was found out
	looking(0)
	looking(1)

	var did []string
	for _, line := range items(admin.get("/audit?subject=interaction:" + id)) { // newest first
		if line["actor"] != "Bo" {
			t.Errorf("by whom: %v", line)
		}
		did = append(did, strings.TrimPrefix(line["what"].(string), "interaction."))
	}
	if diff := cmp.Diff([]string{"observed", "observed_no_more", "observed", "observed_no_more", "observed"}, did); diff != "" {
		t.Errorf("the audit log (-want +got):\n%s", diff)
	}
}

// consult has an agent ask a colleague, who comes, and what they say beside goes between them.
func (h *house) consult(t *testing.T, anna *socket, id string, cilla gateway.AgentID) {
	t.Helper()
	guest := h.ready(t, "cilla")
	anna.post("/interactions/"+id+"/consult", m{"to_agent": cilla}, 200)
	guest.take()
	anna.post("/interactions/"+id+"/side-chat", m{"text": "Kan vi lova det?"}, 201)
	guest.until("message.created", func(e m) bool { return e["text"] == "Kan vi lova det?" })
	guest.post("/interactions/"+id+"/side-chat", m{"text": "Ja"}, 201)
	anna.until("message.created", func(e m) bool { return e["text"] == "Ja" })
}
