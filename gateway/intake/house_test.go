package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/intake"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// house stands for the rooms around intake. What they are told they note in a table, in
// the transaction, so that what is rolled back is gone from there too.
type house struct {
	*intake.Intake
	t    *testing.T
	pool *pgxpool.Pool

	mu        sync.Mutex // guards what follows
	announced []gateway.Event
	hints     int
	quoted    gateway.CaseID             // what Quoted answers
	newCase   gateway.CaseID             // what Join answers when not zero
	cases     gateway.CaseID             // the last one begun
	credits   map[string]gateway.Seconds // by the address that an arrival is from
	fail      []error                    // what Append answers, one by one
	meanwhile func()                     // what others do once the transaction has its locks
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, pool: pgtest.New(t)}
	h.Intake = intake.New(h.pool, intake.Rooms{Timeline: h, Cases: cases{h}, Floor: floor{h}, Feed: feed{h}, Bus: h}, slog.New(slog.DiscardHandler))
	_, err := h.pool.Exec(t.Context(), `create table noted (id bigint generated always as identity, what text, n bigint)`)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func note(ctx context.Context, tx pgx.Tx, what string, n int64) (id int64, err error) {
	err = tx.QueryRow(ctx, `insert into noted (what, n) values ($1, $2) returning id`, what, n).Scan(&id)
	return id, err
}

// noted is everything that was committed under a name, in order.
func (h *house) noted(what string) []int64 {
	h.t.Helper()
	rows, _ := h.pool.Query(h.t.Context(), `select n from noted where what = $1 order by id`, what)
	list, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) Find(ctx context.Context, tx pgx.Tx, a gateway.Arrival) (gateway.ConversationID, gateway.CaseID, bool, error) {
	if a.Conversation != 0 {
		return a.Conversation, 70, true, nil
	}
	for _, reference := range a.References {
		var id gateway.ConversationID
		if err := tx.QueryRow(ctx, `select n from noted where what = $1`, "refer "+reference).Scan(&id); err == nil {
			return id, 70, true, nil
		}
	}
	return 0, 0, false, nil
}

func (h *house) Lock(ctx context.Context, tx pgx.Tx, conversations ...gateway.ConversationID) error {
	for _, id := range conversations {
		if _, err := note(ctx, tx, "lock", int64(id)); err != nil {
			return err
		}
	}
	return nil
}

type cases struct{ *house }

func (c cases) Lock(ctx context.Context, tx pgx.Tx, cases ...gateway.CaseID) error {
	c.mu.Lock()
	if c.meanwhile != nil {
		c.meanwhile()
		c.meanwhile = nil
	}
	c.mu.Unlock()
	for _, id := range cases {
		if _, err := note(ctx, tx, "lock case", int64(id)); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) Quoted(context.Context, pgx.Tx, gateway.Arrival) (gateway.CaseID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.quoted, nil
}

func (h *house) JoinAll(_ context.Context, _ pgx.Tx, list []gateway.Arrival, known []gateway.CaseID) (joined []gateway.CaseID, customers []gateway.CustomerID, credits []gateway.Seconds, err error) {
	for i, a := range list {
		c, customer := h.join(known[i])
		joined, customers = append(joined, c), append(customers, customer)
		credits = append(credits, h.credits[a.From.Value])
	}
	return joined, customers, credits, nil
}

func (h *house) join(known gateway.CaseID) (gateway.CaseID, gateway.CustomerID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.newCase != 0:
		return h.newCase, 8
	case known != 0:
		return known, 8
	}
	h.cases++
	return 69 + h.cases, 8
}

func (h *house) Numbers(_ *lazy.Tx, n int) *[]gateway.ConversationID {
	ids := make([]gateway.ConversationID, n)
	return &ids
}

