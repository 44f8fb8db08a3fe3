package main

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// TestABotsAnswerIsWhole: all of its lines are there, in their order, and told, or none if the
// channel refuses; and the channel's part runs while the conversation is locked.
func TestABotsAnswerIsWhole(t *testing.T) {
	config := defaults()
	config.DataDir = t.TempDir()
	h, err := open(t.Context(), config, pgtest.New(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	var c gateway.ConversationID
	err = pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) (err error) {
		c, err = h.timeline.Open(t.Context(), tx, 7, 8, gateway.Chat)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	told := func() (n int) {
		if err := h.pool.QueryRow(t.Context(), `select coalesce(sum(n), 0) from event`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	said := func(text string) gateway.Entry {
		return gateway.Entry{
			Conversation: c, Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: text,
			ClientID: "bot/" + text, Author: gateway.Author{Kind: gateway.BySystem},
		}
	}
	answer := []gateway.Entry{said("ett"), said("två")}
	refused := errors.New("a person has the chat")
	err = lines{h.timeline, h}.SayAll(t.Context(), answer, func(ctx context.Context, _ pgx.Tx) error {
		return errors.Join(refused, h.unlocked(ctx, c))
	})
	if kept, _ := h.timeline.Entries(t.Context(), c, 0, 10); !errors.Is(err, refused) || len(kept)+told() != 0 {
		t.Errorf("refused with %v, kept %+v, told of %d", err, kept, told())
	}
	err = lines{h.timeline, h}.SayAll(t.Context(), answer, func(ctx context.Context, _ pgx.Tx) error { return h.unlocked(ctx, c) })
	if kept, _ := h.timeline.Entries(t.Context(), c, 0, 10); err != nil || len(kept) != 2 || kept[1].Text != "två" || told() != 2 {
		t.Errorf("answered %v, kept %+v, told of %d", err, kept, told())
	}
}

// unlocked is an error if another transaction could take the conversation now.
func (h *house) unlocked(ctx context.Context, c gateway.ConversationID) error {
	var free int
	err := h.pool.QueryRow(ctx, `
		select count(*)
		from (select from conversation where id = $1 for no key update skip locked) as free`, c).Scan(&free)
	if err == nil && free > 0 {
		err = errors.New("the conversation is not locked")
	}
	return err
}

// TestAVisitorIsFoundBeforeTheFloorHasOpenedTheChat: whoever ends a chat whose arrival lies in the
// inbox leaves that, so that nobody is ever offered it.
func TestAVisitorIsFoundBeforeTheFloorHasOpenedTheChat(t *testing.T) {
	config := defaults()
	config.DataDir = t.TempDir()
	h, err := open(t.Context(), config, pgtest.New(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.intake.Receive(t.Context(), gateway.Arrival{
		Key: "chat/1", Channel: gateway.Chat, Queue: 1, From: gateway.Address{Kind: gateway.AddressVisitor, Value: "v"}, ArrivedAt: time.Now(),
		Entry: gateway.Entry{Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: "Hej", Author: gateway.Author{Kind: gateway.ByCustomer}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := places{h}.Places(t.Context(), []gateway.ConversationID{r.Conversation, r.Conversation + 1})
	want := map[gateway.ConversationID]chat.Place{r.Conversation: {Interaction: r.Interaction, State: gateway.StateWaiting}}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("%v, want and got:\n%s", err, d)
	}
}
