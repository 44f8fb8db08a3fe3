package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type loginIn struct {
	ID gateway.LoginID `path:"id"`
}

type newLoginIn struct {
	Body struct {
		Name     string          `json:"name" maxLength:"100" doc:"What is typed to sign in"`
		Display  string          `json:"display" maxLength:"200" doc:"What colleagues and customers see"`
		Agent    gateway.AgentID `json:"agent,omitempty" doc:"Who works through this login, if anybody"`
		Role     gateway.Role    `json:"role"`
		Password string          `json:"password,omitempty" maxLength:"1000" doc:"A random one unless set"`
	}
}

type loginChangeIn struct {
	ID      gateway.LoginID `path:"id"`
	IfMatch string          `header:"If-Match" doc:"The rev that you have read; a stale one is refused with what is there"`
	Body    struct {
		Display *string          `json:"display,omitempty" maxLength:"200"`
		Agent   *gateway.AgentID `json:"agent,omitempty"`
		Role    *gateway.Role    `json:"role,omitempty"`
		Active  *bool            `json:"active,omitempty" doc:"false: may no longer sign in; its sessions end"`
	}
}

// newLogin is a login with its first password.
type newLogin struct {
	access.Login
	Password string `json:"password,omitempty" doc:"Given this once; it must be changed at the first sign-in"`
}

// newPassword is what an administrator hands over.
type newPassword struct {
	Password string `json:"password" doc:"Given this once; it must be changed at the next sign-in"`
}

type newKeyIn struct {
	Body struct {
		Name      string          `json:"name" maxLength:"200" doc:"What will use it"`
		Role      gateway.Role    `json:"role"`
		Agent     gateway.AgentID `json:"agent,omitempty" doc:"Whom it acts as, if anybody"`
		ExpiresAt *time.Time      `json:"expires_at,omitempty"`
	}
}

// newKey is an API key with its secret.
type newKey struct {
	access.Key
	Secret string `json:"secret" doc:"The bearer token. Given this once"`
}

type keyIn struct {
	ID access.KeyID `path:"id"`
}

type loginSessionIn struct {
	ID      gateway.LoginID  `path:"id"`
	Session access.SessionID `path:"session"`
}

