package chat_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

var errUnserved = errors.New("no interaction serves the conversation")

// house is the rest of Växel as the chat meets it: it keeps conversations in memory and
// outlives the chat servers that a test starts and stops.
type house struct {
	t    testing.TB
	pool *pgxpool.Pool
	site chat.Widget

	setting func(*chat.Config) // how its servers are otherwise

	mailing sync.Mutex // held while a mail is written

	mu         sync.Mutex // guards what follows
	entries    map[gateway.ConversationID][]gateway.Entry
	arrivals   map[string]gateway.Received
	open       map[gateway.ConversationID]chat.Place
	watching   map[string]map[int]func(gateway.Event)
	next       int
	opening    chat.Opening
	otherwise  map[gateway.QueueID]chat.Opening // of queues whose opening is another
	settled    time.Time                        // when the case was closed last, or its customer talked with
	seen       map[gateway.AuthorKind]int64
	votes      map[string]gateway.ArticleID // by voter
	commands   []gateway.Command
	received   []gateway.Arrival
	joined     []gateway.Arrival // those that began no chat
	trouble    error             // what Say and Receive answer while it is set, after storing
	moved      bool              // what is received begins a new conversation
	deaf       bool              // announcements are lost
	leaderless bool              // nothing that is received is opened
	afterStore func()            // called once, when the next line is stored and not yet answered
	blobs      map[string][]byte
	noted      []string // names of blobs that a row keeps
	mails      []chat.Transcript
	beforeMail func()                 // called once, when the next mail is about to be committed
	unmailable gateway.ConversationID // to which no mail can be written
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{
		t: t, pool: pgtest.New(t),
		entries: map[gateway.ConversationID][]gateway.Entry{}, arrivals: map[string]gateway.Received{},
		open: map[gateway.ConversationID]chat.Place{}, watching: map[string]map[int]func(gateway.Event){},
		seen: map[gateway.AuthorKind]int64{}, votes: map[string]gateway.ArticleID{}, blobs: map[string][]byte{}, opening: chat.Opening{Open: true, Wait: 2 * time.Minute},
		site: chat.Widget{
			Key: "nordvind", Name: "Nordvind", Queue: 7, Origins: []string{"https://shop.example"}, Languages: []string{"sv", "en"},
			Form: chat.Form{Months: 12, Privacy: "https://shop.example/privacy", Topics: []chat.Topic{
				{ID: "invoice", Label: map[string]string{"sv": "Faktura", "en": "Invoice"}, Queue: 8, Skills: []gateway.SkillLevel{{Skill: 3, Level: 2}}},
				{ID: "delivery", Label: map[string]string{"sv": "Leverans", "en": "Delivery"}},
				{ID: "return", Label: map[string]string{"sv": "Retur", "en": "Return"}},
				{ID: "other", Label: map[string]string{"sv": "Annat", "en": "Other"}},
			}},
		},
	}
	if _, err := chat.NewStore(h.pool).SaveWidget(t.Context(), h.site); err != nil {
		t.Fatal(err)
	}
	return h
}

// node is one chat server of the house.
type node struct {
	*chat.Server
	http *httptest.Server
	stop func()
}

func (h *house) start() *node {
	h.t.Helper()
	s := h.server(http.NotFoundHandler())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Run(ctx)
	}()
	for !s.Runs() { // a socket that came before would be closed
		select {
		case <-done:
			h.t.Fatal("the server has ended by itself")
		case <-time.After(time.Millisecond): // between looks
		}
	}
	web := httptest.NewServer(s.Handler())
	n := &node{Server: s, http: web, stop: sync.OnceFunc(func() { cancel(); <-done; web.Close() })}
	h.t.Cleanup(n.stop)
	return n
}

func (h *house) server(assets http.Handler) *chat.Server {
	c := chat.Config{
		Log: slog.New(slog.NewTextHandler(h.t.Output(), nil)), Pool: h.pool, Intake: h, Timeline: h, Scribe: h, Unserved: errUnserved,
		Feed: h, Floor: h, Board: h, Names: h, Articles: h, Blobs: h, Mail: h, Secrets: bothKeys, FileMax: 1 << 20, Assets: assets, NudgeAfter: 5 * time.Minute, SilentAfter: 10 * time.Minute,
		Source: func(r *http.Request) string { return r.Header.Get("X-Test-Source") },
	}
	if h.setting != nil {
		h.setting(&c)
	}
	return chat.New(c)
}

