package dialog

import (
	"context"
	"fmt"

	"github.com/emiago/sipgo/sip"
)

// Ping asks a telephone whether it is there (RFC 3261 §11.1) and gives the status of its
// answer. No answer before ctx ends is an error.
func (s *Stack) Ping(ctx context.Context, address string) (status int, err error) {
	if _, err := parseURI(address); err != nil {
		return 0, err
	}
	local := s.uri("")
	req := s.build(sip.OPTIONS, Identity{CallID: newID(), LocalTag: newID(), Local: local.String(), Remote: address, Target: address, Seq: 1})
	req.AppendHeader(sip.NewHeader("Accept", "application/sdp"))
	tx, err := s.begin(ctx, req)
	if err != nil {
		return 0, fmt.Errorf("ask %s: %w", address, err)
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res.StatusCode, nil
			}
		case <-tx.Done():
			return sip.StatusRequestTimeout, nil
		case <-ctx.Done():
			return 0, fmt.Errorf("ask %s: %w", address, ctx.Err())
		}
	}
}
