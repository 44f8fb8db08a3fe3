package email

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
)

const (
	// RFC 5321 §4.5.3.2 gives a server minutes. After the final dot it may have much to
	// do, and giving up leaves the outcome unknown; before it, trying again is cheap.
	replyTime = 2 * time.Minute
	bodyTime  = 10 * time.Minute
	dotTime   = 10 * time.Minute
)

// Send hands an outbound to its mailbox's SMTP server. An error means that nothing was
// delivered. What broke off after the final dot and before the answer is OutboundUnknown;
// an attempt after that looks into the provider's folder of sent mail first.
func (e *Email) Send(ctx context.Context, out gateway.Outbound) (gateway.Delivery, error) {
	var o outgoing
	if err := json.Unmarshal(out.Body, &o); err != nil {
		return gateway.Delivery{}, fmt.Errorf("read outbound %d: %w", out.ID, err)
	}
	box, err := e.mailbox(ctx, o.Mailbox)
	if errors.Is(err, gateway.ErrNotFound) {
		return gateway.Delivery{State: gateway.OutboundFailed, Response: "the mailbox it was written for is gone"}, nil
	}
	if err != nil {
		return gateway.Delivery{}, err
	}
	raw, err := e.write(ctx, o)
	if err != nil {
		return gateway.Delivery{}, err
	}
	c, err := e.credential(ctx, box)
	if err != nil {
		return gateway.Delivery{}, err
	}
	if out.Doubtful && box.SentFolder != "" {
		if sent, err := e.wasSent(ctx, box, c, out.MessageID); sent || err != nil {
			return gateway.Delivery{State: gateway.OutboundSent, Response: "found in " + box.SentFolder}, err
		}
	}
	t, err := e.connect(ctx, box, c)
	if err != nil {
		return slower(gateway.Delivery{}, err, box.Address) // also a 5xx: it is about us, not about the mail
	}
	defer t.close()
	d, err := t.send(ctx, e.envelopeFrom(box, o), out.Recipients, raw)
	return slower(d, err, box.Address)
}

// write composes the mail with its attachments and signs it.
func (e *Email) write(ctx context.Context, o outgoing) ([]byte, error) {
	l := o.Letter
	for _, f := range o.Files {
		data, err := e.load(ctx, f.Blob)
		if err != nil {
			return nil, fmt.Errorf("attach %s: %w", f.Blob, err)
		}
		l.Attachments = append(l.Attachments, letter.Attachment{Name: f.Name, Type: f.Type, CID: f.CID, Data: data})
	}
	_, domain, _ := strings.Cut(l.From.Value, "@")
	key, err := e.keyFor(ctx, strings.ToLower(domain))
	if err != nil {
		return nil, err
	}
	l.OneClick = key != nil && oneClick(l.Leave)
	raw, err := l.Compose()
	if err != nil {
		return nil, err
	}
	return e.sign(ctx, key, raw)
}

// load reads an attachment into memory, where it is coded.
func (e *Email) load(ctx context.Context, key string) ([]byte, error) {
	r, err := e.in.Blobs.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// envelopeFrom is where bounces go: to the case's own address, and nowhere when a machine
// wrote (RFC 3834 §3.3).
func (e *Email) envelopeFrom(m Mailbox, o outgoing) string {
	switch {
	case o.Letter.Automatic:
		return ""
	case m.Plus:
		return e.token.address(m.Address, o.Conversation)
	}
	return m.Address
}

// wasSent looks for a Message-ID where the provider files what it has sent.
func (e *Email) wasSent(ctx context.Context, m Mailbox, c credential, id string) (bool, error) {
	m.Folder = m.SentFolder
	s, err := e.signIn(ctx, m, c)
	if err != nil {
		return false, err
	}
	defer s.close()
	found, err := s.uids(ctx, &imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}})
	return len(found) > 0, err
}

// transfer is an SMTP connection that is signed in.
type transfer struct {
	raw    *conn
	client *smtp.Client
	via    string // the mailbox
}

