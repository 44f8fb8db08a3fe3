package index

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/blevesearch/bleve/v2"
)

// TestCorpora measures nDCG@10 over the public sets in VAXEL_CORPORA/faq, beside bleve's
// own ranking of the same texts, and keeps it from falling.
func TestCorpora(t *testing.T) {
	for _, c := range []struct {
		name, language string
		floor          float64
	}{
		{"swefaq", "sv", 0.70}, {"banking77-a5", "en", 0.82}, {"clinc150-a5", "en", 0.855}, {"medquad-short", "en", 0.65},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := load(t, corpora(t, c.name), c.name == "swefaq")
			x := filled(t, c.language, set.docs)
			got := set.measure(ranking(t, x))
			t.Logf("nDCG@10 %.3f, bleve's default %.3f", got, set.measure(set.bleve(t)))
			if got < c.floor {
				t.Errorf("nDCG@10: got %.3f want at least %.2f", got, c.floor)
			}
		})
	}
}

// TestCorporaMistyped is the same with an error in three words of ten.
func TestCorporaMistyped(t *testing.T) {
	for _, c := range []struct {
		name, language string
		floor          float64
	}{{"swefaq", "sv", 0.65}, {"banking77-a5", "en", 0.77}} {
		t.Run(c.name, func(t *testing.T) {
			set := load(t, corpora(t, c.name), c.name == "swefaq")
			x := filled(t, c.language, set.docs)
			r := rand.New(rand.NewPCG(3, 4))
			for i, q := range set.asked {
				set.asked[i].Text = mistyped(q.Text, r)
			}
			got := set.measure(ranking(t, x))
			t.Logf("nDCG@10 %.3f, bleve's default %.3f", got, set.measure(set.bleve(t)))
			if got < c.floor {
				t.Errorf("nDCG@10: got %.3f want at least %.2f", got, c.floor)
			}
		})
	}
}

// mistyped drops, swaps or changes a letter of three words in ten.
func mistyped(text string, r *rand.Rand) string {
	words := split(text)
	for n, w := range words {
		x := []rune(w)
		if len(x) < 4 || r.Float64() >= 0.3 {
			continue
		}
		i := 1 + r.IntN(len(x)-2)
		switch r.IntN(3) {
		case 0:
			x = append(x[:i], x[i+1:]...)
		case 1:
			x[i], x[i+1] = x[i+1], x[i]
		case 2:
			x[i] = rune('a' + r.IntN(26))
		}
		words[n] = string(x)
	}
	return strings.Join(words, " ")
}

// TestAbstain measures how many questions that no article answers are answered all the
// same, where three of four that have an answer get one.
func TestAbstain(t *testing.T) {
	set := load(t, corpora(t, "clinc150-a5"), false)
	x := filled(t, "en", set.docs)
	cover := func(q string) float64 {
		hits, err := Search(t.Context(), q, 1, 0, x)
		if err != nil {
			t.Fatal(err)
		}
		if len(hits) == 0 {
			return 0
		}
		return hits[0].Cover
	}
	var known []float64
	for _, q := range set.asked {
		known = append(known, cover(q.Text))
	}
	slices.Sort(known)
	threshold := known[len(known)/4]
	body, err := os.ReadFile(corpora(t, "clinc150-a5") + "/out_of_scope.json")
	if err != nil {
		t.Fatal(err)
	}
	var strange []string
	decode(t, string(body), &strange)
	shown := 0
	for _, q := range strange {
		if cover(q) >= threshold {
			shown++
		}
	}
	share := float64(shown) / float64(len(strange))
	t.Logf("at cover %.2f, %.1f %% of %d questions without an answer are answered", threshold, share*100, len(strange))
	if share > 0.12 {
		t.Errorf("got %.2f want at most 0.12", share)
	}
}

// corpora is the folder of a set; the test is skipped where there are none.
func corpora(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("VAXEL_CORPORA")
	if root == "" {
		t.Skip("VAXEL_CORPORA names no folder of corpora")
	}
	return filepath.Join(root, "faq", name)
}

