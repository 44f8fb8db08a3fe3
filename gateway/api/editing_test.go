package api_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestAnArticleIsWrittenAndPublished goes from a draft to what customers read, and shows
// that an internal article never becomes that.
func TestAnArticleIsWrittenAndPublished(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin, bo, anna := h.as(t, "admin"), h.as(t, "bo"), h.as(t, "anna")
	anna.refused("POST", "/admin/articles", m{"wordings": m{"sv": m{"title": "Hej", "answer": "Hej."}}}, 403, "role_required")
	once := bo.with("Idempotency-Key", "a1")
	a := once.post("/admin/articles", m{"category": "retur", "wordings": m{"sv": m{"title": "Öppet köp", "answer": "Du har **30** dagar.", "shortcut": "oppetkop"}}}, 201)
	if again := once.post("/admin/articles", m{"wordings": m{"sv": m{"title": "x", "answer": "y"}}}, 201); again["id"] != a["id"] {
		t.Errorf("the same key twice: got %v and %v", a, again)
	}
	at := "/admin/articles/" + a["id"].(string)
	if w := a["wordings"].(m)["sv"].(m); w["status"] != "draft" || w["slug"] != "oppet-kop" || a["visibility"] != "public" {
		t.Errorf("got %v", a)
	}
	bo.refused("POST", "/admin/articles", m{"wordings": m{}}, 400, "no_wording")
	bo.refused("POST", "/admin/articles", m{"wordings": m{"sv": m{"title": "Annat", "answer": "x", "shortcut": "öppetköp"}}}, 409, "shortcut_taken")

	rev := number(a["rev"])
	b := bo.with("If-Match", rev).patch(at+"/wordings/sv", m{"status": "published"})
	if w := b["wordings"].(m)["sv"].(m); w["status"] != "published" || w["answer"] != "Du har **30** dagar." {
		t.Errorf("got %v", b)
	}
	if stale := bo.with("If-Match", rev).refused("PATCH", at, m{"visibility": "internal"}, 409, "article_changed"); stale["data"].(m)["rev"] != b["rev"] {
		t.Errorf("got %v", stale)
	}
	bo.patch(at+"/wordings/en", m{"title": "Returns", "answer": "You have 30 days.", "status": "published"})
	if list := items(bo.get(at + "/revisions")); len(list) != 3 || list[0]["by"] != "Bo" {
		t.Errorf("got %v", list)
	}
	check(t, h.kb.Sync(t.Context()))
	customers := h.kb.Customers()
	if hit, ok := customers.Shortcut(t.Context(), "oppetkop", "sv"); !ok || hit.Wording.Title != "Öppet köp" {
		t.Errorf("a customer finds %v", hit)
	}
	anna.post("/articles/"+a["id"].(string)+"/vote", m{"helpful": true}, 204)
	anna.post("/articles/"+a["id"].(string)+"/vote", m{"helpful": false}, 204)
	if v := bo.get(at + "/votes"); v["yes"] != 0.0 || v["no"] != 1.0 {
		t.Errorf("got %v", v)
	}

	bo.patch(at, m{"visibility": "internal"})
	check(t, h.kb.Sync(t.Context()))
	if hit, ok := customers.Shortcut(t.Context(), "oppetkop", "sv"); ok {
		t.Errorf("a customer finds the internal %v", hit)
	}
	anna.post("/articles/"+a["id"].(string)+"/vote", m{"helpful": true}, 204)
	for what, n := range map[string]int{"article.created": 1, "article.changed": 3} {
		got := 0
		for _, line := range items(admin.get("/audit?subject=article:" + a["id"].(string))) {
			if line["what"] == what && line["actor"] == "Bo" {
				got++
			}
		}
		if got != n {
			t.Errorf("%d lines of %s in the audit log, want %d", got, what, n)
		}
	}
}

// TestArticlesComeAndGoAsAFolder exports, imports what was edited and what it was, and
// refuses what is no folder.
func TestArticlesComeAndGoAsAFolder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bo, anna := h.as(t, "bo"), h.ready(t, "anna")
	bo.put("/admin/article-categories", m{"items": []m{{"key": "retur", "icon": "box", "names": m{"sv": "Retur"}}}}, 200)
	bo.refused("PUT", "/admin/article-categories", m{"items": []m{{"key": "Å"}}}, 400, "bad_category")
	if list := items(anna.get("/article-categories")); len(list) != 1 || list[0]["names"].(m)["sv"] != "Retur" {
		t.Errorf("got %v", list)
	}
	a := bo.post("/admin/articles", m{"category": "retur", "wordings": m{"sv": m{"title": "Öppet köp", "answer": "Du har 30 dagar."}}}, 201)
	if news := anna.until("article.changed", nil); news["id"] != a["id"] {
		t.Errorf("got %v", news)
	}
	w := bo.raw("GET", "/admin/articles.zip", nil)
	files, err := zip.NewReader(bytes.NewReader(w.Body), int64(len(w.Body)))
	check(t, err)
	if w.StatusCode != http.StatusOK || len(files.File) != 2 {
		t.Fatalf("got %d with %d files", w.StatusCode, len(files.File))
	}
	if got := bo.do("POST", "/admin/articles.zip", nil, 400); got["code"] != "bad_folder" {
		t.Errorf("got %v", got)
	}
	same := h.sendZip(bo, w.Body)
	if same["unchanged"] != 1.0 || same["created"] != 0.0 {
		t.Errorf("got %v", same)
	}
	edited := h.sendZip(bo, rezip(t, files, "Du har 30 dagar.", "Du har 60 dagar."))
	if got := bo.get("/admin/articles/" + a["id"].(string))["wordings"].(m)["sv"].(m)["answer"]; edited["updated"] != 1.0 || got != "Du har 60 dagar." {
		t.Errorf("got %v, %v", edited, got)
	}
	for _, method := range []string{"GET", "POST"} {
		anna.refused(method, "/admin/articles.zip", nil, 403, "role_required")
	}
	if list := items(bo.get("/admin/articles?limit=1")); len(list) != 1 {
		t.Errorf("got %v", list)
	}
}

func (*house) sendZip(c *client, body []byte) m {
	c.t.Helper()
	w := c.raw("POST", "/admin/articles.zip", bytes.NewReader(body))
	return object(c.t, w.Body)
}

// rezip is the folder with one text in place of another.
func rezip(t testing.TB, from *zip.Reader, old, changed string) []byte {
	t.Helper()
	var body bytes.Buffer
	to := zip.NewWriter(&body)
	for _, f := range from.File {
		r, err := f.Open()
		check(t, err)
		text, err := io.ReadAll(r)
		check(t, err)
		w, err := to.Create(f.Name)
		check(t, err)
		_, err = w.Write(bytes.ReplaceAll(text, []byte(old), []byte(changed)))
		check(t, err)
	}
	check(t, to.Close())
	return body.Bytes()
}

// TestOpenedLinksAreOfAConversation refuses what is no conversation with a customer.
func TestOpenedLinksAreOfAConversation(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anna := h.ready(t, "anna")
	i := h.arrive(t, gateway.Chat, h.invoices)
	if got := anna.get("/conversations/" + i["conversation"].(string) + "/opened"); len(got["articles"].([]any)) != 0 {
		t.Errorf("got %v", got)
	}
	anna.refused("GET", "/conversations/999/opened", nil, 404, "no_conversation")
}
