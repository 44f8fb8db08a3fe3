// Package dtmf reads and writes the keys that people press during a call: RFC 4733
// telephone events in RTP, and the bodies of SIP INFO.
//
// A key is reported once, at its first packet that arrives, however many of its
// packets are lost or repeated.
package dtmf

import (
	"encoding/binary"
	"strconv"
	"strings"
	"time"
)

// keys in the order of their event numbers (RFC 4733 §3.2 table 3).
const keys = "0123456789*#ABCD"

// PayloadSize is the size of an event's payload (RFC 4733 §2.3).
const PayloadSize = 4

// Valid says whether the byte is a key.
func Valid(key byte) bool { return strings.IndexByte(keys, key) >= 0 }

// Receiver finds keys in a stream of telephone events. The zero value is ready.
type Receiver struct {
	ts   uint32
	seen bool
}

// Take gives the key that a packet's payload tells of, if it is news. RFC 4733
// §2.5.1.2: all packets of one event have its start as their timestamp.
func (r *Receiver) Take(timestamp uint32, payload []byte) (key byte, ok bool) {
	if len(payload) < PayloadSize || int(payload[0]) >= len(keys) {
		return 0, false
	}
	if r.seen && int32(timestamp-r.ts) <= 0 {
		return 0, false
	}
	r.ts, r.seen = timestamp, true
	return keys[payload[0]], true
}

// Event is one packet of a key being pressed.
type Event struct {
	Payload [PayloadSize]byte
	Marker  bool
}

// Press is the packets of a key held for so long: one each 20 ms, the last one three
// times (RFC 4733 §2.5.1.4), all with the timestamp of the first.
func Press(key byte, d time.Duration) []Event {
	code := strings.IndexByte(keys, key)
	if code < 0 {
		return nil
	}
	n := max(int(d/(20*time.Millisecond)), 2)
	events := make([]Event, 0, n+2)
	for i := 1; i <= n+2; i++ {
		e := Event{Marker: i == 1}
		e.Payload[0], e.Payload[1] = byte(code), 10 // volume −10 dBm0
		if i >= n {
			e.Payload[1] |= 0x80
		}
		binary.BigEndian.PutUint16(e.Payload[2:], uint16(min(i, n)*160))
		events = append(events, e)
	}
	return events
}

// ParseInfo reads the body of a SIP INFO. Both forms in use are read:
// application/dtmf-relay ("Signal=5\r\nDuration=160") and application/dtmf ("5").
func ParseInfo(contentType string, body []byte) (key byte, d time.Duration, ok bool) {
	d = 160 * time.Millisecond
	text := string(body)
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch strings.TrimSpace(kind) {
	case "application/dtmf":
		key, ok = parseKey(text)
		return key, d, ok
	case "application/dtmf-relay":
	default:
		return 0, 0, false
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			key, ok = parseKey(value)
		case "duration":
			if ms, err := strconv.Atoi(value); err == nil && ms > 0 && ms <= 10000 {
				d = time.Duration(ms) * time.Millisecond
			}
		}
	}
	return key, d, ok
}

// parseKey reads a key as itself or as its event number, as some phones write 10 and 11.
func parseKey(s string) (byte, bool) {
	s = strings.ToUpper(strings.TrimSpace(s))
	if len(s) == 1 && Valid(s[0]) {
		return s[0], true
	}
	if n, err := strconv.Atoi(s); err == nil && n >= 10 && n < len(keys) {
		return keys[n], true
	}
	return 0, false
}

// Info is the body of a SIP INFO for a key, of type application/dtmf-relay.
func Info(key byte, d time.Duration) []byte {
	return []byte("Signal=" + string(key) + "\r\nDuration=" + strconv.FormatInt(d.Milliseconds(), 10) + "\r\n")
}
