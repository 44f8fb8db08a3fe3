package email

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"
	"time"
)

// traces are the fields that differ when one mail is delivered twice, and those in which
// the programs that keep an mbox note what became of it.
var traces = map[string]bool{
	"return-path": true, "delivered-to": true, "received": true, "x-original-to": true, "envelope-to": true, "delivery-date": true,
	"status": true, "x-status": true, "x-keywords": true, "x-uid": true, "x-imap": true, "x-imapbase": true,
	"x-mozilla-status": true, "x-mozilla-status2": true, "x-mozilla-keys": true,
}

// digest knows a mail by its content: SHA-256 without the fields that a delivery adds,
// whatever the line ends. Two mails without a date and an id may be the same by chance
// (an alarm that a script sends every day): then the day of delivery is part of them.
func digest(raw []byte, at time.Time) [sha256.Size]byte {
	h, dated := content(raw)
	if !dated {
		h.Write([]byte(at.UTC().Format(time.RFC3339)))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// handedKey knows a mail that is handed in: two ways of one mail at the same moment are one
// arrival. One without a date and an id is known by its very bytes, which only whoever
// has not heard that it was taken brings again.
func handedKey(mailbox MailboxID, raw []byte) string {
	sum := sha256.Sum256(raw)
	if h, dated := content(raw); dated {
		sum = [sha256.Size]byte(h.Sum(nil))
	}
	return fmt.Sprintf("email/%d/handed/%x", mailbox, sum)
}

// content hashes a mail without the fields that a delivery adds, and says whether a date
// or an id is among the others.
func content(raw []byte) (h hash.Hash, dated bool) {
	h = sha256.New()
	skipping := false
	rest := raw
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte{'\n'})
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) == 0 {
			break
		}
		rest = after
		if line[0] != ' ' && line[0] != '\t' {
			name, _, _ := bytes.Cut(line, []byte{':'})
			field := strings.ToLower(string(bytes.TrimSpace(name)))
			skipping = traces[field]
			dated = dated || field == "date" || field == "message-id"
		}
		if !skipping {
			h.Write(line)
			h.Write([]byte{'\n'})
		}
	}
	h.Write(bytes.ReplaceAll(rest, []byte("\r\n"), []byte{'\n'}))
	return h, dated
}
