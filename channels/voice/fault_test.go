package voice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/wav"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// cord is the way to the database, which can be cut.
type cord struct {
	mu      sync.Mutex // guards what follows
	away    bool
	refused int // attempts while it was
	conns   []net.Conn
}

func (c *cord) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		c.refused++
		return nil, errors.New("the database is away")
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err == nil {
		c.conns = append(c.conns, conn)
	}
	return conn, err
}

func (c *cord) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = true
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.conns = nil
}

func (c *cord) mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = false
}

// triedInVain waits until the database was asked for so often that something was repeated:
// each attempt of ours is two or more of these.
func (c *cord) triedInVain(t *testing.T) {
	t.Helper()
	phonetest.Wait(t, "it is tried again", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.refused >= 12
	})
}

// fragile is open with a cord to its database.
func fragile(t *testing.T, maxWait gateway.Seconds, change ...func(*voice.Config)) (*house, *cord) {
	t.Helper()
	cfg, err := pgxpool.ParseConfig(pgtest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	c := &cord{}
	cfg.ConnConfig.DialFunc = c.dial
	h := newHouse(t)
	if h.pool, err = pgxpool.NewWithConfig(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.pool.Close)
	t.Cleanup(c.mend)
	conf := voice.Config{Node: "test", Listen: netip.MustParseAddrPort("127.0.0.1:0"), Dir: t.TempDir(), Patience: quick}
	for _, f := range change {
		f(&conf)
	}
	h.run(conf, maxWait)
	return h, c
}

// message has a caller who is sent to voicemail speak after the beep.
func (h *house) message(customer *phonetest.Phone) {
	h.t.Helper()
	phonetest.Wait(h.t, "the beep", func() bool { return customer.Sound.Ear.Hears(1000) })
	phonetest.Wait(h.t, "the beep is over", func() bool { return !customer.Sound.Ear.Hears(1000) })
	h.speaks(customer)
}

// kept holds the house to one voicemail, of a whole message, with nothing left behind.
func (h *house) kept() {
	h.t.Helper()
	count := 0
	for _, a := range h.arrived() {
		if a.Channel == gateway.Voicemail {
			count++
		}
	}
	_, raw := h.voicemail()
	sound, err := wav.Read(bytes.NewReader(raw))
	if count != 1 || err != nil || sound.Duration() < 2*time.Second {
		h.t.Errorf("%d voicemails, %v long, %v", count, sound.Duration(), err)
	}
	var rows int
	if err := h.pool.QueryRow(context.WithoutCancel(h.t.Context()), "select count(*) from recording where state = 'stored'").Scan(&rows); err != nil || rows != 1 {
		h.t.Errorf("%d stored recordings, %v", rows, err)
	}
	emptyDir(h.t, h.cfg.Dir)
}

// promised waits until an arrival promises a callback.
func (h *house) promised() {
	h.t.Helper()
	phonetest.Wait(h.t, "a callback is promised", func() bool { return h.callbacks() == 1 })
}

func (h *house) callbacks() (count int) {
	for _, a := range h.arrived() {
		if a.Channel == gateway.Callback && a.Conversation != 0 {
			count++
		}
	}
	return count
}

func aside(c *voice.Config) { c.Patience.Disk = 100 * time.Millisecond }

// unreadable puts a directory in the place of the message that is being recorded, and gives
// what takes it away: reading it fails as from a broken disk.
func (h *house) unreadable() (restore func()) {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.cfg.Dir, "call-*.wav"))
	if err != nil || len(files) != 1 {
		h.t.Fatalf("recordings %v, %v", files, err)
	}
	away := filepath.Join(h.t.TempDir(), "away.wav")
	if err := errors.Join(os.Rename(files[0], away), os.Mkdir(files[0], 0o700)); err != nil {
		h.t.Fatal(err)
	}
	return func() {
		if err := errors.Join(os.Remove(files[0]), os.Rename(away, files[0])); err != nil {
			h.t.Error(err)
		}
	}
}

