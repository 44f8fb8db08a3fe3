package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/outbox"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// What a child process does with the database it is told of, until it dies.
var storeWork = map[string]func(ctx context.Context, pool *pgxpool.Pool, conversation gateway.ConversationID) error{
	"receive": receiveAll,
	"say":     sayAll,
	"send":    sendAll,
	"sweep":   sweepLog,
}

const (
	storeURL          = "VAXEL_TEST_STORE_URL"
	storeDoes         = "VAXEL_TEST_STORE_DOES"
	storeConversation = "VAXEL_TEST_STORE_CONVERSATION"
	storePosted       = "VAXEL_TEST_STORE_POSTED"
)

// TestStoreChild is the child's side; in a test run of its own it has nothing to do.
func TestStoreChild(t *testing.T) {
	work := storeWork[os.Getenv(storeDoes)]
	if work == nil {
		return
	}
	var id gateway.ConversationID
	if err := id.UnmarshalText([]byte(os.Getenv(storeConversation))); err != nil {
		t.Fatal(err)
	}
	if err := work(t.Context(), pgtest.Open(t, os.Getenv(storeURL)), id); err != nil {
		t.Fatal(err)
	}
}

// child runs the work in another process, which must die at the crash point.
func child(t *testing.T, does, point, url string, conversation gateway.ConversationID, posted string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStoreChild$")
	cmd.Env = append(os.Environ(), storeDoes+"="+does, storeURL+"="+url, storeConversation+"="+conversation.String(), storePosted+"="+posted, "VAXEL_CRASH="+point)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("did not die at %s: %v\n%s", point, err, out)
	}
}

func receiveAll(ctx context.Context, pool *pgxpool.Pool, _ gateway.ConversationID) error {
	in := newEntrance(pool)
	for n := range 6 {
		if _, err := in.Receive(ctx, letter(1, n), nil); err != nil {
			return err
		}
	}
	return nil
}

// A process that dies while it receives has received each mail once or not at all, and
// whoever receives them again makes it once.
func TestKillReceive(t *testing.T) {
	for _, point := range []string{"intake.begun", "intake.appended:3", "intake.committing:3", "intake.committed:3"} {
		t.Run(point, func(t *testing.T) {
			url := pgtest.NewURL(t)
			child(t, "receive", point, url, 0, "")
			pool := pgtest.Open(t, url)
			in := newEntrance(pool)
			if err := receiveAll(t.Context(), pool, 0); err != nil {
				t.Fatal(err)
			}
			got, err := in.Receive(t.Context(), letter(1, 0), nil)
			if err != nil || !got.Repeated {
				t.Fatalf("got %+v, %v", got, err)
			}
			entries, err := in.lines.Entries(t.Context(), got.Conversation, 0, 100)
			if err != nil || len(entries) != 6 {
				t.Errorf("got %d entries, %v want 6", len(entries), err)
			}
			if n := admissions(t, pool); n != 6 {
				t.Errorf("got %d admissions want 6", n)
			}
		})
	}
}

// admissions counts what waits for the floor, from outside.
func admissions(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), `select count(*) from floor_inbox`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// store is a timeline at work until the function it gives is called.
func store(ctx context.Context, pool *pgxpool.Pool) (*feed.Feed, *timeline.Store, func() error) {
	log := slog.New(slog.DiscardHandler)
	events := feed.New(pool, bus.New(), log)
	lines := timeline.New(pool, events, log)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 2)
	go func() { done <- lines.Run(ctx) }()
	go func() { done <- events.Run(ctx) }()
	return events, lines, func() error {
		cancel()
		return errors.Join(<-done, <-done)
	}
}

func sayAll(ctx context.Context, pool *pgxpool.Pool, conversation gateway.ConversationID) error {
	_, lines, stop := store(ctx, pool)
	for n := range 10 {
		if _, err := lines.Say(ctx, gateway.Entry{
			Conversation: conversation, Kind: gateway.EntryMessage, Channel: gateway.Chat, ClientID: fmt.Sprint("c", n),
			Author: gateway.Author{Kind: gateway.ByCustomer}, Text: strconv.Itoa(n),
		}); err != nil {
			return errors.Join(err, stop())
		}
	}
	return stop()
}

