package tickets_test

import (
	"context"
	"errors"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/tickets"
)

// begins saves a first draft while another one's is being committed.
func begins(t *testing.T, rev *int64) (was tickets.DraftWords, got tickets.Draft, err error) {
	t.Helper()
	r := open(t)
	draft := func(agent gateway.AgentID, text string) tickets.Draft {
		return tickets.Draft{Conversation: 7, Kind: tickets.DraftReply, Agent: agent, DraftWords: tickets.DraftWords{Text: text}}
	}
	first, e := r.pool.Begin(t.Context())
	if e != nil {
		t.Fatal(e)
	}
	defer func() { _ = first.Rollback(context.WithoutCancel(t.Context())) }()
	in, _ := r.In(first)
	if _, _, e = in.SaveDraft(t.Context(), draft(1, "Hej Al"), nil); e != nil {
		t.Fatal(e)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		got, was, err = r.SaveDraft(t.Context(), draft(2, "Hej, från telefonen"), rev)
	}()
	r.waiting(t)
	if e = first.Commit(t.Context()); e != nil {
		t.Fatal(e)
	}
	<-done
	return was, got, err
}

// Two who begin at once: the other one is told what is there, or writes over it, as asked.
func TestTwoBeginADraft(t *testing.T) {
	_, _, err := begins(t, new(int64))
	e, _ := errors.AsType[*gateway.Error](err)
	if e == nil || e.Code != "stale" {
		t.Fatalf("got %v", err)
	}
	if there, ok := e.Data.(tickets.Draft); !ok || there.Rev == 0 || there.Agent != 1 || there.Text != "Hej Al" {
		t.Errorf("refused with %+v", e.Data)
	}
	was, now, err := begins(t, nil)
	if err != nil || was.Text != "Hej Al" || now.Agent != 2 || now.Text != "Hej, från telefonen" {
		t.Errorf("got %+v after %+v, %v", now, was, err)
	}
}
