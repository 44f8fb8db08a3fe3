package access

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Login is somebody who may sign in.
type Login struct {
	ID         gateway.LoginID `json:"id"`
	Name       string          `json:"name"` // lower case; what is typed to sign in
	Display    string          `json:"display"`
	Agent      gateway.AgentID `json:"agent,omitempty"`
	Role       gateway.Role    `json:"role"`
	MustChange bool            `json:"must_change"`
	Active     bool            `json:"active"`
	CreatedAt  time.Time       `json:"created_at"`
	Rev        int64           `json:"rev"`
}

const loginColumns = "l.id, l.name, l.display, l.agent, g.role, l.must_change, l.active, l.created_at, l.rev"

const fromLogin = " from login l join role_grant g on g.login = l.id "

// FirstAdministrator makes the login "admin" with a random password if there is no
// administrator yet. The password is given this once; it must be changed at first
// login. With an administrator there, the password is empty.
func (s *Store) FirstAdministrator(ctx context.Context) (name, password string, err error) {
	err = retry.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		// Two nodes may start at once on an empty database.
		if _, err := tx.Exec(ctx, "lock table role_grant in share row exclusive mode"); err != nil {
			return err
		}
		var some bool
		if err := tx.QueryRow(ctx, "select exists (select from role_grant where role = $1)", gateway.RoleAdministrator).Scan(&some); err != nil || some {
			return err
		}
		first := Login{Name: "admin", Display: "Administrator", Role: gateway.RoleAdministrator}
		made, secret, err := s.createLogin(ctx, tx, System, first, "")
		name, password = made.Name, secret
		return err
	})
	return name, password, err
}

// Logins lists the logins by name.
func (s *Store) Logins(ctx context.Context) ([]Login, error) {
	return list[Login](ctx, s.pool, "select "+loginColumns+fromLogin+"order by l.name")
}

// Login gives one login.
func (s *Store) Login(ctx context.Context, id gateway.LoginID) (Login, error) {
	return one[Login](ctx, s.pool, "login", "select "+loginColumns+fromLogin+"where l.id = $1", id)
}

// CreateLogin adds a login. Without a password it gets a random one, which is returned
// and must be changed at first login; with one, nothing is returned.
func (s *Store) CreateLogin(ctx context.Context, by Caller, l Login, password string) (made Login, secret string, err error) {
	err = retry.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		made, secret, err = s.createLogin(ctx, tx, by, l, password)
		return err
	})
	return made, secret, taken(err)
}

