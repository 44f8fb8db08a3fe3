package bench

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"time"
)

// Figure is one line of the output.
type Figure struct {
	Name   string   `json:"name"`
	Value  float64  `json:"value"`
	Unit   string   `json:"unit"`
	Errors int      `json:"errors"`
	CPU    *float64 `json:"cpu_ms_per_op"` // of all our processes, PostgreSQL among them; null where there is no operation
	Bound  *float64 `json:"bound"`         // the physical or component limit; null where there is none
	Peer   *float64 `json:"peer"`          // what a program does that one would use instead; null where there is none
	Seed   int      `json:"seed"`
	Method string   `json:"method"`
}

// tell writes a figure down.
func (b *Bench) tell(f Figure) {
	b.errors += f.Errors
	f.Seed = 1
	f.Value = round(f.Value)
	for _, v := range []*float64{f.CPU, f.Bound, f.Peer} {
		if v != nil {
			*v = round(*v)
		}
	}
	_ = json.NewEncoder(b.Figures).Encode(f) // a reader that has gone is no matter
}

// round keeps three digits that mean something.
func round(v float64) float64 {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	if scale < 1 {
		return math.Round(v)
	}
	return math.Round(v*scale) / scale
}

// median of what the runs gave.
func median[T cmp.Ordered](list []T) (m T) {
	if len(list) == 0 {
		return m
	}
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// percentile of durations, in milliseconds; p from 0 to 100.
func percentile(list []time.Duration, p float64) float64 {
	if len(list) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(list))
	return milliseconds(sorted[int(math.Ceil(p/100*float64(len(sorted))))-1])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
