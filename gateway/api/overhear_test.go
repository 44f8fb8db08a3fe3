package api_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestNobodyOverhearsAChat: a console hears of a colleague's chat only while its agent looks on, which is
// noted; until then it is told why not. Whoever had the chat hears no more of it once a colleague has it.
func TestNobodyOverhearsAChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	other := h.agent(t, "cilla", gateway.RoleAgent)
	h.arrive(t, gateway.Chat, h.invoices)
	_, i := anna.take()
	anna.until("interaction.changed", func(i m) bool { return i["state"] == "active" })
	at, topic := "/interactions/"+i["id"].(string), "conversation:"+i["conversation"].(string)
	cilla, _ := h.as(t, "cilla").open("", topic)
	bo := h.ready(t, "bo", topic)
	for _, s := range []*socket{cilla, bo} {
		told := s.until("topics.refused", nil)
		if told["code"] != "not_observing" || told["topics"].([]any)[0] != topic {
			t.Errorf("got %v", told)
		}
	}
	h.says(t, i, "hemligt")
	h.heard(t, anna, h.anna, "hemligt")
	h.heard(t, bo, h.bo)
	bo.post(at+"/observe", nil, 200)
	h.says(t, i, "sedd")
	h.heard(t, bo, h.bo, "sedd")
	bo.delete(at+"/observe", 204)
	h.says(t, i, "ensam")
	h.heard(t, bo, h.bo)
	h.heard(t, cilla, other)
	h.heard(t, anna, h.anna, "sedd", "ensam")

	anna.post(at+"/transfer", m{"to_agent": h.bo}, 200)
	bo.take()
	anna.until("interaction.changed", func(i m) bool { return i["agent"] == h.bo.String() })
	bo.until("interaction.changed", func(i m) bool { return i["agent"] == h.bo.String() })
	h.says(t, i, "till Bo")
	h.heard(t, bo, h.bo, "till Bo")
	h.heard(t, anna, h.anna)
}

// heard holds that of what customers say a console hears exactly this, however often, up to now.
func (h *house) heard(t *testing.T, s *socket, agent gateway.AgentID, want ...string) {
	t.Helper()
	mark := gateway.NewEvent(gateway.TopicAgent(agent), madeUp, 0, m{"n": seq()})
	check(t, pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error { return h.Feed.Append(t.Context(), tx, mark) }))
	var got []string
	for {
		f := s.next()
		data, _ := f["data"].(m)
		if f["t"] == madeUp {
			break
		}
		if f["t"] == "message.created" && data["kind"] == "message" {
			got = append(got, data["text"].(string))
		}
	}
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}
