package voice_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// TestFleet is the process that loads BenchmarkBridged: it prints its agents' address,
// makes the calls that stdin asks for, and prints what it counted.
func TestFleet(t *testing.T) {
	if os.Getenv("VOICE_FLEET") == "" {
		return
	}
	at := netip.MustParseAddrPort(os.Getenv("VOICE_FLEET"))
	f, err := phonetest.NewFleet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Println("FLEET", f.AgentURI(0))
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch verb, arg, _ := strings.Cut(in.Text(), " "); verb {
		case "call":
			n, _ := strconv.Atoi(arg)
			for range n {
				if _, err := f.Call(t.Context(), service, at); err != nil {
					t.Fatal(err)
				}
			}
			fmt.Println("FLEET up")
		case "measure":
			d, _ := time.ParseDuration(arg)
			f.Reset()
			time.Sleep(d)
			b, _ := json.Marshal(f.Count())
			fmt.Println("FLEET " + string(b))
		}
	}
}

// BenchmarkBridged has 200 calls talk for a while, and reports what a packet costs this
// process, and what was lost. VOICE_CALLS and VOICE_TIME change the load.
func BenchmarkBridged(b *testing.B) {
	calls, talk := 200, "5s"
	if v := os.Getenv("VOICE_CALLS"); v != "" {
		calls, _ = strconv.Atoi(v)
	}
	if v := os.Getenv("VOICE_TIME"); v != "" {
		talk = v
	}
	h := newHouse(b)
	h.pool = pgtest.New(b)
	h.run(voice.Config{Node: "bench", Listen: netip.MustParseAddrPort("127.0.0.1:0"), Dir: b.TempDir()}, 600)
	fleet := startFleet(b, h)
	h.mu.Lock()
	for i := range calls {
		h.phones[gateway.AgentID(i+1)] = []string{strings.Replace(fleet.uri, "agent0", fmt.Sprintf("agent%d", i+1), 1)}
	}
	h.mu.Unlock()
	begun := time.Now()
	fleet.say("call %d", calls)
	fleet.hear()
	set := time.Since(begun)
	rows, err := h.pool.Query(b.Context(), "select interaction_id from call")
	if err != nil {
		b.Fatal(err)
	}
	for n := 1; rows.Next(); n++ {
		var id gateway.InteractionID
		if err := rows.Scan(&id); err != nil {
			b.Fatal(err)
		}
		h.offer(id, 1, gateway.AgentID(n))
	}
	phonetest.Wait(b, "all talk", func() bool {
		var n int
		_ = h.pool.QueryRow(b.Context(), "select count(*) from call where state = 'talking'").Scan(&n)
		return n == calls
	})
	var c phonetest.Count
	for b.Loop() {
		cpu := processor()
		fleet.say("measure %s", talk)
		if err := json.Unmarshal([]byte(fleet.hear()), &c); err != nil {
			b.Fatal(err)
		}
		used := processor() - cpu
		b.ReportMetric(used.Seconds()*1e6/float64(c.Received), "cpu-ms/1000pkts")
		b.ReportMetric(used.Seconds()/seconds(talk)*100, "%core")
		b.ReportMetric(float64(c.P99.Microseconds()), "p99-us")
		b.ReportMetric(float64(c.Lost), "lost")
		b.ReportMetric(float64(c.Calls), "calls")
		b.ReportMetric(float64(c.Received), "pkts")
		b.ReportMetric(float64(calls)/set.Seconds(), "setups/s")
		if c.Lost > int64(c.Calls) || c.Mixed > 0 || c.Calls != calls {
			b.Errorf("lost or mixed up: %+v", c)
		}
	}
}

// fleet is the child process.
type fleet struct {
	b   *testing.B
	in  interface{ Write(b []byte) (int, error) }
	out *bufio.Scanner
	uri string
}

func startFleet(b *testing.B, h *house) *fleet {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestFleet$", "-test.v")
	cmd.Env = append(os.Environ(), "VOICE_FLEET="+h.Addr().String())
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	f := &fleet{b: b, in: in, out: bufio.NewScanner(out)}
	f.uri = f.hear()
	return f
}

func (f *fleet) say(format string, args ...any) { fmt.Fprintf(f.in, format+"\n", args...) }

func (f *fleet) hear() string {
	f.b.Helper()
	for f.out.Scan() {
		if s, ok := strings.CutPrefix(f.out.Text(), "FLEET "); ok {
			return s
		}
	}
	f.b.Fatal("the fleet is gone")
	return ""
}

// processor is the processor time of this process so far.
func processor() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func seconds(s string) float64 {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d.Seconds()
}
