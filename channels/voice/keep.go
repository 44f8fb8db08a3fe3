package voice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/voice/media"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

// errDisk is a recording that can't be written or read now; it may be whole.
var errDisk = errors.New("the disk does not give a recording back")

// keepOn keeps a message whatever is away meanwhile, and says whether there was one; told is
// false if we stop before. Whose message the disk does not give back for a while is promised
// a callback, so that somebody knows of them.
func (c *Call) keepOn(ctx context.Context, m *message) (kept, told bool) {
	late, promised := time.Now().Add(c.v.cfg.Patience.Disk), false
	told = c.until("keep a voicemail", forEver, func() (err error) {
		kept, err = c.v.keep(ctx, c, m)
		if errors.Is(err, errDisk) && !promised && time.Now().After(late) && m.spoken() >= c.v.cfg.Patience.ShortVoice {
			promised = c.callBack(ctx) == nil
		}
		return err
	})
	return kept || promised, told
}

// keep stores a recording and takes it in as a voicemail, or drops it if nobody spoke,
// and says which. Doing it twice is harmless: the arrival has the call's key. What can't be
// read is errDisk, and neither.
func (v *Voice) keep(ctx context.Context, c *Call, m *message) (kept bool, err error) {
	if err := m.stop(); err != nil {
		return false, err
	}
	sound, err := readWAV(m.path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, wav.ErrShort), err == nil && media.Voice(sound.Samples) < v.cfg.Patience.ShortVoice:
		c.log().Info("nothing was said on a voicemail")
		return false, v.drop(ctx, m)
	case errors.Is(err, wav.ErrFormat):
		v.log.Error("a recording is damaged; its file stays", "call", c.row.ID, "path", m.path, "err", err)
		return false, v.markDropped(ctx, m)
	case err != nil:
		return false, fmt.Errorf("%w: %w", errDisk, err)
	}
	f, err := os.Open(m.path)
	if err != nil {
		return false, fmt.Errorf("%w: %w", errDisk, err)
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
	c.log().Info("voicemail kept", "seconds", int(sound.Duration().Seconds()))
	v.remove(m.path)
	return true, nil
}

// takeIn makes a stored recording an arrival.
func (v *Voice) takeIn(ctx context.Context, c *Call, m *message, r gateway.Recording, size int64) error {
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	now := time.Now()
	_, err = v.rooms.Intake.Receive(ctx, gateway.Arrival{
		Key: fmt.Sprintf("voice/call/%d/voicemail", c.row.ID), Channel: gateway.Voicemail, Queue: c.row.Queue, Skills: c.skills(),
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

// drop forgets a recording that has nothing in it.
func (v *Voice) drop(ctx context.Context, m *message) error {
	err := v.markDropped(ctx, m)
	if err == nil {
		v.remove(m.path)
	}
	return err
}

func (v *Voice) markDropped(ctx context.Context, m *message) error {
	const update = `
		update recording
		set state = 'dropped', ended_at = now()
		where id = $1`
	if _, err := v.pool.Exec(ctx, update, m.id); err != nil {
		return fmt.Errorf("drop recording: %w", err)
	}
	return nil
}

func readWAV(path string) (wav.Sound, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return wav.Sound{}, err
	}
	defer f.Close()
	return wav.Read(f)
}

// remove deletes a file that is of no more use. One that stays does no harm.
func (v *Voice) remove(path string) {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.log.Warn("remove a recording", "path", path, "err", err)
	}
}
