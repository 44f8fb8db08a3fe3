package kb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/kb"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// line is a bus of one process: who listens is told at once.
type line struct {
	mu    sync.Mutex // guards heard
	heard []func([]byte)
}

func (l *line) Publish(_ string, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range l.heard {
		f(data)
	}
}

func (l *line) Subscribe(_ string, f func([]byte)) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, f)
	return func() {}
}

func open(t *testing.T) *kb.Store {
	t.Helper()
	return kb.New(pgtest.New(t), &line{}, kb.Config{Dir: t.TempDir(), PublicURL: "https://help.example"}, slog.New(slog.DiscardHandler))
}

func article(shortcut, title, answer string, alternates ...string) kb.Article {
	return kb.Article{Category: "returns", Wordings: map[string]kb.Wording{
		"sv": {Shortcut: shortcut, Title: title, Answer: answer, Alternates: alternates, Status: kb.Published},
	}}
}

func create(t *testing.T, s *kb.Store, a kb.Article) kb.Article {
	t.Helper()
	a, err := s.Create(t.Context(), "astrid", a)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sync1(t *testing.T, s *kb.Store) {
	t.Helper()
	if err := s.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestShortcut(t *testing.T) {
	s := open(t)
	a := article("återköp", "Ångerrätt och återköp", "Du har 30 dagar på dig.")
	a.Wordings["en"] = kb.Wording{Shortcut: "returns", Title: "Right of withdrawal", Answer: "You have 30 days.", Status: kb.Published}
	a = create(t, s, a)
	sync1(t, s)
	for _, typed := range []string{"/återköp", "ÅTERKÖP", "aterkop", "/returns", "#101"} {
		h, ok := s.Shortcut(t.Context(), typed, "sv")
		if !ok || h.ID != a.ID || h.Language != "sv" {
			t.Errorf("Shortcut(%q): got %v %v want article %d in sv", typed, h.ID, ok, a.ID)
		}
	}
	if h, ok := s.Shortcut(t.Context(), "/återköp", "en-GB"); !ok || h.Wording.Title != "Right of withdrawal" {
		t.Errorf("a Swedish shortcut in an English conversation: got %q %v", h.Wording.Title, ok)
	}
	if h, ok := s.Shortcut(t.Context(), "/nix", "sv"); ok {
		t.Errorf("an unknown shortcut gave %v", h)
	}
}

func TestShortcutIsUniqueButForCaseAndAccents(t *testing.T) {
	s := open(t)
	create(t, s, article("återköp", "Återköp", "Ja."))
	_, err := s.Create(t.Context(), "", article("Aterkop", "Annat", "Nej."))
	var refused *gateway.Error
	if !errors.As(err, &refused) || refused.Code != "shortcut_taken" {
		t.Errorf("got %v want shortcut_taken", err)
	}
}

func TestStaleEditIsRefused(t *testing.T) {
	s := open(t)
	a := create(t, s, article("faktura", "Faktura", "Ett."))
	first, err := s.Update(t.Context(), "bo", with(a, "Två."))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), "cia", with(a, "Tre.")); !errors.Is(err, gateway.ErrConflict) {
		t.Errorf("a stale edit: got %v want conflict", err)
	}
	if first.Wordings["sv"].Version != 2 || first.Rev != 2 {
		t.Errorf("got version %d rev %d want 2 and 2", first.Wordings["sv"].Version, first.Rev)
	}
	list, err := s.Revisions(t.Context(), a.ID)
	if err != nil || len(list) != 2 || list[1].Article.Wordings["sv"].Answer != "Ett." || list[0].By != "bo" {
		t.Errorf("revisions: got %+v, %v", list, err)
	}
}

func with(a kb.Article, answer string) kb.Article {
	w := a.Wordings["sv"]
	w.Answer = answer
	a.Wordings = map[string]kb.Wording{"sv": w}
	return a
}

func TestSearch(t *testing.T) {
	s := open(t)
	want := create(t, s, article("pengar", "När får jag pengarna tillbaka?", "Inom tre bankdagar.", "hur lång tid tar en återbetalning"))
	create(t, s, article("tält", "Så väljer du tält", "Tänk på vikten."))
	sync1(t, s)
	for _, q := range []string{"hur länge dröjer återbetalningen?", "få tillbaka mina pengar", "aterbetalning när"} {
		hits, err := s.Search(t.Context(), q, "sv", 5)
		if err != nil || len(hits) == 0 || hits[0].ID != want.ID {
			t.Errorf("Search(%q): got %v, %v", q, hits, err)
		}
	}
	if hits, _ := s.Customers().Search(t.Context(), "vem vann fotbollsmatchen igår", "sv", 5); len(hits) > 0 {
		t.Errorf("nonsense found %q", hits[0].Wording.Title)
	}
	if hits := s.Complete(t.Context(), "/pen", "sv", 5); len(hits) != 1 || hits[0].ID != want.ID {
		t.Errorf("Complete(/pen): got %v", hits)
	}
	suggested, err := s.Suggest(t.Context(), []string{"hej", "när kommer min återbetalning"}, "sv", nil)
	if err != nil || len(suggested) == 0 || suggested[0].ID != want.ID {
		t.Errorf("Suggest: got %v, %v", suggested, err)
	}
	if again, _ := s.Suggest(t.Context(), []string{"när kommer min återbetalning"}, "sv", []gateway.ArticleID{want.ID}); len(again) > 0 && again[0].ID == want.ID {
		t.Error("suggested what the conversation has got already")
	}
}

