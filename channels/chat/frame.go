package chat

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// frameIn is what the widget says. T decides which fields count.
type frameIn struct {
	T      string            `json:"t"` // hello, form, msg, letter, callback, rate, transcript, typing, seen, page, vote, person, end, pong
	Key    string            `json:"key"`
	Token  string            `json:"token"`
	Lang   string            `json:"lang"`
	Pos    int64             `json:"pos"` // hello: what it has; seen: what was read; pong: what it has
	CID    string            `json:"cid"`
	Text   string            `json:"text"`
	Name   string            `json:"name"`
	Email  string            `json:"email"`
	Topic  string            `json:"topic"`
	Phone  string            `json:"phone"`  // callback
	Due    int64             `json:"due"`    // callback: when they want to be called, Unix milliseconds; 0: soon
	Fields map[string]string `json:"fields"` // form: answers to the website's own questions, by their ids
	On     bool              `json:"on"`
	URL    string            `json:"url"`
	Title  string            `json:"title"`
	// Referrer is where they came from, Facts what the website passes along: page.
	Referrer string            `json:"referrer"`
	Facts    map[string]string `json:"facts"`
	ID       gateway.ArticleID `json:"id"` // vote
	Useful   bool              `json:"useful"`
	Score    int               `json:"score"` // rate: 1 to 5
	JWT      string            `json:"jwt"`   // hello: who the website vouches for; or User with Hash
	User     string            `json:"user"`
	Hash     string            `json:"hash"`
	// Conversation is the one that Pos counts in; hello leaves it out when it has none.
	Conversation gateway.ConversationID `json:"conversation"`
}

// frameOut is what we say. Prev is the position that the widget must have applied before
// this frame; if it has not, it missed something and resumes.
type frameOut struct {
	T          string    `json:"t"` // welcome, snap, msg, ack, left, call_off, queue, typing, seen, error, ping, drain
	Token      string    `json:"token,omitempty"`
	Phase      phase     `json:"phase,omitempty"`
	Now        int64     `json:"now,omitempty"` // our clock, Unix milliseconds
	Site       *siteView `json:"site,omitempty"`
	Prev       int64     `json:"prev,omitempty"`
	Pos        int64     `json:"pos,omitempty"`
	Lines      []line    `json:"lines,omitempty"`
	Line       *line     `json:"line,omitempty"`
	Done       bool      `json:"done,omitempty"` // snap: this was the last part
	CID        string    `json:"cid,omitempty"`
	At         int64     `json:"at,omitempty"`
	Position   int       `json:"position,omitempty"`
	Wait       int       `json:"wait,omitempty"`     // seconds, 0 when unknown
	Callback   bool      `json:"callback,omitempty"` // queue: they may be called back
	Name       string    `json:"name,omitempty"`
	On         bool      `json:"on,omitempty"`
	Code       string    `json:"code,omitempty"`
	Detail     string    `json:"detail,omitempty"`
	RetryAfter int64     `json:"retry_after,omitempty"` // milliseconds
	Known      bool      `json:"known,omitempty"`       // welcome: the website has said who they are
	// Conversation is the one that positions count in: with welcome and snap.
	Conversation gateway.ConversationID `json:"conversation,omitempty"`
}

// phase is where the visitor stands.
type phase string

const (
	phasePre     phase = "pre"
	phaseOffline phase = "offline"
	phaseBot     phase = "bot" // the website's bot answers; person asks for one
	phaseQueued  phase = "queued"
	phaseOpen    phase = "open"
	phaseEnded   phase = "ended"
)

// line is an entry as its customer sees it.
type line struct {
	Pos  int64             `json:"pos"`
	Kind gateway.EntryKind `json:"kind"` // message, article, file, event
	From string            `json:"from"` // me, agent, system
	Name string            `json:"name,omitempty"`
	Text string            `json:"text,omitempty"`
	Lang string            `json:"lang,omitempty"` // of the text, BCP 47, where it is known
	CID  string            `json:"cid,omitempty"`
	At   int64             `json:"at"`
	Card *cardView         `json:"card,omitempty"`
	File *fileView         `json:"file,omitempty"`
	What string            `json:"what,omitempty"` // event: joined, left, transferred, handed_over, ended, reconnecting, rated, transcript, call_off, collaborate_…
	// Cause is how a chat ended that was not served to its end: closed, form, callback; or the call instead: settled.
	Cause string `json:"cause,omitempty"`
}