// Receive implements chat.Intake with a transaction of its own for also.
func (h *house) Receive(ctx context.Context, a gateway.Arrival, also func(context.Context, pgx.Tx, gateway.Received) error) (gateway.Received, error) {
	h.mu.Lock()
	r, known := h.arrivals[a.Key]
	if !known {
		r = gateway.Received{Conversation: a.Conversation, Customer: 41, Case: 31}
		if r.Conversation == 0 || h.moved {
			r.Conversation = gateway.ConversationID(len(h.entries) + 1)
		}
		r.Pos = int64(len(h.entries[r.Conversation]) + 1)
		r.Interaction = gateway.InteractionID(len(h.arrivals) + 100)
	}
	r.Repeated = known
	h.mu.Unlock()
	if err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error { return also(ctx, tx, r) }); err != nil {
		return r, err
	}
	if known {
		return r, nil
	}
	a.Entry.Conversation = r.Conversation
	h.mu.Lock()
	h.arrivals[a.Key] = r
	h.received = append(h.received, a)
	if a.Quiet {
		trouble := h.trouble
		h.mu.Unlock()
		h.append(a.Entry)
		h.stored()
		return r, trouble
	}
	if p, open := h.open[r.Conversation]; a.Channel != gateway.Chat || open && p.Interaction != 0 { // it joins, or is no chat
		h.joined = append(h.joined, a)
		trouble := h.trouble
		h.mu.Unlock()
		h.append(a.Entry)
		h.stored()
		return r, trouble
	}
	if !h.leaderless {
		h.open[r.Conversation] = chat.Place{Interaction: r.Interaction, State: gateway.StateWaiting, Position: 3, Wait: 2 * time.Minute}
	}
	trouble := h.trouble
	h.mu.Unlock()
	h.append(a.Entry)
	h.stored()
	return r, trouble
}

// Say implements chat.Timeline.
func (h *house) Say(_ context.Context, e gateway.Entry) (gateway.Entry, error) {
	h.mu.Lock()
	for _, old := range h.entries[e.Conversation] {
		if old.ClientID != "" && old.ClientID == e.ClientID {
			h.mu.Unlock()
			old.Repeated = true
			return old, nil
		}
	}
	_, served := h.open[e.Conversation]
	trouble := h.trouble
	h.mu.Unlock()
	if !served && e.Author.Kind == gateway.ByCustomer && e.Kind != gateway.EntryEvent {
		return e, errUnserved
	}
	e = h.append(e)
	h.stored()
	return e, trouble
}

// SayAll implements chat.Scribe with a transaction of its own for also.
func (h *house) SayAll(ctx context.Context, entries []gateway.Entry, also func(context.Context, pgx.Tx) error) error {
	if err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error { return also(ctx, tx) }); err != nil {
		return err
	}
	for _, e := range entries {
		h.append(e)
	}
	h.stored()
	return nil
}

func (h *house) stored() {
	h.mu.Lock()
	after := h.afterStore
	h.afterStore = nil
	h.mu.Unlock()
	if after != nil {
		after()
	}
}

func (h *house) append(e gateway.Entry) gateway.Entry {
	h.mu.Lock()
	e.Pos = int64(len(h.entries[e.Conversation]) + 1)
	if e.At.IsZero() {
		e.At = time.Now()
	}
	h.entries[e.Conversation] = append(h.entries[e.Conversation], e)
	h.mu.Unlock()
	event := gateway.NewEvent(gateway.TopicConversation(e.Conversation), "message.created", e.Pos, e)
	h.Announce(event)
	return e
}

// Entries implements chat.Timeline.
func (h *house) Entries(_ context.Context, c gateway.ConversationID, after int64, limit int) ([]gateway.Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.entries[c]
	list = list[min(int(after), len(list)):]
	return slices.Clone(list[:min(limit, len(list))]), nil
}

// Seen implements chat.Timeline.
func (h *house) Seen(_ context.Context, _ gateway.ConversationID, reader gateway.Author, pos int64) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[reader.Kind] = max(h.seen[reader.Kind], pos)
	return nil
}

// Watch implements chat.Feed.
func (h *house) Watch(topics []string, heard func(gateway.Event)) func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	id := h.next
	for _, topic := range topics {
		if h.watching[topic] == nil {
			h.watching[topic] = map[int]func(gateway.Event){}
		}
		h.watching[topic][id] = heard
	}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, topic := range topics {
			delete(h.watching[topic], id)
		}
	}
}

// watched waits until so many servers listen to each other.
func (h *house) watched(servers int) {
	h.t.Helper()
	wait(h.t, "servers listen to each other", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.watching["chat.visitors"]) >= servers
	})
}

// wait waits for a fact, and fails the test after a minute without it.
func wait(t testing.TB, what string, fact func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !fact(); time.Sleep(time.Millisecond) { // between looks
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute in vain until %s", what)
		}
	}
}

