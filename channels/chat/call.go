package chat

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/tidy"
)

// A visitor may ask to be called, at any time where the widget says so: instead of a chat, of
// waiting, of coming back when somebody is there. Whoever waits and wants to be called soon
// keeps the place (step.go). Else the wish is an arrival, kept on the case at once; it enters
// the queue when the customer wants to be called, or when the queue opens.
//
//	asked ──→ waits in the queue (soon, and the queue is open)
//	  └─────→ kept (a row of call_wish) ──due──→ waits in the queue
//	                                       └───→ off: its case was closed meanwhile, or somebody has talked with them

const (
	callsAlways = "always" // Form.Callback: not only where a queue's steps offer it
	callAhead   = 14 * 24 * time.Hour
	callSoon    = time.Minute // what is due within it is due now
	callsOfOne  = 3           // that one visitor asks for in a day
	callsPage   = 20          // that one sweep enters
	callSweep   = 5           // seconds
)

// wish is a call that somebody has asked for.
type wish struct {
	ID           int64
	Widget       int64
	TokenHash    []byte
	CID          string
	Conversation gateway.ConversationID
	Name         string
	Number       string
	About        string
	Topic        string
	Language     string
	Due          time.Time
	Asked        time.Time
}

const wishColumns = `id, widget_id as widget, token_hash, cid, conversation_id as conversation, name, number, about, topic, language, due_at as due, created_at as asked`

// askCall takes a wish in. The same client id again is the same wish.
func (v *session) askCall(ctx context.Context, f frameIn, number string, who visitor) error {
	if err := checkLine(f.CID, "-"); err != nil {
		return err
	}
	about := clip(f.Text, maxComment)
	topic := cmp.Or(clip(f.Topic, maxName), who.Topic)
	due, err := v.whenToCall(ctx, f.Due, v.widget.queueFor(v.widget.topic(topic)), time.Now())
	if err != nil {
		return err
	}
	w := wish{
		Widget: v.widget.ID, TokenHash: v.token[:], CID: f.CID, Conversation: who.Conversation, Number: number, About: about,
		Name: cmp.Or(clip(f.Name, maxName), who.Name), Topic: topic, Language: v.lang, Due: due,
	}
	later := !due.IsZero()
	a := v.widget.calling(v.token, who, w, v.srv.Zone)
	a.Key, a.Quiet = "chat/"+v.token.name()+"/call/"+f.CID, later
	if _, err := v.srv.Intake.Receive(ctx, a, func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		if r.Repeated {
			return nil
		}
		if err := v.mayAskCall(ctx, tx); err != nil {
			return err
		}
		w.Conversation = r.Conversation
		return keepWish(ctx, tx, w)
	}); err != nil {
		return fmt.Errorf("take the wish for a call in: %w", err)
	}
	return nil
}

// wished says whether a visitor's wish is known.
func (s *Store) wished(ctx context.Context, h tokenHash, cid string) (known bool, err error) {
	if err := s.pool.QueryRow(ctx, `select exists (select from call_wish where token_hash = $1 and cid = $2)`, h[:], cid).Scan(&known); err != nil {
		return false, fmt.Errorf("look for the wish for a call: %w", err)
	}
	return known, nil
}

// whenToCall is when the call enters its queue; zero: now.
func (v *session) whenToCall(ctx context.Context, asked int64, queue gateway.QueueID, now time.Time) (time.Time, error) {
	if asked == 0 {
		o, err := v.srv.Board.Opening(ctx, queue)
		if err != nil || o.Open || !o.Until.After(now) {
			return time.Time{}, err
		}
		return o.Until, nil
	}
	due := time.UnixMilli(asked)
	if due.Before(now.Add(-callSoon)) || due.After(now.Add(callAhead)) {
		return due, gateway.Invalid("bad_time", "Choose a time within the next 14 days.")
	}
	if due.Before(now.Add(callSoon)) {
		return time.Time{}, nil
	}
	return due, nil
}

// mayAskCall refuses more than one visitor needs, and more than may begin.
func (v *session) mayAskCall(ctx context.Context, tx pgx.Tx) error {
	var n int
	if err := tx.QueryRow(ctx, `
		select count(*)
		from call_wish
		where token_hash = $1 and created_at > now() - interval '1 day'`, v.token[:]).Scan(&n); err != nil {
		return fmt.Errorf("count wishes for calls: %w", err)
	}
	if n >= callsOfOne {
		return &gateway.Error{Kind: gateway.KindTooMany, Code: "too_many_calls", Detail: "We have noted that you want to be called."}
	}
	return v.mayBegin()
}

// calling is a wish as an arrival.
func (w *Widget) calling(h tokenHash, who visitor, x wish, zone *time.Location) gateway.Arrival {
	who.Topic, who.Language, who.Name = x.Topic, x.Language, x.Name
	lines := []string{"☎ " + strings.Join(strings.Fields(x.Name+" "+x.Number), " ")}
	if !x.Due.IsZero() {
		lines[0] += ", " + x.Due.In(zone).Format("2006-01-02 15:04")
	}
	if x.About != "" {
		lines = append(lines, x.About)
	}
	a := w.arrival(h, who, gateway.Entry{
		Kind: gateway.EntryMessage, Channel: gateway.Callback, Text: strings.Join(lines, "\n"), ClientID: "call/" + x.CID, At: time.Now(),
		Author: gateway.Author{Kind: gateway.ByCustomer, ID: int64(who.Customer), Name: x.Name},
	})
	a.Channel, a.Conversation, a.Alone = gateway.Callback, x.Conversation, true
	a.Others = append(a.Others, gateway.Address{Kind: gateway.AddressPhone, Value: x.Number, Name: x.Name})
	return a
}

