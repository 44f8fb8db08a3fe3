package postoffice

import (
	"bytes"
	"crypto/subtle"
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// reception is one SMTP connection. It takes mail from anybody for anybody.
type reception struct {
	office *Office
	from   string
	to     []string
}

// AuthMechanisms offers what every mail program speaks.
func (r *reception) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth wants the one password, of those who care to log in.
func (r *reception) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if !r.office.knows(password) {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

func (o *Office) knows(password string) bool {
	return subtle.ConstantTimeCompare([]byte(password), []byte(o.password)) == 1
}

// Mail begins a mail.
func (r *reception) Mail(from string, _ *smtp.MailOptions) error {
	r.from, r.to = from, nil
	return nil
}

// Rcpt takes any address; its mailbox is made by the delivery.
func (r *reception) Rcpt(to string, _ *smtp.RcptOptions) error {
	if owner(to) == "" || len(to) > 320 {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 3}, Message: "no such address"}
	}
	r.to = append(r.to, to)
	return nil
}

// Data keeps the mail for every recipient before it says that it has it.
func (r *reception) Data(in io.Reader) error {
	body, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	for _, to := range r.to {
		if err := r.office.deliver(r.from, to, body); err != nil {
			r.office.log.Error("mail not kept", "err", err)
			return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "the mail could not be kept, try again"}
		}
	}
	return nil
}

// deliver puts a mail into an inbox, with the trace of RFC 5321 §4.4 on top.
func (o *Office) deliver(from, to string, body []byte) error {
	b, err := o.box(to, Inbox)
	if err != nil {
		return err
	}
	now := time.Now()
	var raw bytes.Buffer
	fmt.Fprintf(&raw, "Return-Path: <%s>\r\nDelivered-To: %s\r\nReceived: by post office for <%s>; %s\r\n",
		from, to, to, now.Format(time.RFC1123Z))
	raw.Write(body)
	_, err = b.add(raw.Bytes(), nil, now)
	return err
}

// Reset forgets a mail that was begun.
func (r *reception) Reset() { r.from, r.to = "", nil }

// Logout has nothing to give back.
func (r *reception) Logout() error { return nil }