// Announce implements chat.Feed.
func (h *house) Announce(events ...gateway.Event) {
	for _, e := range events {
		h.mu.Lock()
		var hear []func(gateway.Event)
		for _, f := range h.watching[e.Topic] {
			hear = append(hear, f)
		}
		deaf := h.deaf
		h.mu.Unlock()
		for _, f := range hear {
			if !deaf {
				f(e)
			}
		}
	}
}

// Do implements chat.Floor.
func (h *house) Do(_ context.Context, _ string, cmd gateway.Command) (gateway.Answer, error) {
	h.mu.Lock()
	h.commands = append(h.commands, cmd)
	var of gateway.ConversationID
	if b, ok := cmd.(gateway.CallBack); ok {
		for c, p := range h.open {
			if p.Interaction == b.Interaction {
				defer h.turnAway(c, gateway.EndCallback)
			}
		}
	}
	if leave, ok := cmd.(gateway.Leave); ok {
		for c, p := range h.open {
			if p.Interaction == leave.Interaction {
				of = c
			}
		}
	}
	h.mu.Unlock()
	if of != 0 {
		h.end(of)
	}
	return gateway.Answer{}, nil
}

// Reserve implements chat.Floor.
func (h *house) Reserve(context.Context) (gateway.InteractionID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next++
	return gateway.InteractionID(9000 + h.next), nil
}

// step tells of a step of the queue that was taken for a chat.
func (h *house) step(c gateway.ConversationID, do gateway.StepKind) {
	h.mu.Lock()
	i := h.open[c].Interaction
	h.mu.Unlock()
	h.Announce(gateway.NewEvent(gateway.TopicBoard, "interaction.step", 0, map[string]any{
		"interaction": i, "conversation": c, "channel": gateway.Chat, "step": gateway.Step{Do: do},
	}))
}

// Places implements chat.Board.
func (h *house) Places(_ context.Context, of []gateway.ConversationID) (map[gateway.ConversationID]chat.Place, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	places := map[gateway.ConversationID]chat.Place{}
	for _, c := range of {
		if p, ok := h.open[c]; ok {
			places[c] = p
		}
	}
	return places, nil
}

// Opening implements chat.Board.
func (h *house) Opening(_ context.Context, queue gateway.QueueID) (chat.Opening, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if o, ok := h.otherwise[queue]; ok {
		return o, nil
	}
	return h.opening, nil
}

// Settled implements chat.Board.
func (h *house) Settled(_ context.Context, _ pgx.Tx, _ gateway.CaseID, since time.Time) (bool, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.settled.After(since), nil
}

// Put implements chat.Blobs.
func (h *house) Put(_ context.Context, r io.Reader) (string, int64, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return "", 0, err
	}
	key := fmt.Sprintf("%x", sha256.Sum256(data))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.blobs[key] = data
	return key, int64(len(data)), nil
}

type stored struct{ *bytes.Reader }

func (stored) Close() error { return nil }

// Open implements chat.Blobs.
func (h *house) Open(_ context.Context, key string) (io.ReadSeekCloser, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, ok := h.blobs[key]
	if !ok {
		return nil, gateway.NotFound("no_such_file", "gone")
	}
	return stored{bytes.NewReader(data)}, nil
}

// Note implements chat.Blobs.
func (h *house) Note(_ context.Context, _ pgx.Tx, _ string, _ int64, _, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.noted = append(h.noted, name)
	return nil
}

// gives is the agent sending a file.
func (h *house) gives(ctx context.Context, c gateway.ConversationID, name, mediaType string, data []byte) {
	key, size, _ := h.Put(ctx, bytes.NewReader(data))
	body, _ := json.Marshal(gateway.Attachment{Blob: key, Name: name, Type: mediaType, Size: size})
	h.append(gateway.Entry{
		Conversation: c, Kind: gateway.EntryFile, Author: gateway.Author{Kind: gateway.ByAgent, ID: 5, Name: "Alva Karlsson"},
		Channel: gateway.Chat, Text: name, Body: body,
	})
}

// Transcript implements chat.Mail.
func (h *house) Transcript(ctx context.Context, e gateway.Entry, m chat.Transcript, also func(context.Context, pgx.Tx) error) (gateway.Entry, error) {
	h.mu.Lock()
	before := h.beforeMail
	h.beforeMail = nil
	h.mu.Unlock()
	if before != nil {
		before()
	}
	h.mailing.Lock() // as the conversation's lock does
	defer h.mailing.Unlock()
	h.mu.Lock()
	sent, repeated := 0, false
	for _, old := range h.entries[e.Conversation] {
		if strings.HasPrefix(old.ClientID, chat.TranscriptID) {
			sent++
		}
		repeated = repeated || old.ClientID == e.ClientID
	}
	unmailable := e.Conversation == h.unmailable
	h.mu.Unlock()
	if unmailable {
		return e, errors.New("the mail cannot be written now")
	}
	if m.Most > 0 && sent >= m.Most && !repeated {
		return e, chat.ErrTooManyTranscripts
	}
	if also != nil && !repeated {
		if err := pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error { return also(ctx, tx) }); err != nil {
			return e, err
		}
	}
	said, err := h.Say(ctx, e)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && !said.Repeated {
		h.mails = append(h.mails, m)
	}
	return said, err
}