var loginName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{0,99}$`)

func (s *Store) createLogin(ctx context.Context, tx pgx.Tx, by Caller, l Login, password string) (Login, string, error) {
	l.Name = account(l.Name)
	if !loginName.MatchString(l.Name) {
		return l, "", gateway.Invalid("bad_login_name", "a login name is 1 to 100 letters a–z, digits and . _ @ + -, like anna.k or anna@example.se")
	}
	if rank[l.Role] == 0 {
		return l, "", gateway.Invalid("unknown_role", "a role is agent, supervisor or administrator")
	}
	if l.Display = text(strings.TrimSpace(l.Display), 200); l.Display == "" {
		l.Display = l.Name
	}
	secret := ""
	if password == "" {
		password = randomPassword()
		secret, l.MustChange = password, true
	}
	if err := checkPassword(l.Name, password); err != nil {
		return l, "", err
	}
	hashed, err := s.hasher.hash(ctx, password)
	if err != nil {
		return l, "", err
	}
	err = tx.QueryRow(ctx, `
		insert into login (name, display, agent, password, must_change)
		values ($1, $2, $3, $4, $5)
		returning id`, l.Name, l.Display, l.Agent, hashed, l.MustChange).Scan(&l.ID)
	if err != nil {
		return l, "", err
	}
	if _, err := tx.Exec(ctx, "insert into role_grant (login, role) values ($1, $2)", l.ID, l.Role); err != nil {
		return l, "", err
	}
	made, err := one[Login](ctx, tx, "login", "select "+loginColumns+fromLogin+"where l.id = $1", l.ID)
	if err != nil {
		return l, "", err
	}
	return made, secret, made.audit(ctx, tx, by, "login.created")
}

// audit notes a change of the login with what decides what it may do.
func (l Login) audit(ctx context.Context, tx pgx.Tx, by Caller, what string) error {
	return Audit(ctx, tx, by, what, "login:"+l.ID.String(), map[string]any{"role": l.Role, "agent": l.Agent, "active": l.Active})
}

// UpdateLogin changes display name, agent, role and whether the login is active, if it
// still has l.Rev (0: whatever is there). An inactive login's sessions end. The last
// active administrator cannot be taken away.
func (s *Store) UpdateLogin(ctx context.Context, by Caller, l Login) (Login, error) {
	if rank[l.Role] == 0 {
		return l, gateway.Invalid("unknown_role", "a role is agent, supervisor or administrator")
	}
	if l.Display = text(strings.TrimSpace(l.Display), 200); l.Display == "" {
		return l, gateway.Invalid("name_missing", "a login needs a name to be shown")
	}
	err := retry.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "lock table role_grant in share row exclusive mode"); err != nil {
			return err
		}
		have, err := one[Login](ctx, tx, "login", "select "+loginColumns+fromLogin+"where l.id = $1", l.ID)
		if err != nil {
			return err
		}
		if l.Rev != 0 && l.Rev != have.Rev {
			return gateway.Conflict("stale", "somebody changed this login meanwhile; look at what is there and try again", have)
		}
		if _, err := tx.Exec(ctx, "update login set display = $2, agent = $3, active = $4, rev = rev + 1 where id = $1",
			l.ID, l.Display, l.Agent, l.Active); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update role_grant set role = $2 where login = $1", l.ID, l.Role); err != nil {
			return err
		}
		if !l.Active {
			if _, err := tx.Exec(ctx, "delete from session where login = $1", l.ID); err != nil {
				return err
			}
		}
		if err := keepAnAdministrator(ctx, tx); err != nil {
			return err
		}
		return l.audit(ctx, tx, by, "login.changed")
	})
	if err != nil {
		return l, taken(err)
	}
	s.cache.clear()
	return s.Login(ctx, l.ID)
}

func keepAnAdministrator(ctx context.Context, tx pgx.Tx) error {
	var some bool
	err := tx.QueryRow(ctx, "select exists (select"+fromLogin+"where l.active and g.role = $1)", gateway.RoleAdministrator).Scan(&some)
	if err == nil && !some {
		return gateway.Conflict("last_administrator", "this is the last administrator; make another one first", nil)
	}
	return err
}

// ChangePassword lets the owner of a login choose another password. All sessions of
// the login end but the one that asked.
func (s *Store) ChangePassword(ctx context.Context, c Caller, old, password string) error {
	var name, hashed string
	err := s.pool.QueryRow(ctx, "select name, password from login where id = $1 and active", c.Login).Scan(&name, &hashed)
	if errors.Is(err, pgx.ErrNoRows) {
		return denied("no_login", "only somebody who is signed in can change a password")
	}
	if err != nil {
		return err
	}
	ok, _, err := s.hasher.verify(ctx, old, hashed)
	if err != nil {
		return err
	}
	if !ok {
		return gateway.Forbidden("wrong_password", "the old password is not right; type it again")
	}
	if old == password {
		return gateway.Invalid("password_unchanged", "choose a password other than the old one")
	}
	return s.setPassword(ctx, c, c.Login, name, password, false)
}

// ResetPassword gives a login a random password that must be changed at next login,
// and ends all of its sessions. The password is returned this once.
func (s *Store) ResetPassword(ctx context.Context, by Caller, id gateway.LoginID) (string, error) {
	l, err := s.Login(ctx, id)
	if err != nil {
		return "", err
	}
	password := randomPassword()
	return password, s.setPassword(ctx, by, id, l.Name, password, true)
}

// setPassword ends the login's sessions but the caller's own, unless it must be changed.
func (s *Store) setPassword(ctx context.Context, by Caller, id gateway.LoginID, name, password string, reset bool) error {
	if err := checkPassword(name, password); err != nil {
		return err
	}
	hashed, err := s.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	keep, what := by.Session, "login.password_changed"
	if reset {
		keep, what = 0, "login.password_reset"
	}
	defer s.cache.clear()
	return retry.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "update login set password = $2, must_change = $3, rev = rev + 1 where id = $1", id, hashed, reset); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "delete from session where login = $1 and id <> $2", id, keep); err != nil {
			return err
		}
		return Audit(ctx, tx, by, what, "login:"+id.String(), nil)
	})
}

// account is a login name as it is kept and compared.
func account(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
