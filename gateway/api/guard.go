package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/google/uuid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// ServeHTTP answers one request. It knows who calls, gives the request its id, keeps
// foreign pages from writing with a visitor's cookie, and turns a panic into a problem.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := uuid.Must(uuid.NewV7()).String()
	ctx := context.WithValue(r.Context(), requestKey{}, id)
	ctx = context.WithValue(ctx, sourceKey{}, s.Source(r))
	a := &answer{ResponseWriter: w}
	s.harden(a.Header(), id)
	defer s.mourn(ctx, a)
	r, err := s.admit(r.WithContext(ctx))
	if err != nil {
		s.refuse(ctx, a, err)
	} else if _, pattern := s.mux.Handler(r); pattern == "" {
		s.lost(a, r)
	} else {
		s.mux.ServeHTTP(a, r)
	}
	s.noteRefusal(ctx, r, a.status)
}

// harden sets the headers that hold unless a handler knows better: what we answer is
// for this caller only, and no page.
func (s *Server) harden(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	if s.Secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// admit finds out who calls. A key that is not good is refused at once; a cookie that is
// not good only means that nobody has signed in.
func (s *Server) admit(r *http.Request) (*http.Request, error) {
	if key := r.Header.Get(keyHeader); len(key) > keyMax {
		return r, gateway.Invalid("key_too_long", "an Idempotency-Key has at most 200 bytes; a UUID is good")
	} else if key != "" {
		r = r.WithContext(context.WithValue(r.Context(), writeKey{}, key))
	}
	token, byCookie := token(r)
	if byCookie && writes(r.Method) && !s.sameOrigin(r) {
		return r, gateway.Forbidden("foreign_origin", "a page of another site may not write with your cookie; use an API key")
	}
	if token == "" {
		return r, nil
	}
	by, err := s.Access.Identify(r.Context(), token)
	if err == nil {
		err = s.atWork(r.Context(), by)
	}
	switch {
	case err == nil:
		return r.WithContext(context.WithValue(r.Context(), callerKey{}, by)), nil
	case byCookie && errors.Is(err, gateway.ErrDenied):
		return r, nil
	default:
		return r, err
	}
}

// atWork denies agents who have left: a login or a key may have been forgotten.
func (s *Server) atWork(ctx context.Context, by access.Caller) error {
	if by.Agent == 0 {
		return nil
	}
	names, err := s.names.Get(ctx)
	if names.Agents[by.Agent].Left {
		return &gateway.Error{Kind: gateway.KindDenied, Code: "agent_left", Detail: "this agent no longer works here; ask an administrator"}
	}
	return err
}

func writes(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// lost answers for paths and methods that are not ours, in our words.
func (s *Server) lost(w http.ResponseWriter, r *http.Request) {
	probe := &discarded{header: http.Header{}}
	s.mux.ServeHTTP(probe, r)
	err := error(gateway.NotFound("no_such_path", "nothing is here; /api/docs shows what there is"))
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		err = &Problem{
			Status: probe.status, Title: http.StatusText(probe.status), Code: "no_such_method", RequestID: requestID(r.Context()),
			Detail: fmt.Sprintf("%s is not possible here; try %s", r.Method, probe.header.Get("Allow")),
		}
	}
	s.refuse(r.Context(), w, err)
}

// mourn answers after a panic, which is a bug of ours: it is logged once, with where it
// happened, and the caller is told so.
func (s *Server) mourn(ctx context.Context, a *answer) {
	reason := recover()
	if reason == nil {
		return
	}
	if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(reason)
	}
	s.log.ErrorContext(ctx, "panic in a request", "request_id", requestID(ctx), "panic", fmt.Sprint(reason), "stack", string(debug.Stack()))
	if a.status == 0 {
		s.refuse(ctx, a, broken(ctx))
	}
}

// answer remembers the status that was sent.
type answer struct {
	http.ResponseWriter
	status int // 0 until the header is out
}

// WriteHeader is described at http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write is described at http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets the socket take the connection over, and huma set deadlines.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// discarded takes an answer that nobody gets, for its status.
type discarded struct {
	header http.Header
	status int
}

// Header is described at http.ResponseWriter.
func (d *discarded) Header() http.Header { return d.header }

// Write is described at http.ResponseWriter.
func (d *discarded) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader is described at http.ResponseWriter.
func (d *discarded) WriteHeader(status int) { d.status = status }
