package api

import (
	"context"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// cookieName holds the session's token: HttpOnly, SameSite=Strict.
const cookieName = "vaxel_session"

type (
	callerKey  struct{}
	requestKey struct{}
	sourceKey  struct{}
	writeKey   struct{}
)

const (
	keyHeader = "Idempotency-Key"
	keyMax    = 200
)

// token finds the session's token or the API key.
func token(r *http.Request) (value string, byCookie bool) {
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return key, false
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value, true
	}
	return "", false
}

// sameOrigin says whether a browser's request comes from our own pages. Programs send
// no Origin, and old browsers no Sec-Fetch-Site.
func (s *Server) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "same-origin" || site == "none"
	}
	if slices.Contains(s.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host == r.Host
}

// Source is the address that a request comes from, past our own proxies.
func (s *Server) Source(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",") // some proxies add a line of their own
	for i := len(hops) - 1; i >= 0 && s.trusted(host); i-- {
		if hop := strings.TrimSpace(hops[i]); hop != "" {
			host = hop
		}
	}
	return host
}

func (s *Server) trusted(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

func require(by access.Caller, role gateway.Role) error {
	if by.Role == "" {
		return &gateway.Error{Kind: gateway.KindDenied, Code: "sign_in", Detail: "Sign in with POST /api/v1/session, or send an API key as a bearer token."}
	}
	if role == anyone {
		return nil
	}
	return by.Require(role)
}

func callerFrom(ctx context.Context) access.Caller {
	by, _ := ctx.Value(callerKey{}).(access.Caller)
	return by
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// keyFrom is the caller's own id of a write, if it has one.
func keyFrom(ctx context.Context) string {
	key, _ := ctx.Value(writeKey{}).(string)
	return key
}

func sourceFrom(ctx context.Context) string {
	source, _ := ctx.Value(sourceKey{}).(string)
	return source
}

// refuse answers a plain handler's request with a problem.
func (s *Server) refuse(ctx context.Context, w http.ResponseWriter, err error) {
	p := problem(ctx, s.log, err)
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	writeJSON(w, p)
}
