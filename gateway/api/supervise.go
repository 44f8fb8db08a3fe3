package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// What supervisors do while the house is open. Each is in the audit log.

type assignIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		Agent gateway.AgentID `json:"agent" doc:"Who gets it, even over capacity"`
	}
}

// workplace is where an agent works and what they know.
type workplace struct {
	Memberships []gateway.Membership `json:"memberships" nullable:"false" doc:"Those switched off keep their level"`
	Skills      []gateway.SkillLevel `json:"skills" nullable:"false"`
}

type agentIn struct {
	ID gateway.AgentID `path:"id"`
}

type membershipIn struct {
	ID    gateway.AgentID `path:"id"`
	Queue gateway.QueueID `path:"queue"`
	Body  struct {
		Enabled bool            `json:"enabled" doc:"false: works elsewhere for now; the level is remembered"`
		Level   int             `json:"level,omitempty" minimum:"1" maximum:"3" default:"2" doc:"3 is asked first"`
		Delay   gateway.Seconds `json:"delay,omitempty" minimum:"0" maximum:"86400" doc:"Seconds that something has waited before this agent is asked"`
	}
}

type agentSkillIn struct {
	ID    gateway.AgentID `path:"id"`
	Skill gateway.SkillID `path:"skill"`
	Body  struct {
		Level int `json:"level" minimum:"0" maximum:"5" doc:"0: no longer"`
	}
}

func (s *Server) registerSupervise() {
	role := gateway.RoleSupervisor
	add(s, operation{Method: http.MethodPost, Path: "/interactions/{id}/assign", ID: "assign-interaction", Summary: "Give an agent one that waits", Role: role}, s.assign)
	add(s, operation{Method: http.MethodGet, Path: "/agents/{id}/work", ID: "get-agent-work", Summary: "An agent's queues and skills", Role: role}, s.agentWork)
	add(s, operation{Method: http.MethodPut, Path: "/agents/{id}/queues/{queue}", ID: "set-membership", Summary: "Put an agent into a queue, or take them out, at once", Role: role}, s.setMembership)
	add(s, operation{Method: http.MethodPut, Path: "/agents/{id}/skills/{skill}", ID: "set-agent-skill", Summary: "Change what an agent knows, at once", Role: role}, s.setAgentSkill)
}

func (s *Server) assign(ctx context.Context, by access.Caller, in *assignIn) (Interaction, error) {
	if _, err := s.Roster.Agent(ctx, in.Body.Agent); err != nil {
		return Interaction{}, err
	}
	return noted(ctx, s, by, "interaction.assigned", "interaction:"+in.ID.String(), in.Body, func() (Interaction, error) {
		return s.changed(ctx, by, in.Key, gateway.Pull{Interaction: in.ID, Agent: in.Body.Agent})
	})
}

func (s *Server) agentWork(ctx context.Context, _ access.Caller, in *agentIn) (workplace, error) {
	a, err := s.Roster.Agent(ctx, in.ID)
	return workplaceOf(a), err
}

func workplaceOf(a roster.Agent) workplace {
	return workplace{orEmpty(a.Memberships), orEmpty(a.Skills)}
}

func (s *Server) setMembership(ctx context.Context, by access.Caller, in *membershipIn) (workplace, error) {
	m := gateway.Membership{Queue: in.Queue, Enabled: in.Body.Enabled, Level: in.Body.Level, Delay: in.Body.Delay}
	return s.rework(ctx, by, in.ID, "agent.membership_set", m, func(people *roster.Store) error {
		if _, err := people.Queue(ctx, in.Queue); err != nil {
			return err
		}
		return people.SetMembership(ctx, in.ID, m)
	})
}

func (s *Server) setAgentSkill(ctx context.Context, by access.Caller, in *agentSkillIn) (workplace, error) {
	k := gateway.SkillLevel{Skill: in.Skill, Level: in.Body.Level}
	return s.rework(ctx, by, in.ID, "agent.skill_set", k, func(people *roster.Store) error {
		if _, err := people.Skill(ctx, in.Skill); err != nil {
			return err
		}
		return people.SetSkill(ctx, in.ID, k)
	})
}

// rework changes where an agent works, or what they know, and notes it.
func (s *Server) rework(ctx context.Context, by access.Caller, id gateway.AgentID, what string, detail any, change func(*roster.Store) error) (out workplace, err error) {
	err = s.commit(ctx, func(w *work) error {
		people := w.roster()
		if _, err := people.Agent(ctx, id); err != nil {
			return err
		}
		if err := change(people); err != nil {
			return err
		}
		a, err := people.Agent(ctx, id)
		if err != nil {
			return err
		}
		out = workplaceOf(a)
		return w.audit(ctx, by, what, "agent:"+id.String(), detail)
	})
	return out, err
}
