package api_test

import (
	"context"
	"encoding/base64"
	"strconv"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// shopfront keeps widgets in memory, as the chat does in its table.
type shopfront struct {
	mu   sync.Mutex // guards what follows
	kept []api.Widget
	keys map[string][]byte
}

func (f *shopfront) Widget(_ context.Context, id int64) (api.Widget, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id < 1 || id > int64(len(f.kept)) {
		return api.Widget{}, gateway.NotFound("widget_not_found", "there is no such widget")
	}
	return f.kept[id-1], nil
}

func (f *shopfront) KeepWidget(_ context.Context, _ pgx.Tx, w api.Widget) (api.Widget, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.ID == "" {
		f.kept = append(f.kept, w)
		w.ID = strconv.Itoa(len(f.kept))
	}
	id, err := strconv.Atoi(w.ID)
	if err != nil {
		return w, err
	}
	if was := f.kept[id-1]; was.Rev != w.Rev {
		return w, gateway.Conflict("stale", "look at what is there", was)
	}
	w.Rev++
	f.kept[id-1] = w
	return w, nil
}

func (f *shopfront) SealKeys(_ context.Context, _ pgx.Tx, widget string, keys api.WidgetKeys) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, plain := range map[string][]byte{widget + "/secret": keys.Secret, widget + "/key": keys.Public, widget + "/bot": keys.Bot} {
		if plain != nil {
			f.keys[name] = plain
		}
	}
	return nil
}

// TestWidgetsAreDesigned: administrators make and change widgets, a stale change is refused,
// a key in a page stays, secrets are shown once, and each write is in the audit log.
func TestWidgetsAreDesigned(t *testing.T) {
	t.Parallel()
	front := &shopfront{keys: map[string][]byte{}}
	h := newHouse(t)
	h.Widgets = front
	admin := h.as(t, "admin")
	const at = "/admin/widgets"
	made := admin.with("Idempotency-Key", "w1").post(at, m{
		"key": "butik", "name": "Butiken", "queue": h.invoices, "origins": []string{"https://shop.example"}, "languages": []string{"sv"}, "color": "#0b6e4f",
		"form":    m{"email": "required", "fields": []m{{"id": "order", "kind": "text", "label": m{"sv": "Ordernummer"}, "required": true}}},
		"texts":   m{"sv": m{"greeting": "Hej!"}},
		"invites": []m{{"id": "kassan", "text": m{"sv": "Behöver du hjälp?"}, "url": "https://shop.example/kassa*", "after": 20}},
	}, 201)
	if again := admin.with("Idempotency-Key", "w1").post(at, m{"key": "annan"}, 201); again["id"] != made["id"] || made["active"] != true {
		t.Errorf("got %v, then %v", made, again)
	}
	one := at + "/" + made["id"].(string)
	changed := admin.with("If-Match", number(made["rev"])).patch(one, m{"key": "ny", "color": "#123456"})
	if changed["key"] != "butik" || changed["color"] != "#123456" || changed["identity"].(map[string]any)["secret"] != false {
		t.Errorf("got %v", changed)
	}
	for what, change := range map[string]m{
		"queue_not_found": {"queue": "99999"},
		"skill_not_found": {"form": m{"topics": []m{{"id": "a", "label": m{"sv": "A"}, "skills": []m{{"skill": "99999", "level": 3}}}}}},
	} {
		admin.with("If-Match", number(changed["rev"])).refused("PATCH", one, change, 404, what)
	}
	astray := m{"topics": []m{{"id": "a", "label": m{"sv": "A"}, "queue": "99999"}}}
	admin.refused("POST", at, m{"key": "vilse", "queue": h.invoices, "form": astray}, 404, "queue_not_found")
	admin.refused("PATCH", one, m{"identity": m{"secret": true}}, 422, "bad_request")
	admin.with("If-Match", number(made["rev"])).refused("PATCH", one, m{"name": "X"}, 409, "stale")

	secret := admin.post(one+"/identity-secret", nil, 201)["secret"].(string)
	if len(secret) != 64 || string(front.keys["butik/secret"]) != secret {
		t.Errorf("got %q, sealed %q", secret, front.keys["butik/secret"])
	}
	public := base64.StdEncoding.EncodeToString(make([]byte, 32))
	if got := admin.put(one+"/identity-key", m{"key": public}, 200); got["identity"].(map[string]any)["key"] != true {
		t.Errorf("got %v", got)
	}
	admin.refused("PUT", one+"/identity-key", m{"key": "short"}, 400, "bad_key")
	admin.do("DELETE", one+"/identity-secret", nil, 204)
	asks := admin.get(one)
	asks = admin.with("If-Match", number(asks["rev"])).patch(one, m{"bot": m{"url": "https://bot.shop.example/chat", "name": "Robot", "timeout": 5}})
	if bot := asks["bot"].(map[string]any); bot["name"] != "Robot" || asks["identity"].(map[string]any)["bot"] != false {
		t.Errorf("got %v", asks)
	}
	if secret := admin.post(one+"/bot-secret", nil, 201)["secret"].(string); len(secret) != 64 || string(front.keys["butik/bot"]) != secret {
		t.Errorf("got %q, sealed %q", secret, front.keys["butik/bot"])
	}
	admin.do("DELETE", one+"/bot-secret", nil, 204)
	if len(front.keys["butik/secret"]) != 0 {
		t.Error("the secret is still there")
	}
	h.as(t, "bo").get(one)
	h.as(t, "bo").refused("PATCH", one, m{"name": "X"}, 403, "role_required")
	h.as(t, "bo").refused("POST", one+"/identity-secret", nil, 403, "role_required")
	h.as(t, "bo").refused("POST", one+"/bot-secret", nil, 403, "role_required")
	admin.refused("GET", at+"/99", nil, 404, "widget_not_found")
	log := items(admin.get("/audit?limit=8"))
	for i, what := range []string{"widget.bot_secret_dropped", "widget.bot_secret_made", "widget.changed", "widget.secret_dropped", "widget.key_set", "widget.secret_made", "widget.changed", "widget.created"} {
		if log[i]["what"] != what {
			t.Errorf("line %d of the log is %v, want %s", i, log[i], what)
		}
	}
}
