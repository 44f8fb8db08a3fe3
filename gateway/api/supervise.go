package api

import (
	"context"
	"net/http"
	"slices"

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
		Enabled bool             `json:"enabled" doc:"false: works elsewhere for now; the level is remembered"`
		Level   *int             `json:"level,omitempty" minimum:"1" maximum:"3" doc:"3 is asked first; as before unless set, 2 at first"`
		Delay   *gateway.Seconds `json:"delay,omitempty" minimum:"0" maximum:"86400" doc:"Seconds that something has waited before this agent is asked; as before unless set"`
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
	return noted(ctx, s, by, in.Key, "interaction.assigned", "interaction:"+in.ID.String(), in.Body, func() (Interaction, error) {
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
	return s.rework(ctx, by, in.ID, "agent.membership_set", func(people *roster.Store, a roster.Agent) (any, error) {
		if _, err := people.Queue(ctx, in.Queue); err != nil {
			return nil, err
		}
		m := gateway.Membership{Queue: in.Queue, Level: 2}
		if i := slices.IndexFunc(a.Memberships, func(m gateway.Membership) bool { return m.Queue == in.Queue }); i >= 0 {
			m = a.Memberships[i]
		}
		m.Enabled = in.Body.Enabled
		set(&m.Level, in.Body.Level)
		set(&m.Delay, in.Body.Delay)
		return m, people.SetMembership(ctx, in.ID, m)
	})
}

func (s *Server) setAgentSkill(ctx context.Context, by access.Caller, in *agentSkillIn) (workplace, error) {
	k := gateway.SkillLevel{Skill: in.Skill, Level: in.Body.Level}
	return s.rework(ctx, by, in.ID, "agent.skill_set", func(people *roster.Store, _ roster.Agent) (any, error) {
		if _, err := people.Skill(ctx, in.Skill); err != nil {
			return nil, err
		}
		return k, people.SetSkill(ctx, in.ID, k)
	})
}

// rework changes where an agent works, or what they know, and notes what holds now.
func (s *Server) rework(ctx context.Context, by access.Caller, id gateway.AgentID, what string, change func(*roster.Store, roster.Agent) (any, error)) (out workplace, err error) {
	err = s.commit(ctx, func(w *work) error {
		people := w.roster()
		a, err := people.Agent(ctx, id)
		if err != nil {
			return err
		}
		detail, err := change(people, a)
		if err != nil {
			return err
		}
		if a, err = people.Agent(ctx, id); err != nil {
			return err
		}
		out = workplaceOf(a)
		return w.audit(ctx, by, what, "agent:"+id.String(), detail)
	})
	return out, err
}
