// Package email is in charge of mailboxes: what customers write comes in over IMAP, once;
// what agents answer goes out over SMTP.
//
// One poller reads each mailbox, on one node of the cluster at a time. A mail's bytes are
// kept before they are parsed, and the mailbox's cursor moves in the transaction that
// makes the mail an arrival, so a crash at any moment loses nothing and doubles nothing.
// Marking a mail as seen, or moving it, comes after and may be repeated.
//
//	connect ─▶ catch up ─▶ idle ─┐
//	   ▲          ▲──────────────┘ a new mail, or a minute has passed
//	   └── 1 s … 5 min ── any error, or silence
//
// Every read and write of a connection has a deadline. A mailbox never turns itself off:
// Health says how long ago it was read and what is wrong.
//
// The way of a mail in, each step in a file of its name: run ─▶ poller ─▶ catchup ─▶
// readahead ─▶ ingest ─▶ (intake's transaction: cursor, digest, blobs) ─▶ settle. The way
// out: compose makes a committed row, sender hands it to the mailbox's server.
//
// What may happen twice: reading a mail (its key and its content tell), marking it, moving
// it, sending after a doubtful attempt (the folder of sent mail is searched first, where
// there is one). What cannot: an arrival, and an advance of the cursor under a lease that
// has passed: errLost undoes it.
package email

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// Also and Item are the way in's, which this package doesn't import.
type (
	// Also is a channel's part of the intake's transaction; ours is Together.
	Also = func(ctx context.Context, tx pgx.Tx, r gateway.Received) error
	// Item is one arrival of a batch.
	Item = struct {
		Arrival gateway.Arrival
		Also    Also
	}
	// Together is our part of a transaction that takes several arrivals in: those from the
	// first on, as many as there are answers. The transaction may be lazy, see prompt.
	Together = func(ctx context.Context, tx pgx.Tx, first int, received []gateway.Received) error
)

// Intake takes arrivals in, each once. Answers and errors are in the order of the items.
type Intake interface {
	ReceiveBatch(ctx context.Context, items []Item, also ...Together) ([]gateway.Received, []error)
}

// Blobs keeps raw mail and attachments. NoteAll names them in a transaction, which keeps
// them; its slices are in step.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (key string, size int64, err error)
	PutAll(ctx context.Context, contents [][]byte) (keys []string, err error)
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	NoteAll(ctx context.Context, tx pgx.Tx, keys []string, sizes []int64, mediaTypes, names []string) error
}

// Secrets keeps passwords sealed. Get refuses a name it doesn't know with not_found.
type Secrets interface {
	Get(ctx context.Context, name string) ([]byte, error)
	Put(ctx context.Context, tx pgx.Tx, name string, plain []byte) error
}

// Bounces hears what a far server said after it had taken a mail of ours.
type Bounces interface {
	Bounced(ctx context.Context, tx pgx.Tx, messageID string, r gateway.Recipient) (gateway.Outbound, bool, error)
}

// Rooms are those that mail passes through.
type Rooms struct {
	Intake     Intake
	Blobs      Blobs
	Secrets    Secrets
	Bounces    Bounces
	Answers    Answers
	Identities Identities
}

// Options are what differs between installations.
type Options struct {
	Node      string      // this node's name in the cluster, the same over restarts
	TLS       *tls.Config // nil: the system's certificate authorities
	PublicURL string      // what customers' browsers reach, without a slash at its end; empty: nothing
	Language  string      // sv or en: of pages, for readers who ask for neither
}

// Email is the e-mail channel of one node.
type Email struct {
	pool   *pgxpool.Pool
	in     Rooms
	node   string
	public string // PublicURL
	speaks string // Language
	tls    *tls.Config
	log    *slog.Logger
	token  signer
	tokens *tokens
	pace   pace

	mu      sync.Mutex    // guards what follows
	changed chan struct{} // closed and replaced when a mailbox was saved here
	us      ours          // as they were at usAt; zero: to be read
	usAt    time.Time
	holding map[MailboxID]holding // the leases of this node
}

// Open gives the channel. The key that signs our Message-IDs is made at the first start
// of the cluster and kept among the secrets: with another one, replies to old mails
// would have to be recognised by their sender.
func Open(ctx context.Context, pool *pgxpool.Pool, in Rooms, o Options, log *slog.Logger) (*Email, error) {
	if o.TLS == nil {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	e := &Email{pool: pool, in: in, node: o.Node, public: o.PublicURL, speaks: o.Language, tls: o.TLS, log: log, pace: usualPace(), changed: make(chan struct{}), holding: map[MailboxID]holding{}}
	e.tokens = newTokens(&http.Transport{TLSClientConfig: o.TLS.Clone(), Proxy: http.ProxyFromEnvironment})
	key, err := signingKey(ctx, pool, in.Secrets)
	if err != nil {
		return nil, fmt.Errorf("open the e-mail channel: %w", err)
	}
	e.token = signer{key}
	return e, nil
}

const signingSecret = "email:signing"

func signingKey(ctx context.Context, pool *pgxpool.Pool, secrets Secrets) (key []byte, err error) {
	if key, err = secrets.Get(ctx, signingSecret); !errors.Is(err, gateway.ErrNotFound) {
		return key, err
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		// Another node may be starting too: the second one reads what the first has made.
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext($1))", signingSecret); err != nil {
			return err
		}
		if key, err = secrets.Get(ctx, signingSecret); !errors.Is(err, gateway.ErrNotFound) {
			return err
		}
		key = make([]byte, 32)
		_, _ = rand.Read(key) // never fails, see its documentation
		return secrets.Put(ctx, tx, signingSecret, key)
	})
	return key, err
}
