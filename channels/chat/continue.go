package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
)

// After is what becomes of a chat by mail, where its visitor's address is known.
type After struct {
	Transcript bool `json:"transcript,omitempty"` // a chat that ends by the visitor's silence is sent to them
	Continue   int  `json:"continue,omitempty"`   // minutes away after which what their agent writes is sent; 0: never
}

const (
	maxContinue   = int(goneTooLong / time.Minute) // who is away longer may have left for good
	continuedID   = "continued/"                   // begins the client ids of what says that lines are sent, up to a position
	noticed       = 40 * time.Second               // until a socket that is half open is known to be: lines may be lost in it
	lineRests     = time.Minute                    // lines that follow each other are one mail
	continuedMail = "continued"
)

// tellUnseen sends one visitor what they have not seen; while the agent may still be writing, not
// before the last line has rested. It says whether all is told: then, and not before, nobody need look again.
func (s *Server) tellUnseen(ctx context.Context, now time.Time, a absence, writing bool) (told bool, err error) {
	if !a.Reachable {
		return true, nil
	}
	lines, last, err := s.unseen(ctx, a)
	switch {
	case err != nil || last.Pos == 0:
		return err == nil, err
	case len(lines) == 0 && now.Sub(last.At) >= lineRests:
		return s.setMailed(ctx, s.pool, a, last.Pos)
	case len(lines) == 0 || writing && now.Sub(lines[len(lines)-1].At) < lineRests:
		return false, nil
	}
	return s.sendUnseen(ctx, a, lines)
}

// sendUnseen writes the mail. Its transaction notes how far it reaches, unless another node's has.
func (s *Server) sendUnseen(ctx context.Context, a absence, lines []gateway.Entry) (refused bool, err error) {
	w, err := s.Widget(ctx, s.pool, a.Widget)
	if err != nil {
		return false, err
	}
	v := voices[w.language(a.Language)]
	text, day := strings.Builder{}, ""
	text.WriteString(v.Continued.Before + "\n\n")
	s.writeDown(&text, &day, &w, w.language(a.Language), lines)
	text.WriteString("\n" + v.Continued.After + "\n")
	last := lines[len(lines)-1].Pos
	refused, err = s.mail(ctx, &w, a, letterOf{continuedMail, continuedID + strconv.FormatInt(last, 10), v.Continued.Said, text.String()}, Transcript{}, func(ctx context.Context, tx pgx.Tx) error {
		first, err := s.setMailed(ctx, tx, a, last)
		if err == nil && !first {
			err = errMailed
		}
		return err
	})
	if errors.Is(err, errMailed) {
		err = nil
	}
	return refused, err
}

// errMailed undoes a mail whose lines another node has sent at the same moment.
var errMailed = errors.New("another mail has brought these lines")

// execer is a pool or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// setMailed notes up to where a visitor needs to be told nothing any more, unless somebody else has
// moved it since the absence was read.
func (s *Store) setMailed(ctx context.Context, db execer, a absence, to int64) (bool, error) {
	tag, err := db.Exec(ctx, `
		update visitor
		set mailed_to = $3
		where id = $1 and conversation_id = $4 and mailed_to = $2`, a.ID, a.Mailed, to, a.Conversation)
	if err != nil {
		return false, fmt.Errorf("note what was mailed: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// unseen are the agents' lines that the visitor has not had, and that no mail has brought, and the
// last of all entries that were looked at; a zero one where there is none that is new.
func (s *Server) unseen(ctx context.Context, a absence) (lines []gateway.Entry, last gateway.Entry, err error) {
	for after := a.Mailed; ; {
		entries, err := s.Timeline.Entries(ctx, a.Conversation, after, snapPage)
		if err != nil {
			return nil, last, err
		}
		for _, e := range entries {
			after, last = e.Pos, e
			lines = addUnseen(lines, e, a.Since)
		}
		if len(entries) < snapPage {
			return lines, last, nil
		}
	}
}

func addUnseen(lines []gateway.Entry, e gateway.Entry, since time.Time) []gateway.Entry {
	if sent, ok := strings.CutPrefix(e.ClientID, continuedID); ok && e.Kind == gateway.EntryEvent {
		upTo, _ := strconv.ParseInt(sent, 10, 64) // zero of what is not ours, which has brought nothing
		for len(lines) > 0 && lines[0].Pos <= upTo {
			lines = lines[1:]
		}
		return lines
	}
	switch {
	case e.Internal || e.Kind == gateway.EntryEvent:
		return lines
	case e.Author.Kind == gateway.ByCustomer:
		return nil // they were there
	case e.Author.Kind == gateway.ByAgent && e.Channel == gateway.Chat && e.At.After(since.Add(-noticed)):
		return append(lines, e)
	}
	return lines
}

// sendTranscript sends a chat that is about to end by its visitor's silence, where the widget wants that.
// It comes before the end, so that no crash between them loses it; said again, it is the same mail.
func (s *Server) sendTranscript(ctx context.Context, a absence, i gateway.InteractionID) error {
	if a.Email == "" {
		return nil
	}
	w, err := s.Widget(ctx, s.pool, a.Widget)
	if err != nil || !w.After.Transcript {
		return err
	}
	language := w.language(a.Language)
	text, err := s.transcribe(ctx, a.Conversation, &w, language)
	if err != nil {
		return err
	}
	_, err = s.mail(ctx, &w, a, letterOf{"transcript", TranscriptID + "silent/" + i.String(), voices[language].Transcript.Said, text}, Transcript{Most: maxTranscripts, Unasked: true}, nil)
	return err
}

// letterOf is a mail about a chat: what it is, the id that makes it one, what the conversation says of
// it, and its text.
type letterOf struct{ what, id, said, text string }

// mail sends a visitor something of their chat, once for an id, and says so on the conversation; also
// joins its transaction. A house that cannot send mail goes on without it.
func (s *Server) mail(ctx context.Context, w *Widget, a absence, l letterOf, t Transcript, also func(context.Context, pgx.Tx) error) (refused bool, err error) {
	body, err := json.Marshal(gateway.Happening{What: l.what})
	if err != nil {
		return false, err
	}
	t.Queue, t.Subject, t.Text = w.queueFor(w.topic(a.Topic)), voices[w.language(a.Language)].Transcript.Subject+" "+w.Name, l.text
	t.To = gateway.Address{Kind: gateway.AddressEmail, Value: a.Email, Name: a.Name}
	_, err = s.Mail.Transcript(ctx, gateway.Entry{
		Conversation: a.Conversation, Kind: gateway.EntryEvent, Channel: gateway.Chat, Text: l.said, Body: body, ClientID: l.id,
		Author: gateway.Author{Kind: gateway.BySystem, Name: w.Name}, At: time.Now(),
	}, t, also)
	if refusal, ok := errors.AsType[*gateway.Error](err); ok {
		s.Log.Warn("a visitor who is away is not written to", "conversation", a.Conversation, "err", refusal)
		return true, nil
	}
	return false, err
}
