package consoles

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

// Run tells the floor until ctx ends. What could not be told is told again.
func (o *Open[C]) Run(ctx context.Context) {
	retry := time.NewTimer(beat.Next(Heartbeat))
	defer retry.Stop()
	for {
		select {
		case <-o.dirty:
		case <-retry.C:
			retry.Reset(beat.Next(Heartbeat))
		case <-ctx.Done():
			return
		}
		o.tell(ctx, o.untold())
	}
}

// untold is what the floor does not know yet.
func (o *Open[C]) untold() map[gateway.AgentID]bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	out := map[gateway.AgentID]bool{}
	for agent, n := range o.count {
		live := n > 0
		if o.told[agent] != live {
			out[agent] = live
		}
		if !live && !o.told[agent] {
			delete(o.count, agent)
			delete(o.told, agent)
			delete(o.heard, agent)
		}
	}
	return out
}

// tellAtOnce is how many commands may be under way: they share the floor's batches.
const tellAtOnce = 32

// tell says what changed to the floor, tellAtOnce agents at a time. What the floor did not take
// is not noted as told, so the next round says it again.
func (o *Open[C]) tell(ctx context.Context, news map[gateway.AgentID]bool) {
	var group errgroup.Group
	group.SetLimit(tellAtOnce)
	for agent, live := range news {
		group.Go(func() error {
			_, err := o.commands.Do(ctx, "", gateway.Consoles{Agent: agent, Live: live, Node: o.process, Silent: o.silent(agent, live)})
			if err != nil && !errors.Is(err, gateway.ErrNotFound) {
				if ctx.Err() == nil {
					o.log.Warn("tell the floor of consoles", "agent", agent, "err", err)
				}
				return nil // told again soon
			}
			o.mu.Lock()
			o.told[agent] = live
			o.mu.Unlock()
			return nil
		})
	}
	_ = group.Wait()
}

// silent is for how long nothing has been heard of an agent whose last console went.
func (o *Open[C]) silent(agent gateway.AgentID, live bool) gateway.Seconds {
	o.mu.Lock()
	defer o.mu.Unlock()
	heard := o.heard[agent]
	if live || heard.IsZero() {
		return 0
	}
	return gateway.Seconds(time.Since(heard) / time.Second)
}

// Forget makes Run tell everything again, at once: the floor has a new leader, who offers
// nothing to an agent before it knows of a console.
func (o *Open[C]) Forget([]byte) {
	o.mu.Lock()
	clear(o.told)
	o.mu.Unlock()
	o.hint()
}
