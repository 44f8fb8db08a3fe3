package voice

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

const causeFailed = "failed" // our failure, not the caller's doing

// message is a voicemail being left.
type message struct {
	id   int64 // of its recording
	path string
	tape *media.Tape // nil until the beep is over, or of another life
}

// stop ends the recording. It may be done again.
func (m *message) stop() error {
	if m.tape == nil {
		return nil
	}
	if err := m.tape.Close(); err != nil {
		return fmt.Errorf("%w: %w", errDisk, err)
	}
	return nil
}

// spoken is how much voice was heard, whatever the disk has of it.
func (m *message) spoken() time.Duration {
	if m.tape == nil {
		return 0
	}
	return m.tape.State().Voice
}

// wait begins a customer's time in the queue, which the queue limits or else the trunk.
func (c *Call) wait(ctx context.Context) {
	c.waits++
	n := c.waits
	c.overdue = false
	c.after(c.v.cfg.Patience.Announce, func(ctx context.Context) { c.tellWait(ctx, n) })
	most, err := c.v.rooms.Queues.MaxWait(ctx, c.row.Queue)
	if err != nil {
		c.v.log.Warn("look up how long callers wait", "queue", c.row.Queue, "err", err)
	}
	if most < 0 {
		return
	}
	if most == 0 {
		most = c.trunk.MaxWait
	}
	c.after(most.Duration(), func(ctx context.Context) {
		c.overdue = c.overdue || n == c.waits
		c.voicemailIfOverdue(ctx)
	})
}

// voicemailIfOverdue takes the caller out of the queue, unless somebody is being asked:
// an agent who rings may still answer.
func (c *Call) voicemailIfOverdue(ctx context.Context) {
	if c.overdue && c.row.State == waiting && len(c.rings) == 0 && !c.done {
		c.takeMessage(ctx)
	}
}

// takeMessage begins a voicemail. If the floor did not send the caller there, it is told.
func (c *Call) takeMessage(ctx context.Context) {
	m := &message{path: c.v.path(c.row.ID)}
	if !c.until("begin a voicemail", c.v.cfg.Patience.Arrive, func() error { return c.openMessage(ctx, m) }) {
		c.breakOff(ctx, "system_failure")
		return
	}
	crash.At("call.voicemail")
	// Written first: once the floor has let go of the call, nobody but us knows that
	// its caller still wants something.
	if !c.tellFloor(ctx, "voicemail", gateway.Leave{Interaction: c.row.Interaction, End: gateway.EndVoicemail}) {
		c.stay()
		return
	}
	c.unfollow()
	c.message = m
	c.customer.stream.Play(c.v.sounds.say("voicemail", c.row.Language), false, c.beep)
}

// openMessage writes that a voicemail begins, once for a call however often it is tried.
func (c *Call) openMessage(ctx context.Context, m *message) error {
	var at time.Time
	err := c.turn(ctx, voicemail, func(tx pgx.Tx) error {
		const insert = `
			insert into recording (call_id, path)
			values ($1, $2)
			on conflict (call_id) do update set path = excluded.path
			returning id, created_at`
		return tx.QueryRow(ctx, insert, c.row.ID, m.path).Scan(&m.id, &at)
	})
	if err == nil {
		c.row.Diverted = &at
	}
	return err
}

// breakOff hangs up on a customer whom our failure keeps from an agent, and even from leaving
// a message: they are called back.
func (c *Call) breakOff(ctx context.Context, cause string) {
	c.hangUp(cause)
	if !c.until("promise a callback", forEver, func() error { return c.tellEnd(ctx) }) {
		c.stay()
		return
	}
	c.finish(ctx, cause)
}

// beep ends the greeting, by itself or because the caller knows it and pressed #.
func (c *Call) beep() {
	c.customer.stream.Play(c.v.sounds.beep, false, func() { c.post(c.record) })
}

// record begins the message after the beep.
func (c *Call) record(ctx context.Context) {
	if c.row.State != voicemail || c.message.tape != nil {
		return
	}
	if !c.until("record a voicemail", c.v.cfg.Patience.Arrive, func() (err error) {
		c.message.tape, err = c.customer.stream.Record(c.message.path, c.v.cfg.Patience.Voicemail)
		return err
	}) {
		c.endMessage(ctx, causeFailed)
		return
	}
	c.customer.stream.Play(c.v.sounds.silence, true, nil)
	c.listen(ctx)
}

// listen looks ten times a second whether the caller has finished.
func (c *Call) listen(ctx context.Context) {
	if c.done || c.message == nil || c.message.tape == nil {
		return
	}
	p, s := c.v.cfg.Patience, c.message.tape.State()
	switch {
	case s.Duration >= p.Voicemail:
		c.endMessage(ctx, "full")
	case s.Voice > 0 && s.Quiet >= p.Silence, s.Voice == 0 && s.Quiet >= p.Start:
		c.endMessage(ctx, "silence")
	case s.Silent >= p.Lost:
		c.endMessage(ctx, "lost")
	default:
		if s.Voice-(s.Duration-s.Written) >= p.ShortVoice {
			crash.At("call.recording") // in the middle of what the caller says
		}
		c.after(100*ms, c.listen)
	}
}

// endMessage keeps what was said and ends the call.
func (c *Call) endMessage(ctx context.Context, cause string) {
	m := c.message
	if m == nil {
		return
	}
	c.message = nil
	_ = m.stop() // what goes wrong is said by keep, which does it again
	crash.At("call.recorded")
	c.customer.bye(`SIP;cause=16;text="Voicemail"`)
	kept, told := c.keepOn(ctx, m)
	if told && !kept && (cause == causeFailed || m.spoken() >= c.v.cfg.Patience.ShortVoice) {
		kept = c.until("promise a callback", forEver, func() error { return c.callBack(ctx) })
		told = kept
	}
	if !told {
		c.stay() // the next start does
		return
	}
	end := gateway.EndVoicemail
	if !kept {
		end = gateway.EndAbandoned // who has left no message has left
	}
	c.leave(ctx, gateway.Leave{End: end}, "voicemail_"+cause)
}
