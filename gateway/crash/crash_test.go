package crash_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/vaxelhq/vaxel/gateway/crash"
)

func TestMain(m *testing.M) {
	if os.Getenv("CRASH_TEST_CHILD") != "" {
		for range 3 {
			crash.At("before")
			os.Stdout.WriteString("x")
			crash.At("after")
			crash.AtState("after", "that")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestKillsAtTheNamedPassOnly(t *testing.T) {
	for _, c := range []struct{ env, printed string }{
		{"before", ""},
		{"after", "x"},
		{"after:2", "xx"},
		{"after.that:2", "xx"},
		{"before:3", "xx"},
		{"after:4", "xxx"}, // never reached
		{"elsewhere", "xxx"},
		{"", "xxx"},
	} {
		t.Run(c.env, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "CRASH_TEST_CHILD=1", "VAXEL_CRASH="+c.env)
			out, err := cmd.Output()
			if got := strings.TrimSpace(string(out)); got != c.printed {
				t.Errorf("got %q, want %q", got, c.printed)
			}
			killed := cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
			if want := c.printed != "xxx"; killed != want {
				t.Errorf("killed: got %v (%v), want %v", killed, err, want)
			}
		})
	}
}

func TestOffCostsNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { crash.At("any"); crash.AtState("any", "time") }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

func BenchmarkAtOff(b *testing.B) {
	for b.Loop() {
		crash.At("any")
	}
}
