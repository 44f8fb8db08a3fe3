package tickets

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Task is something to be done for a customer later.
type Task struct {
	ID        gateway.TaskID     `json:"id"`
	Title     string             `json:"title"`
	Note      string             `json:"note"`
	Case      gateway.CaseID     `json:"case,omitempty"`
	Customer  gateway.CustomerID `json:"customer,omitempty"`
	Assignee  gateway.AgentID    `json:"assignee,omitempty"`
	DueAt     *time.Time         `json:"due_at,omitempty"`
	DoneAt    *time.Time         `json:"done_at,omitempty"`
	CreatedBy gateway.AgentID    `json:"created_by,omitempty"`
	CreatedAt time.Time          `json:"created_at"`
	Rev       int64              `json:"rev"`
}

const taskColumns = `t.id, t.title, t.note, coalesce(t.case_id, 0) as "case", coalesce(t.customer, 0) as customer,
	t.assignee, t.due_at, t.done_at, t.created_by, t.created_at, t.rev`

// Task gives one task.
func (s *Store) Task(ctx context.Context, id gateway.TaskID) (Task, error) {
	return task(ctx, s.db, id)
}

func task(ctx context.Context, db querier, id gateway.TaskID) (Task, error) {
	return one[Task](ctx, db, "task", "select "+taskColumns+" from task t where t.id = $1", id)
}

// TaskFilter narrows the list of tasks; what is zero does not.
type TaskFilter struct {
	Assignee gateway.AgentID
	Case     gateway.CaseID
	Customer gateway.CustomerID
	Done     bool // those done, too
	After    string
	Limit    int // 50 unless set
}

// never is when a task without a date is due, for the order of the list.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Tasks lists tasks, the one due first at the top.
func (s *Store) Tasks(ctx context.Context, f TaskFilter) (Page[Task], error) {
	var w where
	if f.Assignee != 0 {
		w.and("t.assignee = %s", f.Assignee)
	}
	if f.Case != 0 {
		w.and("t.case_id = %s", f.Case)
	}
	if f.Customer != 0 {
		w.and("t.customer = %s", f.Customer)
	}
	if !f.Done {
		w.and("t.done_at is null")
	}
	last := w.arg(never)
	if f.After != "" {
		m, err := parseMark(f.After)
		if err != nil {
			return Page[Task]{}, err
		}
		w.and("(coalesce(t.due_at, "+last+"), t.id) > (%s, %s)", m.at, m.id)
	}
	n := limit(f.Limit)
	sql := "select " + taskColumns + " from task t" + w.String() + "order by coalesce(t.due_at, " + last + "), t.id limit " + w.arg(n+1)
	rows, err := find(ctx, s.db, pgx.RowToStructByName[Task], sql, w.args...)
	return cut(rows, n, func(t Task) string {
		at := never
		if t.DueAt != nil {
			at = *t.DueAt
		}
		return mark{at, int64(t.ID)}.String()
	}), err
}

// CreateTask adds a task; one on a case is also its customer's.
func (s *Store) CreateTask(ctx context.Context, t Task) (Task, error) {
	if err := t.settle(); err != nil {
		return t, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		if err := t.check(ctx, tx); err != nil {
			return nil, err
		}
		err := tx.QueryRow(ctx, `
			insert into task (title, note, case_id, customer, assignee, due_at, done_at, created_by)
			values ($1, $2, nullif($3::bigint, 0), nullif($4::bigint, 0), $5, $6, $7, $8)
			returning id`, t.Title, t.Note, t.Case, t.Customer, t.Assignee, t.DueAt, t.DoneAt, t.CreatedBy).Scan(&t.ID)
		if err != nil {
			return nil, err
		}
		t, err = task(ctx, tx, t.ID)
		return taskChanged(t), err
	})
	return t, err
}

// UpdateTask changes a task, if it still has t.Rev (0: whatever is there).
func (s *Store) UpdateTask(ctx context.Context, t Task) (Task, error) {
	if err := t.settle(); err != nil {
		return t, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		if _, err := tx.Exec(ctx, "select from task where id = $1 for update", t.ID); err != nil {
			return nil, err
		}
		have, err := task(ctx, tx, t.ID)
		if err != nil {
			return nil, err
		}
		if t.Rev != 0 && t.Rev != have.Rev {
			return nil, stale(have)
		}
		if err := t.check(ctx, tx); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `
			update task
			set title = $2, note = $3, case_id = nullif($4::bigint, 0), customer = nullif($5::bigint, 0),
				assignee = $6, due_at = $7, done_at = $8, rev = rev + 1
			where id = $1`, t.ID, t.Title, t.Note, t.Case, t.Customer, t.Assignee, t.DueAt, t.DoneAt); err != nil {
			return nil, err
		}
		t, err = task(ctx, tx, t.ID)
		return append(taskChanged(t), taskTaken(have, t)...), err
	})
	return t, err
}

// DeleteTask removes a task; removing it twice is fine.
func (s *Store) DeleteTask(ctx context.Context, id gateway.TaskID) error {
	_, err := s.db.Exec(ctx, "delete from task where id = $1", id)
	return err
}

// taskChanged is heard by whose task it is.
func taskChanged(t Task) []gateway.Event {
	if t.Assignee == 0 {
		return nil
	}
	return []gateway.Event{gateway.NewEvent(gateway.TopicAgent(t.Assignee), "task.changed", t.Rev, t)}
}

// taskTaken is heard by whose task it was.
func taskTaken(was, now Task) []gateway.Event {
	if was.Assignee == 0 || was.Assignee == now.Assignee {
		return nil
	}
	return []gateway.Event{gateway.NewEvent(gateway.TopicAgent(was.Assignee), "task.changed", now.Rev, now)}
}

func (t *Task) settle() error {
	t.Title, t.Note = short(t.Title, 300), gateway.Clean(t.Note)
	if t.Title == "" {
		return gateway.Invalid("title_missing", "say in a few words what is to be done")
	}
	return nil
}

func (t *Task) check(ctx context.Context, tx pgx.Tx) error {
	if t.Case != 0 {
		c, err := caseOf(ctx, tx, "id", int64(t.Case))
		if err != nil {
			return err
		}
		if t.Case = c.ID; t.Customer == 0 {
			t.Customer = c.Customer
		}
	}
	if t.Customer != 0 {
		c, err := customer(ctx, tx, t.Customer)
		t.Customer = c.ID
		return err
	}
	return nil
}