// A process that dies among chat lines: resent lines are stored once, in order, and a
// console that followed all along hears of each once from the log.
func TestKillSay(t *testing.T) {
	for _, point := range []string{"timeline.committing:4", "timeline.committed:4"} {
		t.Run(point, func(t *testing.T) {
			url := pgtest.NewURL(t)
			pool := pgtest.Open(t, url)
			events, lines, stop := store(t.Context(), pool)
			defer func() {
				if err := stop(); err != nil {
					t.Error(err)
				}
			}()
			var id gateway.ConversationID
			if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) (err error) {
				if id, err = lines.Open(t.Context(), tx, 1, 1, gateway.Chat); err != nil {
					return err
				}
				return lines.ServeAll(t.Context(), tx, gateway.Interaction{Conversation: id, ID: 1})
			}); err != nil {
				t.Fatal(err)
			}
			console, err := events.Follow(t.Context(), "", []string{gateway.TopicConversation(id)})
			if err != nil {
				t.Fatal(err)
			}
			defer console.Close()

			child(t, "say", point, url, id, "")
			if err := sayAll(t.Context(), pool, id); err != nil {
				t.Fatal(err)
			}
			list, err := lines.Entries(t.Context(), id, 0, 100)
			if err != nil || len(list) != 10 {
				t.Fatalf("got %d entries, %v want 10", len(list), err)
			}
			for i, e := range list {
				if e.Pos != int64(i+1) || e.Text != strconv.Itoa(i) {
					t.Errorf("at %d: got %q at %d", i+1, e.Text, e.Pos)
				}
				for {
					frame, err := console.Next(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					if frame.At == "" {
						continue
					}
					if frame.Rev != e.Pos {
						t.Errorf("heard of %d want %d", frame.Rev, e.Pos)
					}
					break
				}
			}
		})
	}
}

// postbox is a far server: a file with a line for each mail that it has taken.
type postbox string

func (p postbox) Send(_ context.Context, out gateway.Outbound) (gateway.Delivery, error) {
	file, err := os.OpenFile(string(p), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return gateway.Delivery{}, err
	}
	_, err = fmt.Fprintln(file, out.MessageID, out.Doubtful)
	return gateway.Delivery{State: gateway.OutboundSent, Response: "250 ok"}, errors.Join(err, file.Close())
}

func (p postbox) mails(t *testing.T) (list []string) {
	t.Helper()
	file, err := os.Open(string(p))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		list = append(list, lines.Text())
	}
	return list
}

func newOutbox(pool *pgxpool.Pool, far postbox) *outbox.Store {
	log := slog.New(slog.DiscardHandler)
	wire := bus.New()
	return outbox.New(pool, "node1", map[gateway.OutboundKind]outbox.Sender{gateway.OutboundEmail: far}, feed.New(pool, wire, log), wire, log)
}

// sendAll adds a mail unless it is there, and sends until it is settled.
func sendAll(ctx context.Context, pool *pgxpool.Pool, conversation gateway.ConversationID) error {
	box := newOutbox(pool, postbox(os.Getenv(storePosted)))
	list, err := box.Of(ctx, conversation)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		if err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			_, err := box.Add(ctx, tx, gateway.Outbound{
				Kind: gateway.OutboundEmail, Conversation: conversation, Pos: 1, MessageID: "a@vaxel", Body: []byte(`{}`),
				Recipients: []gateway.Recipient{{Address: "maja@example.com"}},
			})
			return err
		}); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- box.Run(ctx) }()
	for settled := false; !settled && err == nil; {
		if list, err = box.Of(ctx, conversation); err == nil {
			settled = list[0].State == gateway.OutboundSent
		}
	}
	cancel()
	return errors.Join(err, <-done)
}

// A process that dies with a mail in its hands: the mail arrives, and where nobody can
// know whether it had, it arrives again under the same Message-ID, marked as doubtful.
func TestKillOutbox(t *testing.T) {
	for point, want := range map[string]string{
		"outbox.taken": "a@vaxel true",
		"outbox.sent":  "a@vaxel false,a@vaxel true",
	} {
		t.Run(point, func(t *testing.T) {
			url := pgtest.NewURL(t)
			far := postbox(filepath.Join(t.TempDir(), "posted"))
			child(t, "send", point, url, 5, string(far))
			t.Setenv(storePosted, string(far))
			pool := pgtest.Open(t, url)
			if err := sendAll(t.Context(), pool, 5); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(far.mails(t), ","); got != want {
				t.Errorf("far server has %q want %q", got, want)
			}
		})
	}
}
