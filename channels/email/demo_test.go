package email_test

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/channels/email/postoffice"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestPostOffice goes the demo's way: a customer's mail through our own post office, the
// agent's answer back into the customer's mailbox, and the customer's answer to that.
func TestPostOffice(t *testing.T) {
	t.Parallel()
	office, err := postoffice.Open(t.TempDir(), mailtest.Password, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var lc net.ListenConfig
	imapAt, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	smtpAt, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- office.Run(ctx, imapAt, smtpAt) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	h := newHouse(t)
	e := h.open(t, "a", nil)
	save(t, e, support(imapAt.Addr().String(), smtpAt.Addr().String()))
	run(t, e)
	until(t, "connected", func() bool { l, err := e.Health(t.Context()); return err == nil && !l[0].SyncedAt.IsZero() })

	var took []time.Duration
	for i := range 20 {
		start := time.Now()
		mailtest.Send(t, smtpAt.Addr().String(), "anna@kund.example", "support@cyklar.example", mails(i+1, i+1)[0])
		h.wait(t, i+1)
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	t.Logf("from SMTP to commit: median %v, slowest %v", took[10], took[19])

	r := reply()
	r.Answers = gateway.Mail{MessageID: "m1@kund.example", From: person("Anna", "anna@kund.example"), Subject: "nr 1"}
	out, _ := compose(t, e, r)
	if d, err := e.Send(t.Context(), out); err != nil || d.State != gateway.OutboundSent {
		t.Fatalf("%+v %v", d, err)
	}
	got, err := office.Mails("anna@kund.example", 10)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	answer := letter.Parse(got[0].Raw)
	mailtest.Send(t, smtpAt.Addr().String(), "anna@kund.example", answer.ReplyTo[0].Value,
		[]byte("From: anna@kund.example\r\nSubject: "+answer.Subject+"\r\nMessage-ID: <thanks@kund.example>\r\n\r\nTack!\r\n"))
	if a := h.wait(t, 21)[20]; a.Conversation != 42 || a.Entry.Text != "Tack!" {
		t.Errorf("%+v", a)
	}
}
