package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vaxelhq/vaxel/bench"
)

const quickSeconds = 5

type benchCmd struct {
	Names   []string `arg:"" optional:"" name:"name" help:"Which benches; all of them if none is named."`
	Seconds int      `help:"About how long each measures." default:"30"`
	Quick   bool     `help:"A first look: 5 seconds each."`
	Large   bool     `help:"Sizes that take longer than a minute."`
	JSON    bool     `name:"json" help:"Nothing but the JSON objects."`
}

// Run measures this build and prints one JSON object a line. It fails when anything was
// lost, doubled or refused.
func (c benchCmd) Run(ctx context.Context) error {
	if c.Quick {
		c.Seconds = quickSeconds
	}
	if c.Seconds < 1 {
		return fmt.Errorf("--seconds: one at least, not %d", c.Seconds)
	}
	binary, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this build: %w", err)
	}
	notes := io.Writer(os.Stderr)
	if c.JSON {
		notes = io.Discard
	}
	return bench.Run(ctx, c.Names, bench.Options{
		Binary: binary, Length: time.Duration(c.Seconds) * time.Second, Large: c.Large, Figures: os.Stdout, Notes: notes,
	})
}
