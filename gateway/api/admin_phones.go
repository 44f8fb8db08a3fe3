package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

type agentPhoneIn struct {
	ID    gateway.AgentID `path:"id"`
	Phone int64           `path:"phone" doc:"Its id among the agent's phones"`
}

func (s *Server) registerAdminPhones() {
	add(s, operation{
		Method: http.MethodPost, Path: "/admin/agents/{id}/phones/{phone}/verify", ID: "admin-verify-phone",
		Summary: "Vouch that a number is the agent's, so that queue calls may ring it", Role: gateway.RoleAdministrator,
	}, s.verifyPhone)
}

// verifyPhone takes an administrator's word for a number in the telephone network, which
// is not rung before. The number stays verified until it is taken away.
func (s *Server) verifyPhone(ctx context.Context, by access.Caller, in *agentPhoneIn) (agent roster.Agent, err error) {
	err = s.commit(ctx, func(w *work) error {
		staff := w.roster()
		if err := staff.PhoneVerified(ctx, in.ID, in.Phone, time.Now()); err != nil {
			return err
		}
		if agent, err = staff.Agent(ctx, in.ID); err != nil {
			return err
		}
		at := slices.IndexFunc(agent.Phones, func(p roster.Phone) bool { return p.ID == in.Phone })
		return w.audit(ctx, by, "agent.phone_verified", "agent:"+in.ID.String(), map[string]any{"address": agent.Phones[at].Address})
	})
	return agent, err
}
