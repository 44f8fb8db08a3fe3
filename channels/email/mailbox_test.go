package email_test

import (
	"slices"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// What a mailbox's mail needs of an agent goes with each of its mails.
func TestMailNeedsTheMailboxsSkills(t *testing.T) {
	t.Parallel()
	d, h := mailtest.StartDovecot(t), newHouse(t)
	d.Deliver(t, "support@cyklar.example", mails(1, 1)...)
	e := h.open(t, "a", d)
	m := support(d.IMAP, nobody)
	m.Skills = []gateway.SkillLevel{{Skill: 4, Level: 3}}
	save(t, e, m)
	run(t, e)
	if a := h.wait(t, 1)[0]; !slices.Equal(a.Skills, m.Skills) {
		t.Errorf("it needs %v want the mailbox's %v", a.Skills, m.Skills)
	}
}