type auditIn struct {
	Subject string          `query:"subject" maxLength:"200" doc:"What it was done to: queue:3"`
	Login   gateway.LoginID `query:"login" doc:"Who did it"`
	After   gateway.CaseID  `query:"after"`
	Limit   int             `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

func (s *Server) registerAdminAccess() {
	role := gateway.RoleAdministrator
	add(s, operation{Method: http.MethodGet, Path: "/admin/logins", ID: "admin-list-logins", Summary: "Who may sign in", Role: role}, s.logins)
	add(s, operation{Method: http.MethodPost, Path: "/admin/logins", ID: "admin-create-login", Summary: "Let somebody sign in; the password is given this once", Role: role, Status: http.StatusCreated}, s.createLogin)
	add(s, operation{Method: http.MethodGet, Path: "/admin/logins/{id}", ID: "admin-get-login", Summary: "One login", Role: role}, s.getLogin)
	add(s, operation{Method: http.MethodPatch, Path: "/admin/logins/{id}", ID: "admin-change-login", Summary: "Change a login, or end it", Role: role}, s.changeLogin)
	add(s, operation{Method: http.MethodPost, Path: "/admin/logins/{id}/reset", ID: "admin-reset-password", Summary: "A new random password; all sessions end", Role: role}, s.resetPassword)
	add(s, operation{Method: http.MethodGet, Path: "/admin/logins/{id}/sessions", ID: "admin-list-sessions", Summary: "Where somebody is signed in", Role: role}, s.loginSessions)
	addSilent(s, operation{Method: http.MethodDelete, Path: "/admin/logins/{id}/sessions/{session}", ID: "admin-revoke-session", Summary: "Sign somebody out", Role: role}, s.revokeLoginSession)
	add(s, operation{Method: http.MethodGet, Path: "/admin/keys", ID: "admin-list-keys", Summary: "The API keys", Role: role}, s.keys)
	add(s, operation{Method: http.MethodPost, Path: "/admin/keys", ID: "admin-create-key", Summary: "Make an API key; it is given this once", Role: role, Status: http.StatusCreated}, s.createKey)
	add(s, operation{Method: http.MethodDelete, Path: "/admin/keys/{id}", ID: "admin-revoke-key", Summary: "End an API key for good", Role: role}, s.revokeKey)
	add(s, operation{Method: http.MethodGet, Path: "/audit", ID: "audit-log", Summary: "Who did what, the latest first", Role: role}, s.auditLog)
}

func (s *Server) logins(ctx context.Context, _ access.Caller, _ *none) (page[access.Login], error) {
	list, err := s.Access.Logins(ctx)
	return page[access.Login]{Items: orEmpty(list)}, err
}

func (s *Server) getLogin(ctx context.Context, _ access.Caller, in *loginIn) (access.Login, error) {
	return s.Access.Login(ctx, in.ID)
}

func (s *Server) createLogin(ctx context.Context, by access.Caller, in *newLoginIn) (newLogin, error) {
	b := in.Body
	if err := s.knownAgent(ctx, b.Agent); err != nil {
		return newLogin{}, err
	}
	made, secret, err := s.Access.CreateLogin(ctx, by, access.Login{Name: b.Name, Display: b.Display, Agent: b.Agent, Role: b.Role, Active: true}, b.Password)
	return newLogin{made, secret}, err
}

// knownAgent refuses an agent that there is not.
func (s *Server) knownAgent(ctx context.Context, id gateway.AgentID) error {
	if id == 0 {
		return nil
	}
	_, err := s.Roster.Agent(ctx, id)
	return err
}

// changeLogin changes what the draft names. A console of theirs is closed within a heartbeat when
// that changes what they may do (see still).
func (s *Server) changeLogin(ctx context.Context, by access.Caller, in *loginChangeIn) (access.Login, error) {
	l, err := s.Access.Login(ctx, in.ID)
	if err != nil {
		return l, err
	}
	if l.Rev, err = revOf(in.IfMatch, l.Rev); err != nil {
		return l, err
	}
	set(&l.Display, in.Body.Display)
	set(&l.Agent, in.Body.Agent)
	set(&l.Role, in.Body.Role)
	set(&l.Active, in.Body.Active)
	if err := s.knownAgent(ctx, l.Agent); err != nil {
		return l, err
	}
	return s.Access.UpdateLogin(ctx, by, l)
}

func (s *Server) resetPassword(ctx context.Context, by access.Caller, in *loginIn) (newPassword, error) {
	password, err := s.Access.ResetPassword(ctx, by, in.ID)
	return newPassword{password}, err
}

func (s *Server) loginSessions(ctx context.Context, by access.Caller, in *loginIn) (page[openSession], error) {
	if _, err := s.Access.Login(ctx, in.ID); err != nil {
		return page[openSession]{}, err
	}
	return s.sessionsOf(ctx, by, in.ID)
}

func (s *Server) revokeLoginSession(ctx context.Context, by access.Caller, in *loginSessionIn) (none, error) {
	return none{}, s.Access.RevokeSession(ctx, by, in.ID, in.Session)
}

func (s *Server) keys(ctx context.Context, _ access.Caller, _ *none) (page[access.Key], error) {
	list, err := s.Access.Keys(ctx)
	return page[access.Key]{Items: orEmpty(list)}, err
}

func (s *Server) createKey(ctx context.Context, by access.Caller, in *newKeyIn) (newKey, error) {
	b := in.Body
	if err := s.knownAgent(ctx, b.Agent); err != nil {
		return newKey{}, err
	}
	made, secret, err := s.Access.CreateKey(ctx, by, access.Key{Name: b.Name, Role: b.Role, Agent: b.Agent, ExpiresAt: b.ExpiresAt})
	return newKey{made, secret}, err
}

func (s *Server) revokeKey(ctx context.Context, by access.Caller, in *keyIn) (access.Key, error) {
	return s.Access.RevokeKey(ctx, by, in.ID)
}

func (s *Server) auditLog(ctx context.Context, _ access.Caller, in *auditIn) (page[access.Audited], error) {
	list, err := s.Access.AuditLog(ctx, access.AuditFilter{Subject: in.Subject, Login: in.Login, After: int64(in.After), Limit: in.Limit})
	return page[access.Audited]{Items: orEmpty(list), After: nextOf(list, in.Limit, func(a access.Audited) int64 { return a.ID })}, err
}
