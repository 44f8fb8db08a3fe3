package api_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// TestMailInQuarantineIsReadAndReleased goes through the list, page by page, takes the
// source as a file and lets one mail in, once.
func TestMailInQuarantineIsReadAndReleased(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo := h.as(t, "admin"), h.as(t, "bo")
	first := bo.get("/admin/quarantine?limit=1")
	if list := items(first); len(list) != 1 || list[0]["id"] != "2" || list[0]["held"] != true || list[0]["from"] != "spam@example.net" {
		t.Fatalf("got %v", first)
	}
	if list := items(bo.get("/admin/quarantine?limit=1&after=" + first["after"].(string))); len(list) != 1 || list[0]["id"] != "1" {
		t.Errorf("got %v", list)
	}

	w := bo.raw("GET", "/admin/quarantine/2/source", nil)
	if w.StatusCode != http.StatusOK || string(w.Body) != mailSource || w.Header.Get("Content-Type") != "message/rfc822" ||
		!strings.HasPrefix(w.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("got %d %v %s", w.StatusCode, w.Header, w.Body)
	}

	if got := bo.post("/admin/quarantine/2/release", nil, 200); got["case"] != "70" || got["conversation"] != "33" {
		t.Errorf("got %v", got)
	}
	bo.refused("POST", "/admin/quarantine/2/release", nil, 404, "not_in_quarantine")
	bo.refused("GET", "/admin/quarantine/2/source", nil, 404, "not_in_quarantine")
	h.audited(t, admin, "quarantine:2", "Bo", "mail.released.refused", "mail.released", "mail.released")
}

// A mail may be as large as the mailbox allows: who wants its end gets that, and the rest is
// not even read.
func TestALargeMailIsNotHeldWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	large := &counted{ReadSeeker: strings.NewReader(strings.Repeat("x", 64<<20) + "the end")}
	h.Quarantine.(*mailroom).large = large
	bo := h.as(t, "bo").with("Range", "bytes=-7")
	if w := bo.raw("GET", "/admin/quarantine/1/source", nil); w.StatusCode != http.StatusPartialContent || string(w.Body) != "the end" {
		t.Errorf("got %d and %d bytes", w.StatusCode, len(w.Body))
	}
	if large.read > 1<<20 {
		t.Errorf("%d bytes were read", large.read)
	}
}

// counted counts the bytes that are read.
type counted struct {
	io.ReadSeeker

	read int
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.ReadSeeker.Read(b)
	c.read += n
	return n, err
}

func TestSendersAreBlockedAndLetInAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo := h.as(t, "admin"), h.as(t, "bo")
	b := bo.post("/admin/blocked-senders", m{"who": "@example.net", "note": "Reklam"}, 201)
	if list := items(bo.get("/admin/blocked-senders")); len(list) != 1 || list[0]["who"] != "@example.net" || list[0]["note"] != "Reklam" {
		t.Errorf("got %v", list)
	}
	bo.refused("POST", "/admin/blocked-senders", m{"who": "nobody"}, 400, "bad_sender")
	bo.refused("POST", "/admin/blocked-senders", m{"who": "x"}, 422, "bad_request")
	at := "/admin/blocked-senders/" + b["id"].(string)
	bo.delete(at, 204)
	bo.refused("DELETE", at, nil, 404, "not_blocked")
	if list := items(bo.get("/admin/blocked-senders")); len(list) != 0 {
		t.Errorf("got %v", list)
	}
	h.audited(t, admin, "sender:"+b["id"].(string), "Bo", "sender.unblocked", "sender.blocked")
}

// TestBlockedSendersPageByPage: each stands on one page, the latest first.
func TestBlockedSendersPageByPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	for _, who := range []string{"@a.example", "@b.example", "@c.example"} {
		bo.post("/admin/blocked-senders", m{"who": who}, 201)
	}
	first := bo.get("/admin/blocked-senders?limit=2")
	if list := items(first); len(list) != 2 || list[0]["who"] != "@c.example" || list[1]["who"] != "@b.example" || first["after"] != list[1]["id"] {
		t.Fatalf("got %v", first)
	}
	rest := bo.get("/admin/blocked-senders?limit=2&after=" + first["after"].(string))
	if list := items(rest); len(list) != 1 || list[0]["who"] != "@a.example" || rest["after"] != nil {
		t.Errorf("then %v", rest)
	}
}

func TestKeysAreMadeUsedAndDropped(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	k := admin.post("/admin/dkim-keys", m{"domain": "example.se", "selector": "vaxel1"}, 201)
	if k["name"] != "vaxel1._domainkey.example.se" || k["used"] != false {
		t.Errorf("got %v", k)
	}
	at := "/admin/dkim-keys/" + k["id"].(string)
	if got := admin.post(at+"/use", nil, 200); got["used"] != true {
		t.Errorf("got %v", got)
	}
	if list := items(admin.get("/admin/dkim-keys")); len(list) != 1 || list[0]["used"] != true {
		t.Errorf("got %v", list)
	}
	admin.delete(at, 204)
	admin.refused("DELETE", at, nil, 404, "no_dkim_key")
	admin.refused("POST", at+"/use", nil, 404, "no_dkim_key")
	h.audited(t, admin, "dkim_key:"+k["id"].(string), "Admin", "dkim_key.dropped", "dkim_key.used", "dkim_key.created")
}

