// Package bench measures a running build: it starts `vaxel serve` as a child on a
// directory of its own, with real peers on loopback, and is itself the load.
//
// It promises that a figure is the median of at least three runs after a warm-up, that
// what was lost, doubled or refused is counted beside it, that a figure's bound and peer
// are measured in the same run, and that latency is counted from when an operation was
// due, not from when the load got round to it.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Options say what is measured, and how long.
type Options struct {
	Binary  string        // the build
	Length  time.Duration // about how long the measured part of one bench takes
	Large   bool          // sizes that take longer than a minute
	Figures io.Writer     // one JSON object a line
	Notes   io.Writer     // what a person may want to see meanwhile
}

// runs is how often a figure is measured after its warm-up; its median is told.
const runs = 3

// benches are all there are, in the order of docs/benchmarks.md.
var benches = []struct {
	name string
	run  func(context.Context, *Bench) error
}{
	{"start", start},
	{"mail", mail},
	{"chat", chatLines},
	{"sockets", sockets},
	{"offer", offers},
	{"route", route},
	{"takeover", takeover},
	{"cases", cases},
	{"kb", knowledge},
	{"calls", calls},
	{"web", web},
}

// Names lists the benches.
func Names() []string {
	var names []string
	for _, b := range benches {
		names = append(names, b.name)
	}
	return names
}

// ErrFaulty says that something was lost, doubled or refused: figures with errors are no
// figures.
var ErrFaulty = errors.New("figures with errors are no figures")

// Run measures; no names means all. Figures are printed as they are found. A bench that
// can't be run does not keep the others from it.
func Run(ctx context.Context, names []string, options Options) error {
	for _, n := range names {
		if !slices.Contains(Names(), n) {
			return fmt.Errorf("no bench is called %q; there are %s", n, strings.Join(Names(), ", "))
		}
	}
	var errs []error
	for _, b := range benches {
		if len(names) > 0 && !slices.Contains(names, b.name) {
			continue
		}
		if err := run(ctx, b.run, options); err != nil {
			errs = append(errs, fmt.Errorf("bench %s: %w", b.name, err))
		}
	}
	return errors.Join(errs...)
}

// Bench is one bench under way.
type Bench struct {
	Options
	dir    string // its own, gone afterwards
	errors int
	after  []func()
}

// run gives a bench a folder of its own and takes away what it has started. A bench that counted
// errors fails with ErrFaulty after its figures are told.
func run(ctx context.Context, measure func(context.Context, *Bench) error, options Options) (err error) {
	b := &Bench{Options: options}
	if b.dir, err = os.MkdirTemp("", "vaxel-bench-"); err != nil {
		return err
	}
	b.cleanup(func() { _ = os.RemoveAll(b.dir) })
	if err := os.Chmod(b.dir, 0o755); err != nil { //nolint:gosec // PostgreSQL and Dovecot run as others
		return err
	}
	defer b.end()
	defer b.rescue(&err)
	if err = measure(ctx, b); err == nil && b.errors > 0 {
		err = fmt.Errorf("%d errors: %w", b.errors, ErrFaulty)
	}
	return err
}

// cleanup has something done when the bench is over, the last first.
func (b *Bench) cleanup(f func()) { b.after = append(b.after, f) }

func (b *Bench) end() {
	for _, f := range slices.Backward(b.after) {
		f()
	}
}

func (b *Bench) note(format string, args ...any) {
	_, _ = fmt.Fprintf(b.Notes, format+"\n", args...)
}

// share is a part of the measured time.
func (b *Bench) share(parts int) time.Duration {
	return max(b.Length/time.Duration(parts), 100*time.Millisecond).Round(100 * time.Millisecond)
}
