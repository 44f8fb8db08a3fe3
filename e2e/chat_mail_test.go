package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestStoryChatGoesOnByMail: what an agent writes to a visitor who has gone reaches them by mail,
// once, and their answer to it comes to the chat's case.
func TestStoryChatGoesOnByMail(t *testing.T) {
	t.Parallel()
	v := newMailHouse(t, widget)
	_, err := v.pool.Exec(t.Context(), `update widget set after = '{"continue": 1}'`)
	must(t, err)
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Karin", "email": karin, "text": "Var är min jacka?"})
	id := c.accept(t)
	v.wait("the agent is there", func() bool { return guest.told("joined") })
	guest.stop()
	<-guest.done
	v.wait("the visitor is gone", func() bool { return v.number(`select count(*) from visitor where gone_at < 'infinity'`) == 1 })
	v.agent.must(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"text": "Den kommer i morgon."}, nil)
	_, err = v.pool.Exec(t.Context(), `update visitor set gone_at = now() - interval '2 minutes'`)
	must(t, err)
	c.finish(t, id)
	mail := v.mailTo(karin)
	body, err := io.ReadAll(mail.Body)
	must(t, err)
	if !bytes.Contains(body, []byte("Den kommer i morgon.")) || bytes.Contains(body, []byte("Var")) || !strings.Contains(mail.Header.Get("From"), support) {
		t.Errorf("the mail is from %s:\n%s", mail.Header.Get("From"), body)
	}
	v.send(karin, fmt.Appendf(nil, "From: %s\r\nTo: %s\r\nSubject: Re: %s\r\nMessage-ID: <answer@kund.example>\r\nIn-Reply-To: %s\r\n"+
		"Date: Mon, 2 Mar 2026 18:00:00 +0000\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nTack, det är bra!\r\n", karin, support, mail.Header.Get("Subject"), mail.Header.Get("Message-ID")))
	var first, second gateway.Interaction
	v.agent.must(http.MethodGet, "/interactions/"+id.String(), nil, &first)
	v.agent.must(http.MethodGet, "/interactions/"+c.accept(t).String(), nil, &second)
	if second.Channel != gateway.Email || second.Case != first.Case {
		t.Errorf("the answer is a %s on case %d, want a mail on case %d", second.Channel, second.Case, first.Case)
	}
	if n := v.number(`select count(*) from entry where kind = 'event' and body->>'what' = 'continued'`); n != 1 {
		t.Errorf("the conversation tells of the mail %d times", n)
	}
}
