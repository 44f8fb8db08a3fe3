package e2e

import (
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// TestSkillsOfAnArrival: what another system brings in may need a skill. An agent without it
// gets what came later; once they have it, it is offered to them.
func TestSkillsOfAnArrival(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	v.start()
	v.agent.signIn()
	swedish, err := roster.New(v.pool, quiet{}).CreateSkill(t.Context(), roster.Skill{Name: "Swedish"})
	must(t, err)
	bring := func(key string, needs ...gateway.SkillLevel) {
		v.agent.persist(http.MethodPost, "/interactions", map[string]any{
			"channel": gateway.Email, "queue": v.queue, "text": "Hej!", "skills": needs,
			"from": gateway.Address{Kind: gateway.AddressEmail, Value: key + "@kund.example"},
		}, key)
	}
	bring("needing", gateway.SkillLevel{Skill: swedish.ID, Level: 3})
	bring("plain")
	v.wait("both wait", func() bool { return v.number(`select count(*) from interaction where state = 'waiting'`) == 2 })
	c := v.agent.openConsole()
	v.agent.available()
	plain := c.accept(t)
	if first := v.number(`select min(id) from interaction`); int64(plain) == int64(first) {
		t.Errorf("interaction %v was offered to an agent without its skill", plain)
	}
	c.finish(t, plain)
	v.agent.must(http.MethodPut, "/agents/"+v.agent.id.String()+"/skills/"+swedish.ID.String(), map[string]any{"level": 3}, nil)
	if needing := c.accept(t); needing == plain {
		t.Errorf("interaction %v was offered again", needing)
	}
}
