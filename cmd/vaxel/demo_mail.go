package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/postoffice"
	"github.com/vaxelhq/vaxel/gateway"
)

// shownMails is how many mails of a mailbox the page looks through.
const shownMails = 100

// threadView is a conversation by mail, as its customer sees it.
type threadView struct {
	ID       string // of its first mail, as an attribute can have it
	Rev      int    // how many mails
	Subject  string
	At       string // of the newest, by this machine's clock
	Stamp    string // the same for the browser, which knows the reader's zone
	Open     bool
	Answered bool   // the newest is the shop's
	ReplyTo  uint32 // UID of the shop's newest mail; 0: there is none to reply to
	Mails    []mailView

	newest time.Time
}

type mailView struct {
	Mine      bool
	From      string
	At, Stamp string
	Parts     []textPart
	Quoted    string
	Files     []string
}

// textPart is a piece of text, or a link.
type textPart struct{ Text, Link string }

// demoLetter is a mail of either mailbox.
type demoLetter struct {
	*letter.Letter
	uid  uint32
	mine bool
	at   time.Time
}

// threads are the customer's conversations, the one with the newest mail first: what came
// into the customer's mailbox, and what the customer wrote to the shop's.
func (d *demo) threads(as sampleCustomer, lang string) ([]threadView, error) {
	letters, err := d.letters(as)
	if err != nil {
		return nil, err
	}
	var list []*threadView
	threadOf := map[string]*threadView{}
	for _, l := range letters {
		t := known(threadOf, l)
		if t == nil {
			t = &threadView{ID: shortHash(l.MessageID), Subject: cmp.Or(l.Subject, "–")}
			list = append(list, t)
		}
		threadOf[l.MessageID] = t
		t.add(l, lang)
	}
	slices.SortStableFunc(list, func(a, b *threadView) int { return b.newest.Compare(a.newest) })
	views := make([]threadView, len(list))
	for i, t := range list {
		t.Open = i == 0
		views[i] = *t
	}
	return views, nil
}

// known finds the thread that a letter answers in.
func known(threadOf map[string]*threadView, l demoLetter) *threadView {
	for _, id := range slices.Concat(l.InReplyTo, l.References) {
		if t := threadOf[id]; t != nil {
			return t
		}
	}
	return nil
}

func (t *threadView) add(l demoLetter, lang string) {
	text, quoted := l.Text, ""
	if l.Quoted > 0 {
		text, quoted = l.Text[:l.Quoted], strings.TrimSpace(l.Text[l.Quoted:])
	}
	m := mailView{
		Mine: l.mine, From: cmp.Or(l.From.Name, l.From.Value), At: shownTime(l.at, lang), Stamp: l.at.Format(time.RFC3339),
		Parts: linked(strings.TrimSpace(text)), Quoted: quoted,
	}
	for _, a := range l.Attachments {
		m.Files = append(m.Files, a.Name)
	}
	t.Mails = append(t.Mails, m)
	t.Rev, t.At, t.Stamp, t.newest, t.Answered = len(t.Mails), m.At, m.Stamp, l.at, !l.mine
	if !l.mine {
		t.ReplyTo = l.uid
	}
}

