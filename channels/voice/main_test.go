package voice_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain lets many tests wait at once: what they wait for is sound, not the processor.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