func (h *house) OpenAll(ctx context.Context, tx pgx.Tx, _ []gateway.ConversationID, cases []gateway.CaseID, _ []gateway.CustomerID, _ []gateway.Channel) (ids []gateway.ConversationID, err error) {
	for _, c := range cases {
		id, err := note(ctx, tx, "open", int64(c))
		if err != nil {
			return nil, err
		}
		ids = append(ids, gateway.ConversationID(id))
	}
	return ids, nil
}

func (h *house) Continue(ctx context.Context, tx pgx.Tx, c gateway.CaseID, _ gateway.Channel) (id gateway.ConversationID, err error) {
	err = tx.QueryRow(ctx, `select coalesce(max(id), 0) from noted where what = 'open' and n = $1`, int64(c)).Scan(&id)
	return id, err
}

func (h *house) ReferAll(ctx context.Context, tx pgx.Tx, conversations []gateway.ConversationID, arrivals []gateway.Arrival) error {
	for i, a := range arrivals {
		if err := refer(ctx, tx, conversations[i], a.MessageID, append([]gateway.Address{a.From}, a.Others...)...); err != nil {
			return err
		}
	}
	return nil
}

func refer(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, messageID string, attending ...gateway.Address) error {
	_, err := note(ctx, tx, "refer "+messageID, int64(conversation))
	for _, a := range attending {
		if err == nil {
			_, err = note(ctx, tx, "attend "+a.Value, int64(conversation))
		}
	}
	return err
}

func (h *house) Append(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.fail) > 0 {
		err := h.fail[0]
		h.fail = h.fail[1:]
		if err != nil {
			return err
		}
	}
	for _, e := range entries {
		if e.Text == "poison" {
			if _, err := tx.Exec(ctx, `select 1 / 0`); err != nil {
				return fmt.Errorf("append: %w", err)
			}
		}
		id, err := note(ctx, tx, "append "+e.Text, int64(e.Conversation))
		if err != nil {
			return err
		}
		e.Pos, e.Repeated = id, e.ClientID == "known"
	}
	return nil
}

func (h *house) AppendFirst(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return h.Append(ctx, tx, entries...)
}

func (h *house) Publish(subject string, _ []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if subject == "floor" {
		h.hints++
	}
}

type floor struct{ *house }

func (f floor) Numbers(_ *lazy.Tx, n int) *[]gateway.InteractionID {
	ids := make([]gateway.InteractionID, n)
	return &ids
}

func (f floor) AdmitAll(ctx context.Context, tx pgx.Tx, list []gateway.Admission) (ids []gateway.InteractionID, err error) {
	for _, ad := range list {
		id, err := note(ctx, tx, "admit", int64(ad.Conversation))
		if err != nil {
			return nil, err
		}
		if _, err := note(ctx, tx, "credit", int64(ad.Credit)); err != nil {
			return nil, err
		}
		ids = append(ids, gateway.InteractionID(id))
	}
	return ids, nil
}

type feed struct{ *house }

func (f feed) Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error {
	for _, e := range events {
		if _, err := note(ctx, tx, "event "+e.Type, e.Rev); err != nil {
			return err
		}
	}
	return nil
}

func (f feed) Announce(events ...gateway.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.announced = append(f.announced, events...)
}

func mail(key, text string) gateway.Arrival {
	return gateway.Arrival{
		Key: key, Channel: gateway.Email, Queue: 3, MessageID: key + "@example.com", ArrivedAt: time.Unix(1700000000, 0),
		From:   gateway.Address{Kind: gateway.AddressEmail, Value: "maja@example.com", Name: "Maja Lind"},
		Others: []gateway.Address{{Kind: gateway.AddressPhone, Value: "+46701234567"}},
		Entry:  gateway.Entry{Kind: gateway.EntryMail, Text: text},
	}
}

func equal(t *testing.T, what string, got []int64, want ...int64) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v want %v", what, got, want)
	}
}

func decode(t *testing.T, e gateway.Event, into any) {
	t.Helper()
	if err := json.Unmarshal(e.Data, into); err != nil {
		t.Fatal(err)
	}
}
