package staffchat_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Forget is described at Timeline: one text at a time, so that a batch is not all.
func (l *line) Forget(_ context.Context, _ pgx.Tx, c gateway.ConversationID, before time.Time) (upTo, gone int64, whole bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.entries[c-1]
	if len(all) > 0 && all[0].At.Before(before) {
		upTo, gone = all[0].Pos, 1
		l.entries[c-1] = all[1:]
	}
	return upTo, gone, len(l.entries[c-1]) == 0, nil
}

// TestWhatColleaguesSaidIsForgotten: what is older goes, seen or not, and a chat with the last of it; what is
// younger stays, and is as unread as it was.
func TestWhatColleaguesSaidIsForgotten(t *testing.T) {
	ctx := t.Context()
	s, _, pool := open(t)
	chat := func(with gateway.AgentID, texts ...string) gateway.ConversationID {
		t.Helper()
		c, err := s.Start(ctx, 1, []gateway.AgentID{with}, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			if _, err := s.Say(ctx, author(1), c.Conversation, "", text); err != nil {
				t.Fatal(err)
			}
		}
		return c.Conversation
	}
	old := chat(2, "Hej", "Är du där?")
	kept := chat(3, "Förr", "Förut")
	later := time.Now()
	if _, err := s.Say(ctx, author(1), kept, "", "Nu"); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(ctx, "update staff_chat set created_at = 'epoch'"); err != nil {
		t.Fatal(err)
	}
	young := chat(4)
	if n, err := s.Sweep(ctx, later); err != nil || n != 4 {
		t.Errorf("forgot %d, %v, want 4 texts", n, err)
	}
	chats, err := s.Chats(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	var left []gateway.ConversationID
	for _, c := range chats {
		left = append(left, c.Conversation)
	}
	if diff := cmp.Diff([]gateway.ConversationID{young, kept}, left); diff != "" {
		t.Errorf("chats (-want +got), of which %d has nothing any more:\n%s", old, diff)
	}
	if theirs, err := s.Chats(ctx, 3); err != nil || len(theirs) != 1 || theirs[0].Unread != 1 {
		t.Errorf("got %+v, %v, want the one text unread", theirs, err)
	}
	if _, err := s.Say(ctx, author(1), old, "", "igen"); code(err) != "staff_chat_not_found" {
		t.Errorf("got %v want staff_chat_not_found", err)
	}
}
