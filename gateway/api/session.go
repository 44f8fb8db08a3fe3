package api

import (
	"context"
	"encoding/json"
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

type passwordIn struct {
	Body struct {
		Old string `json:"old" maxLength:"1000"`
		New string `json:"new" maxLength:"1000"`
	}
}

func (s *Server) registerSession() {
	addRaw(s, operation{Method: http.MethodPost, Path: "/session", ID: "sign-in", Summary: "Sign in; the cookie is the session"}, s.signIn)
	addRaw(s, operation{Method: http.MethodDelete, Path: "/session", ID: "sign-out", Summary: "Sign out of this session"}, s.signOut)
	add(s, operation{Method: http.MethodPut, Path: "/me/password", ID: "change-password", Summary: "Change your password", Role: anyone}, s.changePassword)
	add(s, operation{Method: http.MethodPost, Path: "/socket-ticket", ID: "socket-ticket", Summary: "A one-use ticket for the socket, good for 30 s", Role: gateway.RoleAgent}, s.ticket)
}

func (s *Server) signIn(ctx context.Context, in *signInIn) (*signInOut, error) {
	token, by, err := s.Access.SignIn(ctx, in.Body.Login, in.Body.Password, sourceFrom(ctx), in.UserAgent)
	if err != nil {
		return nil, err
	}
	return &signInOut{SetCookie: s.cookie(token, by.Expires), Body: signedInAs(by)}, nil
}

func (s *Server) signOut(ctx context.Context, _ *none) (*signInOut, error) {
	by := callerFrom(ctx)
	if by.Session != 0 {
		if err := s.Access.SignOut(ctx, by); err != nil {
			return nil, err
		}
	}
	return &signInOut{SetCookie: s.cookie("", time.Unix(1, 0))}, nil
}

func (s *Server) changePassword(ctx context.Context, by access.Caller, in *passwordIn) (signedIn, error) {
	if err := s.Access.ChangePassword(ctx, by, in.Body.Old, in.Body.New); err != nil {
		return signedIn{}, err
	}
	by.MustChange = false
	return signedInAs(by), nil
}

func (s *Server) ticket(ctx context.Context, by access.Caller, _ *none) (struct {
	Ticket string `json:"ticket"`
}, error,
) {
	ticket, err := s.Access.Ticket(ctx, by)
	return struct {
		Ticket string `json:"ticket"`
	}{ticket}, err
}

func (s *Server) cookie(token string, expires time.Time) http.Cookie {
	return http.Cookie{
		Name: cookieName, Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteStrictMode,
	}
}

func signedInAs(by access.Caller) signedIn {
	return signedIn{Login: by.Login, Name: by.Name, Role: by.Role, Agent: by.Agent, MustChangePassword: by.MustChange, Expires: by.Expires}
}

func writeJSON(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) } //nolint:errchkjson // words of ours; a reader that has gone is no matter
