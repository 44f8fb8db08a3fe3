package bench

import (
	"io"
	"testing"
	"time"
)

// The bound of calls is what a thread costs that only hands packets on.
func TestBareRelay(t *testing.T) {
	b := &Bench{Options: Options{Length: 3 * time.Second, Notes: io.Discard}}
	if cost, err := b.bareRelay(nil); err != nil || cost <= 0 || cost > 1000 {
		t.Errorf("1000 packets cost %v ms, %v", cost, err)
	}
}
