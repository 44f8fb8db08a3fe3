package api_test

import (
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAdministratorsVouchForNumbers: queue calls ring a number once an administrator has
// said that it is the agent's, which the audit log keeps; another number is another matter.
func TestAdministratorsVouchForNumbers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	rung := func() bool {
		plan, err := h.Roster.Plan(t.Context())
		check(t, err)
		return plan.Agents[slices.IndexFunc(plan.Agents, func(a gateway.AgentPlan) bool { return a.ID == h.anna })].Phone
	}
	at := "/admin/agents/" + h.anna.String()
	phone := func(number string) m {
		return admin.patch(at, m{"phones": []m{{"kind": "pstn", "address": number}}})["phones"].([]any)[0].(m)
	}
	first := phone("+46701740605")
	verify := at + "/phones/" + first["id"].(string) + "/verify"
	h.as(t, "bo").refused("POST", verify, nil, 403, "role_required")
	admin.refused("POST", "/admin/agents/"+h.bo.String()+"/phones/"+first["id"].(string)+"/verify", nil, 404, "phone_not_found")
	if rung() {
		t.Error("a number is rung that nobody has vouched for")
	}
	for range 2 { // twice does no harm
		if got := admin.post(verify, nil, 200); got["phones"].([]any)[0].(m)["verified_at"] == nil || !rung() {
			t.Errorf("got %v, rung: %v", got["phones"], rung())
		}
	}
	if log := items(admin.get("/audit?subject=agent:" + h.anna.String())); log[0]["what"] != "agent.phone_verified" || log[0]["actor"] != "Admin" {
		t.Errorf("got %v", log)
	}
	if other := phone("+46701740606"); other["verified_at"] != nil || rung() {
		t.Errorf("got %v, rung: %v", other, rung())
	}
}
