package staffchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// line is a timeline in memory; e2e drives the real one.
type line struct {
	mu      sync.Mutex // guards entries
	entries [][]gateway.Entry
}

func (l *line) Open(context.Context, pgx.Tx, gateway.CaseID, gateway.CustomerID, gateway.Channel) (gateway.ConversationID, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, nil)
	return gateway.ConversationID(len(l.entries)), nil
}

func (l *line) Append(_ context.Context, _ pgx.Tx, entries ...*gateway.Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range entries {
		stored := &l.entries[e.Conversation-1]
		if i := slices.IndexFunc(*stored, func(o gateway.Entry) bool { return e.ClientID != "" && o.ClientID == e.ClientID }); i >= 0 {
			*e = (*stored)[i]
			e.Repeated = true
			continue
		}
		e.Pos, e.At = int64(len(*stored)+1), time.Now()
		*stored = append(*stored, *e)
	}
	return nil
}

func (l *line) Before(_ context.Context, c gateway.ConversationID, before int64, limit int) ([]gateway.Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.entries[c-1]
	if before > 0 {
		all = all[:before-1]
	}
	return slices.Clone(all[max(0, len(all)-limit):]), nil
}

// house is agents 1 to 5, of whom 3 and 4 are group 1, and 4 and 5 are in queue 1.
type house struct{}

func (house) Recipients(_ context.Context, agents []gateway.AgentID, groups []gateway.GroupID, queues []gateway.QueueID, everybody bool) ([]gateway.AgentID, error) {
	var all []gateway.AgentID
	for id := gateway.AgentID(1); id <= 5; id++ {
		if everybody || slices.Contains(agents, id) || (id == 3 || id == 4) && slices.Contains(groups, 1) || id >= 4 && slices.Contains(queues, 1) {
			all = append(all, id)
		}
	}
	return all, nil
}

// Belongs is the same from the agent's side.
func (house) Belongs(_ context.Context, agent gateway.AgentID) (group gateway.GroupID, queues []gateway.QueueID, here bool, err error) {
	if agent == 3 || agent == 4 {
		group = 1
	}
	if agent >= 4 {
		queues = []gateway.QueueID{1}
	}
	return group, queues, 1 <= agent && agent <= 5, nil
}

// told remembers who was told what, and of whom in a chat.
type told struct {
	events []string
	chats  map[string][]gateway.AgentID
}

func (*told) Append(context.Context, pgx.Tx, ...gateway.Event) error { return nil }

func (f *told) Announce(events ...gateway.Event) {
	for _, e := range events {
		f.events = append(f.events, fmt.Sprintf("%s %s %d", e.Topic, e.Type, e.Rev))
		var chat staffchat.Chat
		if e.Type == "staff_chat.created" && json.Unmarshal(e.Data, &chat) == nil {
			f.chats[e.Topic] = nil
			for _, m := range chat.Members {
				f.chats[e.Topic] = append(f.chats[e.Topic], m.Agent)
			}
		}
	}
}

func (f *told) take() []string {
	events := f.events
	f.events = nil
	return events
}

func open(t *testing.T) (*staffchat.Store, *told, *pgxpool.Pool) {
	t.Helper()
	pool, feed := pgtest.New(t), &told{chats: map[string][]gateway.AgentID{}}
	return staffchat.New(pool, &line{}, house{}, feed), feed, pool
}

func author(id int64) gateway.Author {
	return gateway.Author{Kind: gateway.ByAgent, ID: id, Name: fmt.Sprint("Agent ", id)}
}