// The database is away when the caller hangs up: the message is kept once it is back.
func TestVoicemailOutlivesDatabase(t *testing.T) {
	t.Parallel()
	h, db := fragile(t, 1)
	customer, c, _ := h.calls(0)
	h.message(customer)
	db.cut()
	c.Bye()
	db.triedInVain(t)
	db.mend()
	if cause := h.ends(); cause != "voicemail_bye" {
		t.Errorf("ended by %s", cause)
	}
	h.kept()
}

// The commit that keeps the message is not heard of: it is one voicemail all the same.
func TestVoicemailIsKeptOnce(t *testing.T) {
	t.Parallel()
	h, _ := fragile(t, 1)
	customer, c, _ := h.calls(0)
	h.message(customer)
	h.set(func() { h.trouble = afterFirst })
	c.Bye()
	h.ends()
	h.kept()
}

// The database is away for a moment when the caller is sent to voicemail.
func TestVoicemailBeginsLate(t *testing.T) {
	t.Parallel()
	h, db := fragile(t, 60, func(c *voice.Config) { c.Patience.Arrive = time.Minute })
	customer, c, id := h.calls(0)
	phonetest.Wait(t, "it is answered", c.Up)
	db.cut()
	h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: gateway.EndVoicemail, Queue: queue, Rev: 5})
	db.triedInVain(t)
	db.mend()
	h.message(customer)
	c.Bye()
	h.ends()
	h.kept()
}

// It is away for long: whoever can't leave a message is called back, whether the floor had
// ended their wait already or not.
func TestVoicemailNeverBegins(t *testing.T) {
	for _, by := range []string{"a step", "the wait"} {
		t.Run("sent by "+by, func(t *testing.T) {
			t.Parallel()
			h, db := fragile(t, 60)
			_, c, id := h.calls(0)
			phonetest.Wait(t, "it is answered", c.Up)
			db.cut()
			if by == "a step" {
				h.set(func() { h.over = true })
				h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: gateway.EndVoicemail, Queue: queue, Rev: 5})
			} else {
				const other = gateway.QueueID(8)
				h.set(func() { h.limits[other] = 1 })
				h.change(gateway.Interaction{ID: id, State: gateway.StateWaiting, Queue: other, Rev: 5})
			}
			phonetest.Wait(t, "they are hung up", c.Gone)
			db.mend()
			if cause := h.ends(); cause != "system_failure" {
				t.Errorf("ended by %s", cause)
			}
			if !did(h, func(cmd gateway.Leave) bool { return cmd.End == gateway.EndSystemFailure && cmd.Callback != 0 }) {
				t.Errorf("told the floor %+v", h.told())
			}
			if want := map[string]int{"a step": 1}[by]; h.callbacks() != want {
				t.Errorf("arrived %+v, want %d callbacks beside the floor's", h.arrived(), want)
			}
		})
	}
}

// What can't be read is not taken for silence: its caller is promised a callback, and the
// message is kept as soon as it can be read.
func TestVoicemailUnreadable(t *testing.T) {
	t.Parallel()
	h, _ := fragile(t, 1, aside)
	customer, c, _ := h.calls(0)
	h.message(customer)
	restore := h.unreadable()
	c.Bye()
	h.promised()
	restore()
	h.ends()
	h.kept()
	if h.callbacks() != 1 {
		t.Errorf("arrived %+v", h.arrived())
	}
}

// The same at the start after a death; other calls of the last life are ended meanwhile.
func TestVoicemailUnreadableAtStart(t *testing.T) {
	t.Parallel()
	first, _ := fragile(t, 1)
	customer, _, _ := first.calls(0)
	first.message(customer)
	first.stop()
	other := first.leftOver()
	restore := first.unreadable()
	h := newHouse(t)
	h.pool = first.pool
	h.run(first.cfg, 0)
	h.promised()
	h.awaitEnd(other)
	restore()
	phonetest.Wait(t, "the voicemail is kept", func() bool { a, _ := h.voicemail(); return a.Key != "" })
	h.stop()
	h.kept()
	if h.callbacks() != 1 {
		t.Errorf("arrived %+v", h.arrived())
	}
}

