package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// me is who is calling, and how they are doing.
type me struct {
	Login    gateway.LoginID         `json:"login"`
	Name     string                  `json:"name"`
	Role     gateway.Role            `json:"role"`
	Agent    *roster.Agent           `json:"agent,omitempty"`
	Presence *gateway.Presence       `json:"presence,omitempty"`
	Queues   []myQueue               `json:"queues" nullable:"false" doc:"Those the agent is in"`
	Costs    map[gateway.Channel]int `json:"costs,omitempty" doc:"Of an agent's 100 units, where the house's rules differ from the usual: voice, callback and voicemail 100, email 50, chat 25"`
}

// myQueue is a queue that an agent is in.
type myQueue struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	From string `json:"from,omitempty" doc:"The address that its mails are from, where it has one of its own"`
}

// named is a thing and what it is called in the caller's language.
type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type statusIn struct {
	Key  string `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		Status gateway.Intent `json:"status" enum:"available,working_offline,on_break,logged_out"`
		Code   string         `json:"code,omitempty" doc:"Required where a list of status codes is set"`
	}
}

type statusOut struct {
	Status int
	Body   gateway.Presence
}

type profileIn struct {
	Body struct {
		Name     *string  `json:"name,omitempty" maxLength:"200"`
		Language *string  `json:"language,omitempty" enum:"sv,en"`
		Phones   *[]phone `json:"phones,omitempty" doc:"In the order in which they are rung; those that stay keep their verification"`
	}
}

// phone is one way to ring an agent, as it is given to us.
type phone struct {
	Kind    roster.PhoneKind `json:"kind" enum:"sip,pstn"`
	Address string           `json:"address" maxLength:"300" example:"sip:anna@pbx.example"`
}

func (s *Server) registerMe() {
	add(s, operation{Method: http.MethodGet, Path: "/me", ID: "get-me", Summary: "Who is calling", Role: anyone}, s.getMe)
	add(s, operation{Method: http.MethodPatch, Path: "/me", ID: "change-me", Summary: "Change your own settings", Role: gateway.RoleAgent}, s.changeMe)
	add(s, operation{Method: http.MethodGet, Path: "/status-codes", ID: "list-status-codes", Summary: "The reasons to choose from, by status, and for declining an offer", Role: gateway.RoleAgent}, s.statusCodes)
	add(s, operation{Method: http.MethodGet, Path: "/agents/{id}/status-codes", ID: "list-agent-status-codes", Summary: "The reasons that an agent may choose from, for who changes their status", Role: gateway.RoleSupervisor}, s.agentStatusCodes)
	addFull(s, operation{Method: http.MethodPut, Path: "/me/status", ID: "set-status", Summary: "Change your status; 202 when it waits for what you hold", Role: gateway.RoleAgent, Also: http.StatusAccepted}, s.setStatus)
	addFull(s, operation{Method: http.MethodPut, Path: "/agents/{id}/status", ID: "set-agent-status", Summary: "Change an agent's status, if need be at once", Role: gateway.RoleSupervisor, Also: http.StatusAccepted}, s.setAgentStatus)
}

type otherStatusIn struct {
	ID   gateway.AgentID `path:"id"`
	Key  string          `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		Status gateway.Intent `json:"status" enum:"available,working_offline,on_break,logged_out"`
		Code   string         `json:"code,omitempty" doc:"Required where a list of status codes is set"`
		Force  bool           `json:"force,omitempty" doc:"At once: what the agent holds goes back to its queue. Otherwise it waits for what the agent holds"`
	}
}

// needAgent refuses a caller who is no agent, such as an integration's key.
func needAgent(by access.Caller) error {
	if by.Agent == 0 {
		return gateway.Forbidden("no_agent", "this login is no agent's; sign in as one, or let an administrator make it one")
	}
	return nil
}

// getMe is what a console begins with. A login that is nobody's agent has no presence.
func (s *Server) getMe(ctx context.Context, by access.Caller, _ *none) (me, error) {
	out := me{Login: by.Login, Name: by.Name, Role: by.Role, Queues: []myQueue{}}
	if by.Agent == 0 {
		return out, nil
	}
	agent, err := s.Roster.Agent(ctx, by.Agent)
	if err != nil {
		return out, err
	}
	out.Agent = &agent
	presence, err := s.Floor.Presence(ctx, by.Agent)
	if err != nil {
		return out, err
	}
	out.Presence = &presence
	rules, err := s.Roster.Rules(ctx)
	if err != nil {
		return out, err
	}
	out.Costs = rules.Costs
	names, err := s.names.Get(ctx)
	if err != nil {
		return out, err
	}
	queues, err := s.Roster.Queues(ctx, roster.QueueFilter{Agent: by.Agent})
	from := map[gateway.QueueID]string{}
	for _, q := range queues {
		from[q.ID] = q.FromAddress
	}
	for _, id := range memberOf(agent) {
		if !names.Closed[id] {
			out.Queues = append(out.Queues, myQueue{id.String(), names.Queue(id, agent.Language), from[id]})
		}
	}
	return out, err
}