// cardView is a FAQ link.
type cardView struct {
	ID      gateway.ArticleID `json:"id"`
	Lang    string            `json:"lang"`
	Title   string            `json:"title"`
	Snippet string            `json:"snippet"`
	URL     string            `json:"url"`
}

// siteView is a widget's settings as its page may know them.
type siteView struct {
	Name      string           `json:"name"`
	Languages []string         `json:"languages"`
	Form      Form             `json:"form"`
	Color     string           `json:"color,omitempty"`
	Texts     map[string]Texts `json:"texts,omitempty"`   // by language
	Invites   []Invite         `json:"invites,omitempty"` // of GET /w/config alone
	Open      bool             `json:"open"`
	Until     int64            `json:"until,omitempty"` // Unix milliseconds
	Wait      int              `json:"wait,omitempty"`  // seconds
	Files     int64            `json:"files,omitempty"` // bytes that one may hold; 0: none are taken
}

func viewCard(c gateway.ArticleCard) cardView {
	return cardView{ID: c.Article, Lang: c.Language, Title: c.Title, Snippet: c.Snippet, URL: c.URL}
}

// eventsShown are the happenings that a customer is told of.
var eventsShown = map[string]phase{
	"joined":       phaseOpen,
	"left":         phaseQueued,
	"transferred":  phaseQueued,
	"handed_over":  phaseQueued, // by the bot
	"reconnecting": phaseQueued,
	"ended":        phaseEnded,
}

// viewEntry is the entry as its customer sees it; false when it is not for them.
func viewEntry(e gateway.Entry, agentName func(gateway.AgentID) string) (line, bool) {
	l := line{Pos: e.Pos, Kind: e.Kind, From: sideOf(e.Author), Name: e.Author.Name, Text: e.Text, Lang: e.Language, CID: e.ClientID, At: e.At.UnixMilli()}
	if e.Internal {
		return l, false
	}
	switch e.Kind {
	case gateway.EntryMessage:
		return l, true
	case gateway.EntryArticle:
		var card gateway.ArticleCard
		if json.Unmarshal(e.Body, &card) != nil {
			return l, false
		}
		view := viewCard(card)
		l.Card, l.Text = &view, "" // the text is for those who cannot show a card
		return l, true
	case gateway.EntryFile:
		var file gateway.Attachment
		if json.Unmarshal(e.Body, &file) != nil {
			return l, false
		}
		l.File = &fileView{Name: file.Name, Type: file.Type, Size: file.Size}
		return l, true
	case gateway.EntryEvent:
		var h gateway.Happening
		if json.Unmarshal(e.Body, &h) != nil {
			return l, false
		}
		_, shown := eventsShown[h.What]
		shown = shown || h.What == "rated" || h.What == "transcript" || h.What == "call_off" || strings.HasPrefix(h.What, "collaborate_") // which move no phase
		l.What, l.Text, l.CID = h.What, "", ""
		switch gateway.End(h.Cause) { //nolint:exhaustive // the others are nothing to the customer
		case gateway.EndClosed, gateway.EndForm, gateway.EndCallback, gateway.EndSettled:
			l.Cause = h.Cause
		}
		if shown && h.Agent != 0 {
			l.Name = agentName(h.Agent)
		}
		return l, shown
	case gateway.EntryMail, gateway.EntryNote, gateway.EntryCall, gateway.EntryRecording:
		return l, false // another channel's, or ours alone
	}
	return l, false
}

func sideOf(a gateway.Author) string {
	switch a.Kind {
	case gateway.ByCustomer:
		return "me"
	case gateway.ByAgent:
		return "agent"
	case gateway.BySystem:
		return "system"
	}
	return "system"
}

// phaseOf is where an interaction's state leaves its visitor.
func phaseOf(state gateway.State) phase {
	switch state {
	case gateway.StateWaiting, gateway.StateOffered:
		return phaseQueued
	case gateway.StateActive, gateway.StateParked:
		return phaseOpen
	case gateway.StateWrapUp, gateway.StateFinished:
		return phaseEnded
	}
	return phaseEnded
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }
