package index

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// invented makes many texts, of words drawn as a language draws them: few often, many seldom.
func invented() []Doc {
	r := rand.New(rand.NewPCG(1, 2)) // the same texts every time
	words := make([]string, 20_000)
	for i := range words {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteString(begin[r.IntN(len(begin))] + vowels[r.IntN(len(vowels))] + end[r.IntN(len(end))])
		}
		words[i] = b.String()
	}
	zipf := rand.NewZipf(r, 1.1, 4, uint64(len(words)-1))
	text := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteString(words[zipf.Uint64()] + " ")
		}
		return b.String()
	}
	list := make([]Doc, large)
	for i := range list {
		list[i] = Doc{ID: strconv.Itoa(i), Title: text(6), Question: text(9), Alternates: []string{text(8), text(7), text(9), text(6)}, Tags: []string{text(2)}, Body: text(80), Change: 1}
	}
	return list
}

// syllables, which make a language's pieces as uneven as they are
var (
	begin  = strings.Fields("b d f g h j k l m n p r s t v sk st tr fl br kl sp sj")
	vowels = strings.Fields("a e i o u å ä ö a e a e i")
	end    = strings.Fields("n r l t s nd ng ck ll rt st m k d g v")
)

const large = 10_000

// percentiles reports p50 and p99 of what each round took.
func percentiles(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

func timed(b *testing.B, round func(i int)) {
	b.Helper()
	var took []time.Duration
	before := processor(b)
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		round(i)
		took = append(took, time.Since(began))
	}
	percentiles(b, took)
	b.ReportMetric(float64((processor(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
}

// processor is the time that this process has had of the processor: what is left of a
// figure on a machine that others use too.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heads(list []Doc) *Heads {
	h := NewHeads()
	var all []Head
	for i, d := range list {
		all = append(all, Head{d.ID, fmt.Sprintf("%s%d", strings.Fields(d.Title)[0], i), d.Title})
	}
	h.Put(all...)
	return h
}

func BenchmarkShortcut(b *testing.B) {
	list := invented()
	h := heads(list)
	timed(b, func(i int) {
		word := fmt.Sprintf("%s%d", strings.Fields(list[i%large].Title)[0], i%large)
		if _, ok := h.Shortcut(word); !ok {
			b.Fatal(word)
		}
	})
}

func BenchmarkTypeAhead(b *testing.B) {
	list := invented()
	h := heads(list)
	timed(b, func(i int) {
		typed := list[i%large].Title
		h.Complete(typed[:2+i%min(14, len(typed)-2)], 10)
	})
}

func BenchmarkSuggest(b *testing.B) {
	list := invented()
	x := filled(b, "sv", list)
	timed(b, func(i int) {
		q := list[i*7%large].Question + list[i*13%large].Title
		if _, err := Search(b.Context(), q, 3, 0.4, x); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkRebuild(b *testing.B) {
	list := invented()
	x := filled(b, "sv", nil)
	before := processor(b)
	for b.Loop() {
		if err := x.rebuild(1, list); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(large*float64(b.N)/b.Elapsed().Seconds(), "articles/s")
	b.ReportMetric(large*float64(b.N)/(processor(b)-before).Seconds(), "articles/cpu-s")
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapAlloc)/(1<<20), "heap-MB")
}

func BenchmarkPut(b *testing.B) {
	list := invented()
	x := filled(b, "sv", list)
	timed(b, func(i int) {
		if err := x.Put(int64(i+2), list[i%large:i%large+1], nil); err != nil {
			b.Fatal(err)
		}
	})
}
