package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	typingEvery = 50 * time.Millisecond
	pageEvery   = time.Second
	maxName     = 100  // characters
	maxAddress  = 320  // RFC 3696 errata 1690: 254, and old ones longer
	maxURL      = 2000 // bytes
)

// handle does what a frame asks. Lines wait for their turn: a visitor who floods slows
// down alone, and no line is refused for speed.
func (v *session) handle(ctx context.Context, data []byte) bool {
	f, ok := v.parse(data)
	if !ok {
		return false
	}
	switch f.T {
	case "pong": // read noted it
	case "typing":
		v.typing(f.On, f.Text)
	case "page":
		v.page(ctx, f)
	case "seen":
		v.seen(ctx, f.Pos)
	case "form", "msg", "end", "vote", "callback", "letter", "rate", "transcript", "person":
		if v.lines.Wait(ctx) != nil {
			return false
		}
		v.take(ctx, f)
	default:
		v.refuse(f.CID, gateway.Invalid("unknown_frame", fmt.Sprintf("No frame is called %.40q.", f.T)))
	}
	return true
}

// take does what must not be done too often. Lines are sent again by a widget that got no
// answer, and then do nothing new.
func (v *session) take(ctx context.Context, f frameIn) {
	var err error
	switch f.T {
	case "end":
		err = v.end(ctx)
	case "callback":
		err = v.callBack(ctx, f)
	case "person":
		err = v.person(ctx)
	case "letter":
		err = v.letter(ctx, f)
	case "rate":
		err = v.rate(ctx, f)
	case "transcript":
		err = v.transcript(ctx, f)
	case "vote":
		err = v.srv.Articles.Vote(ctx, f.ID, v.widget.language(f.Lang), v.token.name(), f.Useful)
	default:
		v.say(f.CID)
		err = v.line(ctx, f)
		v.say("")
	}
	if err != nil {
		v.fail(f.CID, err)
	}
}

// line takes a form or a message. Both are sent again by the widget until acknowledged,
// so each must give the same answer every time.
func (v *session) line(ctx context.Context, f frameIn) error {
	text := strings.TrimSpace(gateway.Clean(f.Text))
	if err := checkLine(f.CID, text); err != nil {
		return err
	}
	v.mu.Lock()
	who := v.visitor
	v.mu.Unlock()
	if who.Conversation == 0 {
		return v.begin(ctx, f, text)
	}
	e := gateway.Entry{
		Conversation: who.Conversation, Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: text, Language: v.lang, ClientID: f.CID,
		Author: gateway.Author{Kind: gateway.ByCustomer, ID: int64(who.Customer), Name: who.Name}, At: time.Now(),
	}
	if who.Bot {
		if err := v.receive(ctx, who, e, false, nil); !errors.Is(err, errTooLate) {
			return err
		}
		v.unbot()
		who.Bot = false
	}
	said, err := v.srv.Timeline.Say(ctx, e)
	switch {
	case errors.Is(err, v.srv.Unserved):
		return v.receive(ctx, who, e, false, nil)
	case err != nil:
		return err
	}
	v.acknowledge(f.CID, said.Pos, said.At.UnixMilli())
	return nil
}

// checkLine refuses what is no line.
func checkLine(cid, text string) error {
	switch {
	case text == "":
		return gateway.Invalid("empty_line", "Write something first.")
	case cid == "" || len(cid) > 64:
		return gateway.Invalid("bad_cid", "Give each line an id of its own, 1 to 64 bytes.")
	}
	return checkLength(text)
}

func checkLength(text string) error {
	if utf8.RuneCountInString(text) > maxCharacters {
		return gateway.Invalid("line_too_long", fmt.Sprintf("A message holds at most %d characters; send it in parts.", maxCharacters))
	}
	return nil
}

// begin takes the first line in: from now on there is a visitor with a conversation.
func (v *session) begin(ctx context.Context, f frameIn, text string) error {
	v.mu.Lock()
	vouched := v.visitor
	v.mu.Unlock()
	who := visitor{
		Widget: v.widget.ID, Name: cmp.Or(clip(f.Name, maxName), vouched.Name), Email: cmp.Or(strings.ToLower(clip(f.Email, maxAddress)), vouched.Email),
		Topic: clip(f.Topic, maxName), Language: v.lang, Identity: vouched.Identity,
	}
	if v.source.IsValid() {
		who.Source = v.source.String()
	}
	form := v.widget.Form
	switch {
	case form.Name == "required" && who.Name == "":
		return gateway.Invalid("name_missing", "Tell us your name first.")
	case form.Email == "required" && who.Email == "":
		return gateway.Invalid("email_missing", "Tell us your e-mail address first.")
	case who.Email != "" && !strings.Contains(who.Email, "@"):
		return gateway.Invalid("bad_email", "That is not an e-mail address; correct it or leave it out.")
	}
	whole, err := form.answered(text, f.Fields, v.lang)
	if err != nil {
		return err
	}
	if who.Bot, err = v.srv.answersFirst(ctx, v.widget, v.widget.queueFor(v.widget.topic(who.Topic))); err != nil {
		return err
	}
	e := gateway.Entry{
		Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: whole, Language: v.lang, ClientID: f.CID,
		Author: gateway.Author{Kind: gateway.ByCustomer, Name: who.Name}, At: time.Now(),
	}
	return v.receive(ctx, who, e, whole != text, func(received visitor) {
		v.mu.Lock()
		v.visitor = received
		v.mu.Unlock()
	})
}

