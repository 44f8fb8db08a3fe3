package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type taskIn struct {
	ID gateway.TaskID `path:"id"`
}

type tasksIn struct {
	Assignee gateway.AgentID    `query:"assignee"`
	Case     gateway.CaseID     `query:"case"`
	Customer gateway.CustomerID `query:"customer"`
	Done     bool               `query:"done" doc:"Those done, too"`
	After    string             `query:"after"`
	Limit    int                `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type newTaskIn struct {
	Body struct {
		Title    string             `json:"title" minLength:"1" maxLength:"500"`
		Note     string             `json:"note,omitempty" maxLength:"20000"`
		Case     gateway.CaseID     `json:"case,omitempty"`
		Customer gateway.CustomerID `json:"customer,omitempty"`
		Assignee gateway.AgentID    `json:"assignee,omitempty"`
		DueAt    *time.Time         `json:"due_at,omitempty"`
	}
}

type taskChangeIn struct {
	ID      gateway.TaskID `path:"id"`
	IfMatch string         `header:"If-Match"`
	Body    struct {
		Title    *string          `json:"title,omitempty" maxLength:"500"`
		Note     *string          `json:"note,omitempty" maxLength:"20000"`
		Assignee *gateway.AgentID `json:"assignee,omitempty"`
		DueAt    *time.Time       `json:"due_at,omitempty"`
		Done     *bool            `json:"done,omitempty"`
	}
}

func (s *Server) registerTasks() {
	agent := gateway.RoleAgent
	add(s, operation{Method: http.MethodGet, Path: "/tasks", ID: "list-tasks", Summary: "Tasks, the one due first at the top", Role: agent}, s.tasks)
	add(s, operation{Method: http.MethodPost, Path: "/tasks", ID: "create-task", Summary: "Note something to be done", Role: agent, Status: http.StatusCreated, Once: true}, s.createTask)
	add(s, operation{Method: http.MethodPatch, Path: "/tasks/{id}", ID: "change-task", Summary: "Change a task, or tick it off", Role: agent}, s.changeTask)
	addSilent(s, operation{Method: http.MethodDelete, Path: "/tasks/{id}", ID: "delete-task", Summary: "Remove a task", Role: agent}, s.deleteTask)
}

func (s *Server) tasks(ctx context.Context, _ access.Caller, in *tasksIn) (page[tickets.Task], error) {
	list, err := s.Cases.Tasks(ctx, tickets.TaskFilter{
		Assignee: in.Assignee, Case: in.Case, Customer: in.Customer, Done: in.Done, After: in.After, Limit: in.Limit,
	})
	return page[tickets.Task]{Items: orEmpty(list.Items), After: list.Next}, err
}

func (s *Server) createTask(ctx context.Context, by access.Caller, in *newTaskIn) (tickets.Task, error) {
	b := in.Body
	if err := s.knownAgent(ctx, b.Assignee); err != nil {
		return tickets.Task{}, err
	}
	return once(ctx, s, by, "create-task", func(w *work) (tickets.Task, error) {
		return w.cases().CreateTask(ctx, tickets.Task{
			Title: b.Title, Note: b.Note, Case: b.Case, Customer: b.Customer, Assignee: b.Assignee, DueAt: b.DueAt, CreatedBy: by.Agent,
		})
	})
}

// changeTask replaces what the draft names. Done is noted with the time, undone forgets it.
func (s *Server) changeTask(ctx context.Context, _ access.Caller, in *taskChangeIn) (tickets.Task, error) {
	t, err := s.Cases.Task(ctx, in.ID)
	if err != nil {
		return t, err
	}
	if t.Rev, err = revOf(in.IfMatch, t.Rev); err != nil {
		return t, err
	}
	set(&t.Title, in.Body.Title)
	set(&t.Note, in.Body.Note)
	set(&t.Assignee, in.Body.Assignee)
	if in.Body.Assignee != nil {
		if err := s.knownAgent(ctx, t.Assignee); err != nil {
			return t, err
		}
	}
	if in.Body.DueAt != nil {
		t.DueAt = in.Body.DueAt
	}
	if done := in.Body.Done; done != nil {
		t.DoneAt = nil
		if now := time.Now(); *done {
			t.DoneAt = &now
		}
	}
	return s.Cases.UpdateTask(ctx, t)
}

func (s *Server) deleteTask(ctx context.Context, _ access.Caller, in *taskIn) (none, error) {
	if _, err := s.Cases.Task(ctx, in.ID); err != nil {
		return none{}, err
	}
	return none{}, s.Cases.DeleteTask(ctx, in.ID)
}
