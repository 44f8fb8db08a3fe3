package voice

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// message is a voicemail being left.
type message struct {
	id   int64 // of its recording
	path string
	tape *media.Tape // nil until the beep is over
}

func (m *message) stop(c *Call) {
	if m.tape == nil {
		return
	}
	if err := m.tape.Close(); err != nil {
		c.v.log.Error("close a recording", "call", c.row.ID, "err", err)
	}
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
	var at time.Time
	err := c.turn(ctx, voicemail, func(tx pgx.Tx) error {
		const insert = `
			insert into recording (call_id, path)
			values ($1, $2)
			returning id, created_at`
		return tx.QueryRow(ctx, insert, c.row.ID, m.path).Scan(&m.id, &at)
	})
	if err != nil {
		c.v.log.Error("begin a voicemail", "call", c.row.ID, "err", err)
		c.leave(ctx, gateway.Leave{End: gateway.EndVoicemail}, "failed")
		return
	}
	c.row.Diverted = &at
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

// beep ends the greeting, by itself or because the caller knows it and pressed #.
func (c *Call) beep() {
	c.customer.stream.Play(c.v.sounds.beep, false, func() { c.post(c.record) })
}

// record begins the message after the beep.
func (c *Call) record(ctx context.Context) {
	if c.row.State != voicemail || c.message.tape != nil {
		return
	}
	tape, err := c.customer.stream.Record(c.message.path, c.v.cfg.Patience.Voicemail)
	if err != nil {
		c.v.log.Error("record a voicemail", "call", c.row.ID, "err", err)
		c.endMessage(ctx, "failed")
		return
	}
	c.message.tape = tape
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
	m.stop(c)
	crash.At("call.recorded")
	c.customer.bye(`SIP;cause=16;text="Voicemail"`)
	kept, err := c.v.keep(ctx, c, m)
	if err != nil {
		c.v.log.Error("keep a voicemail; the next start tries again", "call", c.row.ID, "err", err)
		c.stay()
		return
	}
	end := gateway.EndVoicemail
	if !kept && cause != "failed" {
		end = gateway.EndAbandoned // who has left no message has left
	}
	c.leave(ctx, gateway.Leave{End: end}, "voicemail_"+cause)
}

// keep stores a recording and takes it in as a voicemail, or drops it if nobody spoke,
// and says which. Doing it twice is harmless: the arrival has the call's key.
func (v *Voice) keep(ctx context.Context, c *Call, m *message) (kept bool, err error) {
	sound, err := readWAV(m.path)
	if err != nil || media.Voice(sound.Samples) < v.cfg.Patience.ShortVoice {
		return false, v.drop(ctx, m)
	}
	f, err := os.Open(m.path)
	if err != nil {
		return false, fmt.Errorf("open recording: %w", err)
	}
	key, size, err := v.rooms.Blobs.Put(ctx, f)
	_ = f.Close()
	if err != nil {
		return false, fmt.Errorf("store recording: %w", err)
	}
	crash.At("call.stored")
	if err := v.takeIn(ctx, c, m, gateway.Recording{Blob: key, DurationMS: sound.Duration().Milliseconds()}, size); err != nil {
		return false, err
	}
	v.log.Info("voicemail kept", "call", c.row.ID, "seconds", int(sound.Duration().Seconds()))
	return true, removeFile(m.path)
}

// takeIn makes a stored recording an arrival.
func (v *Voice) takeIn(ctx context.Context, c *Call, m *message, r gateway.Recording, size int64) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	now := time.Now()
	_, err = v.rooms.Intake.Receive(ctx, gateway.Arrival{
		Key: fmt.Sprintf("voice/call/%d/voicemail", c.row.ID), Channel: gateway.Voicemail, Queue: c.row.Queue,
		Conversation: c.row.Conversation, From: c.address(), Language: c.row.Language, ArrivedAt: now, Alone: true,
		Entry: gateway.Entry{
			Kind: gateway.EntryRecording, Author: c.author(), Channel: gateway.Voicemail,
			Text: fmt.Sprintf("Voicemail, %d s", (r.DurationMS+500)/1000), Body: body, At: now,
		},
	}, func(ctx context.Context, tx pgx.Tx, got gateway.Received) error {
		const update = `
			update recording
			set state = 'stored', blob = $2, duration_ms = $3, ended_at = now()
			where id = $1`
		if _, err := tx.Exec(ctx, update, m.id, r.Blob, r.DurationMS); err != nil || got.Repeated {
			return err
		}
		return v.rooms.Blobs.Note(ctx, tx, r.Blob, size, "audio/wav", fmt.Sprintf("voicemail-%d.wav", c.row.ID))
	})
	return err
}

func (v *Voice) drop(ctx context.Context, m *message) error {
	const update = `
		update recording
		set state = 'dropped', ended_at = now()
		where id = $1`
	if _, err := v.pool.Exec(ctx, update, m.id); err != nil {
		return fmt.Errorf("drop recording: %w", err)
	}
	return removeFile(m.path)
}

func readWAV(path string) (wav.Sound, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return wav.Sound{}, err
	}
	defer f.Close()
	return wav.Read(f)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("remove recording: %w", err)
	}
	return nil
}
