package email

import (
	"context"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway/beat"
)

// Run reads every enabled mailbox that no other node reads, until ctx ends. A mailbox that
// was changed is let go and begun anew with its new settings; while the list cannot be
// read, those that are being read go on. When Run returns, every lease has been given back.
func (e *Email) Run(ctx context.Context) error {
	type running struct {
		rev  int64
		stop func()
	}
	pollers := map[MailboxID]running{}
	defer func() {
		for _, r := range pollers {
			r.stop()
		}
	}()
	defer start(ctx, e.renew)()
	tick := time.NewTimer(beat.Next(e.pace.check))
	defer tick.Stop()
	for ctx.Err() == nil {
		changed := e.change()
		boxes, err := e.Mailboxes(ctx)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("mailboxes not listed; trying again", "err", err)
			boxes = nil
		}
		for id, r := range pollers {
			same := func(m Mailbox) bool { return m.ID == id && m.Rev == r.rev && m.Enabled && m.read() }
			if err == nil && !slices.ContainsFunc(boxes, same) {
				r.stop()
				delete(pollers, id)
			}
		}
		for _, m := range boxes {
			if _, ok := pollers[m.ID]; !ok && m.Enabled && m.read() {
				pollers[m.ID] = running{m.Rev, start(ctx, func(ctx context.Context) { e.poll(ctx, m) })}
			}
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-tick.C:
			tick.Reset(beat.Next(e.pace.check))
		}
	}
	return nil
}

// start runs do until stop is called, which waits for its end.
func start(ctx context.Context, do func(ctx context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); do(ctx) }()
	return func() { cancel(); <-ended }
}

// sleep waits, but not longer than ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