// memberOf is where an agent works now.
func memberOf(a roster.Agent) []gateway.QueueID {
	var out []gateway.QueueID
	for _, m := range a.Memberships {
		if m.Enabled && a.Active {
			out = append(out, m.Queue)
		}
	}
	return out
}

// changeMe is what agents may change of themselves. A number in the telephone network that is
// new must be vouched for before queue calls ring it.
func (s *Server) changeMe(ctx context.Context, by access.Caller, in *profileIn) (roster.Agent, error) {
	if err := needAgent(by); err != nil {
		return roster.Agent{}, err
	}
	agent, err := s.Roster.Agent(ctx, by.Agent)
	if err != nil {
		return agent, err
	}
	if in.Body.Name != nil {
		agent.Name = *in.Body.Name
	}
	if in.Body.Language != nil {
		agent.Language = *in.Body.Language
	}
	if in.Body.Phones != nil {
		agent.Phones = phones(*in.Body.Phones)
	}
	return s.Roster.UpdateAgent(ctx, agent)
}

func phones(list []phone) []roster.Phone {
	out := make([]roster.Phone, len(list))
	for i, p := range list {
		out[i] = roster.Phone{Kind: p.Kind, Address: p.Address}
	}
	return out
}

func (s *Server) statusCodes(ctx context.Context, by access.Caller, _ *none) (map[gateway.Intent][]named, error) {
	return s.statusCodesOf(ctx, by, by.Agent)
}

type agentCodesIn struct {
	ID gateway.AgentID `path:"id"`
}

func (s *Server) agentStatusCodes(ctx context.Context, by access.Caller, in *agentCodesIn) (map[gateway.Intent][]named, error) {
	if _, err := s.Roster.Agent(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.statusCodesOf(ctx, by, in.ID)
}

// statusCodesOf are an agent's, named in the caller's language.
func (s *Server) statusCodesOf(ctx context.Context, by access.Caller, agent gateway.AgentID) (map[gateway.Intent][]named, error) {
	out := map[gateway.Intent][]named{
		gateway.IntentAvailable: {}, gateway.IntentWorkingOffline: {}, gateway.IntentOnBreak: {}, gateway.IntentLoggedOut: {},
		roster.ActionDecline: {},
	}
	codes, err := s.Roster.StatusCodes(ctx, "", agent)
	for _, c := range codes {
		out[c.Intent] = append(out[c.Intent], named{c.Code, c.Name.In(s.language(ctx, by))})
	}
	return out, err
}

func (s *Server) setStatus(ctx context.Context, by access.Caller, in *statusIn) (*statusOut, error) {
	if err := needAgent(by); err != nil {
		return nil, err
	}
	if err := s.Roster.CheckStatusCode(ctx, in.Body.Status, by.Agent, in.Body.Code); err != nil {
		return nil, err
	}
	return s.intend(ctx, by, in.Key, gateway.SetStatus{Agent: by.Agent, Intent: in.Body.Status, Code: in.Body.Code})
}

// setAgentStatus is a supervisor's. The floor has a transaction of its own, so the line in
// the audit log is there first: it says what was asked, and a second one that it was refused.
func (s *Server) setAgentStatus(ctx context.Context, by access.Caller, in *otherStatusIn) (*statusOut, error) {
	if _, err := s.Roster.Agent(ctx, in.ID); err != nil {
		return nil, err
	}
	if err := s.Roster.CheckStatusCode(ctx, in.Body.Status, in.ID, in.Body.Code); err != nil {
		return nil, err
	}
	return noted(ctx, s, by, in.Key, "agent.status_set", "agent:"+in.ID.String(), in.Body, func() (*statusOut, error) {
		return s.intend(ctx, by, in.Key, gateway.SetStatus{Agent: in.ID, Intent: in.Body.Status, Code: in.Body.Code, Force: in.Body.Force, Supervisor: true})
	})
}

func (s *Server) intend(ctx context.Context, by access.Caller, key string, cmd gateway.SetStatus) (*statusOut, error) {
	answer, err := s.do(ctx, by, key, cmd)
	if err != nil {
		return nil, err
	}
	out := &statusOut{Status: http.StatusOK, Body: *answer.Presence}
	if answer.Later {
		out.Status = http.StatusAccepted
	}
	return out, nil
}

// do gives the floor a command under the caller's own idempotency key, which is the
// command's own: used for another one it is another key.
func (s *Server) do(ctx context.Context, by access.Caller, key string, cmd gateway.Command) (gateway.Answer, error) {
	if key != "" {
		key = fmt.Sprintf("api/%s/%s/%T/%s", by.Login, by.Key, cmd, key)
	}
	return s.Commands.Do(ctx, key, cmd)
}

// language is the caller's, for names that come in several; who is no agent reads the
// house's.
func (s *Server) language(ctx context.Context, by access.Caller) string {
	names, err := s.names.Get(ctx)
	if agent, ok := names.Agents[by.Agent]; ok && err == nil {
		return agent.Language
	}
	return cmp.Or(s.Language, "en")
}
