package email_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// house is the rest of Växel as mail sees it: an intake that commits each key once, with
// what the channel adds to its transaction.
type house struct {
	pool *pgxpool.Pool

	mu      sync.Mutex // guards all below
	blobs   map[string][]byte
	secrets map[string][]byte
	deny    error // when a secret is to be kept; nil: it is
	bounced []gateway.Recipient
	refuse  func(gateway.Arrival) error // nil: takes everything
	answers []gateway.Outbound          // that were committed with an arrival
	closed  bool                        // the queue
	public  string                      // the house's address on the web; empty: it has none
	others  []string                    // addresses that queues write from
	full    int                         // how often the disk is still full
	came    chan struct{}               // closed and replaced after each batch
	batches int
	pause   func() // within each transaction, its cursor moved; may be nil
}

func newHouse(t testing.TB) *house {
	t.Helper()
	return houseOn(t, pgtest.New(t))
}

func houseOn(t testing.TB, pool *pgxpool.Pool) *house {
	t.Helper()
	h := &house{pool: pool, blobs: map[string][]byte{}, secrets: map[string][]byte{}, came: make(chan struct{})}
	_, err := h.pool.Exec(t.Context(), "create table if not exists taken (n bigint generated always as identity, key text primary key, arrival jsonb not null, note text[] not null default '{}')")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) ReceiveBatch(ctx context.Context, items []email.Item, also ...email.Together) ([]gateway.Received, []error) {
	received, errs := make([]gateway.Received, len(items)), make([]error, len(items))
	if len(items) == 0 {
		return received, errs // as the intake: a batch of nothing but duplicates or blocked senders
	}
	if err := h.take(ctx, items, received, 0, also); err != nil {
		for i := range items {
			errs[i] = h.take(ctx, items[i:i+1], received[i:i+1], i, also)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.batches++
	close(h.came)
	h.came = make(chan struct{})
	return received, errs
}

func (h *house) take(ctx context.Context, items []email.Item, received []gateway.Received, first int, also []email.Together) error {
	return pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		for i, item := range items {
			if h.refuse != nil {
				if err := h.refuse(item.Arrival); err != nil {
					return err
				}
			}
			body, err := json.Marshal(item.Arrival)
			if err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, "insert into taken (key, arrival) values ($1, $2) on conflict do nothing", item.Arrival.Key, body)
			if err != nil {
				return err
			}
			received[i] = gateway.Received{Conversation: 7, Case: 8, Pos: 1, Repeated: tag.RowsAffected() == 0}
		}
		for _, do := range also {
			if err := do(ctx, tx, first, received); err != nil {
				return err
			}
		}
		return nil
	})
}

// taken gives the committed arrivals in their order.
func (h *house) taken(t testing.TB) []gateway.Arrival {
	t.Helper()
	rows, _ := h.pool.Query(t.Context(), "select arrival from taken order by n")
	list, err := pgx.CollectRows(rows, pgx.RowTo[gateway.Arrival])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (h *house) count(t testing.TB) (n int) {
	t.Helper()
	if err := h.pool.QueryRow(t.Context(), "select count(*) from taken").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// wait waits until n arrivals are committed.
func (h *house) wait(t testing.TB, n int) []gateway.Arrival {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		h.mu.Lock()
		came := h.came
		h.mu.Unlock()
		if h.count(t) >= n {
			return h.taken(t)
		}
		select {
		case <-came:
		case <-limit:
			t.Fatalf("%d arrivals, want %d", h.count(t), n)
		}
	}
}

func (h *house) Put(_ context.Context, r io.Reader) (string, int64, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return "", 0, err
	}
	sum := sha256.Sum256(data)
	key := hex.EncodeToString(sum[:])
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full > 0 {
		h.full--
		return "", 0, &gateway.Error{Kind: gateway.KindTryAgain, Code: "storage_full", Detail: "no room"}
	}
	h.blobs[key] = data
	return key, int64(len(data)), nil
}

func (h *house) PutAll(ctx context.Context, contents [][]byte) (keys []string, err error) {
	for _, c := range contents {
		key, _, err := h.Put(ctx, bytes.NewReader(c))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (h *house) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, ok := h.blobs[key]
	if !ok {
		return nil, gateway.NotFound("no_such_file", key)
	}
	return struct {
		io.ReadSeeker
		io.Closer
	}{bytes.NewReader(data), io.NopCloser(nil)}, nil
}

func (h *house) NoteAll(ctx context.Context, tx pgx.Tx, keys []string, _ []int64, _, names []string) error {
	if h.pause != nil {
		h.pause()
	}
	for i, key := range keys {
		if _, err := tx.Exec(ctx, "update taken set note = note || $1::text where n = (select max(n) from taken)", key+" "+names[i]); err != nil {
			return err
		}
	}
	return nil
}

// safe is the secrets of a house.
type safe struct{ *house }

func (s safe) Get(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.secrets[name]; ok {
		return v, nil
	}
	return nil, gateway.NotFound("secret_not_found", name)
}

func (s safe) Put(_ context.Context, _ pgx.Tx, name string, plain []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deny == nil {
		s.secrets[name] = plain
	}
	return s.deny
}

func (h *house) Bounced(_ context.Context, _ pgx.Tx, id string, r gateway.Recipient) (gateway.Outbound, bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.Response = id + " " + r.Response
	h.bounced = append(h.bounced, r)
	return gateway.Outbound{}, true, nil
}

func (h *house) Identities(context.Context) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.others, nil
}

// desk answers by itself for a house.
type desk struct{ *house }

func (d desk) Open(context.Context, gateway.QueueID) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.closed, nil
}

func (d desk) Answer(_ context.Context, _ pgx.Tx, _ gateway.Entry, out gateway.Outbound) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers = append(d.answers, out)
	return nil
}

// open gives the channel in this house on a node of that name.
func (h *house) open(t testing.TB, node string, d *mailtest.Dovecot) *email.Email {
	t.Helper()
	o := email.Options{Node: node, PublicURL: h.public}
	if d != nil {
		o.TLS = &tls.Config{RootCAs: d.Roots, MinVersion: tls.VersionTLS12}
	}
	log := slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	e, err := email.Open(t.Context(), h.pool, email.Rooms{Intake: h, Blobs: h, Secrets: safe{h}, Bounces: h, Answers: desk{h}, Identities: h}, o, log)
	if err != nil {
		t.Fatal(err)
	}
	e.Impatient()
	return e
}

type testLog struct{ testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.Logf("%s", bytes.TrimSpace(p))
	return len(p), nil
}

// run runs the channel until stop or the end of the test.
func run(t testing.TB, e *email.Email) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("the channel did not stop")
		}
	})
	t.Cleanup(stop)
	return stop
}

// support is the mailbox of most tests.
func support(imap, smtp string) email.Mailbox {
	return email.Mailbox{
		Address: "support@cyklar.example", Name: "Åkes Cyklar", Queue: 1, User: "support@cyklar.example", Enabled: true, Plus: true,
		IMAP: email.Server{Address: imap, TLS: email.NoTLS}, SMTP: email.Server{Address: smtp, TLS: email.NoTLS},
	}
}

func save(t testing.TB, e *email.Email, m email.Mailbox) email.Mailbox {
	t.Helper()
	m, err := e.Save(t.Context(), m, mailtest.Password)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
