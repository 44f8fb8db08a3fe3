package bench

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// A program that is not there is named with its package; one that ends is quoted.
func TestPeer(t *testing.T) {
	b := &Bench{Options: Options{Notes: io.Discard}}
	defer b.end()
	if _, err := b.startPeer(t.Context(), "vaxel-no-such", "vaxel-none"); err == nil || !strings.Contains(err.Error(), "package vaxel-none") {
		t.Errorf("got %v, want the package to install", err)
	}
	p, err := b.startPeer(t.Context(), "sh", "dash", "-c", "echo no room >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.until(t.Context(), "sh", func() error { return errors.New("not yet") }); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v, want what it said", err)
	}
}

// What does not come ends with the bench.
func TestAwait(t *testing.T) {
	c := make(chan int, 1)
	c <- 7
	if got, err := await(t.Context(), "seven", c); got != 7 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := await(ctx, "nothing", c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
