package tickets

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// caseOf finds a case by its id or its number, or what it became.
func caseOf(ctx context.Context, db querier, by string, n int64) (Case, error) {
	c, err := one[Case](ctx, db, "case", "select "+caseColumns+fromCase+" where k."+by+" = $1", n)
	if errors.Is(err, gateway.ErrNotFound) {
		return one[Case](ctx, db, "case", "select "+caseColumns+fromCase+" where k.id = (select became from case_alias where "+by+" = $1)", n)
	}
	return c, err
}

// HoldCase locks a case, or what it became, for a transaction that begins something on it,
// and gives its id: until the end it becomes nothing else.
func (s *Store) HoldCase(ctx context.Context, id gateway.CaseID) (gateway.CaseID, error) {
	hold := func() (struct{ ID gateway.CaseID }, error) {
		return one[struct{ ID gateway.CaseID }](ctx, s.db, "case", `
			select id
			from support_case
			where id = coalesce((select became from case_alias where id = $1), $1)
			for key share`, id)
	}
	c, err := hold()
	if errors.Is(err, gateway.ErrNotFound) { // it may just have been merged: the statement has waited for that, and the next one sees it
		c, err = hold()
	}
	return c.ID, err
}

// MergeCases makes one case of two: into gets the tasks of from and is as open as either,
// and the number of from leads to it from then on. The second answer is what from was, zero
// when it was a part of into before. Conversations are the caller's, who has locked them.
func (s *Store) MergeCases(ctx context.Context, into, from gateway.CaseID) (now, was Case, err error) {
	if into == from {
		return now, was, gateway.Invalid("same_case", "a case cannot be merged with itself; name two")
	}
	err = s.edit(ctx, func(tx pgx.Tx) (told []gateway.Event, err error) {
		now, was, told, err = mergeCases(ctx, tx, into, from)
		return told, err
	})
	return now, was, err
}

func mergeCases(ctx context.Context, tx pgx.Tx, into, from gateway.CaseID) (now, was Case, told []gateway.Event, err error) {
	if _, err = tx.Exec(ctx, "select from support_case where id = any($1) order by id for update", []gateway.CaseID{into, from}); err != nil {
		return now, was, nil, err
	}
	if now, err = itself(ctx, tx, into); err != nil {
		return now, was, nil, err
	}
	if was, err = caseOf(ctx, tx, "id", int64(from)); err != nil {
		return now, was, nil, err
	}
	if was.ID != from {
		if was.ID == into {
			return now, Case{}, nil, nil // done before
		}
		return now, was, nil, another(was)
	}
	tasks, err := absorb(ctx, tx, into, from)
	if err != nil {
		return now, was, nil, fmt.Errorf("merge case %d into %d: %w", from, into, err)
	}
	for _, t := range tasks {
		told = append(told, taskChanged(t)...)
	}
	now, err = itself(ctx, tx, into)
	told = append(told, caseChanged(now)...)
	return now, was, append(told, gateway.NewEvent(gateway.TopicAll, "case.merged", now.Rev, Merged{from, was.Number, into, now.Number})), err
}

// Merged tells consoles where a case is now.
type Merged struct {
	Case       gateway.CaseID `json:"case"`
	Number     int64          `json:"number"`
	Into       gateway.CaseID `json:"into"`
	IntoNumber int64          `json:"into_number"`
}

// itself refuses a case that is a part of another.
func itself(ctx context.Context, db querier, id gateway.CaseID) (Case, error) {
	c, err := caseOf(ctx, db, "id", int64(id))
	if err == nil && c.ID != id {
		return c, another(c)
	}
	return c, err
}

func another(c Case) error {
	return gateway.Conflict("case_merged", fmt.Sprintf("this case is a part of #%d now; use that one", c.Number), c)
}

// absorb lets a case have what another one had, and takes that one away.
func absorb(ctx context.Context, tx pgx.Tx, into, from gateway.CaseID) ([]Task, error) {
	tasks, err := list[Task](ctx, tx, "update task t set case_id = $1, rev = rev + 1 where t.case_id = $2 returning "+taskColumns, into, from)
	if err != nil {
		return nil, err
	}
	for _, sql := range []string{
		"update case_alias set became = $1 where became = $2",
		`insert into case_alias (id, number, became, customer, subject)
			select id, number, $1, customer, subject
			from support_case
			where id = $2`,
		`update support_case i
			set state = case when 'open' in (i.state, f.state) then 'open' when 'pending' in (i.state, f.state) then 'pending' else 'closed' end,
				closed_at = case when i.state = 'closed' and f.state = 'closed' then greatest(i.closed_at, f.closed_at) end,
				queue = coalesce(nullif(i.queue, 0), f.queue), assignee = coalesce(nullif(i.assignee, 0), f.assignee),
				tags = (i.tags || array(select t from unnest(f.tags) as t where t <> all (i.tags)))[:50],
				last_activity_at = greatest(i.last_activity_at, f.last_activity_at),
				created_at = least(i.created_at, f.created_at), rev = i.rev + 1
			from support_case f
			where i.id = $1 and f.id = $2`,
		`update support_case i
			set channel = f.channel, preview = f.preview, preview_by = f.preview_by
			from support_case f
			where i.id = $1 and f.id = $2 and f.last_activity_at = i.last_activity_at`,
		`update support_case i
			set conversation = f.conversation, interaction = f.interaction, interaction_state = f.interaction_state
			from support_case f
			where i.id = $1 and f.id = $2 and f.interaction > i.interaction`,
	} {
		if _, err := tx.Exec(ctx, sql, into, from); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(ctx, "delete from support_case where id = $1", from)
	return tasks, err
}

// Split is what a case was taken apart into. Left and Taken are the latest interactions of
// each part, zero for none; Last is the latest entry of what was taken, zero if it has none.
type Split struct {
	From, Into  gateway.CaseID
	Left, Taken gateway.Interaction
	Last        gateway.Entry
}

// LockCase keeps a case as it is until the caller's transaction ends.
func (s *Store) LockCase(ctx context.Context, id gateway.CaseID) error {
	if _, err := s.db.Exec(ctx, lockCases, []gateway.CaseID{id}); err != nil {
		return fmt.Errorf("lock case %d: %w", id, err)
	}
	return nil
}

// SplitCase lets both cases show what they have, once the caller has opened the one and
// moved conversations to it. It gives the new one.
func (s *Store) SplitCase(ctx context.Context, p Split) (c Case, err error) {
	err = s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		if _, err := tx.Exec(ctx, lockCases, []gateway.CaseID{p.From, p.Into}); err != nil {
			return nil, err
		}
		old, err := itself(ctx, tx, p.From)
		if err != nil {
			return nil, err
		}
		if err := errors.Join(show(ctx, tx, p.From, p.Left), show(ctx, tx, p.Into, p.Taken)); err != nil {
			return nil, err
		}
		if p.Last.Pos != 0 {
			if err := s.Note(ctx, tx, p.Into, p.Last); err != nil {
				return nil, err
			}
		}
		if old, err = itself(ctx, tx, old.ID); err != nil {
			return nil, err
		}
		c, err = itself(ctx, tx, p.Into)
		return append(caseChanged(old), caseChanged(c)...), err
	})
	return c, err
}

func show(ctx context.Context, tx pgx.Tx, id gateway.CaseID, i gateway.Interaction) error {
	_, err := tx.Exec(ctx, `
		update support_case
		set conversation = $2, interaction = $3, interaction_state = $4, rev = rev + 1
		where id = $1`, id, i.Conversation, i.ID, i.State)
	return err
}
