package consoles

import (
	"sync/atomic"
	"time"
)

// Heard is when a console last showed that it is there. A console embeds it.
type Heard struct {
	at atomic.Int64 // as time.UnixNano
}

// Hear notes that the console is there.
func (h *Heard) Hear() { h.at.Store(time.Now().UnixNano()) }

// LastHeard is when Hear was called last.
func (h *Heard) LastHeard() time.Time { return time.Unix(0, h.at.Load()) }