// TestWhoWantsNoAutomaticMailIsListed, is added by hand, and may change their mind.
func TestWhoWantsNoAutomaticMailIsListed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo, admin := h.as(t, "bo"), h.as(t, "admin")
	first := bo.post("/admin/unsubscribed", m{"address": "anna@example.net"}, 201)
	bo.post("/admin/unsubscribed", m{"address": "kim@example.net"}, 201)
	bo.refused("POST", "/admin/unsubscribed", m{"address": "nobody"}, 400, "bad_address")
	list := items(bo.get("/admin/unsubscribed?limit=1"))
	if len(list) != 1 || list[0]["address"] != "kim@example.net" || list[0]["way"] != "staff" {
		t.Errorf("got %v want the latest", list)
	}
	if next := items(bo.get("/admin/unsubscribed?limit=1&after=" + list[0]["id"].(string))); len(next) != 1 || next[0]["id"] != first["id"] {
		t.Errorf("then %v want the one before", next)
	}
	if found := items(bo.get("/admin/unsubscribed?q=anna")); len(found) != 1 || found[0]["id"] != first["id"] {
		t.Errorf("found %v want the one who is asked for", found)
	}
	at := "/admin/unsubscribed/" + first["id"].(string)
	bo.delete(at, 204)
	bo.refused("DELETE", at, nil, 404, "not_unsubscribed")
	h.audited(t, admin, "unsubscribed:"+first["id"].(string), "Bo", "address.resubscribed", "address.unsubscribed")
}

// TestTheMailroomIsClosedToAgents, and the keys to supervisors too.
func TestTheMailroomIsClosedToAgents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, who := range []string{"anna", "bo"} {
		c := h.as(t, who)
		for _, o := range []struct {
			method, path string
			body         m
			keys         bool
		}{
			{method: "GET", path: "/admin/quarantine"},
			{method: "GET", path: "/admin/quarantine/1/source"},
			{method: "POST", path: "/admin/quarantine/1/release"},
			{method: "GET", path: "/admin/blocked-senders"},
			{method: "POST", path: "/admin/blocked-senders", body: m{"who": "@example.net"}},
			{method: "DELETE", path: "/admin/blocked-senders/1"},
			{method: "GET", path: "/admin/unsubscribed"},
			{method: "POST", path: "/admin/unsubscribed", body: m{"address": "anna@example.net"}},
			{method: "DELETE", path: "/admin/unsubscribed/1"},
			{"GET", "/admin/dkim-keys", nil, true},
			{"POST", "/admin/dkim-keys", m{"domain": "example.se", "selector": "vaxel1"}, true},
			{"POST", "/admin/dkim-keys/1/use", nil, true},
			{"DELETE", "/admin/dkim-keys/1", nil, true},
		} {
			if who == "anna" || o.keys {
				c.refused(o.method, o.path, o.body, 403, "role_required")
			}
		}
	}
	if log := items(h.as(t, "admin").get("/audit?limit=500")); slices.ContainsFunc(log, func(line m) bool { return line["what"] == "mail.released" }) {
		t.Error("a refused release is in the audit log as done")
	}
}

// TestAReleaseIsAuditedFirst: without its line in the audit log it is not even tried.
func TestAReleaseIsAuditedFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo := h.as(t, "bo")
	h.exec(t, "alter table audit rename to gone")
	bo.do("POST", "/admin/quarantine/1/release", nil, http.StatusInternalServerError)
	h.exec(t, "alter table gone rename to audit")
	if list := items(bo.get("/admin/quarantine")); len(list) != 2 {
		t.Errorf("got %v want both mails still there", list)
	}
}