// keepWish notes a wish; what has entered the queue already, so that it is counted and known
// when it is said again.
func keepWish(ctx context.Context, tx pgx.Tx, w wish) error {
	_, err := tx.Exec(ctx, `
		insert into call_wish (widget_id, token_hash, cid, conversation_id, name, number, about, topic, language, due_at, entered_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, '0001-01-01'::timestamptz), case when $10 = '0001-01-01'::timestamptz then now() end)
		on conflict (token_hash, cid) do nothing`,
		w.Widget, w.TokenHash, w.CID, w.Conversation, w.Name, w.Number, w.About, w.Topic, w.Language, w.Due)
	if err != nil {
		return fmt.Errorf("keep the wish for a call: %w", err)
	}
	return nil
}

// sweepCalls lets those into the queue who want to be called now. What another node lets in at the
// same moment is the same arrival.
func (s *Server) sweepCalls(ctx context.Context, now time.Time) {
	if now.Unix()%callSweep != 0 {
		return
	}
	due, err := s.dueCalls(ctx)
	for _, w := range due {
		err = errors.Join(err, s.enterCall(ctx, w))
	}
	if err != nil {
		s.Log.Warn("customers who want to be called still wait", "err", err)
	}
}

func (s *Store) dueCalls(ctx context.Context) ([]wish, error) {
	rows, _ := s.pool.Query(ctx, `
		select `+wishColumns+`
		from call_wish
		where entered_at is null and due_at <= now()
		order by due_at
		limit $1`, callsPage) // its error is met again below
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[wish])
	if err != nil {
		return nil, fmt.Errorf("find calls that are due: %w", err)
	}
	return list, nil
}

// enterCall takes the wish in once more, this time for the queue. Of who has been blocked since, it
// stays on the case, and nobody is asked to call; nor where the call is off.
func (s *Server) enterCall(ctx context.Context, x wish) error {
	w, err := s.Widget(ctx, s.pool, x.Widget)
	if err != nil {
		return err
	}
	h := tokenHash(x.TokenHash)
	who, err := s.visitor(ctx, h)
	if err != nil {
		return err
	}
	if blocked, err := s.blocked(ctx, &w, h, who); err != nil || blocked {
		if err == nil {
			err = enteredWish(ctx, s.pool, x.ID)
		}
		return err
	}
	a := w.calling(h, who, x, s.Zone)
	_, err = s.Intake.Receive(ctx, w.told(a, x, "due"), func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		if off, err := s.off(ctx, tx, x, r); err != nil || off {
			return cmp.Or(err, errOff)
		}
		return enteredWish(ctx, tx, x.ID)
	})
	if errors.Is(err, errOff) {
		return s.callOff(ctx, w.told(a, x, "off"), x)
	}
	if err != nil {
		return fmt.Errorf("let a call that is due into the queue: %w", err)
	}
	return nil
}

// errOff undoes the arrival of a call that nobody needs any more.
var errOff = errors.New("the call is off")

// off says whether what the customer wanted to be called about is done with: they are on a case that
// was closed after they asked, or somebody has talked with them. What has entered by another node stays.
func (s *Server) off(ctx context.Context, tx pgx.Tx, x wish, r gateway.Received) (bool, error) {
	if r.Repeated {
		return false, nil
	}
	return s.Board.Settled(ctx, tx, r.Case, x.Asked)
}

// callOff says so on the case, which stays closed, and to the visitor.
func (s *Server) callOff(ctx context.Context, a gateway.Arrival, x wish) error {
	a.Quiet = true
	_, err := s.Intake.Receive(ctx, a, func(ctx context.Context, tx pgx.Tx, _ gateway.Received) error {
		return enteredWish(ctx, tx, x.ID)
	})
	if err != nil {
		return fmt.Errorf("call off a call: %w", err)
	}
	return nil
}

// told is what becomes of a wish, as an arrival: that it is due, or off.
func (w *Widget) told(a gateway.Arrival, x wish, what string) gateway.Arrival {
	a.Key = "chat/" + tokenHash(x.TokenHash).name() + "/call/" + x.CID + "/" + what
	body, err := json.Marshal(gateway.Happening{What: "call_" + what})
	if err != nil {
		panic(err) // a word
	}
	a.Entry.Kind, a.Entry.Body, a.Entry.ClientID, a.Entry.Author = gateway.EntryEvent, body, "call/"+x.CID+"/"+what, gateway.Author{Kind: gateway.BySystem, Name: w.Name}
	return a
}

// blocked says whether a visitor who is not connected may not chat.
func (s *Server) blocked(ctx context.Context, w *Widget, h tokenHash, who visitor) (bool, error) {
	b, err := s.blocks(ctx, time.Now())
	if err != nil {
		return false, err
	}
	source, _ := netip.ParsePrefix(who.Source) // invalid where none is known, which no block holds
	return b.holds(w, h, who, source), nil
}

func enteredWish(ctx context.Context, db execer, id int64) error {
	if _, err := db.Exec(ctx, `update call_wish set entered_at = now() where id = $1`, id); err != nil {
		return fmt.Errorf("note that a wish for a call has entered: %w", err)
	}
	return nil
}

// SweepWishes forgets the wishes that entered their queue before a time. The cases keep what was said.
func (s *Store) SweepWishes(ctx context.Context, before time.Time) (int64, error) {
	gone, err := tidy.Rows(ctx, s.pool, `
		delete from call_wish
		where id in (select id from call_wish where entered_at < $1 limit $2)`, before)
	if err != nil {
		return gone, fmt.Errorf("sweep wishes for calls: %w", err)
	}
	return gone, nil
}