// receive takes a line through the intake, which puts it in the queue, or with a bot there keeps
// it for that. It is for the first line, for one that nobody serves any more, and the bot's. Its key is made of the visitor and the
// line's own id, so that the same line sent again is the same arrival. A line that was
// retold, with more in it than the visitor's words, is shown by the stream.
func (v *session) receive(ctx context.Context, who visitor, e gateway.Entry, retold bool, began func(visitor)) error {
	if err := v.mayWait(ctx, who, e.ClientID); err != nil {
		return err
	}
	a := v.widget.arrival(v.token, who, e)
	a.Key, a.Quiet = "chat/"+v.token.name()+"/"+e.ClientID, who.Bot
	r, err := v.srv.Intake.Receive(ctx, a, func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		kept := who
		kept.Conversation, kept.Customer = r.Conversation, r.Customer
		if err := keepVisitor(ctx, tx, v.token, kept); err != nil || !who.Bot || r.Repeated {
			return err
		}
		return noteBotLine(ctx, tx, v.token, r.Pos, 2*v.widget.Bot.timeout()+botGrace)
	})
	if err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	if began == nil && r.Conversation != who.Conversation {
		// The old case is closed for good and a new one has begun, with positions of its own.
		v.out.close(closeRestart, "resume")
		return nil
	}
	who.Conversation, who.Customer = r.Conversation, r.Customer
	if began != nil {
		began(who)
	}
	if retold {
		v.out.send(frameOut{T: "ack", CID: e.ClientID, Pos: r.Pos, At: e.At.UnixMilli()})
	} else {
		v.acknowledge(e.ClientID, r.Pos, e.At.UnixMilli())
	}
	if who.Bot {
		v.leaveToBot()
	} else {
		v.queued()
	}
	if began != nil {
		v.follow(ctx, r.Conversation)
	}
	return nil
}

// end is the visitor ending the chat. The floor tells everybody, this widget too, with
// the entry that it writes. A bot's chat that was handed over meanwhile is left as any other:
// by the number it was given if the floor has not opened it yet, for the floor takes what the
// intake has stored before it obeys.
func (v *session) end(ctx context.Context) error {
	c := v.conversation()
	if c == 0 {
		return nil
	}
	var asked gateway.InteractionID
	if v.botted() {
		r, _, err := v.srv.leaveBot(ctx, v.token, gateway.Happening{What: "ended"}, true)
		if err != nil || !r.Repeated {
			return err
		}
		c, asked = r.Conversation, r.Interaction
	}
	places, err := v.srv.Board.Places(ctx, []gateway.ConversationID{c})
	if err != nil {
		return fmt.Errorf("end: %w", err)
	}
	p, ok := places[c]
	switch {
	case !ok && asked != 0:
		return v.srv.leaveUnopened(ctx, asked)
	case !ok || phaseOf(p.State) == phaseEnded:
		return nil
	}
	return v.srv.leave(ctx, p.Interaction, "")
}

// leave takes the customer's side of an interaction away, once however often it is asked.
// The end may be left to the floor. One that is not known became a part of another.
func (s *Server) leave(ctx context.Context, i gateway.InteractionID, end gateway.End) error {
	_, err := s.Floor.Do(ctx, "chat/leave/"+i.String(), gateway.Leave{Interaction: i, End: end})
	if err != nil && !errors.Is(err, gateway.ErrNotFound) {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// leaveUnopened is leave for an interaction that the board does not know yet, or no more. Its
// key is its own: a refusal is kept under it, and must not stand in the way of leave.
func (s *Server) leaveUnopened(ctx context.Context, i gateway.InteractionID) error {
	_, err := s.Floor.Do(ctx, "chat/leave/"+i.String()+"/unopened", gateway.Leave{Interaction: i})
	if err != nil && !errors.Is(err, gateway.ErrNotFound) {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// typing tells that the visitor writes, and what so far where their widget has told them that
// it is seen. Nothing of it is kept.
func (v *session) typing(on bool, text string) {
	now := time.Now()
	v.mu.Lock()
	who := v.visitor
	v.mu.Unlock()
	if who.Conversation == 0 || on && now.Sub(v.typed) < typingEvery || !on && !v.writes {
		return
	}
	v.typed, v.writes = now, on
	v.stir(now)
	e := gateway.NewEvent(gateway.TopicConversation(who.Conversation), "typing", 0,
		typing{gateway.Author{Kind: gateway.ByCustomer, ID: int64(who.Customer), Name: who.Name}, on, v.previewed(on, text)})
	e.Conversation = who.Conversation
	v.srv.Feed.Announce(e)
}

func (v *session) previewed(on bool, text string) string {
	if !on || !v.widget.Form.Preview {
		return ""
	}
	return clip(text, maxCharacters)
}

func (v *session) seen(ctx context.Context, pos int64) {
	v.mu.Lock()
	who, sent := v.visitor, v.sent
	v.mu.Unlock()
	if who.Conversation == 0 || pos <= v.seenTo || pos > sent {
		return
	}
	v.seenTo = pos
	err := v.srv.Timeline.Seen(ctx, who.Conversation, gateway.Author{Kind: gateway.ByCustomer, ID: int64(who.Customer)}, pos)
	if err != nil {
		v.srv.Log.Warn("receipt not noted", "err", err)
	}
}

// clip makes text from outside fit: valid, trimmed, at most so many characters.
func clip(text string, limit int) string {
	text = strings.TrimSpace(gateway.Clean(text))
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit])
}