func TestSynonyms(t *testing.T) {
	pool := pgtest.New(t)
	s := kb.New(pool, &line{}, kb.Config{Dir: t.TempDir()}, slog.New(slog.DiscardHandler))
	importSample(t, s)
	sync1(t, s)
	const asked = "hur väljer jag kamin"
	if hits, _ := s.Search(t.Context(), asked, "sv", 1); len(hits) > 0 && hits[0].Number == 140 {
		t.Fatalf("%q is known already", asked)
	}
	edit(t, pool, s, func(e *kb.Editor) error {
		_, err := e.SetSynonym(t.Context(), kb.Synonym{Language: "sv", Word: " Kamin ", Means: []string{"stormkök", " "}})
		return err
	})
	sync1(t, s)
	if hits, err := s.Search(t.Context(), asked, "sv", 1); err != nil || len(hits) == 0 || hits[0].Number != 140 {
		t.Errorf("with the synonym: got %v, %v want article 140", hits, err)
	}
	if all, err := s.Synonyms(t.Context()); err != nil || len(all) != 1 || all[0].Word != "kamin" || len(all[0].Means) != 1 {
		t.Errorf("got %v, %v want kamin with one other", all, err)
	}
	edit(t, pool, s, func(e *kb.Editor) error {
		_, err := e.DropSynonym(t.Context(), "sv", "KAMIN")
		return err
	})
	sync1(t, s)
	if hits, _ := s.Search(t.Context(), asked, "sv", 1); len(hits) > 0 && hits[0].Number == 140 {
		t.Errorf("taken away, but %q still finds the article", asked)
	}
}

// edit edits in a transaction, and tells of it after the commit.
func edit(t *testing.T, pool *pgxpool.Pool, s *kb.Store, do func(e *kb.Editor) error) {
	t.Helper()
	var hint func()
	err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		var e *kb.Editor
		e, hint = s.In(tx)
		return do(e)
	})
	if err != nil {
		t.Fatal(err)
	}
	hint()
}

// TestInternalNeverLeaves goes every way that a customer has.
func TestInternalNeverLeaves(t *testing.T) {
	s := open(t)
	a := article("goodwill", "Hemlig goodwillgräns", "Högst 500 kronor utan att fråga chefen.", "hur mycket goodwill får vi ge")
	a.Visibility = kb.VisibilityInternal
	a = create(t, s, a)
	create(t, s, article("goda", "Goda råd", "Packa lätt."))
	sync1(t, s)
	if h, ok := s.Shortcut(t.Context(), "/goodwill", "sv"); !ok || !h.Internal {
		t.Fatal("agents do not find the internal article")
	}
	hits, err := s.Search(t.Context(), "hemlig goodwillgräns", "sv", 5)
	if err != nil || len(hits) == 0 || hits[0].ID != a.ID {
		t.Fatalf("agents do not find the internal article: %v, %v", hits, err)
	}
	if _, err := s.Card(t.Context(), a.ID, "sv", 1, 1); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("Card: got %v want not_found", err)
	}
	p := s.Customers()
	if h, ok := p.Shortcut(t.Context(), "/goodwill", "sv"); ok {
		t.Errorf("customers' shortcut gave %v", h)
	}
	for _, typed := range []string{"hemlig goodwillgräns", "goodwill", "hemlig", "500 kronor chefen"} {
		found, _ := p.Search(t.Context(), typed, "sv", 50)
		for _, h := range append(found, p.Complete(t.Context(), typed, "sv", 50)...) {
			if h.ID == a.ID {
				t.Errorf("customers found it by %q", typed)
			}
		}
	}
	if u := p.URL(a.ID, "sv"); u != "" {
		t.Errorf("it has the address %s", u)
	}
	a.Visibility = kb.VisibilityPublic
	if a, err = s.Update(t.Context(), "", a); err != nil {
		t.Fatal(err)
	}
	sync1(t, s)
	if _, err := s.Card(t.Context(), a.ID, "sv", 1, 1); err != nil {
		t.Fatalf("made public: %v", err)
	}
	a.Visibility = kb.VisibilityInternal
	if _, err := s.Update(t.Context(), "", a); err != nil {
		t.Fatal(err)
	}
	sync1(t, s)
	if _, err := s.Card(t.Context(), a.ID, "sv", 1, 1); !errors.Is(err, gateway.ErrNotFound) {
		t.Errorf("made internal again: got %v want not_found", err)
	}
}

