package api

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// usable refuses an arrival that nobody could answer: from an address that is none or is
// not its channel's, without words, in a language that there is not.
func (s *Server) usable(in *createIn) error {
	b := in.Body
	if strings.TrimSpace(gateway.Clean(b.Text)) == "" {
		return gateway.Invalid("text_missing", "an arrival says something: give its text")
	}
	if err := roster.CheckLanguage(b.Language); err != nil {
		return err
	}
	if b.Channel == gateway.Callback && b.From.Kind != gateway.AddressPhone {
		return gateway.Invalid("bad_address", `a callback is to a number: {"kind": "phone", "value": "+46701740605"}`)
	}
	if b.Channel == gateway.Email || b.From.Kind == gateway.AddressEmail {
		return mailAddress(b.From)
	}
	return s.Cases.CheckAddress(b.From)
}

// checkSkills refuses skills that there are not, which no agent could ever have.
func (s *Server) checkSkills(ctx context.Context, needs []gateway.SkillLevel) error {
	if len(needs) == 0 {
		return nil
	}
	known, err := s.Roster.Skills(ctx)
	if err != nil {
		return err
	}
	for _, n := range needs {
		if n.Level < 1 || n.Level > 5 {
			return gateway.Invalid("bad_level", "a skill is needed at a level from 1 to 5")
		}
		if !slices.ContainsFunc(known, func(k roster.Skill) bool { return k.ID == n.Skill }) {
			return gateway.NotFound("skill_not_found", "there is no skill "+n.Skill.String()+"; GET /admin/skills lists them")
		}
	}
	return nil
}

// mailAddress refuses what no mail can be sent to. net/mail gives an address without its quotes.
func mailAddress(a gateway.Address) error {
	value := strings.TrimSpace(a.Value)
	if p, err := mail.ParseAddress(value); a.Kind != gateway.AddressEmail || err != nil || gateway.Requote(p.Address) != gateway.Requote(value) {
		return gateway.Invalid("bad_address", fmt.Sprintf(`%.100q is no mail address; write {"kind": "email", "value": "anna@example.se"}`, a.Value))
	}
	return nil
}
