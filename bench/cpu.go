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

	"golang.org/x/sys/unix"
)

// tick is the unit of times in /proc (sysconf(_SC_CLK_TCK) is 100 on Linux).
const tick = 10 * time.Millisecond

// used is the processor time of a process and of all that it has started, those that have
// ended included; of this process only what those it started have used. Of those that live it
// is exact; of those that have ended the kernel keeps a sum for each parent, in ticks: among them
// are PostgreSQL's autovacuum workers, of which a look at the living sees nothing.
func used(pid int) (total time.Duration) {
	tree(pid, func(at int, fields []string) {
		if at != os.Getpid() {
			total += lived(at)
		}
		for _, n := range fields[13:15] { // cutime, cstime: proc(5)
			ticks, err := strconv.Atoi(n)
			if err == nil {
				total += time.Duration(ticks) * tick
			}
		}
	})
	return total
}

// lived is what a living process has used, its threads that have ended included; 0 if it has ended.
func lived(pid int) time.Duration {
	const scheduled = 2 // clock_getcpuclockid(3): the clock of a process as the scheduler counts
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduled), &t); err != nil { // numbers of processes are below 2²²
		return 0
	}
	return time.Duration(t.Nano())
}

// tree visits a process and its living descendants: the fields of proc(5)'s stat from
// the third on.
func tree(root int, visit func(pid int, fields []string)) {
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
				visit(pid, fields)
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

// busy is the processor time of everything on the machine.
func busy() (total time.Duration) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	for i, n := range strings.Fields(first)[1:] { // user nice system idle iowait irq softirq steal …: proc(5)
		ticks, err := strconv.Atoi(n)
		if err == nil && i != 3 && i != 4 && i < 8 {
			total += time.Duration(ticks) * tick
		}
	}
	return total
}

// meter measures what a run costs.
type meter struct {
	pid             int
	began           time.Time
	tree, own, busy time.Duration
}

// measure begins to count what a process and its descendants use. It may be this process, whose
// own part is then read last here, and first in cost: to look at all others takes long enough to
// be seen in a figure.
func measure(pid int) meter {
	m := meter{pid: pid, tree: used(pid), busy: busy()}
	m.own, m.began = own(), time.Now()
	return m
}

// cost of so many operations since the meter began.
type cost struct {
	seconds float64
	cpu     float64 // milliseconds of our processes an operation
	shares  shares
}

// shares are who else had the machine, in percent of it: a figure from a machine that
// others use is no better than that.
type shares struct{ load, others float64 }

// String is for a figure's method.
func (s shares) String() string {
	return fmt.Sprintf("the load took %.0f %% of the machine, other programs %.0f %%", s.load, s.others)
}

func (m meter) cost(operations int) cost {
	took, load := time.Since(m.began), own()-m.own
	all := took * time.Duration(runtime.NumCPU())
	tree := used(m.pid) - m.tree
	if m.pid == os.Getpid() {
		tree, load = tree+load, 0
	}
	percent := func(d time.Duration) float64 { return max(0, 100*float64(d)/float64(all)) }
	return cost{
		seconds: took.Seconds(),
		cpu:     milliseconds(tree) / float64(max(operations, 1)),
		shares:  shares{percent(load), percent(busy() - m.busy - tree - load)},
	}
}
