package tickets_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

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

// What nobody has touched for long goes, and what was there when its case was closed; what was begun
// after that stays over a weekend. Files go with their draft.
func TestOldDraftsGo(t *testing.T) {
	r := open(t)
	news := &told{}
	box := tickets.New(r.pool, news, slog.New(slog.DiscardHandler))
	now := time.Now()
	files := []gateway.Attachment{{Blob: "blob-1", Name: "kedja.png"}}
	begin := func(kind tickets.DraftKind, closed, saved time.Duration) gateway.ConversationID {
		t.Helper()
		c, customer := r.join(t, gateway.Arrival{
			Key: rand.Text(), Channel: gateway.Email, Queue: 1, Subject: "Fråga", ArrivedAt: now,
			From: gateway.Address{Kind: gateway.AddressEmail, Value: rand.Text() + "@kund.example"},
		}, 0)
		var v gateway.ConversationID
		err := r.pool.QueryRow(t.Context(), `insert into conversation (case_id, customer_id, channel) values ($1, $2, 'email') returning id`, c, customer).Scan(&v)
		if err != nil {
			t.Fatal(err)
		}
		if closed > 0 {
			r.exec(t, `update support_case set state = 'closed', closed_at = $2 where id = $1`, c, now.Add(-closed))
		}
		_, _, err = box.SaveDraft(t.Context(), tickets.Draft{Conversation: v, Kind: kind, Agent: 1, DraftWords: tickets.DraftWords{Text: "Hej", Attachments: files}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.exec(t, `update draft set saved_at = $2 where conversation = $1`, v, now.Add(-saved))
		return v
	}
	const day = 24 * time.Hour
	old := begin(tickets.DraftForward, 0, 91*day)
	ended := begin(tickets.DraftReply, 2*day, 3*day)
	stay := []gateway.ConversationID{
		begin(tickets.DraftReply, 0, 89*day), begin(tickets.DraftReply, 14*day, 3*day), begin(tickets.DraftReply, time.Hour, 2*day),
	}
	news.types = nil
	var forgotten []gateway.Attachment
	n, err := box.SweepDrafts(t.Context(), now.Add(-90*day), func(_ context.Context, _ pgx.Tx, files []gateway.Attachment) error {
		forgotten = append(forgotten, files...)
		return nil
	})
	if err != nil || n != 2 || len(forgotten) != 2 || len(news.types) != 2 {
		t.Errorf("%d went with %v, told %v: %v", n, forgotten, news.types, err)
	}
	for _, v := range []gateway.ConversationID{old, ended} {
		if list, err := box.Drafts(t.Context(), v); err != nil || len(list) != 0 {
			t.Errorf("conversation %d: %+v %v", v, list, err)
		}
	}
	for _, v := range stay {
		if list, err := box.Drafts(t.Context(), v); err != nil || len(list) != 1 {
			t.Errorf("conversation %d: %+v %v", v, list, err)
		}
	}
}

func (r room) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := r.pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}
