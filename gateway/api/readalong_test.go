package api_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestReadingAlongIsNoted: who reads a colleague's chat without looking on stands in the audit log,
// once an hour however many pages they ask for; who reads their own, or what nobody has, does not.
func TestReadingAlongIsNoted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	h.agent(t, "cilla", gateway.RoleAgent)
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	anna.until("interaction.changed", func(i m) bool { return i["state"] == "active" })
	id := i["id"].(string)
	entries := "/conversations/" + i["conversation"].(string) + "/entries"
	bo, cilla, admin := h.as(t, "bo"), h.as(t, "cilla"), h.as(t, "admin")
	noted := func(want ...string) {
		t.Helper()
		var got []string
		for _, line := range items(admin.get("/audit?subject=interaction:" + id)) { // newest first
			got = append(got, line["actor"].(string)+" "+line["what"].(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the audit log (-want +got):\n%s", diff)
		}
	}

	anna.get(entries)
	noted()
	bo.post("/interactions/"+id+"/observe", nil, 200)
	bo.get(entries)
	bo.delete("/interactions/"+id+"/observe", 204)
	noted("Bo interaction.observed_no_more", "Bo interaction.observed")
	var pages sync.WaitGroup
	for range 4 {
		pages.Go(func() { cilla.get(entries) })
	}
	pages.Wait()
	bo.get("/cases/" + i["case"].(string) + "/timeline")
	bo.get(entries)
	before := []string{"Bo interaction.read", "Cilla interaction.read", "Bo interaction.observed_no_more", "Bo interaction.observed"}
	noted(before...)
	detail := items(admin.get("/audit?subject=interaction:" + id))[0]["detail"]
	if diff := cmp.Diff(m{"agent": h.anna.String(), "conversation": i["conversation"]}, detail); diff != "" {
		t.Errorf("of whom (-want +got):\n%s", diff)
	}

	_, err := h.pool.Exec(t.Context(), "update audit set at = at - interval '61 minutes'")
	check(t, err)
	bo.get(entries)
	noted(append([]string{"Bo interaction.read"}, before...)...)
	anna.post("/interactions/"+id+"/end", nil, 200)
	cilla.get(entries)
	noted(append([]string{"Bo interaction.read"}, before...)...)
}
