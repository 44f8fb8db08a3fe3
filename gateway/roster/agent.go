package roster

import (
	"context"
	"net/mail"
	"slices"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/language"

	"github.com/vaxelhq/vaxel/gateway"
)

// Agent is somebody who handles interactions.
type Agent struct {
	ID          gateway.AgentID         `json:"id"`
	Name        string                  `json:"name"` // as customers and colleagues see it
	Group       gateway.GroupID         `json:"group,omitempty"`
	Language    string                  `json:"language"` // of the console: sv, en
	Email       string                  `json:"email,omitempty"`
	Channels    []gateway.Channel       `json:"channels"` // those the agent may handle
	Caps        map[gateway.Channel]int `json:"caps,omitempty"`
	Memberships []gateway.Membership    `json:"memberships"`
	Skills      []gateway.SkillLevel    `json:"skills"`
	Phones      []Phone                 `json:"phones"`
	Mailbox     bool                    `json:"mailbox,omitempty"` // takes messages of callers who were transferred in vain
	// OfferTimeout is how many seconds an offer to the agent lasts, 15 to 60, instead of the
	// queue's; 0 is the queue's.
	OfferTimeout gateway.Seconds `json:"offer_timeout,omitempty"`
	Active       bool            `json:"active"` // false: has left; is offered nothing, keeps the history
	Rev          int64           `json:"rev"`
}

// The parts of an agent that live in tables of their own come as one JSON value each:
// one query gives whole agents.
const agentColumns = `
	a.id, a.name, coalesce(a.group_id, 0) as "group", a.language, a.email, a.channels, a.caps, a.mailbox, a.offer_timeout, a.active, a.rev,
	coalesce((select jsonb_agg(jsonb_build_object('queue', m.queue::text, 'enabled', m.enabled, 'level', m.level, 'delay', m.delay_s) order by m.queue)
		from membership m where m.agent = a.id), '[]') as memberships,
	coalesce((select jsonb_agg(jsonb_build_object('skill', k.skill::text, 'level', k.level) order by k.skill)
		from agent_skill k where k.agent = a.id), '[]') as skills,
	coalesce((select jsonb_agg(jsonb_build_object('id', p.id::text, 'kind', p.kind, 'address', p.address, 'verified_at', p.verified_at) order by p.position, p.id)
		from phone p where p.agent = a.id), '[]') as phones`

// AgentFilter narrows a list of agents; what is zero does not.
type AgentFilter struct {
	Group  gateway.GroupID
	Queue  gateway.QueueID // members only
	Name   string          // a part of the name
	Former bool            // those who have left, too
	After  gateway.AgentID // the last one of the page before
	Limit  int             // 200 unless set
}

// Agents lists agents by name.
func (s *Store) Agents(ctx context.Context, f AgentFilter) ([]Agent, error) {
	return list[Agent](ctx, s.db, "select "+agentColumns+`
		from agent a
		where (a.active or $1)
		and ($2::bigint = 0 or a.group_id = $2)
		and ($3::bigint = 0 or exists (select from membership m where m.agent = a.id and m.queue = $3 and m.enabled))
		and ($4 = '' or position(lower($4) in lower(a.name)) > 0)
		and ($5::bigint = 0 or (lower(a.name), a.id) > (select lower(name), id from agent where id = $5))
		order by lower(a.name), a.id
		limit $6`, f.Former, f.Group, f.Queue, f.Name, f.After, limit(f.Limit))
}

// Known is what lists show of an agent, and where they work now.
type Known struct {
	ID       gateway.AgentID
	Name     string
	Language string
	Group    gateway.GroupID
	Queues   []gateway.QueueID // by id; none of who has left
	Active   bool
}

// Known gives all who ever worked here, in no order, for who needs them all at once: of ten
// thousand in twenty queues each, whole agents took fifty times as long.
func (s *Store) Known(ctx context.Context) ([]Known, error) {
	all, err := list[Known](ctx, s.db, `
		select a.id, a.name, a.language, coalesce(a.group_id, 0) as "group", a.active, coalesce(m.queues, '{}') as queues
		from agent a
		left join (
			select agent, array_agg(queue) as queues
			from membership
			where enabled
			group by agent) as m on m.agent = a.id and a.active`)
	for _, a := range all {
		slices.Sort(a.Queues)
	}
	return all, err
}

func limit(n int) int {
	if n <= 0 || n > 1000 {
		return 200
	}
	return n
}

// Agent gives one agent.
func (s *Store) Agent(ctx context.Context, id gateway.AgentID) (Agent, error) {
	return agent(ctx, s.db, id)
}

func agent(ctx context.Context, db querier, id gateway.AgentID) (Agent, error) {
	return one[Agent](ctx, db, "agent", "select "+agentColumns+" from agent a where a.id = $1", id)
}

