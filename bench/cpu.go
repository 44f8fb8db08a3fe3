package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is the unit of times in /proc (sysconf(_SC_CLK_TCK) is 100 on Linux).
const tick = 10 * time.Millisecond

// used is the processor time of a process and of all that it has started, those that have
// ended included.
func used(pid int) (total time.Duration) {
	tree(pid, func(fields []string) {
		for _, n := range fields[11:15] { // utime, stime, cutime, cstime: proc(5)
			ticks, err := strconv.Atoi(n)
			if err == nil {
				total += time.Duration(ticks) * tick
			}
		}
	})
	return total
}

// tree visits a process and its living descendants: the fields of proc(5)'s stat from
// the third on.
func tree(root int, visit func(fields []string)) {
	parents, stats := map[int]int{}, map[int][]string{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is good
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // has ended meanwhile
		}
		before, _, _ := strings.Cut(string(text), " (")
		pid, err := strconv.Atoi(before)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		parents[pid], _ = strconv.Atoi(fields[1])
		stats[pid] = fields
	}
	for pid, fields := range stats {
		for up := pid; up > 1; up = parents[up] {
			if up == root {
				visit(fields)
				break
			}
		}
	}
}

// resident is what a process and its descendants hold of memory, shared pages counted
// once, in bytes.
func resident(pid int, descendants bool) (total int64) {
	pids := []int{pid}
	if descendants {
		pids = nil
		files, _ := filepath.Glob("/proc/[0-9]*")
		for _, f := range files {
			if n, err := strconv.Atoi(filepath.Base(f)); err == nil && within(n, pid) {
				pids = append(pids, n)
			}
		}
	}
	for _, p := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
				kb, _ := strconv.ParseInt(f[1], 10, 64)
				total += kb << 10
			}
		}
	}
	return total
}

// within says whether a process descends from another, or is it.
func within(pid, root int) bool {
	for pid > 1 {
		if pid == root {
			return true
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return false
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		pid, _ = strconv.Atoi(fields[1])
	}
	return false
}

// own is the processor time of the load: this process.
func own() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// meter measures what a run costs.
type meter struct {
	pid       int
	began     time.Time
	tree, own time.Duration
}

func measure(pid int) meter { return meter{pid, time.Now(), used(pid), own()} }

// cost of so many operations since the meter began.
type cost struct {
	seconds float64
	cpu     float64 // milliseconds of our processes an operation
	load    float64 // percent of the machine that the load took
}

func (m meter) cost(operations int) cost {
	t := time.Since(m.began)
	return cost{
		seconds: t.Seconds(),
		cpu:     milliseconds(used(m.pid)-m.tree) / float64(max(operations, 1)),
		load:    100 * float64(own()-m.own) / float64(t) / float64(runtime.NumCPU()),
	}
}
