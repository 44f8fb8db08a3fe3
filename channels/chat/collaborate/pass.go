package collaborate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// A code is one of a million and is good for ten minutes: from one network ten may be tried
// a minute. Whoever guesses one shows their own page to an agent, and sees nothing.
const guessesPerMinute = 10

var (
	errNoCode  = gateway.NotFound("unknown_code", "No agent waits for that code; check the digits, or ask for a new one.")
	errGuesses = &gateway.Error{Kind: gateway.KindTooMany, Code: "too_many_codes", Detail: "Too many codes from here; wait a minute and try again."}
	errNobody  = gateway.NotFound("no_collaboration", "No agent asks to see this page.")
)

// newPass is 256 random bits.
func newPass() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// hashOf is what we keep of a pass.
func hashOf(pass string) []byte {
	sum := sha256.Sum256([]byte(pass))
	return sum[:]
}

// find gives the session that a customer's hello names, with a new pass if they typed a code.
func (r *Room) find(ctx context.Context, g Guest, f visitorIn, from netip.Prefix) (s Session, pass string, err error) {
	switch {
	case f.Pass != "":
		s, err = one(ctx, r.Pool, `where pass_hash = $1 and widget_id = $2 and state <> 'ended'`, hashOf(f.Pass), g.Widget)
		pass = f.Pass
	case f.Code != "":
		if !r.mayGuess(from) {
			return s, "", errGuesses
		}
		s, pass, err = r.claim(ctx, f.Code, g.Widget)
	case g.Conversation != 0:
		s, err = one(ctx, r.Pool, `where conversation_id = $1 and state = 'asked' and channel = 'chat'`, g.Conversation)
		s.Widget = g.Widget
	default:
		err = errNobody
	}
	if errors.Is(err, gateway.ErrNotFound) && f.Code == "" {
		err = errNobody
	}
	return s, pass, err
}

// claim spends a code: what it was given for belongs to this browser from now on.
func (r *Room) claim(ctx context.Context, code string, widget int64) (s Session, pass string, err error) {
	err = retry.Tx(ctx, r.Pool, func(tx pgx.Tx) (err error) {
		s, err = one(ctx, tx, `where code = $1 and state = 'asked' and asked_at > $2 for update`, code, time.Now().Add(-answerAfter))
		if errors.Is(err, gateway.ErrNotFound) {
			return errNoCode
		}
		if err != nil {
			return err
		}
		s.Code, s.Widget = "", widget
		pass = newPass()
		return r.givePass(ctx, tx, s, pass)
	})
	if err == nil {
		r.tell(s, nil)
	}
	return s, pass, err
}

// givePass makes the browser with this pass the session's own.
func (r *Room) givePass(ctx context.Context, tx pgx.Tx, s Session, pass string) error {
	_, err := tx.Exec(ctx, `
		update collaboration
		set pass_hash = $2, widget_id = $3, code = $4, seen_at = now()
		where id = $1`, s.ID, hashOf(pass), s.Widget, s.Code)
	if err != nil {
		return fmt.Errorf("give a pass: %w", err)
	}
	return nil
}

// share is the customer's first consent. Of several tabs that are asked, the first that
// consents is the one that is seen: the session is kept with its pass.
func (r *Room) share(ctx context.Context, s Session, pass string) error {
	var told []gateway.Event
	err := retry.Tx(ctx, r.Pool, func(tx pgx.Tx) error {
		told = nil
		now, err := one(ctx, tx, `where id = $1 for update`, s.ID)
		if err != nil {
			return err
		}
		if now.State != Asked {
			return errNobody
		}
		now.State, now.Widget = Shared, s.Widget
		if err := r.givePass(ctx, tx, now, pass); err != nil {
			return err
		}
		told, err = r.write(ctx, tx, &now, happening{happenedShared, "", gateway.ByCustomer})
		return err
	})
	if err != nil {
		return err
	}
	r.tell(s, told)
	return nil
}

// mayGuess brakes those who try codes. This machine's own network is not braked.
func (r *Room) mayGuess(from netip.Prefix) bool {
	if !from.IsValid() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.guesses[from]
	if !ok {
		l = rate.NewLimiter(rate.Every(time.Minute/guessesPerMinute), guessesPerMinute)
		r.guesses[from] = l
	}
	return l.Allow()
}

// forgetGuesses drops those who have not tried for long.
func (r *Room) forgetGuesses() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for from, l := range r.guesses {
		if l.Tokens() >= guessesPerMinute {
			delete(r.guesses, from)
		}
	}
}

// network is the address's own in IPv4, its /64 in IPv6; not valid for this machine.
func network(address string) netip.Prefix {
	a, err := netip.ParseAddr(address)
	if err != nil || a.IsLoopback() {
		return netip.Prefix{}
	}
	bits := 64
	if a = a.Unmap(); a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // of the address's own length
	return p
}
