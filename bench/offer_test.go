package bench

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"
)

// Both moments that offers are counted from have figures of their own names.
func TestOffersAreToldFromTwoMoments(t *testing.T) {
	var out bytes.Buffer
	b := &Bench{Options: Options{Figures: &out}}
	runs := offerRuns{{committed: []time.Duration{2 * time.Millisecond}, due: []time.Duration{5 * time.Millisecond}, cpu: 4}}
	runs.tell(b, "offer.latency", 1, 0.5, func(d delays) []time.Duration { return d.committed }, "from the commit")
	runs.tell(b, "offer.from_due", 0, 0, func(d delays) []time.Duration { return d.due }, "from when it was due")
	got := map[string]Figure{}
	for d := json.NewDecoder(&out); d.More(); {
		var f Figure
		if err := d.Decode(&f); err != nil {
			t.Fatal(err)
		}
		got[f.Name] = f
	}
	for name, want := range map[string]float64{"offer.latency_p50_ms": 2, "offer.latency_p99_ms": 2, "offer.from_due_p50_ms": 5, "offer.from_due_p99_ms": 5} {
		if f := got[name]; f.Value != want || *f.CPU != 4 {
			t.Errorf("%s: got %+v, want %v", name, f, want)
		}
	}
	if f := got["offer.latency_p50_ms"]; f.Errors != 1 || *f.Bound != 0.5 || got["offer.from_due_p50_ms"].Bound != nil {
		t.Errorf("got %+v", got)
	}
}
