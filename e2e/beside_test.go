package e2e

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestBeside: a customer, an agent, a colleague and a supervisor, each in Chromium; beside.mjs
// says what must happen. Nothing that is said beside the chat is in the customer's conversation.
func TestBeside(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	page := shop(t, v)
	colleague := v.hire(gateway.RoleAgent, "cilla", "Cilla Ek")
	boss := v.hire(gateway.RoleSupervisor, "bo", "Bo Chef")
	_, err := v.pool.Exec(t.Context(), `update widget set form = form || '{"preview": true}'`)
	must(t, err)
	v.start()
	out, err := exec.CommandContext(t.Context(), "node", "beside.mjs", v.base, page.URL, password, v.agent.login, colleague.login, boss.login).CombinedOutput()
	if err != nil {
		t.Fatalf("the browsers: %v\n%s\n%s", err, out, v.log.tail())
	}
	t.Logf("%s", out)
	if n := v.number(`
		select count(*)
		from entry e
		join conversation c on c.id = e.conversation_id
		where c.case_id <> 0 and (e.text like '%Hemligt%' or e.body::text like '%Hemligt%')`); n != 0 {
		t.Errorf("%d entries of the customer's hold what was said beside", n)
	}
	var audited []string // but what the page read before it had said that the supervisor looks on, if it did
	must(t, v.pool.QueryRow(t.Context(), "select array_agg(what order by id) from audit where actor = $1 and what like 'interaction.%' and what <> 'interaction.read'", boss.login).Scan(&audited))
	if got, want := strings.Join(audited, " "), "interaction.observed interaction.whispered interaction.observed_no_more"; got != want {
		t.Errorf("audited %q, want %q", got, want)
	}
}
