package e2e

import (
	"os/exec"
	"strings"
	"testing"

	mails "github.com/vaxelhq/vaxel/channels/email/letter"
)

// TestStoryMailWithLooks: what an agent formats in the console is what the customer's mail
// program gets: HTML with its picture, and the same as plain text.
func TestStoryMailWithLooks(t *testing.T) {
	t.Parallel()
	v := newMailHouse(t)
	v.karinWrites()
	if out, err := exec.CommandContext(t.Context(), "node", "letter.mjs", v.base, v.agent.login, password).CombinedOutput(); err != nil {
		t.Fatalf("the browser: %v\n%s\n%s", err, out, v.log.tail())
	}
	kind := v.answerToKarin().Header.Get("Content-Type")
	if !strings.HasPrefix(kind, "multipart/alternative;") {
		t.Errorf("it is %s, want a choice of text and HTML", kind)
	}
	got := mails.Parse(v.dovecot.Mails(t, karin)[0])
	if want := "Hi Karin, you need:\n\n- a new chain\n\nSee https://cyklar.example/chains or: [chain.png]"; strings.TrimSpace(got.Text) != want {
		t.Errorf("text %q, want %q", got.Text, want)
	}
	if len(got.Attachments) != 1 || got.Attachments[0].CID == "" || got.Attachments[0].Type != "image/png" || len(got.Attachments[0].Data) == 0 {
		t.Fatalf("it carries %+v, want the picture alone", got.Attachments)
	}
	for _, part := range []string{"<ul><li>a new <strong>chain</strong></li></ul>", `<a href="https://cyklar.example/chains"`, `<img src="cid:` + got.Attachments[0].CID + `"`} {
		if !strings.Contains(got.HTML, part) {
			t.Errorf("%q is not in %q", part, got.HTML)
		}
	}
}
