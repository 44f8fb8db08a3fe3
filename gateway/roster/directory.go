package roster

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// TargetKind is what can be a favourite, a recent or the target of a transfer.
type TargetKind string

// The kinds of target.
const (
	TargetAgent TargetKind = "agent"
	TargetQueue TargetKind = "queue"
)

// Target is one line of the directory. How an agent or a queue is doing right now is
// for the floor to say.
type Target struct {
	Kind      TargetKind      `json:"kind"`
	ID        int64           `json:"id,string"`
	Name      Label           `json:"name"` // an agent's is the same in each language: ""
	Group     gateway.GroupID `json:"group,omitempty"`
	Favourite bool            `json:"favourite"`
	RecentAt  *time.Time      `json:"recent_at,omitempty"`
}

// DirectoryFilter narrows the directory; what is zero does not.
type DirectoryFilter struct {
	Kind       TargetKind
	Name       string // a part of the name
	MyGroup    bool   // agents of the agent's own group
	Favourites bool
	Recents    bool // newest first
	Limit      int  // 200 unless set
}

// Directory lists what the agent may transfer to or talk with, itself left out, by name.
func (s *Store) Directory(ctx context.Context, agent gateway.AgentID, f DirectoryFilter) ([]Target, error) {
	return list[Target](ctx, s.db, `
		with target as (
			select 'agent' as kind, id, jsonb_build_object('', name) as name, coalesce(group_id, 0) as "group", lower(name) as sort
			from agent
			where active and id <> $1
			union all
			select 'queue', id, name, 0, lower(coalesce(name->>'sv', name->>'en', name::text))
			from queue
			where active)
		select t.kind, t.id, t.name, t."group", f.target is not null as favourite, r.at as recent_at
		from target t
		left join favourite f on f.agent = $1 and f.kind = t.kind and f.target = t.id
		left join recent r on r.agent = $1 and r.kind = t.kind and r.target = t.id
		where ($2 = '' or t.kind = $2)
		and ($3 = '' or exists (select from jsonb_each_text(t.name) n where position(lower($3) in lower(n.value)) > 0))
		and (not $4 or t.kind = 'agent' and t."group" = (select coalesce(group_id, -1) from agent where id = $1))
		and (not $5 or f.target is not null)
		and (not $6 or r.at is not null)
		order by case when $6 then r.at end desc, t.sort, t.kind, t.id
		limit $7`, agent, f.Kind, f.Name, f.MyGroup, f.Favourites, f.Recents, limit(f.Limit))
}

// SetFavourite bookmarks a queue or an agent, or forgets the bookmark.
func (s *Store) SetFavourite(ctx context.Context, agent gateway.AgentID, kind TargetKind, target int64, on bool) error {
	if err := s.checkTarget(ctx, kind, target); err != nil {
		return err
	}
	sql := "insert into favourite (agent, kind, target) values ($1, $2, $3) on conflict do nothing"
	if !on {
		sql = "delete from favourite where agent = $1 and kind = $2 and target = $3"
	}
	_, err := s.db.Exec(ctx, sql, agent, kind, target)
	return explain(err)
}

// keptRecents is how many recents of each kind an agent has.
const keptRecents = 20

// Used notes that the agent has just transferred to the queue, or dealt with the agent.
func (s *Store) Used(ctx context.Context, agent gateway.AgentID, kind TargetKind, target int64, at time.Time) error {
	if err := s.checkTarget(ctx, kind, target); err != nil {
		return err
	}
	return explain(retry.Tx(ctx, s.db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `
			insert into recent (agent, kind, target, at) values ($1, $2, $3, $4)
			on conflict (agent, kind, target) do update set at = greatest(recent.at, excluded.at)`,
			agent, kind, target, at); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			delete from recent
			where agent = $1 and kind = $2 and target not in (
				select target from recent where agent = $1 and kind = $2 order by at desc limit $3)`,
			agent, kind, keptRecents)
		return err
	}))
}

func (s *Store) checkTarget(ctx context.Context, kind TargetKind, id int64) error {
	switch kind {
	case TargetAgent:
		_, err := s.Agent(ctx, gateway.AgentID(id))
		return err
	case TargetQueue:
		_, err := s.Queue(ctx, gateway.QueueID(id))
		return err
	}
	return gateway.Invalid("bad_target", `a target is of kind "agent" or "queue"`)
}

// Recipients are the active agents of the groups, in the queues and named themselves,
// each once, by id; with everybody all of them.
func (s *Store) Recipients(ctx context.Context, agents []gateway.AgentID, groups []gateway.GroupID, queues []gateway.QueueID, everybody bool) ([]gateway.AgentID, error) {
	rows, _ := s.db.Query(ctx, `
		select id
		from agent a
		where active and ($4 or id = any ($1) or group_id = any ($2)
			or exists (select from membership m where m.agent = a.id and m.enabled and m.queue = any ($3)))
		order by id`, agents, groups, queues, everybody) // its error is met again in CollectRows
	return pgx.CollectRows(rows, pgx.RowTo[gateway.AgentID])
}

// Belongs gives the group that an agent is in, zero for none, and the queues that they work in;
// here says whether there is such an agent, who works here still.
func (s *Store) Belongs(ctx context.Context, agent gateway.AgentID) (group gateway.GroupID, queues []gateway.QueueID, here bool, err error) {
	rows, _ := s.db.Query(ctx, `
		select coalesce(a.group_id, 0), coalesce((select array_agg(m.queue order by m.queue) from membership m where m.agent = a.id and m.enabled), '{}')
		from agent a
		where a.id = $1 and a.active`, agent) // its error is met again below
	tag, err := pgx.ForEachRow(rows, []any{&group, &queues}, func() error { return nil })
	return group, queues, tag.RowsAffected() > 0, err
}
