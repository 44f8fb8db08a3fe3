package api_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestSynonymsAreKept: administrators say what words mean, search knows it at once, each
// write is in the audit log, a repeated one is done once, and what makes no sense is
// refused with what to do.
func TestSynonymsAreKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	admin := h.as(t, "admin")
	run(t, nil, h.kb.Run)
	hinted := make(chan struct{}, 10)
	t.Cleanup(h.Bus.Subscribe("kb", func([]byte) { hinted <- struct{}{} }))
	admin.post("/admin/articles", m{"wordings": m{"sv": m{"title": "Betala din faktura", "answer": "Inom trettio dagar.", "status": "published"}}}, 201)
	await(t, hinted)
	finds := func(wanted bool) {
		t.Helper()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for deadline := time.Now().Add(time.Minute); ; <-tick.C {
			hits, err := h.kb.Search(t.Context(), "räkning", "sv", 1)
			check(t, err)
			if (len(hits) == 1) == wanted {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the search gives %v", hits)
			}
		}
	}
	finds(false)

	const at = "/admin/synonyms"
	bill := m{"language": "sv", "word": "Räkning", "means": []string{"faktura"}}
	set := admin.with("Idempotency-Key", "s1").put(at, bill, 200)
	if set["word"] != "räkning" || admin.with("Idempotency-Key", "s1").put(at, m{"language": "sv", "word": "x", "means": []string{"y"}}, 200)["word"] != "räkning" {
		t.Errorf("got %v", set)
	}
	await(t, hinted) // whoever listens, on any node, reads anew now and not at the next look
	finds(true)
	if list := items(admin.get(at)); len(list) != 1 || list[0]["means"].([]any)[0] != "faktura" {
		t.Errorf("got %v", list)
	}

	many := strings.Fields(strings.Repeat("ord ", 201))
	for what, body := range map[string]m{
		"language":   {"language": "Svenska", "word": "x", "means": []string{"y"}},
		"a word":     {"language": "sv", "word": " - ", "means": []string{"y"}},
		"others":     {"language": "sv", "word": "x", "means": []string{" "}},
		"200 others": {"language": "sv", "word": "x", "means": many},
	} {
		if got := admin.refused("PUT", at, body, 422, "bad_synonym"); !strings.Contains(got["detail"].(string), what) {
			t.Errorf("%v: the hint is %q", what, got["detail"])
		}
	}
	h.as(t, "bo").refused("PUT", at, bill, 403, "role_required")
	h.as(t, "bo").refused("GET", at, nil, 403, "role_required")

	gone := at + "?language=sv&word=" + url.QueryEscape("RÄKNING")
	for range 2 {
		admin.with("Idempotency-Key", "s2").do("DELETE", gone, nil, 204)
	}
	finds(false)
	admin.refused("DELETE", gone, nil, 404, "no_synonym")
	log := items(admin.get("/audit?limit=2"))
	if log[0]["what"] != "synonym.dropped" || log[1]["what"] != "synonym.set" || log[1]["subject"] != "synonym:sv:räkning" || log[1]["actor"] != "Admin" {
		t.Errorf("got %v", log)
	}
}

func await(t *testing.T, c <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	select {
	case <-c:
	case <-ctx.Done():
		t.Fatal("nobody was told")
	}
}
