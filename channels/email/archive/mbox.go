package archive

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"
)

// separator is the line before each mail of an mbox: who sent it, and when it came. A
// line of a text that only begins with "From " has no time of day and year.
var separator = regexp.MustCompile(`^From (?:(.*) )?([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d(?::\d\d)?.* \d{4}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d(?::\d\d)? \d{4}.*)\r?\n?$`)

func isSeparator(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	return bytes.HasPrefix(head, []byte("From ")) && separator.Match(line)
}

// Times as they stand in separators: asctime's, which RFC 4155 wants in UTC, and what
// programs make of it.
var separatorTimes = []string{
	"Mon Jan _2 15:04:05 2006", "Mon Jan _2 15:04 2006", "Mon Jan _2 15:04:05 -0700 2006", "Mon Jan _2 15:04:05 2006 -0700", "Mon Jan _2 15:04:05 MST 2006",
}

func separatorTime(line []byte) time.Time {
	m := separator.FindSubmatch(line)
	for _, layout := range separatorTimes {
		if at, err := time.Parse(layout, strings.TrimSpace(string(m[2]))); err == nil {
			return at
		}
	}
	return time.Time{}
}

// scanMbox finds the mails of an mbox. The empty line before the next separator is none
// of theirs.
func scanMbox(path string, r *bufio.Reader) (mails []Mail, err error) {
	var at, size int64 // where the next line begins, and the line end before it
	empty, start := true, true
	header := false
	for {
		line, err := r.ReadSlice('\n')
		whole := err == nil || errors.Is(err, io.EOF)
		if len(line) > 0 {
			switch {
			case start && empty && isSeparator(line):
				if n := len(mails); n > 0 {
					mails[n-1].size = max(0, at-size-mails[n-1].from)
				}
				mails = append(mails, Mail{Path: path, At: separatorTime(line), from: at + int64(len(line)), mbox: true})
				header = true
			case header && mails[len(mails)-1].At.IsZero() && start:
				mails[len(mails)-1].At = dateOf(line)
			}
			at += int64(len(line))
			empty = start && len(bytes.TrimRight(line, "\r\n")) == 0
			if size = 0; empty {
				size, header = int64(len(line)), false
			}
		}
		switch start = whole; {
		case errors.Is(err, io.EOF):
			last := &mails[len(mails)-1]
			last.size = max(0, at-size-last.from)
			return mails, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// quoted are the lines of a mail that an mbox has put a ">" before.
var quoted = regexp.MustCompile(`(?m)^>(>*From )`)

func unquote(raw []byte) []byte { return quoted.ReplaceAll(raw, []byte("$1")) }