func code(err error) string {
	if e, ok := errors.AsType[*gateway.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func TestChat(t *testing.T) {
	ctx := t.Context()
	s, feed, _ := open(t)
	chat, err := s.Start(ctx, 2, []gateway.AgentID{1, 2}, "")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"agent:1 staff_chat.created 0", "agent:2 staff_chat.created 0"}, feed.take()); diff != "" {
		t.Errorf("told of the chat (-want +got):\n%s", diff)
	}
	if again, err := s.Start(ctx, 1, []gateway.AgentID{2}, ""); err != nil || again.Conversation != chat.Conversation || len(feed.take()) != 0 {
		t.Errorf("started from the other side: got %+v, %v want the same chat", again, err)
	}

	for range 2 { // a text sent twice is one
		e, err := s.Say(ctx, author(2), chat.Conversation, "c1", " Hej ")
		if err != nil || e.Pos != 1 || e.Text != "Hej" {
			t.Fatalf("say: got %+v, %v", e, err)
		}
	}
	if diff := cmp.Diff([]string{"agent:1 message.created 1", "agent:2 message.created 1"}, feed.take()); diff != "" {
		t.Errorf("told of the text (-want +got):\n%s", diff)
	}
	for agent, want := range map[gateway.AgentID]int{1: 1, 2: 0, 3: 0} {
		if u, err := s.Unread(ctx, agent); err != nil || u.Chats != want {
			t.Errorf("agent %d: got %+v, %v want %d unread", agent, u, err, want)
		}
	}
	if err := s.Seen(ctx, 1, chat.Conversation, 99); err != nil {
		t.Fatal(err)
	}
	if err := s.Seen(ctx, 1, chat.Conversation, 1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"agent:1 staff_chat.receipt 1", "agent:2 staff_chat.receipt 1"}, feed.take()); diff != "" {
		t.Errorf("told of the receipt, once (-want +got):\n%s", diff)
	}
	chats, err := s.Chats(ctx, 1)
	if err != nil || len(chats) != 1 {
		t.Fatal(chats, err)
	}
	want := []staffchat.Receipt{{Agent: 1, Pos: 1}, {Agent: 2, Pos: 1}}
	if diff := cmp.Diff(want, chats[0].Members); diff != "" || chats[0].Unread != 0 || chats[0].Preview != "Hej" || chats[0].PreviewBy != 2 {
		t.Errorf("chat: got %+v (-want +got members):\n%s", chats[0], diff)
	}
	if texts, err := s.Entries(ctx, 1, chat.Conversation, 0, 0); err != nil || len(texts) != 1 {
		t.Errorf("texts: got %v, %v want one", texts, err)
	}
}

func TestChatRefuses(t *testing.T) {
	ctx := t.Context()
	s, _, _ := open(t)
	chat, err := s.Start(ctx, 1, []gateway.AgentID{2, 3}, "Lunch")
	if err != nil {
		t.Fatal(err)
	}
	if other, err := s.Start(ctx, 1, []gateway.AgentID{2, 3}, "Fika"); err != nil || other.Conversation == chat.Conversation {
		t.Errorf("another group chat: got %+v, %v want a new one", other, err)
	}
	_, outsider := s.Entries(ctx, 4, chat.Conversation, 0, 10)
	_, says := s.Say(ctx, author(4), chat.Conversation, "", "hej")
	_, empty := s.Say(ctx, author(1), chat.Conversation, "", " \x00 ")
	_, long := s.Say(ctx, author(1), chat.Conversation, "", strings.Repeat("å", 5001))
	_, alone := s.Start(ctx, 1, []gateway.AgentID{1}, "")
	_, nobody := s.Start(ctx, 1, []gateway.AgentID{9}, "")
	_, login := s.Start(ctx, 0, []gateway.AgentID{1}, "")
	for _, c := range []struct {
		err  error
		want string
	}{
		{outsider, "staff_chat_not_found"},
		{says, "staff_chat_not_found"},
		{s.Seen(ctx, 4, chat.Conversation, 1), "staff_chat_not_found"},
		{empty, "text_missing"},
		{long, "text_too_long"},
		{alone, "bad_members"},
		{nobody, "bad_members"},
		{login, "agent_required"},
	} {
		if got := code(c.err); got != c.want {
			t.Errorf("got %s want %s", got, c.want)
		}
	}
}

