package email_test

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// TestKilled kills the process at each point of taking mail in, and starts it again:
// every mail comes in once.
func TestKilled(t *testing.T) {
	t.Parallel()
	if url := os.Getenv("VAXEL_TEST_DATABASE"); url != "" {
		h := houseOn(t, pgtest.Open(t, url))
		e := h.open(t, "a", nil)
		save(t, e, support(os.Getenv("VAXEL_TEST_IMAP"), nobody))
		run(t, e)
		h.wait(t, 1_000_000) // we are killed before
		return
	}
	d := mailtest.StartDovecot(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 500)...)
	url := pgtest.NewURL(t)
	points := []string{"email.kept", "email.kept:2", "email.received", "email.received:2", "email.settled"}
	for _, point := range points {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKilled$")
		cmd.Env = append(os.Environ(), "VAXEL_CRASH="+point, "VAXEL_TEST_DATABASE="+url, "VAXEL_TEST_IMAP="+d.IMAP)
		out, err := cmd.CombinedOutput()
		if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
			t.Fatalf("%s: %v\n%s", point, err, out)
		}
		d.Deliver(t, "support@cyklar.example", mails(501, 501)...) // a duplicate from the second time on
	}
	h := houseOn(t, pgtest.Open(t, url))
	e := h.open(t, "a", nil)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	h.wait(t, 501)
	until(t, "all seen", func() bool { seen, all := inbox(t, d, "INBOX"); return seen == all })
	if n := h.count(t); n != 501 {
		t.Errorf("%d arrivals, want 501", n)
	}
}

// TestFullDisk keeps trying until there is room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 30)...)
	h.full = 20
	e := h.open(t, "a", d)
	save(t, e, support(d.IMAP, nobody))
	run(t, e)
	exactly(t, h.wait(t, 30), 30)
}
