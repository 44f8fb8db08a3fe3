package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Bot is a program of the website's that answers a chat before a person is asked: what the
// visitor writes is kept as ever, and sent to its address. It gives the chat to a person when
// it says so, when it fails, and whenever the visitor asks.
type Bot struct {
	URL     string `json:"url,omitempty"`     // empty: people alone answer
	Name    string `json:"name,omitempty"`    // as visitors see it; the widget's unless set
	Timeout int    `json:"timeout,omitempty"` // seconds that an answer may take; botTimeout unless set

	Queues []gateway.QueueID `json:"queues,omitempty"` // it answers chats that would wait there; all unless set
}

const (
	botTimeout    = 10 // seconds
	maxBotTimeout = 30
	botGrace      = 10 * time.Second // beyond what two answers may take: then the node that asked has died
	botSweep      = 5                // seconds
	botTranscript = 50               // entries that go along
)

// BotKey names, among the secrets, the key that requests to a widget's bot are signed with.
func BotKey(widget string) string { return "widget:" + widget + ":bot" }

// Why a chat went from the bot to a person: what is in the entry that says so.
const (
	handedByVisitor = "asked"  // they wanted one
	handedByBot     = "bot"    // it said so
	handedByFailure = "failed" // it gave no answer, or none that is one, in time
)

// errTooLate ends the transaction of what the bot has no part in any more: a line that it is
// not to answer, an answer that comes after a person's or another node's, the end of its part.
var errTooLate = errors.New("the bot has no part in this any more")

// Scribe writes what a bot says: an answer is said whole, or not at all.
type Scribe interface {
	// SayAll appends the entries in one transaction, in which also runs when the conversation is
	// locked: whoever takes the chat from the bot comes before that, or waits for the commit.
	SayAll(ctx context.Context, entries []gateway.Entry, also func(context.Context, pgx.Tx) error) error
}

func (b Bot) timeout() time.Duration {
	return time.Duration(cmp.Or(b.Timeout, botTimeout)) * time.Second
}

// answersFirst says whether a bot answers the widget's chats that would wait in a queue: one
// without a key cannot know that it is us who ask, and is not asked.
func (s *Server) answersFirst(ctx context.Context, w *Widget, queue gateway.QueueID) (bool, error) {
	if w.Bot.URL == "" || len(w.Bot.Queues) > 0 && !slices.Contains(w.Bot.Queues, queue) {
		return false, nil
	}
	_, err := s.Secrets.Get(ctx, BotKey(w.Key))
	if errors.Is(err, gateway.ErrNotFound) {
		s.Log.Warn("a widget's bot has no secret and is not asked", "widget", w.Key)
		return false, nil
	}
	return err == nil, err
}

// wakeBot has what is unanswered answered. One goroutine asks for each visitor, and looks once
// more if it was woken meanwhile.
func (s *Server) wakeBot(h tokenHash) {
	s.mu.Lock()
	s.asking[h]++
	first := s.asking[h] == 1
	s.mu.Unlock()
	if first && !s.spawn(func(ctx context.Context) { s.converse(ctx, h) }) {
		s.quietBot(h)
	}
}

// quietBot forgets that a visitor's bot is asked; what is unanswered is found by sweepBots.
func (s *Server) quietBot(h tokenHash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asking, h)
}

func (s *Server) converse(ctx context.Context, h tokenHash) {
	for again := true; again; {
		s.mu.Lock()
		woken := s.asking[h]
		s.mu.Unlock()
		if err := s.turn(ctx, h); err != nil {
			s.Log.Warn("a bot's chat is not led on", "err", err)
			s.quietBot(h)
			return
		}
		s.mu.Lock()
		again = s.asking[h] != woken
		if !again {
			delete(s.asking, h) // under the lock: who wakes it now begins anew, and what is there then is theirs
		}
		s.mu.Unlock()
	}
}

// turn asks about the newest line, if it is unanswered, and says what the bot says.
func (s *Server) turn(ctx context.Context, h tokenHash) error {
	who, err := s.visitor(ctx, h)
	if err != nil || !who.Bot || who.BotDone >= who.BotLine {
		return err
	}
	w, err := s.Widget(ctx, s.pool, who.Widget)
	if err != nil {
		return err
	}
	s.botTypes(&w, who, true)
	answer, fault := s.ask(ctx, &w, who)
	s.botTypes(&w, who, false)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if fault != nil {
		s.Log.Warn("a bot gave no answer", "widget", w.Key, "conversation", who.Conversation, "err", fault)
		return s.handOver(ctx, h, handedByFailure)
	}
	if err := s.botSays(ctx, &w, h, who, answer); err != nil || !answer.HandOver {
		return err
	}
	return s.handOver(ctx, h, handedByBot)
}