func TestCard(t *testing.T) {
	s := open(t)
	a := create(t, s, article("retur", "Så returnerar du", "Lägg varan i **kartongen**.\n\nSkriv ut en retursedel."))
	sync1(t, s)
	card, err := s.Card(t.Context(), a.ID, "sv", 7, 3)
	if err != nil {
		t.Fatal(err)
	}
	base, k, ok := strings.Cut(card.URL, "?k=")
	if !ok || base != "https://help.example/help/sv/a/101-sa-returnerar-du" || len(k) < 20 {
		t.Errorf("got the link %s", card.URL)
	}
	if card.Snippet != "Lägg varan i kartongen. Skriv ut en retursedel." {
		t.Errorf("got the snippet %q", card.Snippet)
	}
}

// TestLinksInAMailAreTied: once for all its texts, and not those that customers can't
// open, that another site has, or that were tied in what is quoted.
func TestLinksInAMailAreTied(t *testing.T) {
	pool := pgtest.New(t)
	s := kb.New(pool, &line{}, kb.Config{Dir: t.TempDir(), PublicURL: "https://help.example"}, slog.New(slog.DiscardHandler))
	a := create(t, s, article("retur", "Så returnerar du", "Lägg varan i kartongen."))
	secret := article("svinn", "Svinn", "Skriv av varan.")
	secret.Visibility = kb.VisibilityInternal
	secret = create(t, s, secret)
	sync1(t, s)
	const page = "https://help.example/help/sv/a/101-sa-returnerar-du"
	others := fmt.Sprintf("https://help.example/help/sv/a/%d-svinn https://example.com/help/sv/a/101-x %s?k=OLD https://help.example/help/sv/a/999-x", secret.Number, page)
	tied, links := s.Tie(7, 3, "Läs "+page+". "+others, `<a href="`+page+`">`+page+`</a>`, "")
	if len(links) != 1 || len(tied) != 3 || tied[2] != "" {
		t.Fatalf("got %d links in %q", len(links), tied)
	}
	k := regexp.MustCompile(`\?k=([A-Z2-7]{20,})`).FindStringSubmatch(tied[0])
	if k == nil || tied[0] != "Läs "+page+k[0]+". "+others || tied[1] != `<a href="`+page+k[0]+`">`+page+k[0]+`</a>` {
		t.Fatalf("got %q", tied)
	}
	give := func(fail error) error {
		return pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error { return errors.Join(s.Give(t.Context(), tx, links), fail) })
	}
	if err := give(errors.New("the mail was not committed")); err == nil {
		t.Error("given all the same")
	}
	if err := give(nil); err != nil { // not twice: the first was undone
		t.Fatal(err)
	}
	if err := s.Clicked(t.Context(), k[1]); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Opened(t.Context(), 7); err != nil || len(list) != 1 || list[0] != a.ID {
		t.Errorf("got %v, %v opened, want %d", list, err, a.ID)
	}
}

func TestRunFollowsCommits(t *testing.T) {
	url := pgtest.NewURL(t)
	wire := &line{}
	var nodes []*kb.Store
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	for range 2 {
		s := kb.New(pgtest.Open(t, url), wire, kb.Config{Dir: t.TempDir()}, slog.New(slog.DiscardHandler))
		nodes = append(nodes, s)
		group.Go(func() { _ = s.Run(ctx) })
	}
	create(t, nodes[0], article("faktura", "Betala din faktura", "Inom trettio dagar."))
	for _, s := range nodes {
		until(t, func() bool { _, ok := s.Shortcut(ctx, "faktura", "sv"); return ok })
	}
	finds := func(s *kb.Store) bool {
		hits, err := s.Search(ctx, "räkning", "sv", 1)
		return err == nil && len(hits) == 1
	}
	if finds(nodes[0]) {
		t.Fatal("the word is known already")
	}
	edit(t, pgtest.Open(t, url), nodes[0], func(e *kb.Editor) error {
		_, err := e.SetSynonym(ctx, kb.Synonym{Language: "sv", Word: "räkning", Means: []string{"faktura"}})
		return err
	})
	for _, s := range nodes {
		until(t, func() bool { return finds(s) && len(s.Customers().Complete(ctx, "fakt", "sv", 1)) == 1 })
	}
}

func until(t *testing.T, fact func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !fact(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it did not come true")
		}
	}
}
