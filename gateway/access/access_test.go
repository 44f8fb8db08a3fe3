package access_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/retry"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

func sealed(t *testing.T, pool *pgxpool.Pool, name string) string {
	t.Helper()
	var b []byte
	if err := pool.QueryRow(t.Context(), "select sealed from secret where name = $1", name).Scan(&b); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// code is the code of a refusal, "" of anything else.
func code(err error) string {
	if e, ok := errors.AsType[*gateway.Error](err); ok {
		return e.Code
	}
	return ""
}

const password = "fyra ord i rad"

func agentLogin(t *testing.T, s *access.Store) access.Login {
	t.Helper()
	l, _, err := s.CreateLogin(t.Context(), access.System, access.Login{Name: " Anna.K ", Display: "Anna Karlsson", Agent: 7, Role: gateway.RoleAgent}, password)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestFirstAdministrator(t *testing.T) {
	ctx, s := t.Context(), access.New(pgtest.New(t))
	name, first, err := s.FirstAdministrator(ctx)
	if err != nil || name != "admin" || len(first) != 24 {
		t.Fatalf("got %q, %q, %v want admin and a password", name, first, err)
	}
	if _, again, err := s.FirstAdministrator(ctx); again != "" || err != nil {
		t.Errorf("second time: got %q, %v want nothing", again, err)
	}

	token, c, err := s.SignIn(ctx, name, first, "192.0.2.1", "test")
	if err != nil {
		t.Fatal(err)
	}
	if !c.MustChange || c.Role != gateway.RoleAdministrator {
		t.Errorf("got %+v want an administrator who must change the password", c)
	}
	if got := code(c.Require(gateway.RoleAgent)); got != "password_change_required" {
		t.Errorf("before the change: got %q want password_change_required", got)
	}
	if got := code(s.ChangePassword(ctx, c, first, "kort")); got != "password_too_short" {
		t.Errorf("short password: got %q", got)
	}
	if err := s.ChangePassword(ctx, c, first, password); err != nil {
		t.Fatal(err)
	}
	c, err = s.Identify(ctx, token)
	if err != nil || c.Require(gateway.RoleAdministrator) != nil {
		t.Errorf("after the change: got %+v, %v want an administrator", c, err)
	}
	if _, _, err := s.SignIn(ctx, name, first, "192.0.2.1", "test"); code(err) != "wrong_login" {
		t.Errorf("old password: got %v want wrong_login", err)
	}
}

func TestSession(t *testing.T) {
	ctx, s := t.Context(), access.New(pgtest.New(t))
	l := agentLogin(t, s)
	token, c, err := s.SignIn(ctx, "anna.k", password, "192.0.2.1", "test")
	if err != nil {
		t.Fatal(err)
	}
	want := access.Caller{Login: l.ID, Agent: 7, Role: gateway.RoleAgent, Name: "Anna Karlsson", Session: c.Session, Expires: c.Expires}
	if c != want {
		t.Errorf("got %+v want %+v", c, want)
	}
	if got := code(c.Require(gateway.RoleSupervisor)); got != "role_required" {
		t.Errorf("agent as supervisor: got %q want role_required", got)
	}
	for _, bad := range []string{"", "vxs_unknown", "vxk_" + token[4:], token + "x"} {
		if _, err := s.Identify(ctx, bad); !errors.Is(err, gateway.ErrDenied) {
			t.Errorf("token %q: got %v want denied", bad, err)
		}
	}
	if err := s.SignOut(ctx, c); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identify(ctx, token); code(err) != "token_gone" {
		t.Errorf("after signing out: got %v want token_gone", err)
	}
}

// A revocation on one node is obeyed by another one within a second.
func TestRevocationCrossesNodes(t *testing.T) {
	ctx, pool := t.Context(), pgtest.New(t)
	here, there := access.New(pool), access.New(pool)
	l := agentLogin(t, here)
	token, _, err := here.SignIn(ctx, l.Name, password, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.Identify(ctx, token); err != nil {
		t.Fatal(err)
	}
	l.Active, l.Rev = false, 0
	admin, _, err := here.FirstAdministrator(ctx)
	if err != nil || admin == "" {
		t.Fatal(admin, err)
	}
	if _, err := here.UpdateLogin(ctx, access.System, l); err != nil {
		t.Fatal(err)
	}
	revoked := time.Now()
	for err == nil {
		_, err = there.Identify(ctx, token)
		if time.Since(revoked) > time.Second {
			t.Fatal("a revoked session still works after a second")
		}
	}
	if code(err) != "token_gone" {
		t.Errorf("got %v want token_gone", err)
	}
}

func TestWrongPasswords(t *testing.T) {
	ctx, s := t.Context(), access.New(pgtest.New(t))
	agentLogin(t, s)
	for range 5 {
		if _, _, err := s.SignIn(ctx, "anna.k", "fel", "2001:db8::1", ""); code(err) != "wrong_login" {
			t.Fatalf("got %v want wrong_login", err)
		}
	}
	_, _, err := s.SignIn(ctx, "ANNA.K", password, "2001:db8::2", "") // the same network
	var e *gateway.Error
	if !errors.As(err, &e) || e.Kind != gateway.KindTooMany || e.Data.(map[string]int)["retry_after_s"] != 2 {
		t.Errorf("sixth attempt: got %v want too_many_attempts for 2 s", err)
	}
	if _, _, err := s.SignIn(ctx, "anna.k", password, "192.0.2.1", ""); err != nil {
		t.Errorf("from elsewhere: got %v want a session", err)
	}
	if _, _, err := s.SignIn(ctx, "nobody\x00\xff", "fel", "192.0.2.1", ""); code(err) != "wrong_login" {
		t.Errorf("unknown name: got %v want wrong_login", err)
	}
}

func TestAPIKey(t *testing.T) {
	ctx, s := t.Context(), access.New(pgtest.New(t))
	l := agentLogin(t, s)
	agent := access.Caller{Login: l.ID, Role: gateway.RoleAgent}
	if _, _, err := s.CreateKey(ctx, agent, access.Key{Name: "x", Role: gateway.RoleAdministrator}); code(err) != "role_required" {
		t.Errorf("a key above one's own role: got %v", err)
	}
	k, key, err := s.CreateKey(ctx, agent, access.Key{Name: "CRM", Role: gateway.RoleAgent, Agent: 7})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Identify(ctx, key)
	if want := (access.Caller{Agent: 7, Role: gateway.RoleAgent, Name: "CRM", Key: k.ID}); err != nil || c != want {
		t.Errorf("got %+v, %v want %+v", c, err, want)
	}
	keys, err := s.Keys(ctx)
	if err != nil || len(keys) != 1 || keys[0].UsedAt == nil {
		t.Errorf("got %+v, %v want one used key", keys, err)
	}
	if _, err := s.RevokeKey(ctx, agent, k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identify(ctx, key); code(err) != "token_gone" {
		t.Errorf("revoked: got %v want token_gone", err)
	}
}

func TestTicket(t *testing.T) {
	ctx, pool := t.Context(), pgtest.New(t)
	s, other := access.New(pool), access.New(pool)
	agentLogin(t, s)
	_, c, err := s.SignIn(ctx, "anna.k", password, "192.0.2.1", "")
	if err != nil {
		t.Fatal(err)
	}
	ticket, err := s.Ticket(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := other.Redeem(ctx, ticket); err != nil || got != c {
		t.Errorf("on another node: got %+v, %v want %+v", got, err, c)
	}
	if _, err := s.Redeem(ctx, ticket); code(err) != "ticket_gone" {
		t.Errorf("the second time: got %v want ticket_gone", err)
	}
	late, err := s.Ticket(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, "update socket_ticket set expires_at = now() - interval '1 s'"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Redeem(ctx, late); code(err) != "ticket_gone" {
		t.Errorf("too late: got %v want ticket_gone", err)
	}
}

func TestLastAdministratorStays(t *testing.T) {
	ctx, s := t.Context(), access.New(pgtest.New(t))
	if _, _, err := s.FirstAdministrator(ctx); err != nil {
		t.Fatal(err)
	}
	logins, err := s.Logins(ctx)
	if err != nil || len(logins) != 1 {
		t.Fatal(logins, err)
	}
	l := logins[0]
	l.Role = gateway.RoleAgent
	if _, err := s.UpdateLogin(ctx, access.System, l); code(err) != "last_administrator" {
		t.Errorf("got %v want last_administrator", err)
	}
	l.Role, l.Rev = gateway.RoleAdministrator, 99
	if _, err := s.UpdateLogin(ctx, access.System, l); code(err) != "stale" {
		t.Errorf("old rev: got %v want stale", err)
	}
}

// TestAuditedOrUndone takes the audit log away: then nothing that it must hold is done.
func TestAuditedOrUndone(t *testing.T) {
	ctx, pool := t.Context(), pgtest.New(t)
	s := access.New(pool)
	admin, _, err := s.CreateLogin(ctx, access.System, access.Login{Name: "admin", Role: gateway.RoleAdministrator, Active: true}, password)
	if err != nil {
		t.Fatal(err)
	}
	by := access.Caller{Login: admin.ID, Name: "Admin", Role: gateway.RoleAdministrator}
	key, _, err := s.CreateKey(ctx, by, access.Key{Name: "CRM", Role: gateway.RoleAgent})
	if err != nil {
		t.Fatal(err)
	}
	token, bo, err := s.SignIn(ctx, "admin", password, "192.0.2.7", "")
	if err != nil {
		t.Fatal(err)
	}
	before := written(t, pool)
	if _, err := pool.Exec(ctx, "alter table audit rename to gone"); err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"create a login": func() error {
			_, _, err := s.CreateLogin(ctx, by, access.Login{Name: "new", Role: gateway.RoleAgent}, password)
			return err
		},
		"change a login":    func() error { _, err := s.UpdateLogin(ctx, by, admin); return err },
		"reset a password":  func() error { _, err := s.ResetPassword(ctx, by, admin.ID); return err },
		"change a password": func() error { return s.ChangePassword(ctx, bo, password, "elva-gula-traktorer") },
		"sign somebody out": func() error { return s.RevokeSession(ctx, access.System, admin.ID, bo.Session) },
		"make a key": func() error {
			_, _, err := s.CreateKey(ctx, by, access.Key{Name: "x", Role: gateway.RoleAgent})
			return err
		},
		"revoke a key": func() error { _, err := s.RevokeKey(ctx, by, key.ID); return err },
	} {
		if err := do(); err == nil {
			t.Errorf("%s without the audit log", what)
		}
	}
	if after := written(t, pool); after != before {
		t.Errorf("got\n%s\nwant what was there before\n%s", after, before)
	}
	if _, err := s.Identify(ctx, token); err != nil {
		t.Errorf("the session has ended: %v", err)
	}
}

// written is everything that the audited changes write.
func written(t *testing.T, pool *pgxpool.Pool) (all string) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `
		select concat(
			(select jsonb_agg(l order by id) from login l), (select jsonb_agg(g) from role_grant g),
			(select jsonb_agg(to_jsonb(s) - 'expires_at') from session s), (select jsonb_agg(to_jsonb(k) - 'used_at') from api_key k))`).Scan(&all)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAudit(t *testing.T) {
	ctx, pool := t.Context(), pgtest.New(t)
	s := access.New(pool)
	by := access.Caller{Login: 1, Name: "Anna"}
	for _, what := range []string{"queue.created", "queue.updated"} {
		if err := retry.Tx(ctx, pool, func(tx pgx.Tx) error {
			return access.Audit(ctx, tx, by, what, "queue:3", map[string]int{"band": 5})
		}); err != nil {
			t.Fatal(err)
		}
	}
	lines, err := s.AuditLog(ctx, access.AuditFilter{Subject: "queue:3", Limit: 1})
	if err != nil || len(lines) != 1 || lines[0].What != "queue.updated" || lines[0].Actor != "Anna" {
		t.Fatalf("got %+v, %v want the newest line", lines, err)
	}
	lines, err = s.AuditLog(ctx, access.AuditFilter{After: lines[0].ID})
	if err != nil || len(lines) != 1 || lines[0].What != "queue.created" {
		t.Errorf("next page: got %+v, %v want the older line", lines, err)
	}
}

func BenchmarkIdentify(b *testing.B) {
	s := access.New(pgtest.New(b))
	l, _, err := s.CreateLogin(b.Context(), access.System, access.Login{Name: "bench", Role: gateway.RoleAdministrator}, password)
	if err != nil {
		b.Fatal(err)
	}
	keys := make([]string, 100)
	for i := range keys {
		if _, keys[i], err = s.CreateKey(b.Context(), access.Caller{Login: l.ID, Role: l.Role}, access.Key{Name: "k", Role: gateway.RoleAgent}); err != nil {
			b.Fatal(err)
		}
	}
	ctx := context.WithoutCancel(b.Context())
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			if _, err := s.Identify(ctx, keys[i%len(keys)]); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkSignIn(b *testing.B) {
	s := access.New(pgtest.New(b))
	if _, _, err := s.CreateLogin(b.Context(), access.System, access.Login{Name: "bench", Role: gateway.RoleAgent}, password); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := s.SignIn(b.Context(), "bench", password, "192.0.2.1", ""); err != nil {
			b.Fatal(err)
		}
	}
}
