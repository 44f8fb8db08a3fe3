package access_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// asked counts questions to the database.
type asked struct{ atomic.Int64 }

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	a.Add(1)
	return ctx
}

func (*asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// countedPool is a pool that counts what it is asked.
func countedPool(t *testing.T) (*pgxpool.Pool, *asked) {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	count := &asked{}
	config.ConnConfig.Tracer = count
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool, count
}

// signedIn are so many callers by sessions and as many by keys, in turn.
func signedIn(t *testing.T, s *access.Store, n int) (all []access.Caller) {
	t.Helper()
	l := agentLogin(t, s)
	for range n {
		_, c, err := s.SignIn(t.Context(), "anna.k", password, "192.0.2.1", "")
		if err != nil {
			t.Fatal(err)
		}
		_, key, err := s.CreateKey(t.Context(), access.Caller{Login: l.ID, Role: gateway.RoleAgent}, access.Key{Name: "CRM", Role: gateway.RoleAgent, Agent: 7})
		if err != nil {
			t.Fatal(err)
		}
		by, err := s.Identify(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c, by)
	}
	return all
}

// However many sockets there are, they cost two questions, one for sessions and one for keys.
// Each hears of its own, also when another's is gone.
func TestStillIsAskedOfAllTogether(t *testing.T) {
	pool, count := countedPool(t)
	s, ctx := access.New(pool), t.Context()
	all := signedIn(t, s, 3)
	if err := s.SignOut(ctx, all[2]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RevokeKey(ctx, access.System, all[5].Key); err != nil {
		t.Fatal(err)
	}
	count.Store(0)
	now, errs := s.Still(ctx, append(all, all[0])...)
	if n := count.Load(); n != 2 {
		t.Errorf("asked %d times, want twice", n)
	}
	for i, c := range append(all, all[0]) {
		gone := i == 2 || i == 5
		if want := map[bool]string{true: "token_gone"}[gone]; code(errs[i]) != want || !gone && now[i] != c {
			t.Errorf("caller %d: got %+v, %v want %+v, %q", i, now[i], errs[i], c, want)
		}
	}
	if now, errs := s.Still(ctx); len(now)+len(errs) != 0 || count.Load() != 2 {
		t.Errorf("of nobody: got %v %v after %d questions", now, errs, count.Load())
	}
}

// Who has a socket uses their session and key: the one lives on, the other is noted as used.
func TestStillIsUse(t *testing.T) {
	pool := pgtest.New(t)
	s, ctx := access.New(pool), t.Context()
	all := signedIn(t, s, 2)
	for _, sql := range []string{
		"update session set created_at = now() - interval '11 hours', expires_at = now() + interval '1 hour'",
		"update api_key set used_at = now() - interval '2 minutes'",
	} {
		if _, err := pool.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	now, errs := s.Still(ctx, all...)
	if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		t.Fatal(errs)
	}
	var sessions, keys int
	if err := pool.QueryRow(ctx, `
		select (select count(*) from session where expires_at > now() + interval '11 hours'),
			(select count(*) from api_key where used_at > now() - interval '1 minute')`).Scan(&sessions, &keys); err != nil {
		t.Fatal(err)
	}
	if sessions != 2 || keys != 2 || now[0].Expires.Sub(all[0].Expires).Abs().Minutes() > 5 {
		t.Errorf("%d sessions live on and %d keys are used, want 2 each; the first until %v", sessions, keys, now[0].Expires)
	}
}

// That the database is away is no refusal.
func TestStillWithoutADatabase(t *testing.T) {
	pool := pgtest.New(t)
	s := access.New(pool)
	all := signedIn(t, s, 1)
	pool.Close()
	_, errs := s.Still(t.Context(), all...)
	for i, err := range errs {
		if err == nil || code(err) != "" {
			t.Errorf("caller %d: got %v, want an error that refuses nobody", i, err)
		}
	}
}
