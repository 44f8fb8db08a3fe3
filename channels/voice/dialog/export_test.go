package dialog

import (
	"time"

	"github.com/emiago/sipgo/sip"
)

// Judge does with a datagram what the gate and the stack do before they answer, and
// gives the answer to one that can't be parsed.
func Judge(data []byte) []byte {
	switch verdict(data) {
	case malformed:
		return badRequest(data)
	case request:
		msg, err := sip.NewParser().ParseSIP(data)
		if err != nil {
			return badRequest(data)
		}
		if req, ok := msg.(*sip.Request); ok {
			check(req)
		}
	case junk, response:
	}
	return nil
}

// Break closes the socket under the stack.
func (s *Stack) Break() error { return s.conn.Close() }

// Sicken makes every attempt to receive fail until the time.
func (s *Stack) Sicken(until time.Time) error { return s.conn.SetReadDeadline(until) }