// letters are the mails between the customer and the shop, the oldest first.
func (d *demo) letters(as sampleCustomer) ([]demoLetter, error) {
	var list []demoLetter
	for _, box := range []string{as.Address, shopAddress} {
		mails, err := d.office.Mails(box, shownMails)
		if err != nil {
			return nil, err
		}
		for _, m := range mails {
			l := d.parsed(box, m)
			mine := strings.EqualFold(l.From.Value, as.Address)
			if mine == (box == shopAddress) {
				list = append(list, demoLetter{l, m.UID, mine, m.At})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b demoLetter) int { return a.at.Compare(b.at) })
	return list, nil
}

// parsed reads a mail once: a UID never stands for another mail (RFC 3501 §2.3.1.1).
func (d *demo) parsed(box string, m postoffice.Mail) *letter.Letter {
	key := box + " " + strconv.FormatUint(uint64(m.UID), 10)
	if l, ok := d.read.Load(key); ok {
		return l.(*letter.Letter) // nothing else is kept there
	}
	l := letter.Parse(m.Raw)
	d.read.Store(key, l)
	return l
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,;:!?)]`)

// linked splits a text at its web addresses.
func linked(text string) (parts []textPart) {
	end := 0
	for _, at := range webAddress.FindAllStringIndex(text, -1) {
		parts = append(parts, textPart{Text: text[end:at[0]]}, textPart{text[at[0]:at[1]], text[at[0]:at[1]]})
		end = at[1]
	}
	return append(parts, textPart{Text: text[end:]})
}

// shownTime is a time today by the clock, an earlier one with its day.
func shownTime(at time.Time, lang string) string {
	at = at.Local() // the reader's browser may know better, see demo.js
	if now := time.Now(); at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04")
	}
	if lang == "sv" {
		return at.Format("2006-01-02 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

func shortHash(s string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s)) // never fails
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// sendMail sends what the customer wrote, over the wire like anybody's mail.
func (d *demo) sendMail(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form is too large, or not a form.", http.StatusRequestEntityTooLarge)
		return
	}
	v, err := d.viewOf(r)
	if err != nil {
		d.broken(w, err)
		return
	}
	out := letter.Reply{
		MessageID: strings.ToLower(rand.Text()) + "@" + strings.SplitN(v.As.Address, "@", 2)[1], Date: time.Now(),
		From:    gateway.Address{Kind: gateway.AddressEmail, Value: v.As.Address, Name: v.As.Name},
		To:      []gateway.Address{{Kind: gateway.AddressEmail, Value: shopAddress, Name: shopName}},
		Subject: strings.TrimSpace(r.FormValue("subject")), Text: strings.ReplaceAll(strings.TrimSpace(r.FormValue("text")), "\r\n", "\n"),
	}
	if uid, err := strconv.ParseUint(r.FormValue("reply"), 10, 32); err == nil {
		if err := d.answer(&out, v.As, uint32(uid)); err != nil {
			http.Error(w, "That mail is not in the mailbox any more; reload the page.", http.StatusUnprocessableEntity)
			return
		}
	} else {
		v.Subject, v.Text = out.Subject, out.Text
	}
	if out.Text == "" {
		v.Problem = v.T["err_empty"]
		d.render(w, http.StatusUnprocessableEntity, "page", v)
		return
	}
	if err := d.deliver(r.Context(), out); err != nil {
		d.log.Error("demo mail not sent", "err", err)
		v.Problem = v.T["err_smtp"]
		d.render(w, http.StatusBadGateway, "page", v)
		return
	}
	http.Redirect(w, r, "/demo?"+url.Values{"as": {v.As.Key}, "lang": {v.Lang}, "sent": {"1"}}.Encode()+"#mail", http.StatusSeeOther)
}

// answer makes a letter the reply to one in the customer's mailbox, as mail programs do.
func (d *demo) answer(out *letter.Reply, as sampleCustomer, uid uint32) error {
	letters, err := d.letters(as)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(letters, func(l demoLetter) bool { return !l.mine && l.uid == uid })
	if i < 0 {
		return errors.New("reply: that mail is not in the mailbox")
	}
	to := letters[i]
	out.To = []gateway.Address{to.From}
	if len(to.ReplyTo) > 0 {
		out.To = to.ReplyTo
	}
	out.Subject = to.Subject
	if !strings.HasPrefix(strings.ToLower(out.Subject), "re:") {
		out.Subject = "Re: " + out.Subject
	}
	out.InReplyTo, out.References = to.MessageID, append(slices.Clone(to.References), to.MessageID)
	quoted := strings.Split(strings.TrimSpace(to.Text), "\n")
	out.Text += fmt.Sprintf("\n\n%s %s:\n> %s", to.at.Local().Format("2006-01-02 15:04 -0700"), to.From.Value, strings.Join(quoted, "\n> "))
	return nil
}

// smtpTime bounds the whole conversation with our own mail server.
const smtpTime = 10 * time.Second

// deliver sends a mail as a customer's program would: by SMTP to the demonstration's own server.
func (d *demo) deliver(ctx context.Context, l letter.Reply) error {
	raw, err := l.Compose()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, smtpTime)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", local(d.memory.SMTP))
	if err != nil {
		return fmt.Errorf("reach the mail server: %w", err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return errors.Join(err, conn.Close())
		}
	}
	c := smtp.NewClient(conn)
	defer func() { _ = c.Close() }()
	to := make([]string, len(l.To))
	for i, a := range l.To {
		to[i] = a.Value
	}
	if err := c.SendMail(l.From.Value, to, strings.NewReader(string(raw))); err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return c.Quit()
}
