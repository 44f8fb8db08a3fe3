package bench

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	var list []time.Duration
	for n := range 100 {
		list = append(list, time.Duration(100-n)*time.Millisecond)
	}
	for p, want := range map[float64]float64{50: 50, 99: 99, 100: 100, 1: 1} {
		if got := percentile(list, p); got != want {
			t.Errorf("p%v: got %v want %v", p, got, want)
		}
	}
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median: got %v want 2", got)
	}
}

func TestRound(t *testing.T) {
	for in, want := range map[float64]float64{0: 0, 123456: 123456, 1234.56: 1235, 12.3456: 12.3, 0.0123456: 0.0123, -7.777: -7.78} {
		if got := round(in); got != want {
			t.Errorf("round(%v): got %v want %v", in, got, want)
		}
	}
}

// A frame of an agent's says whose line it carries, if it carries one.
func TestLineIn(t *testing.T) {
	for frame, want := range map[string][2]int{
		`{"t":"message.created","data":{"text":"Hej #12.345#"}}`: {12, 345},
		`{"t":"message.created","data":{"text":"Hej #12"}}`:      {0, 0},
		`{"t":"message.created","data":{"text":"Hej #a.1#"}}`:    {0, 0},
	} {
		v, n, ok := lineIn([]byte(frame))
		if ok != (want != [2]int{}) || ok && (v != want[0] || n != want[1]) {
			t.Errorf("%s: got %d %d %v, want %v", frame, v, n, ok, want)
		}
	}
}

// What has been lost makes the command fail, and the figure stands there all the same.
func TestErrorsAreTold(t *testing.T) {
	var figures bytes.Buffer
	faulty := func(_ context.Context, b *Bench) error {
		b.tell(Figure{Name: "x.y", Value: 1.23456, Errors: 2})
		return nil
	}
	err := run(t.Context(), faulty, Options{Figures: &figures, Notes: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "2 errors") {
		t.Errorf("got %v, want the errors counted", err)
	}
	if want := `{"name":"x.y","value":1.23,"unit":"","errors":2,"cpu_ms_per_op":null,"bound":null,"peer":null,"seed":1,"method":""}` + "\n"; figures.String() != want {
		t.Errorf("got %s want %s", &figures, want)
	}
	if err := Run(t.Context(), []string{"chess"}, Options{}); err == nil || !strings.Contains(err.Error(), "start, mail") {
		t.Errorf("got %v, want the names there are", err)
	}
}

// Our own use of the processor is found in /proc.
func TestMeter(t *testing.T) {
	m := measure(os.Getpid())
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
		_ = slices.Sorted(slices.Values([]int{3, 2, 1}))
	}
	if c := m.cost(1); c.cpu < 20 || c.seconds < .1 {
		t.Errorf("a tenth of a second at work cost %+v", c)
	}
	if resident(os.Getpid(), false) < 1<<20 {
		t.Error("this process holds less than a megabyte")
	}
}

// What those have used that were started and have ended is counted, and what those use that live is
// known to less than a tick.
func TestMeterCountsOthers(t *testing.T) {
	m := measure(os.Getpid())
	if err := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	if used(os.Getpid()) <= m.tree {
		t.Error("what a child used that has ended is not counted")
	}
	before := lived(os.Getpid())
	if after := lived(os.Getpid()); after <= before || after-before >= tick {
		t.Errorf("between two looks %v were used, want something below %v", after-before, tick)
	}
}

// What a measurement costs is in no figure of this process: to look at all that runs on the machine
// takes longer than many operations.
func TestMeasuringIsNotMeasured(t *testing.T) {
	if c := measure(os.Getpid()).cost(1); c.cpu > 5 {
		t.Errorf("nothing was done, and it took %.1f ms", c.cpu)
	}
}
