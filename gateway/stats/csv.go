package stats

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// WriteQueues writes the figures of queues as CSV (RFC 4180), a line each. Name gives a
// queue's name in the reader's language. Durations are in seconds, ratios from 0 to 1.
func WriteQueues(w io.Writer, figures []QueueFigures, name func(gateway.QueueID) string) error {
	lines := [][]string{{
		"queue", "channel", "entered", "answered", "answered_in_time", "abandoned", "short_abandoned", "diverted",
		"handled", "offered", "accepted", "declined", "missed", "failed", "sl2", "asa_s", "aht_s", "abandon_rate", "transferred", "transfer_rate",
		"first_response_s", "next_response_s", "resolved", "resolution_s", "reopened", "reopen_rate", "linked", "link_rate", "rated", "csat",
	}}
	for _, f := range figures {
		lines = append(lines, []string{
			cell(name(f.Queue)), string(f.Channel), whole(f.Entered), whole(f.Answered), whole(f.AnsweredInTime), whole(f.Abandoned),
			whole(f.ShortAbandoned), whole(f.Diverted), whole(f.Handled), whole(f.Offered), whole(f.Accepted), whole(f.Declined), whole(f.Missed), whole(f.Failed),
			fraction(f.SL2, 4), fraction(f.ASA, 1), fraction(f.AHT, 1), fraction(f.AbandonRate, 4),
			whole(f.Transferred), fraction(f.TransferRate, 4),
			fraction(f.FirstResponse, 1), fraction(f.NextResponse, 1), whole(f.Resolved), fraction(f.Resolution, 1),
			whole(f.Reopened), fraction(f.ReopenRate, 4), whole(f.Linked), fraction(f.LinkRate, 4), whole(f.Rated), fraction(f.CSAT, 2),
		})
	}
	return write(w, lines)
}

// WriteAgents writes the figures of agents as CSV, a line each.
func WriteAgents(w io.Writer, figures []AgentFigures, name func(gateway.AgentID) string) error {
	statuses := []gateway.Status{
		gateway.Available, gateway.Offered, gateway.Busy, gateway.WrapUp, gateway.WorkingOffline, gateway.OnBreak,
	}
	head := []string{"agent", "offered", "accepted", "declined", "missed", "failed", "handled", "aht_s", "occupancy", "signed_in_s", "article_links", "article_links_opened"}
	for _, s := range statuses {
		head = append(head, string(s)+"_s")
	}
	lines := [][]string{head}
	for _, f := range figures {
		line := []string{
			cell(name(f.Agent)), whole(f.Offered), whole(f.Accepted), whole(f.Declined), whole(f.Missed), whole(f.Failed), whole(f.Handled),
			fraction(f.AHT, 1), fraction(f.Occupancy, 4), fraction(&f.SignedInSeconds, 0),
			whole(f.ArticleLinks), whole(f.ArticleLinksOpened),
		}
		for _, s := range statuses {
			seconds := f.Status[s]
			line = append(line, fraction(&seconds, 0))
		}
		lines = append(lines, line)
	}
	return write(w, lines)
}

func write(w io.Writer, lines [][]string) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true // RFC 4180 §2.1
	return c.WriteAll(lines)
}

func whole(n int) string { return strconv.Itoa(n) }

func fraction(f *float64, digits int) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(*f, 'f', digits, 64)
}

// cell keeps a spreadsheet from taking a name for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
