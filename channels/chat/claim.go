package chat

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// A visitor has one socket, on whichever node. Whoever takes one in says so, and a node
// that has an older one closes it. A claim that is lost on its way costs nothing but a
// second socket, until the visitor connects again: both are told everything.

const topicClaims = "chat.visitors"

// claim says that a visitor has connected.
type claim struct {
	Visitor []byte    `json:"visitor"` // the token's hash
	Socket  string    `json:"socket"`  // unlike any other
	At      time.Time `json:"at"`
}

// settled is how long after connecting a socket gives way to any claim that comes. Of two
// younger ones, whose claims may have met, the later stays; clocks differ by less.
const settled = 5 * time.Second

// newClaim is a socket's, from its first moment on.
func newClaim(h tokenHash) claim {
	return claim{Visitor: h[:], Socket: rand.Text(), At: time.Now()}
}

// tellClaim tells the other nodes of a new socket.
func (v *session) tellClaim() {
	v.srv.Feed.Announce(gateway.NewEvent(topicClaims, "visitor.connected", 0, v.claimed))
}

// hearClaim closes the socket that a visitor had here before one elsewhere.
func (s *Server) hearClaim(e gateway.Event) {
	var c claim
	if json.Unmarshal(e.Data, &c) != nil || len(c.Visitor) != sha256.Size {
		return
	}
	hash := tokenHash(c.Visitor)
	s.mu.Lock()
	v := s.byToken[hash]
	if v == nil || !v.yields(c) {
		v = nil
	} else {
		delete(s.byToken, hash) // so that its leaving is not the visitor's
	}
	s.mu.Unlock()
	if v != nil {
		s.spawn(func(context.Context) { v.out.close(closeTakenOver, "connected again") })
	}
}

// yields says whether this socket gives way. Two nodes that hear of each other's claims come
// to the same answer, so that exactly one socket stays.
func (v *session) yields(c claim) bool {
	mine := v.claimed
	switch {
	case mine.Socket == c.Socket:
		return false
	case time.Since(mine.At) > settled:
		return true
	case mine.At.Equal(c.At):
		return mine.Socket < c.Socket
	default:
		return mine.At.Before(c.At)
	}
}
