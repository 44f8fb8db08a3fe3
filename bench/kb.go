package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/kb"
)

// kbClients ask, each over its own connection.
const kbClients = 8

// knowledge measures what agents ask of the knowledge base over the API, and what keeping
// the articles indexed costs.
func knowledge(ctx context.Context, b *Bench) error {
	count := 10_000
	if b.Large {
		count = 100_000
	}
	h, err := b.newHouse(ctx, 1, nil)
	if err != nil {
		return err
	}
	none, err := h.articlesInMemory(ctx, 0)
	if err != nil {
		return err
	}
	var built []float64
	if err := h.offline(ctx, func(pool *pgxpool.Pool) (err error) {
		built, err = b.fillShelves(ctx, pool, count)
		return err
	}); err != nil {
		return err
	}
	all, err := h.articlesInMemory(ctx, count)
	if err != nil {
		return err
	}
	if err := h.ask(ctx, count); err != nil {
		return err
	}
	b.tell(Figure{
		Name: "kb.rebuild_s", Value: median(built), Unit: "s",
		Method: fmt.Sprintf("component, in process: %d Swedish articles read from the embedded PostgreSQL into memory and a new index on disk; median of %d", count, runs),
	})
	b.tell(Figure{Name: "kb.index_per_s", Value: float64(count) / median(built), Unit: "1/s", Method: "articles of kb.rebuild_s by its time"})
	b.tell(Figure{
		Name: "kb.mb_per_10k", Value: (all - none) / (1 << 20) * 10_000 / float64(count), Unit: "MB",
		Method: fmt.Sprintf("heap and stacks of vaxel with %d articles against none (GOGC=10); index files are mapped and not in it", count),
	})
	return h.stop()
}

// articlesInMemory starts the house and gives its memory when the last article is found.
func (h *house) articlesInMemory(ctx context.Context, count int) (float64, error) {
	if _, err := h.launch(ctx, "", "GOGC=10"); err != nil {
		return 0, err
	}
	if err := h.shelved(ctx, count); err != nil {
		return 0, err
	}
	bytes, err := h.quietMemory(ctx)
	if err != nil {
		return 0, err
	}
	return bytes, h.stop()
}

// shelved waits until the last article can be found.
func (h *house) shelved(ctx context.Context, count int) error {
	if count == 0 {
		return nil
	}
	return h.wait(ctx, "the articles", func() bool { return h.find(ctx, "/articles/shortcut/"+shortcutOf(count)) == nil })
}

// knock is a request that nothing is done for: the least that one can take.
func (h *house) knock(ctx context.Context, path string) error {
	if status := h.get(ctx, path); status != http.StatusOK {
		return fmt.Errorf("%s: status %d", path, status)
	}
	return nil
}

// find asks as an agent's program.
func (h *house) find(ctx context.Context, path string) error {
	return h.agents[0].call(ctx, http.MethodGet, path, nil, nil)
}

func shortcutOf(n int) string { return fmt.Sprintf("kort%d", n) }

// fillShelves imports articles, and times indexing them from the beginning.
func (b *Bench) fillShelves(ctx context.Context, pool *pgxpool.Pool, count int) (built []float64, err error) {
	words, folder := rand.New(rand.NewPCG(3, 3)), fstest.MapFS{} // the same articles each time
	for n := 1; n <= count; n++ {
		folder[fmt.Sprintf("sv/%d-artikel-%d.md", n, n)] = &fstest.MapFile{Data: articleOf(words, n)}
	}
	log := slog.New(slog.DiscardHandler)
	hints := bus.New()
	writer := kb.New(pool, hints, kb.Config{Dir: filepath.Join(b.dir, "unused")}, log)
	done, err := writer.Import(ctx, "bench", folder)
	if err != nil {
		return nil, err
	}
	if done.Created != count {
		return nil, fmt.Errorf("imported %d articles of %d", done.Created, count)
	}
	for n := range runs + 1 { // the first warms up
		reader := kb.New(pool, hints, kb.Config{Dir: filepath.Join(b.dir, fmt.Sprintf("index-%d", n))}, log)
		began := time.Now()
		if err := reader.Sync(ctx); err != nil {
			return nil, err
		}
		if n > 0 {
			built = append(built, time.Since(began).Seconds())
		}
	}
	return built, nil
}

// articleOf is an article as a shop writes them.
func articleOf(words *rand.Rand, n int) []byte {
	say := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = vocabulary[words.IntN(len(vocabulary))] + suffixes[words.IntN(len(suffixes))]
		}
		return strings.Join(list, " ")
	}
	return fmt.Appendf(nil, "---\nnumber: %d\ncategory: allt\nvisibility: public\nstatus: published\nshortcut: %s\ntitle: %s %d\nquestion: Hur gör jag med %s?\nalternates:\n  - %s\n  - %s\n---\n\n%s.\n\n%s.\n",
		n, shortcutOf(n), say(3), n, say(3), say(4), say(4), say(40), say(40))
}

// suffixes make some hundred words of few.
var suffixes = strings.Fields("sbyte slagret sfråga skostnad stid spolicy snummer sansvar sproblem stest slängd svikt sfärg sfärger sbutik smärke smodell sguide")

