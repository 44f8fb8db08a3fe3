package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/archive"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

type importCmd struct {
	Path    string    `arg:"" help:"An mbox, a Maildir, a mail, or a directory of such." type:"path"`
	Mailbox string    `required:"" help:"The address whose mail it is."`
	Queue   string    `help:"The queue of the cases; the mailbox's own by default."`
	Since   time.Time `help:"Leave out what came before this day." format:"2006-01-02"`
}

// Run takes the mails of an archive into closed cases. The Växel may be running.
func (i importCmd) Run(ctx context.Context, c *cli) error {
	config, log, err := c.load()
	if err != nil {
		return err
	}
	mails, other, err := archive.Scan(ctx, i.Path)
	if err != nil {
		return err
	}
	mails = slices.DeleteFunc(mails, func(m archive.Mail) bool { return m.At.Before(i.Since) })
	pool, done, err := attach(ctx, config)
	if err != nil {
		return err
	}
	defer done()
	config.Voice.Listen = "" // the telephone's ports are the running one's
	h, err := open(ctx, config, pool, log)
	if err != nil {
		return err
	}
	defer h.close()
	box, err := i.box(ctx, h)
	if err != nil {
		return err
	}
	fmt.Printf("%d mails are in %s; %d files there are none.\n", len(mails), i.Path, len(other))
	n, err := h.email.Import(ctx, box, mails, progress(os.Stdout))
	fmt.Printf("%d taken in, %d known before, %d held in quarantine, %d refused, of %d.\n", n.Taken, n.Known, n.Held, n.Refused, n.Total)
	switch {
	case err != nil:
		return fmt.Errorf("import %s: %w; what was taken in stays, begin again with the same words", i.Path, err)
	case n.Refused > 0:
		return fmt.Errorf("import %s: %d mails were refused; the log says why, and the same words try those again", i.Path, n.Refused)
	}
	return nil
}

// box is the mailbox of the import, with its queue.
func (i importCmd) box(ctx context.Context, h *house) (email.Mailbox, error) {
	boxes, err := h.email.Mailboxes(ctx)
	if err != nil {
		return email.Mailbox{}, err
	}
	var there []string
	for _, box := range boxes {
		if there = append(there, box.Address); box.Address == strings.ToLower(i.Mailbox) {
			box.Queue, err = i.queue(ctx, h, box.Queue)
			return box, err
		}
	}
	return email.Mailbox{}, fmt.Errorf("there is no mailbox %s, only [%s]; write it into the configuration and start vaxel serve once", i.Mailbox, strings.Join(there, " "))
}

// queue is the one that --queue names, else the mailbox's own.
func (i importCmd) queue(ctx context.Context, h *house, own gateway.QueueID) (gateway.QueueID, error) {
	if i.Queue == "" {
		return own, nil
	}
	queues, err := h.roster.Queues(ctx, roster.QueueFilter{})
	if err != nil {
		return 0, err
	}
	var there []string
	for _, q := range queues {
		name := q.Name.In(h.config.Language)
		if there = append(there, name); name == i.Queue {
			return q.ID, nil
		}
	}
	return 0, fmt.Errorf("there is no queue %q; there are %s", i.Queue, strings.Join(there, ", "))
}

// progress tells how far an import has come, every few seconds.
func progress(out io.Writer) func(email.Imported) {
	begun := time.Now()
	last := begun
	return func(n email.Imported) {
		if time.Since(last) < 2*time.Second {
			return
		}
		last = time.Now()
		_, _ = fmt.Fprintf(out, "%d of %d, %.0f a second\n", n.Done(), n.Total, float64(n.Done())/time.Since(begun).Seconds()) // only told
	}
}
