package email

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Recipients are whom a mail goes to.
type Recipients struct {
	To, Cc []gateway.Address
}

// Answer says whom an answer to a mail goes to: its author only, or all who got it, but
// never ourselves. Identities are addresses of ours beside those of the mailboxes.
func (e *Email) Answer(ctx context.Context, m gateway.Mail, identities []string) (author, all Recipients, err error) {
	boxes, err := e.Mailboxes(ctx)
	if err != nil {
		return author, all, err
	}
	us := ourselves(boxes, identities)
	return us.answer(m, false), us.answer(m, true), nil
}

// Identities are the addresses that queues write from, beside those of the mailboxes.
type Identities interface {
	Identities(ctx context.Context) ([]string, error)
}

// ours are the addresses that are read here, and those that we write from.
type ours struct{ exact, plus map[string]bool }

// ourselves are all addresses of ours as they are now.
func (e *Email) ourselves(ctx context.Context) (ours, error) {
	boxes, err := e.Mailboxes(ctx)
	if err != nil {
		return ours{}, err
	}
	identities, err := e.in.Identities.Identities(ctx)
	if err != nil {
		return ours{}, fmt.Errorf("ask what queues write from: %w", err)
	}
	return ourselves(boxes, identities), nil
}

// usFor is how long what is ours is believed for mail that comes: mailboxes that wake together,
// and batches of one, ask once.
const usFor = time.Second

// lately are all addresses of ours as they were a second ago at the earliest.
func (e *Email) lately(ctx context.Context) (ours, error) {
	now := time.Now()
	e.mu.Lock()
	us, at, saved := e.us, e.usAt, e.changed
	e.mu.Unlock()
	if now.Sub(at) < usFor {
		return us, nil
	}
	us, err := e.ourselves(ctx)
	if err != nil {
		return us, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if saved == e.changed { // else it may be as it was before
		e.us, e.usAt = us, now
	}
	return us, nil
}

func ourselves(boxes []Mailbox, identities []string) ours {
	us := ours{map[string]bool{}, map[string]bool{}}
	for _, m := range boxes {
		us.exact[m.Address] = true
		us.plus[m.Address] = m.Plus
	}
	for _, a := range identities {
		us.exact[strings.ToLower(a)] = true
	}
	return us
}

func (us ours) has(a gateway.Address) bool {
	value := strings.ToLower(a.Value)
	local, domain, _ := strings.Cut(value, "@")
	base, _, _ := strings.Cut(local, "+")
	return us.exact[value] || us.plus[base+"@"+domain]
}

// answer is whom the answer to a mail goes to. RFC 5322 §3.6.3: its authors, or whom they
// name in Reply-To, are To; the others who got it are Cc. A mail of our own is gone on
// with: it goes to those it went to.
func (us ours) answer(m gateway.Mail, all bool) (r Recipients) {
	seen := map[string]bool{}
	add := func(list *[]gateway.Address, from []gateway.Address) {
		for _, a := range from {
			key := strings.ToLower(a.Value)
			if a.Value == "" || seen[key] || us.has(a) {
				continue
			}
			seen[key] = true
			a.Kind = gateway.AddressEmail
			*list = append(*list, a)
		}
	}
	author := m.ReplyTo
	if len(author) == 0 {
		author = []gateway.Address{m.From}
	}
	if us.has(m.From) && !slices.ContainsFunc(m.ReplyTo, func(a gateway.Address) bool { return !us.has(a) }) {
		add(&r.To, m.To)
		if all {
			add(&r.Cc, m.Cc)
		}
		return r
	}
	add(&r.To, author)
	if all {
		add(&r.Cc, m.To)
		add(&r.Cc, m.Cc)
	}
	return r
}
