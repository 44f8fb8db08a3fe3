package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Mail sends what a visitor asked for by mail: the entry, which says so on the conversation,
// and the outbox's row are committed together. The same ClientID again is the same mail; one
// too many for the conversation is ErrTooManyTranscripts, counted where the mail is committed.
type Mail interface {
	Transcript(ctx context.Context, e gateway.Entry, t Transcript) (gateway.Entry, error)
}

// Transcript is a chat as a mail.
type Transcript struct {
	Queue   gateway.QueueID // whose identity it is from
	To      gateway.Address
	Subject string
	Text    string
	Most    int // of one conversation, whose client ids all begin with TranscriptID
}

// TranscriptID begins the client ids of the entries that say that a chat is sent by mail.
const TranscriptID = "transcript/"

// ErrTooManyTranscripts refuses a mail beyond Transcript.Most.
var ErrTooManyTranscripts = gateway.Conflict("too_many_transcripts", "It has been sent often enough.", nil)

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
	text, err := v.transcribe(ctx)
	if err != nil {
		return err
	}
	v.mu.Lock()
	who := v.visitor
	v.mu.Unlock()
	w := scripts[v.lang]
	return v.happen(f.CID, func(e gateway.Entry) (gateway.Entry, error) {
		e.Text, e.ClientID, e.Author = w.said, TranscriptID+f.CID, gateway.Author{Kind: gateway.BySystem, Name: v.widget.Name}
		return v.srv.Mail.Transcript(ctx, e, Transcript{
			Queue: v.widget.queueFor(v.widget.topic(who.Topic)), Subject: w.subject + " " + v.widget.Name, Text: text,
			To:   gateway.Address{Kind: gateway.AddressEmail, Value: email, Name: who.Name},
			Most: maxTranscripts,
		})
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

// script is what a transcript says in a language.
type script struct{ subject, said, you string }

var scripts = map[string]script{
	"sv": {subject: "Din chatt med", said: "Chatten skickas som mejl", you: "Du"},
	"en": {subject: "Your chat with", said: "The chat is sent by mail", you: "You"},
}

// transcribe writes the whole chat down as its visitor has seen it.
func (v *session) transcribe(ctx context.Context) (string, error) {
	var out strings.Builder
	zone, w := v.srv.Zone, scripts[v.lang]
	day := ""
	for after := int64(0); ; {
		entries, err := v.srv.Timeline.Entries(ctx, v.conversation(), after, snapPage)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			after = e.Pos
			l, shown := viewEntry(e, func(gateway.AgentID) string { return "" })
			if !shown || l.Kind == gateway.EntryEvent {
				continue
			}
			at := e.At.In(zone)
			if d := at.Format(time.DateOnly); d != day {
				day = d
				fmt.Fprintf(&out, "%s\n\n", d)
			}
			fmt.Fprintf(&out, "%s %s: %s\n", at.Format("15:04"), l.speaker(w.you, v.widget.Name), l.written())
		}
		if len(entries) < snapPage {
			return out.String(), nil
		}
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
