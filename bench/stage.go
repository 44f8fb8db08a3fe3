package bench

import (
	"context"
	"fmt"
	"testing"
)

// stage lets the servers that tests start be started here: it stands where a test would.
type stage struct {
	testing.TB // what stage does not have is not called
	b          *Bench
	ctx        context.Context //nolint:containedctx // testing.TB has one
}

// collapse is how a stage leaves a bench that can't go on.
type collapse string

// Helper does nothing: no lines are told here.
func (stage) Helper() {}

// Context is the bench's.
func (s stage) Context() context.Context { return s.ctx }

// Cleanup puts f off until the bench ends.
func (s stage) Cleanup(f func()) { s.b.cleanup(f) }

// Log notes what a server says.
func (s stage) Log(args ...any) { s.b.note("%s", fmt.Sprintln(args...)) }

// Logf notes what a server says.
func (s stage) Logf(f string, args ...any) { s.b.note(f, args...) }

// Fatal leaves the bench, up to its rescue.
func (s stage) Fatal(args ...any) { panic(collapse(fmt.Sprintln(args...))) }

// Fatalf leaves the bench, up to its rescue.
func (s stage) Fatalf(f string, arg ...any) { panic(collapse(fmt.Sprintf(f, arg...))) }

// Errorf is what a helper saw go wrong; the bench counts it.
func (s stage) Errorf(f string, args ...any) {
	s.b.errors++
	s.b.note(f, args...)
}

// rescue makes a collapse the bench's error.
func (b *Bench) rescue(err *error) {
	switch r := recover().(type) {
	case nil:
	case collapse:
		*err = fmt.Errorf("%s", string(r))
	default:
		panic(r)
	}
}
