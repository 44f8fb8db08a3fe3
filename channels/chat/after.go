package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Mail sends what a visitor asked for by mail: the entry, which says so on the conversation,
// and the outbox's row are committed together, with what also writes last. The same ClientID
// again is the same mail, and also is not called; one too many for the conversation is
// ErrTooManyTranscripts, counted where the mail is committed. One that nobody has asked for is
// refused where its reader wants no automatic mail, or has had enough of it: ErrUnwanted.
type Mail interface {
	Transcript(ctx context.Context, e gateway.Entry, t Transcript, also func(context.Context, pgx.Tx) error) (gateway.Entry, error)
}

// Transcript is a chat as a mail.
type Transcript struct {
	Queue   gateway.QueueID // whose identity it is from
	To      gateway.Address
	Subject string
	Text    string
	Most    int  // of one conversation, whose client ids all begin with TranscriptID; 0: any number
	Unasked bool // neither has its reader asked for it nor a person written it
}

// TranscriptID begins the client ids of the entries that say that a chat is sent by mail.
const TranscriptID = "transcript/"

// ErrTooManyTranscripts refuses a mail beyond Transcript.Most.
var ErrTooManyTranscripts = gateway.Conflict("too_many_transcripts", "It has been sent often enough.", nil)

// ErrUnwanted refuses a mail that its reader does not want.
var ErrUnwanted = gateway.Conflict("unwanted_mail", "They want no automatic mail, or have had enough of it today.", nil)

const (
	maxTranscripts = 3 // of one conversation: they go to whatever address the visitor writes
	maxComment     = 1000
)

// rate keeps what the visitor thinks of the chat that has ended, once.
func (v *session) rate(ctx context.Context, f frameIn) error {
	if f.Score < 1 || f.Score > 5 {
		return gateway.Invalid("bad_score", "Give a score from 1 to 5.")
	}
	last, err := v.served(ctx)
	if err != nil {
		return err
	}
	if last.ended == 0 {
		return gateway.Conflict("not_ended", "A chat is rated when it has ended.", nil)
	}
	text := strings.Repeat("★", f.Score) + strings.Repeat("☆", 5-f.Score)
	if comment := clip(f.Text, maxComment); comment != "" {
		text += " " + comment
	}
	return v.happen(f.CID, func(e gateway.Entry) (gateway.Entry, error) {
		e.Text, e.Interaction, e.ClientID = text, last.ended, "rated/"+last.ended.String()
		return v.srv.Timeline.Say(ctx, e)
	}, gateway.Happening{What: "rated", Score: f.Score})
}

// transcript has the chat sent to an address.
func (v *session) transcript(ctx context.Context, f frameIn) error {
	email, err := mailAddress(f.Email)
	if err != nil {
		return err
	}
	if f.CID == "" || len(f.CID) > 64 {
		return checkLine(f.CID, "-")
	}
	if _, err := v.served(ctx); err != nil {
		return err
	}
	text, err := v.srv.transcribe(ctx, v.conversation(), v.widget, v.lang)
	if err != nil {
		return err
	}
	v.mu.Lock()
	who := v.visitor
	v.mu.Unlock()
	w := voices[v.lang].Transcript
	return v.happen(f.CID, func(e gateway.Entry) (gateway.Entry, error) {
		e.Text, e.ClientID, e.Author = w.Said, TranscriptID+f.CID, gateway.Author{Kind: gateway.BySystem, Name: v.widget.Name}
		return v.srv.Mail.Transcript(ctx, e, Transcript{
			Queue: v.widget.queueFor(v.widget.topic(who.Topic)), Subject: w.Subject + " " + v.widget.Name, Text: text,
			To:   gateway.Address{Kind: gateway.AddressEmail, Value: email, Name: who.Name},
			Most: maxTranscripts,
		}, nil)
	}, gateway.Happening{What: "transcript"})
}

// served finds how the conversation ended, if an agent has ever taken part in it.
func (v *session) served(ctx context.Context) (last ending, err error) {
	c := v.conversation()
	if c != 0 {
		last, err = v.srv.ending(ctx, c, 0)
	}
	if err == nil && !last.answered {
		err = gateway.Conflict("not_served", "Nobody has answered yet.", nil)
	}
	return last, err
}

// happen writes what the visitor did on the conversation; its stream tells them.
func (v *session) happen(cid string, write func(gateway.Entry) (gateway.Entry, error), h gateway.Happening) error {
	body, err := json.Marshal(h)
	if err != nil {
		return err
	}
	v.mu.Lock()
	who := v.visitor
	v.mu.Unlock()
	e, err := write(gateway.Entry{
		Conversation: who.Conversation, Kind: gateway.EntryEvent, Channel: gateway.Chat, Body: body, At: time.Now(),
		Author: gateway.Author{Kind: gateway.ByCustomer, ID: int64(who.Customer), Name: who.Name},
	})
	if err == nil {
		v.out.send(frameOut{T: "ack", CID: cid, Pos: e.Pos, At: e.At.UnixMilli()})
	}
	return err
}

// transcribe writes the whole chat down as its visitor has seen it.
func (s *Server) transcribe(ctx context.Context, c gateway.ConversationID, w *Widget, language string) (string, error) {
	var out strings.Builder
	day := ""
	for after := int64(0); ; {
		entries, err := s.Timeline.Entries(ctx, c, after, snapPage)
		if err != nil {
			return "", err
		}
		if len(entries) > 0 {
			after = entries[len(entries)-1].Pos
		}
		s.writeDown(&out, &day, w, language, entries)
		if len(entries) < snapPage {
			return out.String(), nil
		}
	}
}

// writeDown writes what the visitor may see, with the day where it is another than before.
func (s *Server) writeDown(out *strings.Builder, day *string, w *Widget, language string, entries []gateway.Entry) {
	for _, e := range entries {
		l, shown := viewEntry(e, func(gateway.AgentID) string { return "" })
		if !shown || l.Kind == gateway.EntryEvent {
			continue
		}
		at := e.At.In(s.Zone)
		if d := at.Format(time.DateOnly); d != *day {
			*day = d
			fmt.Fprintf(out, "%s\n\n", d)
		}
		fmt.Fprintf(out, "%s %s: %s\n", at.Format("15:04"), l.speaker(voices[language].Transcript.You, w.Name), l.written())
	}
}

// speaker is who said a line.
func (l line) speaker(you, house string) string {
	switch {
	case l.Name != "":
		return l.Name
	case l.From == "me":
		return you
	}
	return house
}

// written is a line as text.
func (l line) written() string {
	switch {
	case l.Card != nil:
		return l.Card.Title + " " + l.Card.URL
	case l.File != nil:
		return "[" + l.File.Name + "]"
	}
	return l.Text
}
