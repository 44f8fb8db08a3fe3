package email_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/archive"
	"github.com/vaxelhq/vaxel/gateway"
)

// archived writes so many mails into an mbox, two of them the same.
func archived(t *testing.T, n int) []archive.Mail {
	t.Helper()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "From a Mon Jan  6 10:%02d:%02d 2025\nFrom: maja@example.com\nSubject: %d\nMessage-ID: <%d@example.com>\n\nHej\n\n", i/60, i%60, i, i)
	}
	text.WriteString("From a Mon Jan  6 12:00:00 2025\nFrom: maja@example.com\nSubject: 0\nMessage-ID: <0@example.com>\nX-Status: A\n\nHej\n\n")
	path := filepath.Join(t.TempDir(), "mbox")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mails, _, err := archive.Scan(t.Context(), path)
	if err != nil || len(mails) != n+1 {
		t.Fatalf("got %d mails, %v", len(mails), err)
	}
	return mails
}

// TestAnImportIsBegunAgain after it was stopped by the database, and after one mail was
// refused: nothing is lost and nothing is there twice.
func TestAnImportIsBegunAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "one", nil)
	box := save(t, e, support("localhost:1", "localhost:2"))
	mails := archived(t, 450)
	away := true
	h.refuse = func(a gateway.Arrival) error {
		if a.Subject == "300" && away {
			return &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again", Detail: "the database is away"}
		}
		if a.Subject == "7" {
			return gateway.Invalid("poison", "never")
		}
		return nil
	}
	var told []int
	n, err := e.Import(t.Context(), box, mails, func(n email.Imported) { told = append(told, n.Done()) })
	if !errors.Is(err, gateway.ErrTryAgain) || !cmp.Equal(told, []int{200}) {
		t.Errorf("got %+v, told %v, %v", n, told, err)
	}
	away = false
	if n, err = e.Import(t.Context(), box, mails, func(email.Imported) {}); err != nil || n.Done() != 451 || n.Refused != 1 || n.Taken+n.Known != 450 {
		t.Errorf("then: got %+v, %v", n, err)
	}
	h.refuse = nil
	n, err = e.Import(t.Context(), box, mails, func(email.Imported) {})
	if diff := cmp.Diff(email.Imported{Total: 451, Taken: 1, Known: 450}, n); err != nil || diff != "" {
		t.Errorf("at last: %v (-want +got):\n%s", err, diff)
	}
	list := h.taken(t)
	for _, a := range list {
		if !a.Quiet || a.ArrivedAt.Year() != 2025 {
			t.Fatalf("got %+v", a)
		}
	}
	if len(list) != 450 || len(h.answers) != 0 {
		t.Errorf("got %d arrivals, %d answers, want 450 and none", len(list), len(h.answers))
	}
}

// TestImportKnowsOurOwn puts what left from a queue's identity on the case of whom it was
// sent to.
func TestImportKnowsOurOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.others = []string{"Hjalp@cyklar.example"}
	e := h.open(t, "one", nil)
	box := save(t, e, support(nobody, nobody))
	path := filepath.Join(t.TempDir(), "mbox")
	const sent = "From a Mon Jan  6 10:00:00 2025\nFrom: Bo <hjalp@cyklar.example>\nTo: support@cyklar.example, maja@example.com\nSubject: svar\n\nHej\n\n"
	if err := os.WriteFile(path, []byte(sent), 0o600); err != nil {
		t.Fatal(err)
	}
	mails, _, err := archive.Scan(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Import(t.Context(), box, mails, func(email.Imported) {}); err != nil {
		t.Fatal(err)
	}
	list := h.taken(t)
	if len(list) != 1 || list[0].From.Value != "maja@example.com" || list[0].Entry.Author != (gateway.Author{Kind: gateway.ByAgent, Name: "Bo"}) {
		t.Errorf("got %+v", list)
	}
}
