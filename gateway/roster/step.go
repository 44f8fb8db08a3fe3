package roster

import (
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
)

// checkRules refuses what a queue could not do: unknown words, and steps that would
// silently do nothing.
func (q *Queue) checkRules() error {
	switch q.Strategy {
	case "", gateway.LongestIdle, gateway.SkillFirst, gateway.RoundRobin, gateway.LeastBusy, gateway.RingAll:
	default:
		return gateway.Invalid("bad_strategy", "a queue chooses by longest_idle, skill_first, round_robin, least_busy or ring_all")
	}
	if q.MaxLen < 0 {
		return gateway.Invalid("max_len_out_of_range", "max_len is how many may wait; 0 for any number")
	}
	for name, steps := range map[string]*[]gateway.Step{
		"steps": &q.Steps, "on_closed": &q.OnClosed, "on_full": &q.OnFull, "on_unstaffed": &q.OnUnstaffed,
	} {
		*steps = notNil(*steps)
		for i, s := range *steps {
			if err := q.checkStep(s, name != "steps"); err != nil {
				err.Detail = fmt.Sprintf("%s[%d]: %s", name, i, err.Detail)
				return err
			}
		}
	}
	return nil
}

func (q *Queue) checkStep(s gateway.Step, entry bool) *gateway.Error {
	bad := func(detail string) *gateway.Error { return gateway.Invalid("bad_step", detail) }
	if !slices.ContainsFunc(gateway.Channels, s.Do.Suits) {
		return bad(fmt.Sprintf("%q is none of lower_skills, drop_skill, drop_skills, add_queue, move, offer_callback, voicemail, form, external, hang_up", s.Do))
	}
	switch {
	case s.After < 0 || s.By < 0 || s.By > 4:
		return bad("times are not negative, and skills have five levels")
	case entry && s.Do.Widens():
		return bad("who cannot be let in can be moved, called back, or sent to voicemail, form or external, or away; widening is for those who wait")
	case s.Do == gateway.DropSkill && s.Skill == 0:
		return bad("say which skill is not needed any more")
	case (s.Do == gateway.AddQueue || s.Do == gateway.Move) && (s.Queue == 0 || s.Queue == q.ID):
		return bad("say which other queue")
	case s.Do == gateway.ToExternal && s.To == "":
		return bad("say where the call goes")
	}
	for _, c := range s.Channels {
		if !s.Do.Suits(c) {
			return bad(fmt.Sprintf("%s cannot be done to %q", s.Do, c))
		}
	}
	return nil
}
