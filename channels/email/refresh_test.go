package email_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/channels/email"
)

// refreshing is a house whose mailbox signs in by a refresh token of p.
func refreshing(t *testing.T, p *provider) (*house, email.Mailbox) {
	t.Helper()
	h := newHouse(t)
	endpoint := httptest.NewServer(p)
	t.Cleanup(endpoint.Close)
	m := support(nobody, nobody)
	m.OAuth = email.OAuth{TokenURL: endpoint.URL, ClientID: "växel", RefreshToken: p.refresh}
	return h, save(t, h.open(t, "a", nil), m)
}

// TestARefreshTokenIsUsedOnce, whoever needs a token, on whatever node: the provider gives
// another one each time, and each token that it gives ends at once.
func TestARefreshTokenIsUsedOnce(t *testing.T) {
	t.Parallel()
	p := &provider{refresh: "entered", seconds: 1}
	h, m := refreshing(t, p)
	var all errgroup.Group
	for _, node := range []string{"a", "b"} {
		e := h.open(t, node, nil)
		for range 4 {
			all.Go(func() error {
				for range 5 {
					if _, err := e.Token(t.Context(), m.ID); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	if err := all.Wait(); err != nil || p.stale != 0 || p.asked != 40 {
		t.Errorf("%d void tokens in %d requests: %v", p.stale, p.asked, err)
	}
}

// TestABusyProviderIsAskedAgainLater, by the token that counts: an older one that is used
// again may void them all.
func TestABusyProviderIsAskedAgainLater(t *testing.T) {
	t.Parallel()
	p := &provider{refresh: "entered", seconds: 1}
	h, m := refreshing(t, p)
	e := h.open(t, "a", nil)
	if _, err := e.Token(t.Context(), m.ID); err != nil {
		t.Fatal(err)
	}
	p.busy = 1
	if _, err := e.Token(t.Context(), m.ID); err == nil || p.asked != 2 {
		t.Errorf("%d requests: %v", p.asked, err)
	}
	if _, err := e.Token(t.Context(), m.ID); err != nil || p.stale != 0 {
		t.Errorf("%d void tokens: %v", p.stale, err)
	}
}

// TestARefreshTokenOutlivesItsRequest: though the database is away just then, and though who
// asked has gone.
func TestARefreshTokenOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	p := &provider{refresh: "entered"}
	h, m := refreshing(t, p)
	e := h.open(t, "a", nil)
	h.deny = errors.New("the database is away")
	if _, err := e.Token(t.Context(), m.ID); !errors.Is(err, h.deny) {
		t.Errorf("a refresh token that was not kept: %v", err)
	}
	h.deny = nil
	if text, err := e.Token(t.Context(), m.ID); err != nil || text != "token-1" || p.asked != 1 {
		t.Errorf("%q after %d requests: %v", text, p.asked, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.during = cancel
	_, _ = h.open(t, "b", nil).Token(ctx, m.ID)
	p.during = nil
	if _, err := h.open(t, "c", nil).Token(t.Context(), m.ID); err != nil || p.asked != 3 || p.stale != 0 {
		t.Errorf("%d void tokens in %d requests: %v", p.stale, p.asked, err)
	}
}
