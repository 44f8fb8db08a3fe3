package archive_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/channels/email/archive"
)

// TestMailsAreFoundInTheirOrder, wherever they lie.
func TestMailsAreFoundInTheirOrder(t *testing.T) {
	dir := t.TempDir()
	long := strings.Repeat("x", 100_000)
	for name, text := range map[string]string{
		"Sent": "From a@example.com Mon Jan  6 10:00:00 2025\nSubject: two\n\nHi\n>From here\n>>From there\n\nFrom the sea, a text\n" + long + "\n\n" +
			"From a@example.com Wed Jan  8 10:00:00 2025 +0100\nSubject: four\n\nBye\n\n",
		"crlf":                          "From - Tue Jan  7 09:00:00 2025\r\nSubject: three\r\n\r\nHej\r\n\r\n",
		"box/cur/1735900000.M1P1.h:2,S": "Subject: one\n\nHej\n",
		"box/new/x":                     "Date: Thu, 9 Jan 2025 10:00:00 +0100\nSubject: five\n\nHej\n",
		"box/tmp/1735900001.M1P1.h":     "Subject: not yet\n\n",
		"box/dovecot.index":             "\x01\x02",
		"kept.EML":                      "Subject: six\nDate: Fri, 10 Jan 2025 10:00:00 +0100\n\nHej",
		"notes.txt":                     "From time to time\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mails, other, err := archive.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range mails {
		raw, err := m.Read(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.At.UTC().Format(time.DateOnly)+" "+string(raw))
	}
	want := []string{
		"2025-01-03 Subject: one\n\nHej\n",
		"2025-01-06 Subject: two\n\nHi\nFrom here\n>From there\n\nFrom the sea, a text\n" + long + "\n",
		"2025-01-07 Subject: three\r\n\r\nHej\r\n",
		"2025-01-08 Subject: four\n\nBye\n",
		"2025-01-09 Date: Thu, 9 Jan 2025 10:00:00 +0100\nSubject: five\n\nHej\n",
		"2025-01-10 Subject: six\nDate: Fri, 10 Jan 2025 10:00:00 +0100\n\nHej",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mails (-want +got):\n%s", diff)
	}
	if len(other) != 2 {
		t.Errorf("got %v as no mail, want two", other)
	}
	if head, err := mails[1].Read(10); err != nil || string(head) != "Subject: t" {
		t.Errorf("got %q, %v", head, err)
	}
}

func FuzzScan(f *testing.F) {
	f.Add("From a Mon Jan  6 10:00:00 2025\n\nx\n\nFrom b Mon Jan  6 10:00:00 2025\n")
	f.Add("From  Mon Jan  6 10:00 2025")
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(t.TempDir(), "x.eml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		mails, _, err := archive.Scan(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mails {
			if _, err := m.Read(1 << 20); err != nil {
				t.Error(err)
			}
		}
	})
}