// botSays writes what the bot says; the visitor's stream brings it to them. What it says after
// the visitor has got a person is not said, nor a second answer to a line.
func (s *Server) botSays(ctx context.Context, w *Widget, h tokenHash, who visitor, answer botAnswer) error {
	said := make([]gateway.Entry, len(answer.Lines))
	for i, l := range answer.Lines {
		said[i] = gateway.Entry{
			Conversation: who.Conversation, Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: l.Text, Language: who.Language,
			ClientID: fmt.Sprintf("bot/%d/%d", who.BotLine, i), Author: w.botAuthor(), At: time.Now(),
		}
	}
	err := s.Scribe.SayAll(ctx, said, func(ctx context.Context, tx pgx.Tx) error {
		return noteAnswer(ctx, tx, h, who.BotLine, answer.HandOver)
	})
	if err != nil && !errors.Is(err, errTooLate) {
		return fmt.Errorf("say what a bot says: %w", err)
	}
	return nil
}

func (w *Widget) botAuthor() gateway.Author {
	return gateway.Author{Kind: gateway.BySystem, Name: cmp.Or(w.Bot.Name, w.Name)}
}

// botTypes tells the visitor that an answer is being made.
func (s *Server) botTypes(w *Widget, who visitor, on bool) {
	e := gateway.NewEvent(gateway.TopicConversation(who.Conversation), "typing", 0, typing{w.botAuthor(), on, ""})
	e.Conversation = who.Conversation
	s.Feed.Announce(e)
}

// handOver asks for a person: the chat takes its place in the queue now, with all that was said.
// Asked twice, it is one.
func (s *Server) handOver(ctx context.Context, h tokenHash, cause string) error {
	r, who, err := s.leaveBot(ctx, h, gateway.Happening{What: "handed_over", Cause: cause}, false)
	if err != nil {
		return fmt.Errorf("hand a bot's chat over: %w", err)
	}
	if r.Conversation != who.Conversation { // its case is closed for good, and a new one has begun
		s.mu.Lock()
		v := s.byToken[h]
		s.mu.Unlock()
		if v != nil {
			v.out.close(closeRestart, "resume")
		}
	}
	return nil
}

// leaveBot writes how the bot's part ended, through the intake: quietly, or with a wish for a
// person. The entry's text is the visitor's last line, by which lists show the case. If it has
// ended before, what is received is what it ended with then, Repeated.
func (s *Server) leaveBot(ctx context.Context, h tokenHash, what gateway.Happening, quiet bool) (r gateway.Received, who visitor, err error) {
	who, err = s.visitor(ctx, h)
	if err != nil || who.ID == 0 {
		return gateway.Received{Repeated: true}, who, err
	}
	w, err := s.Widget(ctx, s.pool, who.Widget)
	if err != nil {
		return r, who, err
	}
	said, err := s.Timeline.Entries(ctx, who.Conversation, max(0, who.BotLine-1), 1)
	if err != nil {
		return r, who, err
	}
	body, err := json.Marshal(what)
	if err != nil {
		return r, who, err
	}
	e := gateway.Entry{
		Kind: gateway.EntryEvent, Channel: gateway.Chat, Body: body, ClientID: "bot/" + what.What, At: time.Now(),
		Author: gateway.Author{Kind: gateway.ByCustomer, ID: int64(who.Customer), Name: who.Name},
	}
	if len(said) > 0 {
		e.Text = said[0].Text
	}
	a := w.arrival(h, who, e)
	a.Key, a.Quiet = fmt.Sprintf("chat/%s/bot/%d", h.name(), who.Conversation), quiet
	r, err = s.Intake.Receive(ctx, a, func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		return forgetBot(ctx, tx, h, r)
	})
	if errors.Is(err, errTooLate) { // ended before, and since then in another conversation
		return gateway.Received{Conversation: who.Conversation, Repeated: true}, who, nil
	}
	return r, who, err
}

// sweepBots gives those to a person whose line nobody answered in time: the node that asked for
// them has died.
func (s *Server) sweepBots(ctx context.Context, now time.Time) {
	if now.Unix()%botSweep != 0 {
		return
	}
	late, err := s.lateBots(ctx)
	for _, h := range late {
		err = errors.Join(err, s.handOver(ctx, h, handedByFailure))
	}
	if err != nil {
		s.Log.Warn("bots' chats still wait", "err", err)
	}
}

// person is the visitor who would rather have one.
func (v *session) person(ctx context.Context) error {
	if !v.botted() {
		return nil
	}
	return v.srv.handOver(ctx, v.token, handedByVisitor)
}

// botted says whether a bot answers this visitor, as far as this socket has heard.
func (v *session) botted() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.visitor.Bot
}

// leaveToBot has the bot answer what was just stored.
func (v *session) leaveToBot() {
	v.mu.Lock()
	v.phase = phaseBot
	v.mu.Unlock()
	v.srv.wakeBot(v.token)
}

// unbot notes that none does any more.
func (v *session) unbot() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.visitor.Bot = false
}
