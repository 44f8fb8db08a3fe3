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

func (stage) Helper()                       {}
func (s stage) Context() context.Context    { return s.ctx }
func (s stage) Cleanup(f func())            { s.b.cleanup(f) }
func (s stage) Log(args ...any)             { s.b.note("%s", fmt.Sprintln(args...)) }
func (s stage) Logf(f string, args ...any)  { s.b.note(f, args...) }
func (s stage) Fatal(args ...any)           { panic(collapse(fmt.Sprintln(args...))) }
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