// The database goes away while the calls of the last life are looked up: they are ended
// once it is back.
func TestRecoveryOutlivesDatabase(t *testing.T) {
	t.Parallel()
	first, db := fragile(t, 1)
	first.stop()
	dead := first.leftOver()
	lock, err := first.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback(context.WithoutCancel(t.Context())) }()
	if _, err := lock.Exec(t.Context(), "lock table call in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	h.pool = first.pool
	h.run(first.cfg, 0)
	phonetest.Wait(t, "they are looked up", func() bool {
		const waiting = `
			select exists (
				select from pg_stat_activity
				where datname = current_database()
				and wait_event_type = 'Lock')`
		var waits bool
		return h.pool.QueryRow(t.Context(), waiting).Scan(&waits) == nil && waits
	})
	db.cut()
	db.triedInVain(t)
	db.mend()
	h.awaitEnd(dead)
}

// leftOver is a call that a dead process has left behind.
func (h *house) leftOver() (id int64) {
	h.t.Helper()
	const arriving = `
		insert into call (node, state, from_number, to_number, queue_id)
		values ('test', 'arriving', '', '', 7)
		returning id`
	if err := h.pool.QueryRow(h.t.Context(), arriving).Scan(&id); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// awaitEnd waits until such a call is ended.
func (h *house) awaitEnd(call int64) {
	h.t.Helper()
	phonetest.Wait(h.t, "the call of the last life is ended", func() bool {
		var ended bool
		return h.pool.QueryRow(h.t.Context(), "select state = 'ended' from call where id = $1", call).Scan(&ended) == nil && ended
	})
}

// No message can be recorded at all: the caller is called back.
func TestVoicemailWithoutRoomToBegin(t *testing.T) {
	t.Parallel()
	h, _ := fragile(t, 60)
	_, c, id := h.calls(0)
	phonetest.Wait(t, "it is answered", c.Up)
	var call int64
	if err := h.pool.QueryRow(t.Context(), "select id from call").Scan(&call); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/dev/full", filepath.Join(h.cfg.Dir, fmt.Sprintf("call-%d.wav", call))); err != nil {
		t.Fatal(err)
	}
	h.change(gateway.Interaction{ID: id, State: gateway.StateFinished, End: gateway.EndVoicemail, Queue: queue, Rev: 5})
	phonetest.Wait(t, "they are hung up", c.Gone)
	if cause := h.ends(); cause != "voicemail_failed" || h.callbacks() != 1 {
		t.Errorf("ended by %s, arrived %+v", cause, h.arrived())
	}
}

// The disk is full while the caller speaks: they are promised a callback, and the message is
// whole once there is room. It is the process's own limit, so no other test runs meanwhile.
func TestVoicemailOnFullDisk(t *testing.T) {
	h, _ := fragile(t, 1, aside)
	customer, c, _ := h.calls(0)
	phonetest.Wait(t, "the beep", func() bool { return customer.Sound.Ear.Hears(1000) })
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	room := sync.OnceFunc(func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	})
	defer room()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 10000, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	h.message(customer)
	c.Bye()
	h.promised()
	room()
	h.ends()
	h.kept()
}

// The sockets of the sound break while two talk: nobody is left in a dead line, and the
// telephone ends instead of answering calls that it can't hear.
func TestSoundBreaks(t *testing.T) {
	t.Parallel()
	h := open(t, 60)
	_, _, c, a, _ := h.talk()
	h.broken = true
	if err := h.BreakSound(); err != nil {
		t.Fatal(err)
	}
	phonetest.Wait(t, "both are hung up", func() bool { return c.Gone() && a.Gone() })
	h.stop()
	var open int
	if err := h.pool.QueryRow(t.Context(), "select count(*) from call where ended_at is null").Scan(&open); err != nil || open != 1 {
		t.Errorf("%d calls are left for the next start, %v; want 1", open, err)
	}
}