// connect greets the server and signs in, where the mailbox has a user and the server asks
// for one. A refusal here says nothing about the mail: it is tried again.
func (e *Email) connect(ctx context.Context, m Mailbox, c credential) (*transfer, error) {
	raw, over, err := e.dial(ctx, m.SMTP)
	if err != nil {
		return nil, err
	}
	t := &transfer{raw: raw, via: m.Address}
	err = raw.within(ctx, replyTime, func(more func()) error {
		if m.SMTP.TLS == StartTLS {
			if t.client, err = smtp.NewClientStartTLS(over, e.tlsFor(m.SMTP)); err != nil {
				return fmt.Errorf("secure the connection to %s: %w", m.SMTP.Address, err)
			}
		} else {
			t.client = smtp.NewClient(over)
		}
		more()
		if err := t.client.Hello(localName()); err != nil {
			return fmt.Errorf("greet %s: %w", m.SMTP.Address, err)
		}
		more()
		if canSignIn, _ := t.client.Extension("AUTH"); m.User == "" || !canSignIn {
			return nil
		}
		by := c.client(m.SMTP, t.client.SupportsAuth)
		if by == nil {
			by = sasl.NewPlainClient("", c.user, c.secret)
		}
		if err := t.client.Auth(by); err != nil {
			e.tokens.drop(c.secret)
			return fmt.Errorf("sign in to %s as %s: %w", m.SMTP.Address, m.User, err)
		}
		return nil
	})
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// localName is how we greet: RFC 5321 §4.1.1.1 wants a name with a dot, or an address.
func localName() string {
	if name, err := os.Hostname(); err == nil && strings.Contains(name, ".") {
		return name
	}
	return "[127.0.0.1]"
}

func (t *transfer) close() { _ = t.raw.Close() }

// send is one mail transaction (RFC 5321 §3.3). Recipients are accepted or refused one by
// one; what is said of each is told even if the whole then fails.
func (t *transfer) send(ctx context.Context, from string, to []gateway.Recipient, raw []byte) (d gateway.Delivery, err error) {
	var accepted int
	err = t.raw.within(ctx, replyTime, func(more func()) error {
		if err := t.client.Mail(from, nil); err != nil {
			return fmt.Errorf("MAIL: %w", err)
		}
		for _, r := range to {
			more()
			err := t.client.Rcpt(r.Address, nil)
			if refusal := (*smtp.SMTPError)(nil); errors.As(err, &refusal) {
				d.Recipients = append(d.Recipients, gateway.Recipient{Address: r.Address, State: stateOf(refusal), Response: said(refusal)})
				if asksForLess(err) {
					d.Slow = append(d.Slow, strings.TrimPrefix(domainOf(r.Address), "@"))
				}
				continue
			}
			if err != nil {
				return fmt.Errorf("RCPT: %w", err)
			}
			accepted++
		}
		return nil
	})
	if err != nil {
		whole, err := rejected(err)
		whole.Slow = d.Slow
		return whole, err
	}
	if accepted == 0 {
		d.State, d.Response = d.Recipients[0].State, d.Recipients[0].Response
		return d, nil
	}
	body, err := t.body(ctx, raw)
	if err != nil {
		return merge(d, err)
	}
	var refusal error
	if d.State, d.Response, refusal = t.dot(ctx, body); asksForLess(refusal) {
		d.Slow = append(d.Slow, t.via)
	}
	return d, nil
}

// merge is a failure of the mail itself, beside what was said of some recipients.
func merge(d gateway.Delivery, err error) (gateway.Delivery, error) {
	whole, err := rejected(err)
	whole.Recipients, whole.Slow = d.Recipients, d.Slow
	if err != nil && len(d.Recipients) > 0 { // say what is known; the others are tried again
		whole.State, whole.Response, err = gateway.OutboundDeferred, err.Error(), nil
	}
	return whole, err
}

// body sends everything but the final dot: until that, nothing is delivered.
func (t *transfer) body(ctx context.Context, raw []byte) (w *smtp.DataCommand, err error) {
	err = t.raw.within(ctx, bodyTime, func(func()) error {
		if w, err = t.client.Data(); err != nil {
			return fmt.Errorf("DATA: %w", err)
		}
		_, err = w.Write(raw)
		return err
	})
	return w, err
}

// dot ends the mail. If the dot did not leave this machine whole, nothing was delivered;
// once it has, only an answer tells. refusal is that, if it is one.
func (t *transfer) dot(ctx context.Context, w *smtp.DataCommand) (state gateway.OutboundState, response string, refusal error) {
	asked := false
	t.raw.onRead = func() {
		if asked = true; t.raw.wrote.Load() {
			crash.At("smtp.dot")
		}
	}
	err := t.raw.within(ctx, dotTime, func(func()) error {
		answer, err := w.CloseWithResponse()
		if err == nil {
			response = "250 " + answer.StatusText
		}
		return err
	})
	answer := (*smtp.SMTPError)(nil)
	switch {
	case err == nil:
		return gateway.OutboundSent, response, nil
	case errors.As(err, &answer):
		return stateOf(answer), said(answer), answer
	case !asked && !t.raw.wrote.Load():
		return gateway.OutboundDeferred, err.Error(), nil
	}
	return gateway.OutboundUnknown, err.Error(), nil
}

// authRequired (RFC 4954 §6) is 5xx, but ours to mend: the mail waits.
const authRequired = 530

// rejected is what an error before the final dot means: a 5xx is final, all else is
// tried again.
func rejected(err error) (gateway.Delivery, error) {
	refusal := (*smtp.SMTPError)(nil)
	if errors.As(err, &refusal) && refusal.Code/100 == 5 && refusal.Code != authRequired {
		return gateway.Delivery{State: gateway.OutboundFailed, Response: said(refusal)}, nil
	}
	return gateway.Delivery{}, err
}

// stateOf is what a reply code means (RFC 5321 §4.2.1): 5xx never, 4xx later.
func stateOf(e *smtp.SMTPError) gateway.OutboundState {
	if e.Code/100 == 5 {
		return gateway.OutboundFailed
	}
	return gateway.OutboundDeferred
}

// said is the server's answer in one line, for people.
func said(e *smtp.SMTPError) string {
	return strings.TrimSpace(fmt.Sprintf("%d %d.%d.%d %s", e.Code, e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2],
		strings.Join(strings.Fields(e.Message), " ")))
}
