package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// signedIn is who a session is for.
type signedIn struct {
	Login              gateway.LoginID `json:"login"`
	Name               string          `json:"name"`
	Role               gateway.Role    `json:"role"`
	Agent              gateway.AgentID `json:"agent,omitempty"`
	MustChangePassword bool            `json:"must_change_password"`
	Expires            time.Time       `json:"expires"`
}

type signInIn struct {
	UserAgent string `header:"User-Agent"`
	Body      struct {
		Login    string `json:"login" maxLength:"200"`
		Password string `json:"password" maxLength:"1000"`
	}
}

type signInOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      signedIn
}

type signOutOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

// socketTicket is what opens the socket.
type socketTicket struct {
	Ticket string `json:"ticket" doc:"Goes into the socket's first frame"`
}

type passwordIn struct {
	Body struct {
		Old string `json:"old" maxLength:"1000"`
		New string `json:"new" maxLength:"1000"`
	}
}

func (s *Server) registerSession() {
	addFull(s, operation{Method: http.MethodPost, Path: "/session", ID: "sign-in", Summary: "Sign in; the cookie is the session"}, s.signIn)
	addFull(s, operation{Method: http.MethodDelete, Path: "/session", ID: "sign-out", Summary: "Sign out of this session", Status: http.StatusNoContent}, s.signOut)
	add(s, operation{Method: http.MethodGet, Path: "/sessions", ID: "list-sessions", Summary: "Where you are signed in", Role: anyone}, s.sessions)
	addSilent(s, operation{Method: http.MethodDelete, Path: "/sessions/{id}", ID: "revoke-session", Summary: "Sign out somewhere else", Role: anyone}, s.revokeSession)
	add(s, operation{Method: http.MethodPut, Path: "/me/password", ID: "change-password", Summary: "Change your password", Role: anyone}, s.changePassword)
	add(s, operation{Method: http.MethodPost, Path: "/socket-ticket", ID: "socket-ticket", Summary: "A one-use ticket for the socket, good for 30 s", Role: gateway.RoleAgent}, s.ticket)
}

// openSession is one of the caller's sessions.
type openSession struct {
	ID        access.SessionID `json:"id"`
	CreatedAt time.Time        `json:"created_at"`
	ExpiresAt time.Time        `json:"expires_at"`
	Source    string           `json:"source" doc:"The address it came from"`
	Client    string           `json:"client,omitempty" doc:"What the browser says it is"`
	Current   bool             `json:"current" doc:"The one that asks"`
}

type sessionIn struct {
	ID access.SessionID `path:"id"`
}

func (s *Server) sessions(ctx context.Context, by access.Caller, _ *none) (page[openSession], error) {
	return s.sessionsOf(ctx, by, by.Login)
}

func (s *Server) sessionsOf(ctx context.Context, by access.Caller, login gateway.LoginID) (page[openSession], error) {
	list, err := s.Access.Sessions(ctx, login)
	out := page[openSession]{Items: make([]openSession, len(list))}
	for i, v := range list {
		out.Items[i] = openSession{v.ID, v.CreatedAt, v.ExpiresAt, v.Source, v.Client, v.ID == by.Session}
	}
	return out, err
}

func (s *Server) revokeSession(ctx context.Context, by access.Caller, in *sessionIn) (none, error) {
	if by.Login == 0 {
		return none{}, gateway.Forbidden("login_required", "a key has no sessions; sign in with a login")
	}
	return none{}, s.Access.RevokeSession(ctx, by, by.Login, in.ID)
}

func (s *Server) signIn(ctx context.Context, _ access.Caller, in *signInIn) (*signInOut, error) {
	token, by, err := s.Access.SignIn(ctx, in.Body.Login, in.Body.Password, sourceFrom(ctx), in.UserAgent)
	if err != nil {
		return nil, err
	}
	if err := s.atWork(ctx, by); err != nil {
		return nil, errors.Join(err, s.Access.SignOut(ctx, by))
	}
	if err := s.comeToWork(ctx, by); err != nil {
		s.log.Warn("put an agent to work who signed in", "agent", by.Agent, "err", err)
	}
	return &signInOut{SetCookie: s.cookie(token, by.Expires), Body: signedInAs(by)}, nil
}

// comeToWork lands an agent who signs in in working offline; one who has a status
// already, on another screen, keeps it.
func (s *Server) comeToWork(ctx context.Context, by access.Caller) error {
	if by.Agent == 0 {
		return nil
	}
	p, err := s.Floor.Presence(ctx, by.Agent)
	if err != nil || p.Intent != gateway.IntentLoggedOut {
		return err
	}
	_, err = s.Commands.Do(ctx, "", gateway.SetStatus{Agent: by.Agent, Intent: gateway.IntentWorkingOffline, Code: gateway.CodeLogin})
	return err
}

func (s *Server) signOut(ctx context.Context, by access.Caller, _ *none) (*signOutOut, error) {
	if by.Session != 0 {
		if err := s.Access.SignOut(ctx, by); err != nil {
			return nil, err
		}
	}
	return &signOutOut{SetCookie: s.cookie("", time.Unix(1, 0))}, nil
}

func (s *Server) changePassword(ctx context.Context, by access.Caller, in *passwordIn) (signedIn, error) {
	if err := s.Access.ChangePassword(ctx, by, in.Body.Old, in.Body.New); err != nil {
		return signedIn{}, err
	}
	by.MustChange = false
	return signedInAs(by), nil
}

func (s *Server) ticket(ctx context.Context, by access.Caller, _ *none) (socketTicket, error) {
	ticket, err := s.Access.Ticket(ctx, by)
	return socketTicket{ticket}, err
}

func (s *Server) cookie(token string, expires time.Time) http.Cookie {
	return http.Cookie{ //nolint:gosec // G124: Secure unless the operator serves plain HTTP
		Name: cookieName, Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode,
	}
}

func signedInAs(by access.Caller) signedIn {
	return signedIn{Login: by.Login, Name: by.Name, Role: by.Role, Agent: by.Agent, MustChangePassword: by.MustChange, Expires: by.Expires}
}

func writeJSON(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) } // words of ours; a reader that has gone is no matter
