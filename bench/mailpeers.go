package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// rawFetch is how many mails a second a client gets that does nothing with them.
func rawFetch(ctx context.Context, server *mailtest.Dovecot, box string, n int) (float64, error) {
	c, err := imapclient.DialInsecure(server.IMAP, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = c.Close() }()
	if err := c.Login(box, mailtest.Password).Wait(); err != nil {
		return 0, err
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return 0, err
	}
	began, got := time.Now(), 0
	var all imap.SeqSet
	all.AddRange(1, 0)
	cmd := c.Fetch(all, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	for msg := cmd.Next(); msg != nil; msg = cmd.Next() {
		if _, err := msg.Collect(); err != nil {
			return 0, err
		}
		got++
	}
	if err := cmd.Close(); err != nil {
		return 0, err
	}
	if got != n {
		return 0, fmt.Errorf("raw fetch gave %d mails of %d", got, n)
	}
	return float64(n) / time.Since(began).Seconds(), ctx.Err()
}

// mbsync is how many mails a second isync's mbsync copies into a Maildir.
func (b *Bench) mbsync(ctx context.Context, server *mailtest.Dovecot, box string, n int) (float64, error) {
	dir := filepath.Join(b.dir, "mbsync-"+box)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	host, port, _ := strings.Cut(server.IMAP, ":")
	config := filepath.Join(dir, "rc")
	text := fmt.Sprintf("IMAPStore far\nHost %s\nPort %s\nUser %s\nPass %s\nSSLType None\nAuthMechs LOGIN\n\nMaildirStore near\nPath %s/\nInbox %s/inbox\n\nChannel all\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSync Pull\nSyncState *\n",
		host, port, box, mailtest.Password, dir, dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return 0, err
	}
	began := time.Now()
	if out, err := exec.CommandContext(ctx, "mbsync", "-q", "-c", config, "all").CombinedOutput(); err != nil { // our own arguments
		return 0, fmt.Errorf("mbsync (package isync): %w: %s", err, out)
	}
	took := time.Since(began).Seconds()
	files, _ := filepath.Glob(filepath.Join(dir, "inbox", "*", "*"))
	if len(files) != n {
		return 0, fmt.Errorf("mbsync copied %d mails of %d", len(files), n)
	}
	return float64(n) / took, nil
}
