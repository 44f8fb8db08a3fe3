package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func TestARoomWorksWhileItIsWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun, ended := 0, 0
		s := newShift(func(ctx context.Context) error {
			begun++
			<-ctx.Done()
			ended++
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		want := func(b, e int, works bool) {
			t.Helper()
			synctest.Wait()
			if begun != b || ended != e || s.Works() != works {
				t.Errorf("begun %d, ended %d, works %v; want %d, %d, %v", begun, ended, s.Works(), b, e, works)
			}
		}
		want(1, 0, true)
		s.Want(false)
		s.Want(false)
		want(1, 1, false)
		s.Want(true)
		want(2, 1, true)
		cancel()
		want(2, 2, false)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	broken := errors.New("broken")
	if err := newShift(func(context.Context) error { return broken }).Run(t.Context()); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}