// CreateAgent adds an agent, in the language sv and for every channel unless it says otherwise.
func (s *Store) CreateAgent(ctx context.Context, a Agent) (Agent, error) {
	if err := a.settle(); err != nil {
		return a, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			insert into agent (name, group_id, language, email, channels, caps, mailbox, offer_timeout)
			values ($1, nullif($2::bigint, 0), $3, $4, $5, $6, $7, $8)
			returning id`, a.Name, a.Group, a.Language, a.Email, a.Channels, a.Caps, a.Mailbox, a.OfferTimeout).Scan(&a.ID)
		if err != nil {
			return err
		}
		return a.setParts(ctx, tx)
	})
	if err != nil {
		return a, err
	}
	return s.Agent(ctx, a.ID)
}

// UpdateAgent replaces an agent with its memberships, skills and phones, if it still has a.Rev.
func (s *Store) UpdateAgent(ctx context.Context, a Agent) (Agent, error) {
	if err := a.settle(); err != nil {
		return a, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) error {
		if err := expect(ctx, tx, "agent", int64(a.ID), a.Rev, func() (Agent, error) { return s.Agent(ctx, a.ID) }); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			update agent
			set name = $2, group_id = nullif($3::bigint, 0), language = $4, email = $5, channels = $6, caps = $7, active = $8, mailbox = $9, offer_timeout = $10, rev = rev + 1
			where id = $1`, a.ID, a.Name, a.Group, a.Language, a.Email, a.Channels, a.Caps, a.Active, a.Mailbox, a.OfferTimeout); err != nil {
			return err
		}
		return a.setParts(ctx, tx)
	})
	if err != nil {
		return a, err
	}
	return s.Agent(ctx, a.ID)
}

func (a *Agent) settle() error {
	if err := checkName("an agent", a.Name); err != nil {
		return err
	}
	if a.Language == "" {
		a.Language = "sv"
	}
	if err := CheckLanguage(a.Language); err != nil {
		return err
	}
	if a.Email != "" && !bareAddress(a.Email) {
		return gateway.Invalid("bad_email", "an e-mail address is like anna@example.se")
	}
	if a.Channels == nil {
		a.Channels = gateway.Channels
	}
	for _, c := range a.Channels {
		if err := checkChannel(c); err != nil {
			return err
		}
	}
	if a.Caps == nil {
		a.Caps = map[gateway.Channel]int{}
	}
	for c, n := range a.Caps {
		if err := checkChannel(c); err != nil {
			return err
		}
		if n < 0 || n > 100 {
			return gateway.Invalid("cap_out_of_range", "an agent holds 0 to 100 of a channel at once; the 100 units of capacity bound it further")
		}
	}
	if t := a.OfferTimeout; t != 0 && (t < 15 || t > 60) {
		return gateway.Invalid("offer_timeout_out_of_range", "an offer lasts 15 to 60 seconds")
	}
	for i := range a.Memberships {
		if m := &a.Memberships[i]; m.Level == 0 {
			m.Level = 2
		}
	}
	return nil
}

// CheckLanguage refuses what is no language tag (BCP 47); none is fine.
func CheckLanguage(tag string) error {
	if _, err := language.Parse(tag); tag != "" && err != nil {
		return gateway.Invalid("bad_language", "a language is written like sv or en-GB")
	}
	return nil
}

// bareAddress says whether s is an e-mail address without a name.
func bareAddress(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s
}

func checkChannel(c gateway.Channel) error {
	if !slices.Contains(gateway.Channels, c) {
		return gateway.Invalid("unknown_channel", "a channel is voice, chat, email, voicemail or callback")
	}
	return nil
}

func (a *Agent) setParts(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "delete from membership where agent = $1", a.ID); err != nil {
		return err
	}
	for _, m := range a.Memberships {
		if _, err := tx.Exec(ctx, "insert into membership (agent, queue, enabled, level, delay_s) values ($1, $2, $3, $4, $5)",
			a.ID, m.Queue, m.Enabled, m.Level, m.Delay); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "delete from agent_skill where agent = $1", a.ID); err != nil {
		return err
	}
	for _, k := range a.Skills {
		if _, err := tx.Exec(ctx, "insert into agent_skill (agent, skill, level) values ($1, $2, $3)", a.ID, k.Skill, k.Level); err != nil {
			return err
		}
	}
	return setPhones(ctx, tx, a.ID, a.Phones)
}

// SetSkill changes how well an agent knows something; level 0 takes it away.
func (s *Store) SetSkill(ctx context.Context, agent gateway.AgentID, k gateway.SkillLevel) error {
	return s.edit(ctx, func(tx pgx.Tx) error {
		sql := `
			insert into agent_skill (agent, skill, level)
			values ($1, $2, $3)
			on conflict (agent, skill) do update set level = excluded.level`
		if k.Level == 0 {
			sql = "delete from agent_skill where agent = $1 and skill = $2 and $3 = 0"
		}
		if _, err := tx.Exec(ctx, sql, agent, k.Skill, k.Level); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "update agent set rev = rev + 1 where id = $1", agent)
		return err
	})
}

// SetMembership puts an agent into a queue, changes the place there, or with enabled
// false takes the agent out while the level is remembered.
func (s *Store) SetMembership(ctx context.Context, agent gateway.AgentID, m gateway.Membership) error {
	return s.edit(ctx, func(tx pgx.Tx) error {
		if m.Level == 0 {
			m.Level = 2
		}
		if _, err := tx.Exec(ctx, `
			insert into membership (agent, queue, enabled, level, delay_s)
			values ($1, $2, $3, $4, $5)
			on conflict (agent, queue) do update
			set enabled = excluded.enabled, level = excluded.level, delay_s = excluded.delay_s`,
			agent, m.Queue, m.Enabled, m.Level, m.Delay); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "update agent set rev = rev + 1 where id = $1", agent)
		return err
	})
}
