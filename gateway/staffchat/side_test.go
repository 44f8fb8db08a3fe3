package staffchat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
)

// Beside an interaction are exactly those who are on it or look on: a colleague who has left
// hears no more, and who takes it over from somebody else does not read what was told them.
func TestBeside(t *testing.T) {
	ctx := t.Context()
	s, feed, _ := open(t)
	chat := gateway.Interaction{ID: 7, Conversation: 70, Agent: 1}
	say := func(by int64, i gateway.Interaction, id, text string) gateway.Entry {
		t.Helper()
		e, err := s.SayBeside(ctx, author(by), i, id, text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	said := func(agent gateway.AgentID) (texts []string) {
		t.Helper()
		side, err := s.Side(ctx, agent, chat.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range side.Entries {
			texts = append(texts, e.Text)
		}
		return texts
	}

	for range 2 { // once, however often it is sent
		say(5, chat, "w1", "Fråga efter ordernumret")
	}
	want := []string{"agent:1 staff_chat.created 0", "agent:5 staff_chat.created 0", "agent:1 message.created 1", "agent:5 message.created 1"}
	if diff := cmp.Diff(want, feed.take()); diff != "" {
		t.Errorf("a whisper is told (-want +got):\n%s", diff)
	}
	chats, err := s.Chats(ctx, 1)
	if err != nil || len(chats) != 1 || chats[0].Interaction != chat.ID || chats[0].Unread != 1 {
		t.Errorf("got %+v, %v want the one beside, unread", chats, err)
	}
	beside := chats[0].Conversation
	if err := s.Seen(ctx, 1, beside, 1); err != nil {
		t.Fatal(err)
	}
	if chats, err = s.Chats(ctx, 1); err != nil || len(chats) != 0 {
		t.Errorf("got %+v, %v want it gone once it was read", chats, err)
	}

	chat.Others = []gateway.AgentID{2}
	say(1, chat, "", "Kan vi lova det?")
	if diff := cmp.Diff([]string{"Kan vi lova det?"}, said(2)); diff != "" {
		t.Errorf("whom the agent asks reads no whisper of before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Fråga efter ordernumret", "Kan vi lova det?"}, said(1)); diff != "" {
		t.Errorf("whom it was said to (-want +got):\n%s", diff)
	}
	chat.Others = nil
	if _, err := s.Say(ctx, author(2), beside, "", "Är ni kvar?"); code(err) != "beside_interaction" {
		t.Errorf("who has left says as in any chat: got %v want beside_interaction", err)
	}
	say(1, chat, "", "Nu är vi själva")
	if got := said(2); got != nil {
		t.Errorf("who has left: got %q want nothing", got)
	}
	if _, err := s.Entries(ctx, 2, beside, 0, 0); code(err) != "staff_chat_not_found" {
		t.Errorf("who has left reads: got %v want staff_chat_not_found", err)
	}

	chat.Agent = 3
	say(3, chat, "", "Vad gäller det?")
	if diff := cmp.Diff([]string{"Vad gäller det?"}, said(3)); diff != "" {
		t.Errorf("who took it over (-want +got):\n%s", diff)
	}
}

// A whisper is read by its author, whom it was said to and who looked on then: not by a colleague who is
// asked later, in no list, page or count, also where that one takes the interaction over.
func TestWhispersStayWithWhomTheyWereToldTo(t *testing.T) {
	ctx := t.Context()
	s, _, pool := open(t)
	chat := gateway.Interaction{ID: 7, Conversation: 70, Agent: 1}
	var beside gateway.ConversationID
	say := func(by int64, text string) {
		t.Helper()
		e, err := s.SayBeside(ctx, author(by), chat, "", text)
		if err != nil {
			t.Fatal(err)
		}
		beside = e.Conversation
	}
	if _, err := s.Observe(ctx, 4, chat); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"Ett", "Två", "Tre"} {
		say(5, text)
	}
	say(1, "Jag frågar")
	chat.Others = []gateway.AgentID{2}
	say(1, "Kan vi lova det?")
	say(5, "Lova inget")
	said := func(agent gateway.AgentID, limit int) (texts []string) {
		t.Helper()
		entries, err := s.Entries(ctx, agent, beside, 0, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			texts = append(texts, e.Text)
		}
		return texts
	}
	all := []string{"Ett", "Två", "Tre", "Jag frågar", "Kan vi lova det?", "Lova inget"}
	for agent, want := range map[gateway.AgentID][]string{1: all, 4: all, 5: all, 2: all[3:]} {
		if diff := cmp.Diff(want, said(agent, 0)); diff != "" {
			t.Errorf("agent %d reads (-want +got):\n%s", agent, diff)
		}
	}
	if diff := cmp.Diff(all[4:], said(2, 2)); diff != "" {
		t.Errorf("the last page (-want +got):\n%s", diff)
	}
	chats, err := s.Chats(ctx, 2)
	if err != nil || len(chats) != 1 || chats[0].Unread != 3 {
		t.Errorf("got %+v, %v, want three texts unread", chats, err)
	}
	if u, err := s.Unread(ctx, 2); err != nil || u.Chats != 3 {
		t.Errorf("got %+v, %v, want three texts unread", u, err)
	}

	chat.Agent, chat.Others = 2, nil
	say(2, "Nu är den min")
	if diff := cmp.Diff(append(slices.Clone(all[3:]), "Nu är den min"), said(2, 0)); diff != "" {
		t.Errorf("who has taken it over (-want +got):\n%s", diff)
	}
	if _, err := s.Sweep(ctx, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := pool.QueryRow(ctx, "select count(*) from staff_whisper").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d whispers are remembered, %v, of a chat that is forgotten", left, err)
	}
}

// A supervisor who looks on hears what is said beside, and is shown where the house wants it.
func TestObserve(t *testing.T) {
	ctx := t.Context()
	s, feed, pool := open(t)
	chat := gateway.Interaction{ID: 7, Conversation: 70, Agent: 1}
	for _, want := range []bool{true, false} {
		if begins, err := s.Observe(ctx, 5, chat); err != nil || begins != want {
			t.Errorf("got %v, %v want %v", begins, err, want)
		}
	}
	if diff := cmp.Diff([]string{"agent:1 interaction.observed 0"}, feed.take()); diff != "" {
		t.Errorf("told of who looks on (-want +got):\n%s", diff)
	}
	if _, err := s.SayBeside(ctx, author(1), chat, "", "Hjälp"); err != nil {
		t.Fatal(err)
	}
	side, err := s.Side(ctx, 5, chat.ID)
	if err != nil || len(side.Entries) != 1 || len(side.Observers) != 1 {
		t.Errorf("got %+v, %v want the text and the observer", side, err)
	}
	if _, err := pool.Exec(ctx, "update staff_observer set until = now() - interval '1 s'"); err != nil {
		t.Fatal(err)
	}
	if side, err = s.Side(ctx, 1, chat.ID); err != nil || len(side.Observers) != 0 {
		t.Errorf("a console that says nothing more: got %+v, %v want nobody looking on", side, err)
	}
	if ids, err := s.Lapsed(ctx); err != nil || !slices.Equal(ids, []gateway.InteractionID{7}) {
		t.Errorf("lapsed: got %v, %v want the interaction", ids, err)
	}
	feed.take()
	for _, want := range [][]gateway.AgentID{{5}, {}} {
		if gone, err := s.Lapse(ctx, chat); err != nil || !slices.Equal(gone, want) {
			t.Errorf("lapsed: got %v, %v want %v", gone, err, want)
		}
	}
	if diff := cmp.Diff([]string{"agent:1 interaction.observed 0"}, feed.take()); diff != "" {
		t.Errorf("told that nobody looks on, once (-want +got):\n%s", diff)
	}
	set, err := s.Set(ctx, staffchat.Settings{ShowObservers: false})
	if err != nil || set.Rev != 2 {
		t.Fatal(set, err)
	}
	if _, err := s.Set(ctx, staffchat.Settings{ShowObservers: true, Rev: 1}); code(err) != "stale" {
		t.Errorf("got %v want stale", err)
	}
	feed.take()
	if begins, err := s.Observe(ctx, 5, chat); err != nil || !begins {
		t.Errorf("after a pause: got %v, %v want a beginning", begins, err)
	}
	for _, want := range []bool{true, false} {
		if left, err := s.Leave(ctx, 5, chat); err != nil || left != want {
			t.Errorf("left: got %v, %v want %v", left, err, want)
		}
	}
	if got := feed.take(); len(got) != 0 {
		t.Errorf("told of who looks on unseen: %v", got)
	}
}

// Where it is not shown who looks on, nobody on the interaction can tell by its chat: neither by
// who is in it nor by who has read what. Those who look on see all.
func TestObserveUnseen(t *testing.T) {
	ctx := t.Context()
	s, feed, _ := open(t)
	if _, err := s.Set(ctx, staffchat.Settings{}); err != nil {
		t.Fatal(err)
	}
	chat := gateway.Interaction{ID: 7, Conversation: 70, Agent: 1, Others: []gateway.AgentID{2}}
	for _, supervisor := range []gateway.AgentID{4, 5} {
		if _, err := s.Observe(ctx, supervisor, chat); err != nil {
			t.Fatal(err)
		}
	}
	e, err := s.SayBeside(ctx, author(1), chat, "", "Kan vi lova det?")
	if err != nil {
		t.Fatal(err)
	}
	seen := func(agent gateway.AgentID) (who []gateway.AgentID) {
		t.Helper()
		side, err := s.Side(ctx, agent, chat.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range side.Chat.Members {
			who = append(who, m.Agent)
		}
		return who
	}
	for agent, want := range map[gateway.AgentID][]gateway.AgentID{1: {1, 2}, 2: {1, 2}, 4: {1, 2, 4, 5}} {
		if diff := cmp.Diff(want, seen(agent)); diff != "" {
			t.Errorf("agent %d is told who is there (-want +got):\n%s", agent, diff)
		}
		if diff := cmp.Diff(want, feed.chats[gateway.TopicAgent(agent)]); diff != "" {
			t.Errorf("agent %d hears who is there (-want +got):\n%s", agent, diff)
		}
	}
	feed.take()
	for _, agent := range []gateway.AgentID{5, 2} {
		if err := s.Seen(ctx, agent, e.Conversation, e.Pos); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"agent:4 staff_chat.receipt 1", "agent:5 staff_chat.receipt 1", // that 5 has read
		"agent:1 staff_chat.receipt 1", "agent:2 staff_chat.receipt 1", "agent:4 staff_chat.receipt 1", "agent:5 staff_chat.receipt 1",
	}
	if diff := cmp.Diff(want, feed.take()); diff != "" {
		t.Errorf("told of who has read (-want +got):\n%s", diff)
	}

	chat.Others = append(chat.Others, 4) // who is asked is not looking on
	if _, err := s.SayBeside(ctx, author(4), chat, "", "Ja"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]gateway.AgentID{1, 2, 4}, seen(1)); diff != "" {
		t.Errorf("with a supervisor whom the agent asks (-want +got):\n%s", diff)
	}
	if _, err := s.Set(ctx, staffchat.Settings{ShowObservers: true}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]gateway.AgentID{1, 2, 4, 5}, seen(1)); diff != "" {
		t.Errorf("where it is shown (-want +got):\n%s", diff)
	}
}
