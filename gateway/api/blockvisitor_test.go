package api_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// doormen remember who may not chat.
type doormen struct {
	list    []api.BlockedVisitor
	mayLift []bool // of who blocked them
}

func (d *doormen) BlockedVisitors(_ context.Context, before int64, limit int) (list []api.BlockedVisitor, _ error) {
	for _, b := range slices.Backward(d.list) {
		id, _ := strconv.ParseInt(b.ID, 10, 64)
		if (before == 0 || id < before) && len(list) < limit {
			list = append(list, b)
		}
	}
	return list, nil
}

func (d *doormen) BlockVisitor(_ context.Context, _ pgx.Tx, b api.BlockedVisitor, mayLift bool) (api.BlockedVisitor, error) {
	b.ID, b.At = strconv.Itoa(len(d.list)+1), time.Now()
	if b.Who == "" {
		b.Who = "c0ffee"
	}
	d.list, d.mayLift = append(d.list, b), append(d.mayLift, mayLift)
	return b, nil
}

func (d *doormen) UnblockVisitor(_ context.Context, _ pgx.Tx, id int64) error {
	if len(d.list) < int(id) {
		return gateway.NotFound("not_blocked", "none")
	}
	d.list = slices.DeleteFunc(d.list, func(b api.BlockedVisitor) bool { return b.ID == strconv.FormatInt(id, 10) })
	return nil
}

// TestVisitorsAreBlockedAndLetInAgain: an agent blocks who chats with them, a supervisor whole
// networks too; why stands in the audit log, and supervisors see and lift it.
func TestVisitorsAreBlockedAndLetInAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	doors := &doormen{}
	h.VisitorBlocks = doors
	anna, bo, admin := h.ready(t, "anna"), h.as(t, "bo"), h.as(t, "admin")
	mail := h.mailFrom(t, alva, 0, gateway.Mail{MessageID: "v@kund.example", Subject: "Kassan"})
	at := "/conversations/" + mail.Conversation.String() + "/block-visitor"
	b := anna.post(at, m{"by": "browser", "reason": "Hotar"}, 201)
	if b["who"] != "c0ffee" || b["reason"] != "Hotar" || b["conversation"] != mail.Conversation.String() || b["agent"] == "0" {
		t.Errorf("got %v", b)
	}
	anna.refused("POST", at, m{"by": "network", "reason": "Hotar"}, 403, "role_required")
	anna.refused("POST", at, m{"by": "browser", "reason": ""}, 422, "bad_request")
	anna.refused("POST", at, m{"by": "browser", "reason": "x", "until": "2020-01-01T00:00:00Z"}, 400, "bad_until")
	anna.refused("POST", "/conversations/999/block-visitor", m{"by": "browser", "reason": "x"}, 404, "no_conversation")
	anna.refused("GET", "/admin/blocked-visitors", nil, 403, "role_required")
	anna.refused("POST", "/admin/blocked-visitors", m{"network": "203.0.113.0/24", "reason": "x"}, 403, "role_required")
	anna.refused("DELETE", "/admin/blocked-visitors/1", nil, 403, "role_required")
	bo.post("/admin/blocked-visitors", m{"network": "203.0.113.0/24", "reason": "Reklam"}, 201)
	if list := items(bo.get("/admin/blocked-visitors")); len(list) != 2 || list[0]["who"] != "203.0.113.0/24" {
		t.Errorf("got %v", list)
	}
	if !slices.Equal(doors.mayLift, []bool{false, true}) {
		t.Errorf("an agent and a supervisor block as who may lift it: got %v", doors.mayLift)
	}
	bo.delete("/admin/blocked-visitors/1", 204)
	bo.refused("DELETE", "/admin/blocked-visitors/9", nil, 404, "not_blocked")
	h.audited(t, admin, "blocked-visitor:1", "Bo", "visitor.unblocked")
	h.audited(t, admin, "blocked-visitor:2", "Bo", "visitor.blocked")
}

// TestBlockedVisitorsPageByPage: each stands on one page, and who is blocked meanwhile on none that follows; the page
// after the last full one is empty, and ends the list.
func TestBlockedVisitorsPageByPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.VisitorBlocks = &doormen{}
	bo := h.as(t, "bo")
	for n := range 4 {
		bo.post("/admin/blocked-visitors", m{"network": fmt.Sprintf("203.0.113.%d/32", n+1), "reason": "Reklam"}, 201)
	}
	var ids []string
	after := ""
	for range 3 {
		p := bo.get("/admin/blocked-visitors?limit=2" + after)
		for _, b := range items(p) {
			ids = append(ids, b["id"].(string))
		}
		next, more := p["after"].(string)
		if more != (len(items(p)) == 2) {
			t.Errorf("%d on a page, and after %q", len(items(p)), next)
		}
		if after = "&after=" + next; len(ids) == 2 {
			bo.post("/admin/blocked-visitors", m{"network": "198.51.100.1", "reason": "Reklam"}, 201)
		}
	}
	if !slices.Equal(ids, []string{"4", "3", "2", "1"}) {
		t.Errorf("got %v", ids)
	}
	bo.refused("GET", "/admin/blocked-visitors?limit=501", nil, 422, "bad_request")
	bo.refused("GET", "/admin/blocked-visitors?after=x", nil, 422, "bad_request")
}
