package floor

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// poisoned are cases of which some can't be stored: PostgreSQL refuses the statement.
type poisoned struct {
	mu  sync.Mutex
	bad map[gateway.CaseID]bool
}

func (p *poisoned) set(id gateway.CaseID, bad bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bad[id] = bad
}

func (p *poisoned) Follow(ctx context.Context, tx pgx.Tx, list ...gateway.Interaction) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range list {
		if p.bad[i.Case] {
			if _, err := tx.Exec(ctx, `select 1 / 0`); err != nil {
				return fmt.Errorf("follow: %w", err)
			}
		}
	}
	return nil
}

// admitAll stores admissions for conversations in one transaction.
func (h *house) admitAll(t *testing.T, conversations ...gateway.ConversationID) (ids []gateway.InteractionID) {
	t.Helper()
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		for _, c := range conversations {
			id, err := h.Admit(t.Context(), tx, gateway.Admission{Channel: gateway.Chat, Queue: queueID, Case: gateway.CaseID(c), Conversation: c, Customer: 1})
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Hint()
	return ids
}

func (h *house) refused(t *testing.T, what string) float64 {
	t.Helper()
	return figure(t, h.metrics.refused.WithLabelValues(what))
}

func figure(t *testing.T, m prometheus.Metric) float64 {
	t.Helper()
	var out dto.Metric
	if err := m.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.GetCounter().GetValue() + out.GetGauge().GetValue()
}

// One admission that cannot be stored is set aside; the others of its batch, and those
// after, are queued as if it were not there. Mended, it is taken like any other.
func TestAnAdmissionThatCannotBeStoredIsSetAside(t *testing.T) {
	t.Parallel()
	p := &poisoned{bad: map[gateway.CaseID]bool{12: true}}
	h := openWith(t, pgtest.New(t), "one", p)
	ids := h.admitAll(t, 11, 12, 13)
	for _, id := range []gateway.InteractionID{ids[0], ids[2], h.arrive(t, 14)} {
		h.eventually(t, fmt.Sprintf("interaction %d waits", id), func() bool {
			i, err := h.Interaction(t.Context(), id)
			return err == nil && i.State == gateway.StateWaiting
		})
	}
	list, err := h.SetAside(t.Context())
	if err != nil || len(list) != 1 || list[0].Fault == "" || count(t, h, `select count(*) from floor_inbox`) != 1 {
		t.Fatalf("set aside is %+v (%v), want the one, with its fault", list, err)
	}
	if got := h.refused(t, "admission"); got != 1 {
		t.Errorf("the figure says %v, want 1", got)
	}
	h.wantReplayed(t)

	p.set(12, false)
	if n, err := h.TakeAgain(t.Context()); n != 1 || err != nil {
		t.Fatalf("took %d again (%v), want 1", n, err)
	}
	h.eventually(t, "the mended one waits", func() bool {
		i, err := h.Interaction(t.Context(), ids[1])
		return err == nil && i.State == gateway.StateWaiting
	})
}

// A command that cannot be stored is answered, and its key for ever after; other
// commands and the core are as if it had not been.
func TestACommandThatCannotBeStoredIsAnsweredInternal(t *testing.T) {
	t.Parallel()
	p := &poisoned{bad: map[gateway.CaseID]bool{}}
	h := openWith(t, pgtest.New(t), "one", p)
	h.ready(t)
	id := h.arrive(t, 11)
	offer := await[gateway.Offer](t, h, "offer.created", nil)
	p.set(11, true)
	accept := gateway.Accept{Interaction: id, No: offer.No, Agent: anna}
	for range 2 {
		_, err := h.Do(t.Context(), "k1", accept)
		if refusal, ok := errors.AsType[*gateway.Error](err); !ok || refusal.Kind != gateway.KindInternal {
			t.Fatalf("got %v, want an internal error", err)
		}
	}
	if got := h.refused(t, "command"); got != 1 {
		t.Errorf("the figure says %v, want 1: the second was answered from the first", got)
	}
	// The key itself is too long for the store: nothing to remember the answer by.
	long := make([]byte, 8000)
	_, _ = io.ReadFull(rand.NewChaCha8([32]byte{1}), long)
	if _, err := h.Do(t.Context(), hex.EncodeToString(long), gateway.Consoles{Agent: bo, Live: true}); err == nil {
		t.Error("stored a key of 16,000 characters")
	}

	p.set(11, false)
	// The offer was not withdrawn: the core is as it was before the command.
	if a := h.do(t, accept); a.Interaction.State != gateway.StateActive {
		t.Errorf("got %+v, want it accepted", a.Interaction)
	}
	h.wantReplayed(t)
}

// What is no admission, and what routing refuses, is kept as well.
func TestWhatIsNoAdmissionIsSetAside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if _, err := h.pool.Exec(t.Context(), `
		insert into floor_inbox (admission)
		values ('{"queue": ["7"]}'), ('{"channel": "fax", "interaction": "9", "queue": "7"}')`); err != nil {
		t.Fatal(err)
	}
	id := h.arrive(t, 11)
	await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == id })
	if list, err := h.SetAside(t.Context()); err != nil || len(list) != 2 {
		t.Errorf("set aside is %+v (%v), want both", list, err)
	}
}

func TestOnlyWhatABatchHoldsIsItsFault(t *testing.T) {
	_, panicked := decide(nil, time.Unix(0, 0), routing.Wake{})
	for _, c := range []struct {
		err  error
		want bool
	}{
		{&pgconn.PgError{Code: "23514"}, true},
		{fmt.Errorf("write: %w", &pgconn.PgError{Code: "22P02"}), true},
		{&pgconn.PgError{Code: "54000"}, true},
		{gateway.NotFound("no_conversation", ""), true},
		{panicked, true},
		{&pgconn.PgError{Code: "57P01"}, false},
		{&pgconn.PgError{Code: "40P01"}, false},
		{&pgconn.PgError{Code: "42703"}, false}, // the schema's fault: the same for everybody
		{errStale, false},
		{context.Canceled, false},
		{io.ErrUnexpectedEOF, false},
		{nil, false},
	} {
		if got := faulty(c.err); got != c.want {
			t.Errorf("%v: got %v, want %v", c.err, got, c.want)
		}
	}
}

// wantReplayed holds that the core in memory is what the log says, byte for byte. The
// floor is stopped for it, and another one runs afterwards.
func (h *house) wantReplayed(t *testing.T) {
	t.Helper()
	h.stop()
	var seq int64
	var told []byte
	if err := h.pool.QueryRow(t.Context(), `select seq, body from routing_snapshot order by seq desc limit 1`).Scan(&seq, &told); err != nil {
		t.Fatal(err)
	}
	again := &leader{f: h.Floor, core: routing.New()}
	if _, err := again.catchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	body, err := again.core.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if again.seq != seq || !bytes.Equal(body, told) {
		t.Errorf("the log to %d says %s, the core to %d was %s", again.seq, body, seq, told)
	}
	h.start(t)
}
