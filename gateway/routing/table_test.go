package routing

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/vaxelhq/vaxel/gateway"
)

// A table holds what a map would, whatever the numbers are.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		got, want := newTable[gateway.CaseID, int](), map[gateway.CaseID]*int{}
		number := rapid.SampledFrom([]gateway.CaseID{-1 << 63, -64, -1, 0, 1, 63, 64, 65, 1000, 1<<63 - 1})
		for range rapid.IntRange(0, 40).Draw(t, "acts") {
			k := number.Draw(t, "number")
			if rapid.Bool().Draw(t, "drop") {
				got.drop(k)
				delete(want, k)
			} else {
				want[k] = new(int)
				got.set(k, want[k])
			}
			for _, k := range []gateway.CaseID{k, k + 1, k - 64} {
				if got.at(k) != want[k] {
					t.Fatalf("at %d is %p, want %p", k, got.at(k), want[k])
				}
			}
		}
		if all := slices.Collect(got.all()); got.n != len(want) || len(all) != len(want) {
			t.Fatalf("%d, counted %d, want %d", len(all), got.n, len(want))
		}
		for _, v := range want {
			if !slices.Contains(slices.Collect(got.all()), v) {
				t.Fatal("one is missing")
			}
		}
	})
}
