package voice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// tellFloor gives a command until the floor has answered; a refusal is an answer.
func (c *Call) tellFloor(ctx context.Context, what string, cmd gateway.Command) bool {
	_, told := c.command(ctx, what, cmd)
	return told
}

// command does what tellFloor does, and gives the refusal. Its key is made of the call and
// what is done: given twice, the floor answers as it did the first time.
func (c *Call) command(ctx context.Context, what string, cmd gateway.Command) (refusal error, told bool) {
	told = c.until("tell the floor", forEver, func() error {
		_, err := c.v.rooms.Floor.Do(ctx, c.key(what), cmd)
		if refused(err) {
			c.v.log.Warn("the floor refuses", "call", c.row.ID, "interaction", c.row.Interaction, "what", what, "err", err)
			refusal, err = err, nil
		}
		return err
	})
	return refusal, told
}

// try asks the floor under one key until it answers, two seconds at a time.
func (v *Voice) try(ctx context.Context, patience time.Duration, key string, cmd gateway.Command) (gateway.Answer, error) {
	deadline := time.Now().Add(patience)
	for {
		one, stop := context.WithTimeout(ctx, min(2*time.Second, max(time.Until(deadline), ms)))
		answer, err := v.rooms.Floor.Do(one, key, cmd)
		stop()
		if err == nil || refused(err) || time.Now().After(deadline) || v.stopping() {
			return answer, err
		}
		time.Sleep(20 * ms)
	}
}

// refused says that the floor has decided, as opposed to not having been reached.
func refused(err error) bool {
	var e *gateway.Error
	return errors.As(err, &e) && e.Kind != gateway.KindTryAgain
}

func (c *Call) key(what string) string { return fmt.Sprintf("voice/call/%d/%s", c.row.ID, what) }
