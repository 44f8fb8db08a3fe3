package api_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// can says whether a view lists an action.
func can(i m, action string) bool {
	list, _ := i["actions"].([]any)
	return slices.Contains(list, any(action))
}

// rings waits until the console's interaction shows that a colleague was asked, and how it
// ended; "" while it rings.
func (s *socket) rings(id any, outcome string) {
	s.t.Helper()
	s.until("interaction.changed", func(i m) bool {
		asked, ok := i["asked"].(m)
		got, _ := asked["outcome"].(string)
		return ok && i["id"] == id && got == outcome
	})
}

// TestTwoLinesOfAChat asks a colleague, lets them join, and leaves the customer to them.
func TestTwoLinesOfAChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	at := "/interactions/" + i["id"].(string)
	bo := h.ready(t, "bo")
	if !can(i, "consult") || !can(i, "transfer") || can(i, "join_lines") {
		t.Errorf("got %v", i["actions"])
	}
	anna.refused("POST", at+"/join-lines", nil, 409, "no_line")
	anna.refused("POST", at+"/consult", m{}, 400, "one_target")
	anna.refused("POST", at+"/consult", m{"to_agent": "999"}, 404, "agent_not_found")
	anna.refused("POST", at+"/hold", nil, 409, "not_a_call")
	anna.refused("POST", at+"/consult", m{"to_number": "+46701740605"}, 409, "not_a_call")
	anna.refused("POST", at+"/transfer", m{"to_number": "+46701740605", "to_agent": h.bo}, 400, "one_target")
	bo.refused("POST", at+"/consult", m{"to_agent": h.anna}, 403, "not_yours")

	asked := anna.post(at+"/consult", m{"to_agent": h.bo, "note": "Kan du det här?"}, 200)
	if a := asked["asked"].(m); asked["phase"] != "consult" || a["name"] != "Bo" || a["kind"] != "consult" || a["outcome"] != nil || !can(asked, "drop_line") {
		t.Errorf("got %v", asked)
	}
	anna.rings(i["id"], "")
	offer := bo.until("offer.created", nil)
	if offer["kind"] != "consult" {
		t.Errorf("got %v", offer)
	}
	bo.post(fmt.Sprintf("/offers/%v/%v/decline", offer["interaction"], offer["no"]), nil, 200)
	anna.rings(i["id"], "declined")

	anna.post(at+"/consult", m{"to_agent": h.bo}, 200)
	again := bo.until("offer.created", func(o m) bool { return o["no"].(float64) > offer["no"].(float64) })
	his := bo.post(fmt.Sprintf("/offers/%v/%v/accept", again["interaction"], again["no"]), nil, 200)
	if his["agent_name"] != "Anna" || his["colleagues"].([]any)[0].(m)["name"] != "Bo" || !can(his, "drop_line") || can(his, "message") {
		t.Errorf("got %v", his)
	}
	bo.refused("POST", at+"/messages", m{"text": "Hej!"}, 403, "not_yours")
	bo.post(at+"/notes", m{"text": "Ja, ta över."}, 201)
	if joined := anna.post(at+"/join-lines", nil, 200); joined["phase"] != "conference" {
		t.Errorf("got %v", joined)
	}
	bo.post(at+"/messages", m{"text": "Hej, Bo här."}, 201)
	if list := items(bo.get("/interactions")); len(list) != 1 {
		t.Errorf("a colleague on it: got %v", list)
	}

	gone := anna.post(at+"/transfer-lines", nil, 200)
	if gone["agent"] != h.bo.String() || gone["state"] != "active" || !can(gone, "finish") {
		t.Errorf("got %v", gone)
	}
	anew, _ := anna.open("")
	wraps := anew.until("snapshot", nil)["presence"].(m)["wrap_ups"].([]any)
	if len(wraps) != 1 || wraps[0].(m)["interaction"] != i["id"] {
		t.Errorf("a console that opens anew knows of wrap-ups %v", wraps)
	}
	anna.post(at+"/finish", m{"codes": []any{h.solved}}, 200)
	recent := items(anna.get("/me/recents"))
	if len(recent) != 1 || recent[0]["name"] != "Bo" {
		t.Errorf("got recents %v", recent)
	}
	if his := items(bo.get("/me/recents")); len(his) != 1 || his[0]["name"] != "Anna" {
		t.Errorf("got recents %v", his)
	}
	if mine := bo.get(at); !can(mine, "end") || mine["colleagues"] != nil {
		t.Errorf("got %v", mine)
	}
}

// TestABusyColleagueIsDisturbedOnPurpose asks twice before a second line rings at somebody
// who has a customer.
func TestABusyColleagueIsDisturbedOnPurpose(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	anna.put("/me/status", m{"status": "working_offline"}, 202)
	consult := "/interactions/" + i["id"].(string) + "/consult"
	anna.refused("POST", consult, m{"to_queue": h.support}, 409, "nobody_free")
	bo := h.ready(t, "bo")
	h.arrive(t, gateway.Chat, h.invoices)
	bo.take()
	no := anna.refused("POST", consult, m{"to_agent": h.bo}, 409, "confirm_busy")
	if no["data"].(m)["status"] != "busy" {
		t.Errorf("got %v", no)
	}
	anna.post(consult, m{"to_agent": h.bo, "even_if_busy": true}, 200)
	anna.refused("POST", consult, m{"to_agent": h.bo, "even_if_busy": true}, 409, "line_in_use")
	back := anna.post("/interactions/"+i["id"].(string)+"/drop-line", nil, 200)
	if back["phase"] != nil || back["asked"].(m)["outcome"] != "withdrawn" {
		t.Errorf("got %v", back)
	}
}

// TestTheLinesOfACall holds, presses keys and asks a colleague whose phone rings.
func TestTheLinesOfACall(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, bo := h.ready(t, "anna"), h.ready(t, "bo")
	i := anna.with("Idempotency-Key", "c1").post("/calls", m{"number": "+46701740605"}, 201)
	at := "/interactions/" + i["id"].(string)
	if v := anna.get(at); v["phase"] != "talking" || !can(v, "hold") || !can(v, "keys") {
		t.Errorf("got %v", v)
	}
	anna.post(at+"/hold", nil, 200)
	anna.post(at+"/keys", m{"keys": "12#"}, 204)
	if got := h.desk.pressed(); got != "12#" {
		t.Errorf("got %q", got)
	}
	bo.refused("POST", at+"/keys", m{"keys": "1"}, 403, "not_yours")

	anna.post(at+"/consult", m{"to_agent": h.bo}, 200)
	anna.refused("POST", at+"/hold", nil, 409, "line_in_use")
	offer := bo.until("offer.created", nil)
	bo.refused("POST", fmt.Sprintf("/offers/%v/%v/accept", offer["interaction"], offer["no"]), nil, 409, "answer_the_phone")
	var id gateway.InteractionID
	check(t, id.UnmarshalText([]byte(i["id"].(string))))
	_, err := h.Commands.Do(t.Context(), "", gateway.Accept{Interaction: id, No: int(offer["no"].(float64)), Agent: h.bo, ByPhone: true})
	check(t, err)
	his := bo.until("interaction.changed", func(v m) bool { return v["id"] == i["id"] && v["colleagues"] != nil })
	if !can(his, "drop_line") {
		t.Errorf("got %v", his)
	}
	left := bo.post(at+"/drop-line", nil, 200)
	if left["phase"] != "talking" || left["colleagues"] != nil {
		t.Errorf("got %v", left)
	}
}