// ask measures shortcuts, what is typed, and suggestions.
func (h *house) ask(ctx context.Context, count int) error {
	if _, err := h.launch(ctx, ""); err != nil {
		return err
	}
	if err := h.shelved(ctx, count); err != nil {
		return err
	}
	talks, err := h.questions(ctx)
	if err != nil {
		return err
	}
	var knocks []float64
	for r := range runs + 1 {
		delays, failed := h.openQuestions(ctx, h.knock, func() string { return "/healthz" }, 200, h.b.share(30))
		if failed > 0 {
			return errors.New("the server does not answer")
		}
		if r > 0 {
			knocks = append(knocks, percentile(delays, 99))
		}
	}
	pick := rand.New(rand.NewPCG(4, 4)) // the same questions each time
	for _, kind := range []struct {
		name string
		path func() string
		says string
		rate int // questions a second
		half bool
	}{
		{"kb.shortcut_p99_ms", func() string { return "/articles/shortcut/" + shortcutOf(1+pick.IntN(count)) }, "a shortcut looked up", 200, false},
		{"kb.typeahead_p99_ms", func() string {
			word := vocabulary[pick.IntN(len(vocabulary))] + suffixes[pick.IntN(len(suffixes))]
			return "/articles?language=sv&q=" + url.QueryEscape(vocabulary[pick.IntN(len(vocabulary))]+" "+word[:len(word)/2])
		}, "articles found by a word and the beginning of another", 100, false},
		{"kb.suggest_p99_ms", func() string {
			return fmt.Sprintf("/articles/suggest?language=sv&conversation=%d", talks[pick.IntN(len(talks))])
		}, "suggestions for what a customer wrote last", 50, true},
	} {
		if err := h.askOne(ctx, kind.name, kind.says, kind.path, kind.rate, kind.half, median(knocks)); err != nil {
			return err
		}
	}
	return nil
}

// askOne tells of one kind of question; bound is the p99 of a request that nothing is done
// for.
func (h *house) askOne(ctx context.Context, name, says string, path func() string, rate int, half bool, bound float64) error {
	b := h.b
	var p50, p99, cpu []float64
	var who shares
	faults := 0
	for r := range runs + 1 {
		m := measure(h.pid())
		delays, failed := h.openQuestions(ctx, h.find, path, rate, b.share(12))
		c := m.cost(len(delays))
		if faults += failed; r > 0 {
			p50, p99, cpu = append(p50, percentile(delays, 50)), append(p99, percentile(delays, 99)), append(cpu, c.cpu)
			who = c.shares
		}
	}
	b.note("kb: %s p50 %.2f ms, p99 %.2f ms", says, median(p50), median(p99))
	method := fmt.Sprintf("%s over the API with a key, open loop at %d/s from %d clients, %v, median of %d; %v; bound of p99: GET /healthz at 200/s", says, rate, kbClients, b.share(12), runs, who)
	if half {
		b.tell(Figure{Name: strings.Replace(name, "p99", "p50", 1), Value: median(p50), Unit: "ms", CPU: new(median(cpu)), Method: method})
	}
	b.tell(Figure{Name: name, Value: median(p99), Unit: "ms", Errors: faults, CPU: new(median(cpu)), Bound: new(bound), Method: method})
	return ctx.Err()
}

// openQuestions asks at a steady pace and gives how long each took from when it was due.
func (h *house) openQuestions(ctx context.Context, ask func(context.Context, string) error, path func() string, rate int, d time.Duration) (delays []time.Duration, failed int) {
	type question struct {
		due  time.Time
		path string
	}
	due := make(chan question, int(d.Seconds()*float64(rate))+1)
	begin := time.Now().Add(20 * time.Millisecond)
	for at := begin; at.Before(begin.Add(d)); at = at.Add(time.Second / time.Duration(rate)) {
		due <- question{at, path()}
	}
	close(due)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range kbClients {
		all.Go(func() {
			for q := range due {
				time.Sleep(time.Until(q.due))
				err := ask(ctx, q.path)
				took := time.Since(q.due)
				mu.Lock()
				if delays = append(delays, took); err != nil {
					if failed++; failed == 1 {
						h.b.note("kb: %v", err)
					}
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return delays, failed
}

// questions are conversations in which a customer has asked something.
func (h *house) questions(ctx context.Context) (list []gateway.ConversationID, err error) {
	words := rand.New(rand.NewPCG(5, 5)) // the same questions each time
	for n := range 20 {
		var got gateway.Received
		word := func() string { return vocabulary[words.IntN(len(vocabulary))] + suffixes[words.IntN(len(suffixes))] }
		err := h.agents[0].call(ctx, http.MethodPost, "/interactions", map[string]any{
			"channel": gateway.Chat, "queue": h.queue, "text": fmt.Sprintf("Hej! Jag undrar över %s, och hur det är med %s?", word(), word()),
			"from": gateway.Address{Kind: gateway.AddressVisitor, Value: fmt.Sprint("asks", n), Name: "Karin"},
		}, &got, "Idempotency-Key", fmt.Sprint("question ", n))
		if err != nil {
			return nil, err
		}
		list = append(list, got.Conversation)
	}
	return list, nil
}
