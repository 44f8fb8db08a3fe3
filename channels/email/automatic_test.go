package email_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// What nobody has asked for says so of itself and how to leave it, goes to an address three times a
// day, and never to one that has left.
func TestAutomaticMailIsLimited(t *testing.T) {
	t.Parallel()
	d, h, sink := mailtest.StartDovecot(t), newHouse(t), mailtest.StartSink(t)
	e := h.acknowledges(t, d, sink, "support@cyklar.example")
	to := func(address string) (out gateway.Outbound, may bool) {
		t.Helper()
		err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) (err error) {
			out, may, err = e.ComposeAutomatic(t.Context(), tx, email.Reply{
				Conversation: 7, Queue: 1, To: []gateway.Address{person("Anna", address)}, Subject: "Din chatt", Text: "Hej",
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return out, may
	}
	for i := range 4 {
		if out, may := to("anna@kund.example"); may != (i < 3) {
			t.Errorf("the mail number %d may go: %v", i+1, may)
		} else if i == 0 {
			send(t, e, out)
		}
	}
	sent := sink.Mails()[0]
	l := letter.Parse(sent.Raw)
	if sent.From != "" || l.Automatic != letter.Ours || l.Header.Get("Auto-Submitted") != "auto-generated" || l.Header.Get("List-Unsubscribe") == "" {
		t.Errorf("from %q, %+v", sent.From, l)
	}
	err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := e.Unsubscribe(t.Context(), tx, "bo@kund.example", email.ByStaff)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, may := to("Bo@kund.example"); may {
		t.Error("who has left is written to")
	}
}
