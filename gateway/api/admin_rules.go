package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// The rules of the whole house are one thing: read and changed, neither made nor listed.

type changeRulesIn struct {
	IfMatch string `header:"If-Match" doc:"The rev that you have read; a stale one is refused with what is there"`
	Body    draft[roster.Rules]
}

func (s *Server) registerRules() {
	role := gateway.RoleSupervisor
	add(s, operation{Method: http.MethodGet, Path: "/admin/rules", ID: "admin-get-rules", Summary: "What holds for every queue and agent", Role: role},
		func(ctx context.Context, _ access.Caller, _ *none) (roster.Rules, error) { return s.Roster.Rules(ctx) })
	add(s, operation{Method: http.MethodPatch, Path: "/admin/rules", ID: "admin-change-rules", Summary: "Change what holds for every queue and agent", Role: role}, s.changeRules)
}

func (s *Server) changeRules(ctx context.Context, by access.Caller, in *changeRulesIn) (rules roster.Rules, err error) {
	now, err := s.Roster.Rules(ctx)
	if err != nil {
		return now, err
	}
	rev, err := matched(in.IfMatch)
	if err != nil {
		return now, err
	}
	wanted, err := in.Body.over(now, rev)
	if err != nil {
		return now, err
	}
	err = s.commit(ctx, func(w *work) (err error) {
		if rules, err = w.roster().UpdateRules(ctx, wanted); err != nil {
			return err
		}
		return w.audit(ctx, by, "rules.changed", "rules", map[string]any{"fields": in.Body.names()})
	})
	return rules, err
}

// matched is the rev that If-Match names, nil where it names none.
func matched(ifMatch string) (*int64, error) {
	if ifMatch == "" || ifMatch == "*" {
		return nil, nil
	}
	rev, err := revOf(ifMatch, 0)
	return &rev, err
}