// Two who start a chat with each other at once are in the same one.
func TestStartAtOnce(t *testing.T) {
	s := openQuiet(t)
	ids := make([]gateway.ConversationID, 10)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			chat, err := s.Start(t.Context(), gateway.AgentID(1+i%2), []gateway.AgentID{gateway.AgentID(2 - i%2)}, "")
			if err != nil {
				t.Error(err)
			}
			ids[i] = chat.Conversation
		})
	}
	wg.Wait()
	if slices.Sort(ids); ids[0] != ids[len(ids)-1] {
		t.Errorf("got chats %v want one", ids)
	}
}

// deaf is a feed that nobody listens to.
type deaf struct{}

func (deaf) Append(context.Context, pgx.Tx, ...gateway.Event) error { return nil }
func (deaf) Announce(...gateway.Event)                              {}

func openQuiet(t *testing.T) *staffchat.Store {
	t.Helper()
	return staffchat.New(pgtest.New(t), &line{}, house{}, deaf{})
}

func TestSupervisorMessage(t *testing.T) {
	ctx := t.Context()
	s, feed, pool := open(t)
	group, err := s.Send(ctx, author(1), staffchat.Audience{Agents: []gateway.AgentID{2}, Groups: []gateway.GroupID{1}, Queues: []gateway.QueueID{1}}, "Möte kl 10", false, nil)
	if err != nil || group.Recipients != 4 {
		t.Fatalf("got %+v, %v want 4 recipients", group, err)
	}
	if got := len(feed.take()); got != 4 {
		t.Errorf("told %d agents want 4", got)
	}
	hour := time.Now().Add(time.Hour)
	everybody, err := s.Send(ctx, gateway.Author{Kind: gateway.ByAgent, Name: "Admin"}, staffchat.Audience{Everybody: true}, "Driftstopp", true, &hour)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"all supervisor_message.created 1"}, feed.take()); diff != "" {
		t.Errorf("told everybody (-want +got):\n%s", diff)
	}

	texts := func(agent gateway.AgentID) (texts []string) {
		list, err := s.Messages(ctx, agent, staffchat.Wanted{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			texts = append(texts, m.Text)
		}
		return texts
	}
	if diff := cmp.Diff([]string{"Driftstopp", "Möte kl 10"}, texts(3)); diff != "" {
		t.Errorf("agent 3 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Driftstopp"}, texts(1)); diff != "" {
		t.Errorf("agent 1 (-want +got):\n%s", diff)
	}
	if u, err := s.Unread(ctx, 3); err != nil || u.Messages != 2 {
		t.Errorf("agent 3: got %+v, %v want 2 unread", u, err)
	}
	if err := s.Seen(ctx, 3, group.Conversation, 1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"agent:3 staff_chat.receipt 1", "supervisors supervisor_message.seen 0"}, feed.take()); diff != "" {
		t.Errorf("told of a seen message (-want +got):\n%s", diff)
	}
	sent, err := s.Sent(ctx, staffchat.Wanted{Limit: 10})
	if err != nil || len(sent) != 2 || sent[1].SeenBy != 1 || sent[1].Text != "Möte kl 10" {
		t.Errorf("sent: got %+v, %v want the older one seen by 1", sent, err)
	}
	if list, err := s.Messages(ctx, 3, staffchat.Wanted{After: everybody.Conversation, Limit: 10}); err != nil || len(list) != 1 || !list[0].Seen {
		t.Errorf("second page: got %+v, %v want the one seen", list, err)
	}

	if _, err := s.Say(ctx, author(3), group.Conversation, "", "ok"); code(err) != "not_a_chat" {
		t.Errorf("answered: got %v want not_a_chat", err)
	}
	if _, err := s.Withdraw(ctx, group.Conversation); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Driftstopp"}, texts(3)); diff != "" {
		t.Errorf("after withdrawing (-want +got):\n%s", diff)
	}
	if _, err := pool.Exec(ctx, "update supervisor_message set expires_at = now() - interval '1 s'"); err != nil {
		t.Fatal(err)
	}
	if got := texts(3); len(got) != 0 {
		t.Errorf("after expiry: got %v want nothing", got)
	}
	if u, err := s.Unread(ctx, 3); err != nil || u.Messages != 0 {
		t.Errorf("after expiry: got %+v, %v want nothing unread", u, err)
	}
	past, err := s.Messages(ctx, 3, staffchat.Wanted{Past: true})
	if err != nil || len(past) != 2 || !past[0].Urgent || past[1].WithdrawnAt == nil {
		t.Errorf("history: got %+v, %v want both", past, err)
	}
}