func ranking(t testing.TB, x *Index) func(string) []string {
	t.Helper()
	return func(q string) []string {
		hits, err := Search(t.Context(), q, 10, 0, x)
		if err != nil {
			t.Fatal(err)
		}
		return hitIDs(hits)
	}
}

func hitIDs(hits []Hit) []string {
	ids := make([]string, len(hits))
	for i, h := range hits {
		ids[i] = h.ID
	}
	return ids
}

func filled(t testing.TB, language string, docs []Doc) *Index {
	t.Helper()
	x, err := Open(t.TempDir(), language)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := x.rebuild(1, docs); err != nil {
		t.Fatal(err)
	}
	return x
}

// corpus is one set: texts, questions, and which text answers which question how well.
type corpus struct {
	docs   []Doc
	asked  []struct{ ID, Text string }
	wanted map[string]map[string]float64
}

func load(t testing.TB, dir string, untitled bool) corpus {
	t.Helper()
	set := corpus{wanted: map[string]map[string]float64{}}
	for _, line := range lines(t, filepath.Join(dir, "corpus.jsonl")) {
		var d struct {
			ID, Title, Body string
			Alts            []string
		}
		decode(t, line, &d)
		if untitled {
			d.Title = "" // a category from the metadata, which an honest run leaves out
		}
		set.docs = append(set.docs, Doc{ID: d.ID, Title: d.Title, Body: d.Body, Alternates: d.Alts})
	}
	for _, line := range lines(t, filepath.Join(dir, "queries.jsonl")) {
		var q struct{ ID, Text string }
		decode(t, line, &q)
		set.asked = append(set.asked, q)
	}
	for _, line := range lines(t, filepath.Join(dir, "qrels.tsv")) {
		f := strings.Split(line, "\t")
		grade, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		if set.wanted[f[0]] == nil {
			set.wanted[f[0]] = map[string]float64{}
		}
		set.wanted[f[0]][f[1]] = grade
	}
	return set
}

func decode(t testing.TB, line string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), v); err != nil {
		t.Fatal(err)
	}
}

func lines(t testing.TB, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var out []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 10<<20)
	for s.Scan() {
		out = append(out, s.Text())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// measure is the mean nDCG@10 of an engine.
func (c corpus) measure(engine func(string) []string) float64 {
	sum, n := 0.0, 0
	for _, q := range c.asked {
		if wanted := c.wanted[q.ID]; len(wanted) > 0 && best(wanted) > 0 {
			sum += gain(engine(q.Text), wanted) / best(wanted)
			n++
		}
	}
	return sum / float64(n)
}

func gain(ids []string, wanted map[string]float64) float64 {
	sum := 0.0
	for i, id := range ids[:min(10, len(ids))] {
		sum += (math.Exp2(wanted[id]) - 1) / math.Log2(float64(i)+2)
	}
	return sum
}

func best(wanted map[string]float64) float64 {
	var ids []string
	for id := range wanted {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int {
		if wanted[a] != wanted[b] {
			return int(math.Copysign(1, wanted[b]-wanted[a]))
		}
		return strings.Compare(a, b)
	})
	return gain(ids, wanted)
}

// bleve is the library as it comes: its default mapping and a match query.
func (c corpus) bleve(t testing.TB) func(string) []string {
	t.Helper()
	plain, err := bleve.NewUsing(t.TempDir()+"/plain", bleve.NewIndexMapping(), "scorch", "scorch", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plain.Close() })
	batch := plain.NewBatch()
	for _, d := range c.docs {
		text := fmt.Sprint(d.Title, "\n", strings.Join(d.Alternates, "\n"), "\n", d.Body)
		if err := batch.Index(d.ID, map[string]any{"text": text}); err != nil {
			t.Fatal(err)
		}
	}
	if err := plain.Batch(batch); err != nil {
		t.Fatal(err)
	}
	return func(q string) []string {
		found, err := plain.Search(bleve.NewSearchRequest(bleve.NewMatchQuery(q)))
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, h := range found.Hits {
			ids = append(ids, h.ID)
		}
		return ids
	}
}
