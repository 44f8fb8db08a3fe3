package email

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// A refresh token is worth one use: what comes in its place may void it at once, and one
// that is used twice may void them all (RFC 9700 §4.14.2). So whoever asks by one holds the
// mailbox's lock, on whatever node, from reading it until its successor is kept.

const (
	refreshTime  = 45 * time.Second // in which two requests end and the answer is kept
	refreshLease = time.Minute      // after this another one may ask
	refreshLook  = 100 * time.Millisecond
)

// refreshed gives a token for a mailbox that has a refresh token.
func (e *Email) refreshed(ctx context.Context, m Mailbox, secret string) (string, error) {
	entered, err := e.in.Secrets.Get(ctx, m.refreshSecret())
	if err != nil {
		return "", err
	}
	key := tokenKey(m, secret, string(entered))
	if have := e.tokens.get(key); have.usable() && have.refresh == "" {
		return have.text, nil
	}
	done, err := e.alone(ctx, m.ID)
	if err != nil {
		return "", fmt.Errorf("get a token for %s: %w", m.Address, err)
	}
	defer done()
	// What was asked for is kept, though our caller has gone meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTime)
	defer cancel()
	have, err := e.settleRotated(ctx, m, key, fingerprint(entered))
	if err == nil && !have.usable() {
		if have, err = e.askRefreshed(ctx, m, secret, string(entered)); err == nil {
			e.tokens.put(key, have)
			have, err = e.settleRotated(ctx, m, key, fingerprint(entered))
		}
	}
	if err != nil {
		return "", fmt.Errorf("get a token for %s: %w", m.Address, err)
	}
	return have.text, nil
}

// askRefreshed asks by the refresh token that the provider gave last, in place of the one that
// was entered, and by that one only if the provider says that the last is void.
func (e *Email) askRefreshed(ctx context.Context, m Mailbox, secret, entered string) (token, error) {
	kept, err := e.rotated(ctx, m)
	if err != nil {
		return token{}, err
	}
	if of, last, ok := strings.Cut(kept, " "); ok && of == fingerprint([]byte(entered)) { // else another one was entered since
		fresh, err := e.tokens.ask(ctx, m.OAuth, secret, last)
		if said, ok := errors.AsType[refusedGrant](err); !ok || said.code != "invalid_grant" {
			fresh.over = kept
			return fresh, err
		}
	}
	fresh, err := e.tokens.ask(ctx, m.OAuth, secret, entered)
	fresh.over = kept
	return fresh, err
}

// rotated is the refresh token that a provider gave last, behind the fingerprint of the one
// that was entered; empty: none.
func (e *Email) rotated(ctx context.Context, m Mailbox) (string, error) {
	kept, err := e.in.Secrets.Get(ctx, m.rotatedSecret())
	if errors.Is(err, gateway.ErrNotFound) {
		return "", nil
	}
	return string(kept), err
}

// settleRotated keeps the refresh token that came beside the token we have (RFC 6749 §6),
// unless somebody has got another one since. While it can't be kept it stays in memory, and
// nothing is done with what it came with.
func (e *Email) settleRotated(ctx context.Context, m Mailbox, key, entered string) (token, error) {
	have := e.tokens.get(key)
	if have.refresh == "" {
		return have, nil
	}
	kept, err := e.rotated(ctx, m)
	if err != nil {
		return have, err
	}
	if kept == have.over {
		err = pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
			return e.in.Secrets.Put(ctx, tx, m.rotatedSecret(), []byte(entered+" "+have.refresh))
		})
	}
	if err == nil {
		have.refresh = ""
		e.tokens.put(key, have)
	}
	return have, err
}

func fingerprint(secret []byte) string {
	sum := sha256.Sum256(secret)
	return hex.EncodeToString(sum[:])
}

// alone waits until nobody else asks for a token of the mailbox, on any node. Who never says
// that it is done is passed over after refreshLease.
func (e *Email) alone(ctx context.Context, id MailboxID) (done func(), err error) {
	look := time.NewTicker(refreshLook)
	defer look.Stop()
	for {
		var until time.Time
		err := e.pool.QueryRow(ctx, `
			insert into mailbox_refresh (mailbox_id, held_until)
			values ($1, clock_timestamp() + $2)
			on conflict (mailbox_id) do update set held_until = excluded.held_until
			where mailbox_refresh.held_until < clock_timestamp()
			returning held_until`, int64(id), refreshLease).Scan(&until)
		if err == nil {
			return func() { e.let(ctx, id, until) }, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-look.C:
		}
	}
}

// let gives the lock back, if it is still ours.
func (e *Email) let(ctx context.Context, id MailboxID, until time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_, err := e.pool.Exec(ctx, `
		update mailbox_refresh
		set held_until = '-infinity'
		where mailbox_id = $1 and held_until = $2`, int64(id), until)
	if err != nil {
		e.log.Warn("lock on a refresh token not given back; it ends by itself", "mailbox", int64(id), "err", err)
	}
}