// audited checks a thing's lines in the audit log, the latest first.
func (*house) audited(t testing.TB, admin *client, subject, by string, want ...string) {
	t.Helper()
	var got []string
	for _, line := range items(admin.get("/audit?subject=" + subject)) {
		if line["actor"] == by {
			got = append(got, line["what"].(string))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: audited %v want %v", subject, got, want)
	}
}

const mailSource = "From: spam@example.net\r\nSubject: Billigt\r\n\r\nHej"

// mailroom is two mails in quarantine, and what else administrators keep of e-mail.
type mailroom struct {
	mu      sync.Mutex // guards what follows
	gone    map[int64]bool
	last    int64
	blocked []api.BlockedSender
	keys    []api.DKIMKey
	spared  []api.Unsubscribed
	large   io.ReadSeeker // every source is this, if set
}

func (r *mailroom) Quarantined(_ context.Context, before int64, limit int) (list []api.Quarantined, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, q := range []api.Quarantined{
		{ID: "2", Mailbox: "faktura@example.se", From: "spam@example.net", Subject: "Billigt", Reason: "the sender is blocked", Held: true, At: time.Now()},
		{ID: "1", Mailbox: "faktura@example.se", Reason: "parser: index out of range", At: time.Now()},
	} {
		id, _ := strconv.ParseInt(q.ID, 10, 64)
		if !r.gone[id] && (before == 0 || id < before) && len(list) < limit {
			list = append(list, q)
		}
	}
	return list, nil
}

func (r *mailroom) here(id int64) error {
	if id < 1 || id > 2 || r.gone[id] {
		return gateway.NotFound("not_in_quarantine", "there is no such mail in quarantine")
	}
	return nil
}

func (r *mailroom) Source(_ context.Context, id int64) (io.ReadSeekCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.large != nil {
		return opened{r.large}, r.here(id)
	}
	return opened{strings.NewReader(mailSource)}, r.here(id)
}

type opened struct{ io.ReadSeeker }

func (opened) Close() error { return nil }

func (r *mailroom) Release(_ context.Context, id int64) (gateway.Received, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.here(id); err != nil {
		return gateway.Received{}, err
	}
	r.gone[id] = true
	return gateway.Received{Case: 70, Conversation: 33, Pos: 5}, nil
}

func (r *mailroom) Blocked(_ context.Context, before int64, limit int) (list []api.BlockedSender, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range slices.Backward(r.blocked) {
		if id, _ := strconv.ParseInt(b.ID, 10, 64); len(list) < limit && (before == 0 || id < before) {
			list = append(list, b)
		}
	}
	return list, nil
}

func (r *mailroom) Block(_ context.Context, _ pgx.Tx, who, note string) (api.BlockedSender, error) {
	if !strings.Contains(who, "@") {
		return api.BlockedSender{}, gateway.Invalid("bad_sender", "write an address")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := api.BlockedSender{ID: r.next(), Who: who, Note: note, At: time.Now()}
	r.blocked = append(r.blocked, b)
	return b, nil
}

func (r *mailroom) next() string {
	r.last++
	return strconv.FormatInt(r.last, 10)
}

func (r *mailroom) Unblock(_ context.Context, _ pgx.Tx, id int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.blocked, func(b api.BlockedSender) bool { return b.ID == strconv.FormatInt(id, 10) })
	if i < 0 {
		return gateway.NotFound("not_blocked", "there is no such blocked sender")
	}
	r.blocked = slices.Delete(r.blocked, i, i+1)
	return nil
}

func (r *mailroom) Unsubscribed(_ context.Context, words string, before int64, limit int) (list []api.Unsubscribed, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, u := range slices.Backward(r.spared) {
		id, _ := strconv.ParseInt(u.ID, 10, 64)
		if (before == 0 || id < before) && strings.Contains(u.Address, words) && len(list) < limit {
			list = append(list, u)
		}
	}
	return list, nil
}

func (r *mailroom) Unsubscribe(_ context.Context, _ pgx.Tx, address string) (api.Unsubscribed, error) {
	if !strings.Contains(address, "@") {
		return api.Unsubscribed{}, gateway.Invalid("bad_address", "write an address")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	u := api.Unsubscribed{ID: r.next(), Address: address, Way: "staff", At: time.Now()}
	r.spared = append(r.spared, u)
	return u, nil
}

func (r *mailroom) Resubscribe(_ context.Context, _ pgx.Tx, id int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.spared, func(u api.Unsubscribed) bool { return u.ID == strconv.FormatInt(id, 10) })
	if i < 0 {
		return gateway.NotFound("not_unsubscribed", "there is no such address")
	}
	r.spared = slices.Delete(r.spared, i, i+1)
	return nil
}

func (r *mailroom) Keys(context.Context) ([]api.DKIMKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.keys), nil
}

func (r *mailroom) MakeKey(_ context.Context, _ pgx.Tx, domain, selector string) (api.DKIMKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := api.DKIMKey{ID: r.next(), Domain: domain, Selector: selector, Name: selector + "._domainkey." + domain, Record: "v=DKIM1; p=x"}
	r.keys = append(r.keys, k)
	return k, nil
}

// key is where a key stands.
func (r *mailroom) key(id int64) (int, error) {
	i := slices.IndexFunc(r.keys, func(k api.DKIMKey) bool { return k.ID == strconv.FormatInt(id, 10) })
	if i < 0 {
		return i, gateway.NotFound("no_dkim_key", "there is no such key")
	}
	return i, nil
}

func (r *mailroom) UseKey(_ context.Context, _ pgx.Tx, id int64) (api.DKIMKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.key(id)
	if err != nil {
		return api.DKIMKey{}, err
	}
	r.keys[i].Used = true
	return r.keys[i], nil
}

func (r *mailroom) DropKey(_ context.Context, _ pgx.Tx, id int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, err := r.key(id)
	if err != nil {
		return err
	}
	r.keys = slices.Delete(r.keys, i, i+1)
	return nil
}
