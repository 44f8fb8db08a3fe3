package api_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// mirrors are customers' pages that nobody shows: what the API asks of them is kept.
type mirrors struct {
	mu   sync.Mutex // guards what follows
	all  []api.Collaboration
	set  api.CollaborateSettings
	seen []int64 // sessions that a socket was served for
}

func (s *mirrors) Ask(_ context.Context, i gateway.Interaction, agent gateway.AgentID, name string) (api.Collaboration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i.Channel == gateway.Email || name == "" {
		return api.Collaboration{}, gateway.Conflict("not_live", "nobody is there", nil)
	}
	c := api.Collaboration{ID: strconv.Itoa(len(s.all) + 1), Interaction: i.ID, Agent: agent, State: "asked", Control: "off", Code: "048151", Pages: []string{}}
	s.all = append(s.all, c)
	return c, nil
}

func (s *mirrors) Of(_ context.Context, i gateway.InteractionID) (api.Collaboration, error) {
	return s.change(func(c api.Collaboration) bool { return c.Interaction == i }, nil)
}

func (s *mirrors) Get(_ context.Context, id int64) (api.Collaboration, error) { return s.one(id, nil) }

func (s *mirrors) Control(_ context.Context, id int64, on bool) (api.Collaboration, error) {
	return s.one(id, func(c *api.Collaboration) { c.Control = map[bool]string{true: "asked", false: "off"}[on] })
}

func (s *mirrors) End(_ context.Context, id int64) (api.Collaboration, error) {
	return s.one(id, func(c *api.Collaboration) { c.State = "ended" })
}

func (s *mirrors) View(_ context.Context, _ *websocket.Conn, id int64) (websocket.StatusCode, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, id)
	return websocket.StatusNormalClosure, "over"
}

func (s *mirrors) Settings(context.Context) (api.CollaborateSettings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set, nil
}

func (s *mirrors) Set(_ context.Context, _ pgx.Tx, set api.CollaborateSettings) (api.CollaborateSettings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set = set
	return set, nil
}

func (s *mirrors) one(id int64, change func(*api.Collaboration)) (api.Collaboration, error) {
	return s.change(func(c api.Collaboration) bool { return c.ID == strconv.FormatInt(id, 10) }, change)
}

func (s *mirrors) change(is func(api.Collaboration) bool, change func(*api.Collaboration)) (api.Collaboration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.all {
		if !is(s.all[i]) {
			continue
		}
		if change != nil {
			change(&s.all[i])
		}
		return s.all[i], nil
	}
	return api.Collaboration{}, gateway.NotFound("no_collaboration", "nobody shows a page")
}

// TestOnlyWhoServesTheCustomerSeesTheirPage: the customer consents to one agent. What that
// agent asks for is in the audit log.
func TestOnlyWhoServesTheCustomerSeesTheirPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, bo := h.ready(t, "anna"), h.as(t, "bo")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	at := "/interactions/" + i["id"].(string)
	bo.refused("GET", at+"/collaboration", nil, 404, "no_collaboration")
	bo.refused("POST", at+"/collaborate", nil, 403, "not_yours")
	c := anna.post(at+"/collaborate", nil, 201)
	if c["state"] != "asked" || c["code"] != "048151" || c["agent"] != h.anna.String() {
		t.Errorf("got %v", c)
	}
	if seen := bo.get(at + "/collaboration"); seen["code"] != nil || seen["id"] != c["id"] {
		t.Errorf("a supervisor sees %v, want it without the code", seen)
	}
	if seen := anna.get(at + "/collaboration"); seen["code"] != "048151" {
		t.Errorf("the agent sees %v, want the code to read out", seen)
	}
	its := "/collaborations/" + c["id"].(string)
	bo.refused("POST", its+"/control", m{"on": true}, 403, "not_yours")
	bo.refused("POST", its+"/end", nil, 403, "not_yours")
	anna.refused("POST", "/collaborations/nine/end", nil, 404, "no_collaboration")
	anna.refused("POST", "/collaborations/9/end", nil, 404, "no_collaboration")
	if c := anna.post(its+"/control", m{"on": true}, 200); c["control"] != "asked" {
		t.Errorf("got %v", c)
	}
	anna.post(its+"/control", m{"on": false}, 200)
	if c := anna.post(its+"/end", nil, 200); c["state"] != "ended" {
		t.Errorf("got %v", c)
	}
	var noted []string
	for _, line := range items(h.as(t, "admin").get("/audit?limit=4")) {
		noted = append(noted, line["what"].(string)+" "+line["subject"].(string))
	}
	if want := "collaborate.ended collaboration:1, collaborate.control_ended collaboration:1, collaborate.control_asked collaboration:1, collaborate.asked interaction:" + i["id"].(string); strings.Join(noted, ", ") != want {
		t.Errorf("the audit log says %v, want %s", noted, want)
	}
}

// TestThePagesSocketWantsItsAgent: the first frame carries a ticket of the agent who asked.
func TestThePagesSocketWantsItsAgent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna, bo := h.ready(t, "anna"), h.as(t, "bo")
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	id := anna.post("/interactions/"+i["id"].(string)+"/collaborate", nil, 201)["id"].(string)
	ticket := func(c *client) any { return c.post("/socket-ticket", nil, 200)["ticket"] }
	for _, try := range []struct {
		who, id string
		first   m
		want    websocket.StatusCode
	}{
		{"its agent", id, m{"t": "hello", "ticket": ticket(anna.client)}, 1000},
		{"a colleague", id, m{"t": "hello", "ticket": ticket(bo)}, 4001},
		{"nobody", id, m{"t": "hello", "ticket": "spent"}, 4001},
		{"without hello", id, m{"t": "act"}, 4001},
		{"of no session", "99", m{"t": "hello", "ticket": ticket(anna.client)}, 4001},
	} {
		s := anna.connectTo("/collaborations/" + try.id + "/socket")
		s.say(try.first)
		if code := s.closed(); code != try.want {
			t.Errorf("%s: closed with %d, want %d", try.who, code, try.want)
		}
	}
	if len(h.shown.seen) != 1 || h.shown.seen[0] != 1 {
		t.Errorf("served %v, want the session of its agent once", h.shown.seen)
	}
}

// TestWhatAgentsMaySeeIsSetByAdministrators, and each change is audited.
func TestWhatAgentsMaySeeIsSetByAdministrators(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo, anna := h.as(t, "admin"), h.as(t, "bo"), h.as(t, "anna")
	set := m{"enabled": true, "control": false, "mask": []string{"#balance"}, "block": []string{}, "forbid": []string{}, "allow": []string{}, "rev": 0}
	anna.refused("GET", "/admin/collaborate", nil, 403, "role_required")
	bo.refused("PUT", "/admin/collaborate", set, 403, "role_required")
	admin.put("/admin/collaborate", set, 200)
	if got := bo.get("/admin/collaborate"); got["enabled"] != true || got["control"] != false || got["mask"].([]any)[0] != "#balance" {
		t.Errorf("got %v", got)
	}
	if last := items(admin.get("/audit?limit=1"))[0]; last["what"] != "collaborate.set" {
		t.Errorf("got %v", last)
	}
}
