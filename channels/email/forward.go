package email

import (
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
)

// marks are what stands above a mail that is passed on.
type marks struct{ title, from, date, subject, to, cc string }

var marksIn = map[string]marks{
	"en": {"Forwarded message", "From", "Date", "Subject", "To", "Cc"},
	"sv": {"Vidarebefordrat meddelande", "Från", "Datum", "Ämne", "Till", "Kopia"},
}

// Forward makes a reply one that passes a mail on: below what the agent wrote stands the
// mail, with all its attachments. It is no answer (RFC 5322 §3.6.4 is of replies only), so
// it refers to nothing, and its reader sees a thread of their own. quoted is where in the
// text the mail begins.
func Forward(r Reply, e gateway.Entry, language string) (_ Reply, quoted int, err error) {
	var m gateway.Mail
	if err := json.Unmarshal(e.Body, &m); err != nil {
		return r, 0, fmt.Errorf("read the mail at %d: %w", e.Pos, err)
	}
	said, ok := marksIn[language]
	if !ok {
		said = marksIn["en"]
	}
	original := m.HTML
	if original == "" {
		original = letter.RichText(e.Text)
	}
	own := r.HTML
	if own == "" && r.Text != "" {
		own = letter.RichText(r.Text)
	}
	lines := said.head(m, e.At)
	r.HTML = own + "<hr><p>" + strings.ReplaceAll(html.EscapeString(strings.Join(lines, "\n")), "\n", "<br>") + "</p>" + original
	if r.Text != "" {
		r.Text += "\n\n"
	}
	quoted = len(r.Text)
	r.Text += strings.Join(lines, "\n") + "\n\n" + e.Text
	if r.Subject == "" {
		r.Subject = "Fwd: " + replyMarks.ReplaceAllString(m.Subject, "")
	}
	r.Attachments = append(slices.Clone(r.Attachments), m.Attachments...)
	r.Answers, r.References = gateway.Mail{}, nil
	return r, quoted, nil
}

func (k marks) head(m gateway.Mail, at time.Time) []string {
	lines := []string{
		"---------- " + k.title + " ----------",
		k.from + ": " + named(m.From),
		k.date + ": " + at.UTC().Format("2006-01-02 15:04 MST"),
		k.subject + ": " + m.Subject,
	}
	for _, list := range []struct {
		mark string
		of   []gateway.Address
	}{{k.to, m.To}, {k.cc, m.Cc}} {
		var names []string
		for _, a := range list.of {
			names = append(names, named(a))
		}
		if len(names) > 0 {
			lines = append(lines, list.mark+": "+strings.Join(names, ", "))
		}
	}
	return lines
}

func named(a gateway.Address) string {
	if a.Name == "" {
		return a.Value
	}
	return a.Name + " <" + a.Value + ">"
}
