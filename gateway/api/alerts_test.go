package api_test

import (
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestSupervisorsHearAlerts: the fifth offer of somebody is told to supervisors on whatever
// page they are, in their language, can be read afterwards, and is over with the answer.
func TestSupervisorsHearAlerts(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	bo, _ := h.as(t, "bo").open("")
	h.as(t, "admin").patch("/admin/agents/"+h.bo.String(), m{"language": "en"})
	came := h.arrive(t, gateway.Chat, h.invoices)
	for no := 1.0; ; no++ {
		anna.until("offer.created", func(o m) bool { return o["no"] == no })
		if no == 5 {
			break
		}
		anna.put("/me/status", m{"status": "working_offline"}, 200) // withdraws it
		anna.put("/me/status", m{"status": "available"}, 200)
	}
	told := bo.until("alert.raised", nil)
	if told["kind"] != "unanswered" || told["interaction"] != came["interaction"] || told["open"] != true || told["channel"] != "chat" ||
		told["queue_name"] != "Faktura (en)" || told["customer_name"] != "Alva Ek" || told["case_number"] == 0.0 {
		t.Errorf("told %v", told)
	}
	list := items(bo.get("/alerts?open=true"))
	if len(list) != 1 || list[0]["id"] != told["id"] || list[0]["queue_name"] != "Faktura (en)" {
		t.Errorf("got %v, told %v", list, told)
	}
	anna.do(http.MethodGet, "/alerts", nil, http.StatusForbidden)
	anna.post("/offers/"+came["interaction"].(string)+"/5/accept", nil, 200)
	if list := items(bo.get("/alerts?open=true")); len(list) != 0 {
		t.Errorf("still open: %v", list)
	}
	if list := items(bo.get("/alerts")); len(list) != 1 || list[0]["open"] != false {
		t.Errorf("got %v", list)
	}
	// Anna, who is no supervisor, has heard of her interaction by now, and of no alert.
	for {
		f := anna.next()
		if f["t"] == "alert.raised" {
			t.Error("an agent hears alerts")
		}
		if f["t"] == "interaction.changed" {
			break
		}
	}
}

// TestQueuesAreNamedInTheReadersLanguage, wherever they are named.
func TestQueuesAreNamedInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.as(t, "admin").patch("/admin/agents/"+h.anna.String(), m{"language": "en"})
	anna := h.ready(t, "anna")
	h.arrive(t, gateway.Chat, h.invoices)
	offer, i := anna.take()
	const want = "Faktura (en)"
	if offer["queue_name"] != want || i["queue_name"] != want || anna.get("/interactions/" + i["id"].(string))["queue_name"] != want {
		t.Errorf("got offer %v, interaction %v", offer["queue_name"], i["queue_name"])
	}
	if kase := anna.get("/cases/" + i["case"].(string)); kase["queue_name"] != want {
		t.Errorf("got case %v", kase["queue_name"])
	}
	for _, name := range []string{"bo", "admin"} { // who is no agent reads the house's language
		if kase := h.as(t, name).get("/cases/" + i["case"].(string)); kase["queue_name"] != "Faktura" {
			t.Errorf("%s, who reads Swedish, got %v", name, kase["queue_name"])
		}
	}
}
