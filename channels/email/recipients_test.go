package email_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

func people(values ...string) (list []gateway.Address) {
	for _, v := range values {
		list = append(list, person("", v))
	}
	return list
}

// TestAnswersGoToAllButUs holds to whom an answer goes.
func TestAnswersGoToAllButUs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, nobody)) // support@cyklar.example, which takes support+anything@ too
	for name, c := range map[string]struct {
		mail           gateway.Mail
		author, to, cc []gateway.Address
	}{
		"a customer alone": {
			gateway.Mail{From: person("", "anna@kund.example"), To: people("support@cyklar.example")},
			people("anna@kund.example"), people("anna@kund.example"), nil,
		},
		"others got it too": {
			gateway.Mail{
				From: person("", "anna@kund.example"), To: people("Support@Cyklar.example", "bo@kund.example"),
				Cc: people("faktura@cyklar.example", "chef@kund.example", "BO@kund.example", "support+16.abc@cyklar.example"),
			},
			people("anna@kund.example"), people("anna@kund.example"), people("bo@kund.example", "chef@kund.example"),
		},
		"answers are wanted elsewhere": {
			gateway.Mail{From: person("", "noreply@kund.example"), ReplyTo: people("anna@kund.example"), To: people("support@cyklar.example"), Cc: people("bo@kund.example")},
			people("anna@kund.example"), people("anna@kund.example"), people("bo@kund.example"),
		},
		"we wrote last": {
			gateway.Mail{From: person("", "support@cyklar.example"), ReplyTo: people("support+16.abc@cyklar.example"), To: people("anna@kund.example"), Cc: people("bo@kund.example", "faktura@cyklar.example")},
			people("anna@kund.example"), people("anna@kund.example"), people("bo@kund.example"),
		},
	} {
		author, all, err := e.Answer(t.Context(), c.mail, []string{"faktura@cyklar.example"})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]email.Recipients{{To: c.author}, {To: c.to, Cc: c.cc}}, []email.Recipients{author, all}); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestReplyAll sends from the queue's identity to all who got the question.
func TestReplyAll(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, sink.Address))
	r := reply()
	r.Answers.Cc = people("chef@kund.example", "faktura@cyklar.example")
	r.All, r.Ours, r.Sender = true, []string{"faktura@cyklar.example"}, person("Fakturor", "faktura@cyklar.example")
	out, mail := compose(t, e, r)
	if mail.From != person("Bo, Fakturor", "faktura@cyklar.example") {
		t.Errorf("from %+v", mail.From)
	}
	if _, err := e.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	sent := sink.Mails()[0]
	if diff := cmp.Diff([]string{"anna@kund.example", "chef@kund.example"}, sent.To); diff != "" {
		t.Error(diff)
	}
	l := letter.Parse(sent.Raw)
	if l.Cc[0].Value != "chef@kund.example" || !strings.HasPrefix(l.ReplyTo[0].Value, "support+") || !strings.HasPrefix(sent.From, "support+") {
		t.Errorf("%+v", l)
	}
}

// TestForward passes a mail on with what it carries, as a thread of its own.
func TestForward(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, sink.Address))
	key, size, err := h.Put(t.Context(), strings.NewReader("PNG"))
	if err != nil {
		t.Fatal(err)
	}
	m := question
	m.HTML = `<p>Så här ser den ut: <img src="cid:bild"></p>`
	m.Attachments = []gateway.Attachment{{Blob: key, Name: "bild.png", Type: "image/png", Size: size, CID: "bild"}}
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	r := reply()
	r.Text, r.To, r.Subject = "Kan ni laga den?", people("verkstad@annan.example"), ""
	r, quoted, err := email.Forward(r, gateway.Entry{Pos: 3, Text: "Så här ser den ut.", Body: body, At: time.Date(2026, 3, 2, 18, 0, 0, 0, time.UTC)}, "sv")
	if err != nil {
		t.Fatal(err)
	}
	const want = "Kan ni laga den?\n\n" +
		"---------- Vidarebefordrat meddelande ----------\nFrån: Anna Ek <anna@kund.example>\nDatum: 2026-03-02 18:00 UTC\n" +
		"Ämne: SV: Re: växel\nTill: support@cyklar.example\n\nSå här ser den ut."
	if diff := cmp.Diff(want, r.Text); diff != "" || r.Text[:quoted] != "Kan ni laga den?\n\n" {
		t.Errorf("%d %s", quoted, diff)
	}
	out, mail := compose(t, e, r)
	if mail.Subject != "Fwd: växel [#1007]" || mail.InReplyTo != "" {
		t.Errorf("%+v", mail)
	}
	if _, err := e.Send(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	sent := sink.Mails()[0]
	l := letter.Parse(sent.Raw)
	if diff := cmp.Diff([]string{"verkstad@annan.example"}, sent.To); diff != "" || len(l.InReplyTo)+len(l.References) != 0 {
		t.Errorf("%v %v %s", l.InReplyTo, l.References, diff)
	}
	if !strings.Contains(l.HTML, "Kan ni laga den?") || !strings.Contains(l.HTML, `src="cid:bild"`) || string(l.Attachments[0].Data) != "PNG" || l.Attachments[0].CID != "bild" {
		t.Errorf("%+v", l)
	}
}

// TestAMailIsOfTheTimeThatItLeaves, however long it waited.
func TestAMailIsOfTheTimeThatItLeaves(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, sink.Address))
	r := reply()
	r.SendAt = time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	out, _ := compose(t, e, r)
	send(t, e, out)
	if date := letter.Parse(sink.Mails()[0].Raw).Date; !date.Equal(r.SendAt) {
		t.Errorf("got %v want %v", date, r.SendAt)
	}
}
