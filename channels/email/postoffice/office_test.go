package postoffice_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/vaxelhq/vaxel/channels/email/postoffice"
)

// running is a post office that serves.
type running struct {
	*postoffice.Office
	imap, smtp string
	stop       func()
}

func start(t *testing.T, dir string) running {
	t.Helper()
	office, err := postoffice.Open(dir, "secret", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	imapAt, smtpAt := listen(t), listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- office.Run(ctx, imapAt, smtpAt) }()
	stop := func() {
		if cancel(); ended == nil {
			return
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended = nil
	}
	t.Cleanup(stop)
	return running{office, imapAt.Addr().String(), smtpAt.Addr().String(), stop}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (r running) send(t *testing.T, to, subject string) {
	t.Helper()
	body := "From: anna@kund.example\r\nTo: " + to + "\r\nSubject: " + subject + "\r\n\r\nHej\r\n.\r\n"
	if err := smtp.SendMail(r.smtp, nil, "anna@kund.example", []string{to}, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// login gives a client with the support inbox selected; told hears the sizes it is told of.
func (r running) login(t *testing.T) (c *imapclient.Client, box *imap.SelectData, told chan uint32) {
	t.Helper()
	told = make(chan uint32, 100)
	c, err := imapclient.DialInsecure(r.imap, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				told <- *d.NumMessages
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login("support@cyklar.example", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	if box, err = c.Select("inbox", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c, box, told
}

func uids(t *testing.T, c *imapclient.Client) []imap.UID {
	t.Helper()
	found, err := c.UIDSearch(&imap.SearchCriteria{UID: []imap.UIDSet{{{Start: 1, Stop: 0}}}}, nil).Wait()
	if err != nil {
		t.Fatal(err)
	}
	return found.AllUIDs()
}

// TestUIDsLast sends, restarts and sends again: the same UIDVALIDITY, new UIDs, also
// after the mail with the highest UID has gone.
func TestUIDsLast(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)
	first.send(t, "support@cyklar.example", "one")
	first.send(t, "Support+5.tag@cyklar.example", "two")
	c, box, _ := first.login(t)
	if got := fmt.Sprint(uids(t, c)); got != "[1 2]" {
		t.Fatal("first", got)
	}
	if err := c.Store(imap.UIDSetNum(2), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(imap.UIDSetNum(1), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagSeen}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Expunge().Close(); err != nil {
		t.Fatal(err)
	}
	first.stop()

	second := start(t, dir)
	second.send(t, "support@cyklar.example", "three")
	c, again, _ := second.login(t)
	if again.UIDValidity != box.UIDValidity {
		t.Errorf("UIDVALIDITY %d became %d", box.UIDValidity, again.UIDValidity)
	}
	if got := fmt.Sprint(uids(t, c)); got != "[1 3]" {
		t.Error("second", got)
	}
	unseen, err := c.UIDSearch(&imap.SearchCriteria{NotFlag: []imap.Flag{imap.FlagSeen}}, nil).Wait()
	if err != nil || fmt.Sprint(unseen.AllUIDs()) != "[3]" {
		t.Error("unseen", unseen, err)
	}
}

// TestIdlePushes delivers while a client idles.
func TestIdlePushes(t *testing.T) {
	r := start(t, t.TempDir())
	c, _, told := r.login(t)
	idle, err := c.Idle()
	if err != nil {
		t.Fatal(err)
	}
	for n := uint32(1); n <= 3; n++ {
		r.send(t, "support@cyklar.example", "hello")
		select {
		case got := <-told:
			if got != n {
				t.Fatalf("told of %d mails, sent %d", got, n)
			}
		case <-time.After(time.Minute):
			t.Fatal("not told")
		}
	}
	if err := idle.Close(); err != nil {
		t.Fatal(err)
	}
	if err := idle.Wait(); err != nil {
		t.Fatal(err)
	}
	mails, err := r.Mails("support@cyklar.example", 2)
	if err != nil || len(mails) != 2 || mails[0].UID != 3 || !strings.Contains(string(mails[0].Raw), "Subject: hello") {
		t.Error("mails", mails, err)
	}
}

// TestMove files a mail elsewhere, where it has another UID.
func TestMove(t *testing.T) {
	r := start(t, t.TempDir())
	r.send(t, "support@cyklar.example", "one")
	r.send(t, "support@cyklar.example", "two")
	c, _, _ := r.login(t)
	if err := c.Create("Done/Mars", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Move(imap.UIDSetNum(1), "Done/Mars").Wait(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(uids(t, c)); got != "[2]" {
		t.Error("left", got)
	}
	if _, err := c.Select("Done/Mars", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	body := &imap.FetchItemBodySection{Peek: true}
	list, err := c.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{body}}).Collect()
	if err != nil || len(list) != 1 || !strings.Contains(string(list[0].FindBodySection(body)), "Subject: one") {
		t.Error("moved", list, err)
	}
}

// TestWrongPassword lets nobody in.
func TestWrongPassword(t *testing.T) {
	r := start(t, t.TempDir())
	c, err := imapclient.DialInsecure(r.imap, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Login("support@cyklar.example", "guess").Wait(); err == nil {
		t.Error("let in")
	}
}

// TestMbsync has a mail program that is not ours copy the mailbox.
func TestMbsync(t *testing.T) {
	mbsync, err := exec.LookPath("mbsync")
	if err != nil {
		t.Fatal("mbsync is missing: install the package isync")
	}
	r := start(t, t.TempDir())
	for i := range 20 {
		r.send(t, "support@cyklar.example", fmt.Sprint("mail ", i))
	}
	host, port, _ := strings.Cut(r.imap, ":")
	dir := t.TempDir()
	config := filepath.Join(dir, "rc")
	text := fmt.Sprintf("IMAPStore far\nHost %s\nPort %s\nUser support@cyklar.example\nPass secret\nSSLType None\nAuthMechs LOGIN\n\n"+
		"MaildirStore near\nInbox %s/near\n\nChannel all\nFar :far:INBOX\nNear :near:INBOX\nCreate Near\nSyncState *\n", host, port, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second run copies nothing
		if out, err := exec.CommandContext(t.Context(), mbsync, "-c", config, "all").CombinedOutput(); err != nil {
			t.Fatalf("mbsync: %v\n%s", err, out)
		}
		files, _ := filepath.Glob(dir + "/near/*/*U=*")
		if len(files) != 20 {
			t.Fatalf("mbsync copied %d mails", len(files))
		}
	}
}

// TestEndsBeforeItBegan: an office that is told to end at once does.
func TestEndsBeforeItBegan(t *testing.T) {
	office, err := postoffice.Open(t.TempDir(), "secret", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if err := office.Run(ctx, listen(t), listen(t)); err != nil {
			t.Fatal(err)
		}
	}
}