// AgentName implements chat.Names.
func (h *house) AgentName(context.Context, gateway.AgentID) (string, error) {
	return "Alva Karlsson", nil
}

var library = []gateway.ArticleCard{
	{Article: 12, Language: "sv", Title: "Ångerrätt och återköp", Snippet: "Betala inte fakturan, vi skickar en ny", URL: "/help/sv/12"},
	{Article: 13, Language: "sv", Title: "När får jag pengarna tillbaka?", URL: "/help/sv/13"},
	{Article: 14, Language: "sv", Title: "Flytta förfallodagen", URL: "/help/sv/14"},
}

// Search implements chat.Articles.
func (h *house) Search(_ context.Context, q, _ string, limit int) ([]gateway.ArticleCard, error) {
	if q == "zzz" {
		return nil, nil
	}
	return library[:min(limit, len(library))], nil
}

// Vote implements chat.Articles.
func (h *house) Vote(_ context.Context, a gateway.ArticleID, _, voter string, _ bool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if voter == "" { // somebody new
		voter = rand.Text()
	}
	h.votes[voter] = a
	return nil
}

// join is an agent accepting.
func (h *house) join(c gateway.ConversationID) {
	h.mu.Lock()
	p := h.open[c]
	p.State, p.Position = gateway.StateActive, 0
	h.open[c] = p
	h.mu.Unlock()
	h.happen(c, p.Interaction, "joined")
}

func (h *house) end(c gateway.ConversationID) {
	h.mu.Lock()
	p := h.open[c]
	delete(h.open, c)
	h.mu.Unlock()
	h.happen(c, p.Interaction, "ended")
}

// turnAway ends a chat that nobody has served.
func (h *house) turnAway(c gateway.ConversationID, end gateway.End) {
	h.mu.Lock()
	p := h.open[c]
	delete(h.open, c)
	h.mu.Unlock()
	body, _ := json.Marshal(gateway.Happening{What: "ended", Cause: string(end)})
	h.append(gateway.Entry{Conversation: c, Interaction: p.Interaction, Kind: gateway.EntryEvent, Author: gateway.Author{Kind: gateway.BySystem}, Channel: gateway.Chat, Body: body})
}

func (h *house) happen(c gateway.ConversationID, i gateway.InteractionID, what string) {
	body, _ := json.Marshal(gateway.Happening{What: what, Agent: 5})
	h.append(gateway.Entry{Conversation: c, Interaction: i, Kind: gateway.EntryEvent, Author: gateway.Author{Kind: gateway.BySystem}, Channel: gateway.Chat, Text: what, Body: body})
}

// reply is a line of the agent.
func (h *house) reply(text string) { h.replyIn("", conversation, text) }

// replyIn is reply by an agent who says in which language they write.
func (h *house) replyIn(language string, c gateway.ConversationID, text string) {
	h.append(gateway.Entry{
		Conversation: c, Kind: gateway.EntryMessage, Author: gateway.Author{Kind: gateway.ByAgent, ID: 5, Name: "Alva Karlsson"},
		Channel: gateway.Chat, Text: text, Language: language,
	})
}

func (h *house) card(c gateway.ConversationID) {
	body, _ := json.Marshal(gateway.ArticleCard{Article: 12, Language: "sv", Title: library[0].Title, Snippet: "Beloppet dras från fakturan inom tre bankdagar.", URL: library[0].URL})
	h.append(gateway.Entry{
		Conversation: c, Kind: gateway.EntryArticle, Author: gateway.Author{Kind: gateway.ByAgent, ID: 5, Name: "Alva Karlsson"},
		Channel: gateway.Chat, Text: library[0].Title, Body: body,
	})
}

func (h *house) types(c gateway.ConversationID, name string) {
	h.Announce(gateway.NewEvent(gateway.TopicConversation(c), "typing", 0, map[string]any{"author": gateway.Author{Kind: gateway.ByAgent, Name: name}, "on": true}))
}

func (h *house) note(c gateway.ConversationID) {
	h.append(gateway.Entry{Conversation: c, Kind: gateway.EntryNote, Author: gateway.Author{Kind: gateway.ByAgent, ID: 5}, Text: "Kunden är arg", Internal: true})
}

func (h *house) texts(c gateway.ConversationID) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []string
	for _, e := range h.entries[c] {
		if e.Kind == gateway.EntryMessage {
			list = append(list, e.Text)
		}
	}
	return list
}
