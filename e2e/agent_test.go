package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// worksInConsole starts the agent's browser; shown gives what its thread showed when the
// work is done.
func (a *agent) worksInConsole(t *testing.T, channel gateway.Channel) (shown func() []string) {
	t.Helper()
	var said, complained bytes.Buffer
	browser := exec.CommandContext(t.Context(), "node", "agent.mjs", a.v.base, a.login, password, string(channel))
	browser.Stdout, browser.Stderr = &said, &complained
	must(t, browser.Start())
	return func() (texts []string) {
		t.Helper()
		if err := browser.Wait(); err != nil {
			t.Fatalf("the agent's browser: %v\n%s\n%s", err, &complained, a.v.log.tail())
		}
		must(t, json.Unmarshal(said.Bytes(), &texts))
		return texts
	}
}

// TestConsoleChat: a customer and an agent, each in Chromium, from the question in the
// widget to the transaction code in the console.
func TestConsoleChat(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, "")
	v.publish("returns", "Returns and refunds", "You have **30 days**.")
	page := site(t, v)
	v.start()
	v.agent.signIn()
	shown := v.agent.worksInConsole(t, gateway.Chat)
	v.wait("an agent who is available", func() bool { return v.number(`select count(*) from presence where live and intent = 'available'`) == 1 })
	customer, err := exec.CommandContext(t.Context(), "node", "customer.mjs", page.URL).CombinedOutput()
	if err != nil {
		t.Fatalf("the customer's browser: %v\n%s", err, customer)
	}
	texts := shown()
	if want := []string{"May I return a jacket?", "Order 20991.", "You may. Here is how:", "Thank you!"}; !slices.Equal(texts, want) {
		t.Errorf("the console shows %q, want %q", texts, want)
	}
	v.wantOne(gateway.Chat, 5)
	v.wantSolved()
	if n := v.number(`select count(*) from click where opened_at is not null`); n != 1 {
		t.Errorf("got %d opened links, want the one that the agent gave", n)
	}
}

// TestConsoleEmail: a mail is answered and finished in the console, in Chromium, and the
// answer lies in the customer's mailbox, in the thread.
func TestConsoleEmail(t *testing.T) {
	t.Parallel()
	h := newMailHouse(t)
	h.karinWrites()
	thread := h.agent.worksInConsole(t, gateway.Email)()[0]
	if came, went := strings.Index(thread, "Min kedja gick av."), strings.Index(thread, "Hej Karin! Vi skickar en ny."); came < 0 || went < came {
		t.Errorf("the console shows %q, want the mail and then the answer", thread)
	}
	h.answerToKarin()
	h.wantOne(gateway.Email, 2)
	h.wantSolved()
}

// wantSolved holds the figures and the store to one interaction that was finished with its code.
func (v *vaxel) wantSolved() {
	v.t.Helper()
	v.agent.wantHandled(1)
	var codes []gateway.CodeID
	must(v.t, v.pool.QueryRow(v.t.Context(), `select codes from interaction where finished_at is not null`).Scan(&codes))
	if !slices.Equal(codes, v.codes) {
		v.t.Errorf("finished with %v, want %v", codes, v.codes)
	}
}
