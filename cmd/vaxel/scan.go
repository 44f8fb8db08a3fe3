package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

// scanner looks into visitors' files with the operator's program; nil where there is none.
// It ends as clamdscan and clamscan do.
func (c ChatConfig) scanner() chat.Scan {
	if len(c.Scan) == 0 {
		return nil
	}
	return func(ctx context.Context, _ string, body io.Reader) error {
		program := exec.CommandContext(ctx, c.Scan[0], c.Scan[1:]...)
		program.Stdin = body
		said, err := program.CombinedOutput()
		if exit, ended := errors.AsType[*exec.ExitError](err); ended && exit.ExitCode() == 1 {
			return gateway.Invalid("file_refused", "The file may do harm and is not taken.")
		}
		if err != nil {
			return fmt.Errorf("scan a file with %s: %w: %s", c.Scan[0], err, bytes.TrimSpace(said[:min(len(said), 500)]))
		}
		return nil
	}
}