// Who comes to belong to those whom a message is for gets it while it holds; its author
// never does.
func TestLateJoiner(t *testing.T) {
	ctx := t.Context()
	s, _, pool := open(t)
	hour := time.Now().Add(time.Hour)
	send := func(to staffchat.Audience, text string, expires *time.Time) {
		if _, err := s.Send(ctx, author(3), to, text, false, expires); err != nil {
			t.Fatal(err)
		}
	}
	send(staffchat.Audience{Groups: []gateway.GroupID{1}}, "gruppen", nil)
	send(staffchat.Audience{Queues: []gateway.QueueID{1}}, "kön", &hour)
	send(staffchat.Audience{Everybody: true}, "alla", nil)
	send(staffchat.Audience{Agents: []gateway.AgentID{5}}, "en", nil)
	send(staffchat.Audience{Everybody: true}, "i förrgår", nil)
	if _, err := pool.Exec(ctx, `
		delete from staff_receipt where agent = 4;
		update supervisor_message set created_at = now() - interval '2 days' where conversation = (select max(conversation) from supervisor_message)`); err != nil {
		t.Fatal(err)
	}
	for agent, want := range map[gateway.AgentID][]string{4: {"alla", "kön", "gruppen"}, 3: nil} {
		list, err := s.Messages(ctx, agent, staffchat.Wanted{})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range list {
			got = append(got, m.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("agent %d (-want +got):\n%s", agent, diff)
		}
	}
}

// Who asks and is no agent, or does not work here any more, does not become one whom a message
// to everybody is for.
func TestNobodyIsTold(t *testing.T) {
	ctx := t.Context()
	s, _, _ := open(t)
	m, err := s.Send(ctx, author(1), staffchat.Audience{Everybody: true}, "Driftstopp", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, agent := range []gateway.AgentID{0, 6} {
		if list, err := s.Messages(ctx, agent, staffchat.Wanted{}); err != nil || len(list) != 0 {
			t.Errorf("agent %d: got %+v, %v want nothing", agent, list, err)
		}
	}
	if readers, err := s.Readers(ctx, m.Conversation); err != nil || len(readers) != 4 {
		t.Errorf("got %+v, %v want the four others who work here", readers, err)
	}
}

func TestReaders(t *testing.T) {
	ctx := t.Context()
	s, _, _ := open(t)
	m, err := s.Send(ctx, author(1), staffchat.Audience{Queues: []gateway.QueueID{1}}, "Möte", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seen(ctx, 4, m.Conversation, 1); err != nil {
		t.Fatal(err)
	}
	readers, err := s.Readers(ctx, m.Conversation)
	if err != nil || len(readers) != 2 || readers[0].Agent != 5 || readers[0].SeenAt != nil || readers[1].Agent != 4 || readers[1].SeenAt == nil {
		t.Errorf("got %+v, %v want 5, who has not seen it, and 4, who has", readers, err)
	}
	if _, err := s.Readers(ctx, 99); code(err) != "message_not_found" {
		t.Errorf("got %v want message_not_found", err)
	}
}

func TestSupervisorMessageRefuses(t *testing.T) {
	ctx := t.Context()
	s, _, _ := open(t)
	past := time.Now().Add(-time.Minute)
	_, nobody := s.Send(ctx, author(1), staffchat.Audience{}, "hej", false, nil)
	_, late := s.Send(ctx, author(1), staffchat.Audience{Everybody: true}, "hej", false, &past)
	_, gone := s.Withdraw(ctx, 99)
	for _, c := range []struct {
		err  error
		want string
	}{{nobody, "nobody_to_tell"}, {late, "expired_already"}, {gone, "message_not_found"}} {
		if got := code(c.err); got != c.want {
			t.Errorf("got %s want %s", got, c.want)
		}
	}
}
