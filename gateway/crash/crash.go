// Package crash names the points where a test kills the process: before and after each
// commit that Växel answers for. It does nothing unless VAXEL_CRASH names a point.
//
// VAXEL_CRASH=floor.committed kills at the first pass of that point, VAXEL_CRASH=
// floor.committed:3 at the third. The process kills itself with SIGKILL, as the
// machine's power would: no deferred function runs, no buffer is flushed.
package crash

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// at is the armed point; nil in every process but a test's.
var at = parse(os.Getenv("VAXEL_CRASH"))

type point struct {
	name string
	left atomic.Int64 // passes until the kill
}

// parse reads name or name:N. What is no number counts as part of the name.
func parse(s string) *point {
	if s == "" {
		return nil
	}
	p := &point{name: s}
	p.left.Store(1)
	if name, count, ok := strings.Cut(s, ":"); ok {
		if n, err := strconv.ParseInt(count, 10, 64); err == nil {
			p.name = name
			p.left.Store(n)
		}
	}
	return p
}

// At kills the process if this pass of the named point was asked for. Otherwise it
// costs one comparison.
func At(name string) {
	if at != nil && at.name == name && at.left.Add(-1) == 0 {
		die()
	}
}

// AtState is At for a point that has one name for each state: floor.committed.active.
func AtState[state ~string](name string, s state) {
	if at != nil && at.name == name+"."+string(s) && at.left.Add(-1) == 0 {
		die()
	}
}

// Armed says whether the named point will be asked for: who keeps work back does it before.
func Armed(name string) bool { return at != nil && at.name == name }

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // cannot fail on ourselves
	select {}                                      // not one instruction more
}
