package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// stepTaken is what the floor says of a step of a queue's plan.
type stepTaken struct {
	Interaction  gateway.InteractionID  `json:"interaction"`
	Conversation gateway.ConversationID `json:"conversation"`
	Channel      gateway.Channel        `json:"channel"`
	Step         gateway.Step           `json:"step"`
}

// hearStep takes what the floor tells of steps. Those that end the wait have written so on
// the conversation, which the visitor follows; an offered callback is noted for the visitor,
// who may be elsewhere or come back, and told.
func (s *Server) hearStep(e gateway.Event) {
	var t stepTaken
	if e.Type != "interaction.step" || json.Unmarshal(e.Data, &t) != nil || t.Channel != gateway.Chat || t.Step.Do != gateway.OfferCallback {
		return
	}
	s.spawn(func(ctx context.Context) {
		if err := s.setCallable(ctx, t.Conversation, t.Interaction); err != nil {
			s.Log.Warn("an offered callback is not noted", "interaction", t.Interaction, "err", err)
		}
		for _, v := range s.all() {
			v.offerCallback(t)
		}
	})
}

// offerCallback tells a visitor who waits that they may be called back.
func (v *session) offerCallback(t stepTaken) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.visitor.Conversation != t.Conversation {
		return
	}
	if v.visitor.Callable = t.Interaction; v.phase == phaseQueued {
		v.out.tell(v.queueFrameLocked())
	}
}

// queueFrameLocked says where a visitor who waits stands.
func (v *session) queueFrameLocked() frameOut {
	callable := v.widget.Form.Callback == callsAlways || v.visitor.Callable != 0 && (v.place.Interaction == 0 || v.place.Interaction == v.visitor.Callable)
	return frameOut{T: "queue", Phase: phaseQueued, Position: v.place.Position, Wait: seconds(v.place.Wait), Callback: callable}
}

// callBack is a visitor who would rather be called back: the number becomes the customer's,
// and the callback takes the chat's place. Asked twice, it is one callback.
func (v *session) callBack(ctx context.Context, f frameIn) error {
	number := phoneNumber(f.Phone)
	if number == "" {
		return gateway.Invalid("bad_number", "That is not a telephone number; write it with its area code.")
	}
	v.mu.Lock()
	who := v.visitor
	v.mu.Unlock()
	places, err := v.srv.Board.Places(ctx, []gateway.ConversationID{who.Conversation})
	if err != nil {
		return fmt.Errorf("call back: %w", err)
	}
	p, open := places[who.Conversation]
	known, err := v.srv.wished(ctx, v.token, f.CID)
	if err != nil {
		return err
	}
	queued, always := open && phaseOf(p.State) == phaseQueued, v.widget.Form.Callback == callsAlways
	switch {
	case queued && f.Due == 0 && (always || who.Callable == p.Interaction):
		err = v.keepPlace(ctx, who, p.Interaction, number, f)
	case queued && always:
		if err = v.askCall(ctx, f, number, who); err == nil {
			err = v.srv.leave(ctx, p.Interaction, gateway.EndCallback)
		}
	case known: // said again
	case always && !open:
		err = v.askCall(ctx, f, number, who)
	default:
		err = gateway.Conflict("not_waiting", "You are being answered already, or nobody has offered to call you.", nil)
	}
	if err == nil {
		v.heedNoMore() // an earlier wish counts no more
		v.out.send(frameOut{T: "left", CID: f.CID})
		v.heed(ctx)
	}
	return err
}

// keepPlace has a callback take the place of the chat.
func (v *session) keepPlace(ctx context.Context, who visitor, i gateway.InteractionID, number string, f frameIn) error {
	if err := v.leaveNumber(ctx, who, i, number, f); err != nil {
		return err
	}
	id, err := v.srv.Floor.Reserve(ctx)
	if err != nil {
		return fmt.Errorf("call back: %w", err)
	}
	_, err = v.srv.Floor.Do(ctx, "chat/callback/"+i.String(), gateway.CallBack{Interaction: i, Callback: id})
	return err
}

// leaveNumber says the number on the conversation, through the intake, which keeps it as an
// address of the customer. The wish is noted, so that it is known when it is said again.
func (v *session) leaveNumber(ctx context.Context, who visitor, i gateway.InteractionID, number string, f frameIn) error {
	now := time.Now()
	text := number
	if who.Name != "" {
		text = who.Name + ", " + number
	}
	_, err := v.srv.Intake.Receive(ctx, gateway.Arrival{
		Key:     fmt.Sprintf("chat/%s/callback/%d/%s", v.token.name(), i, number),
		Channel: gateway.Chat, Queue: v.widget.queueFor(v.widget.topic(who.Topic)), Conversation: who.Conversation,
		From:   gateway.Address{Kind: gateway.AddressVisitor, Value: v.token.name(), Name: who.Name},
		Others: []gateway.Address{{Kind: gateway.AddressPhone, Value: number, Name: who.Name}}, Language: who.Language, ArrivedAt: now,
		Entry: gateway.Entry{
			Kind: gateway.EntryMessage, Channel: gateway.Chat, Text: "☎ " + text, At: now,
			ClientID: fmt.Sprintf("callback/%d", i),
			Author:   gateway.Author{Kind: gateway.ByCustomer, ID: int64(who.Customer), Name: who.Name},
		},
	}, func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		return keepWish(ctx, tx, wish{
			Widget: v.widget.ID, TokenHash: v.token[:], CID: f.CID, Conversation: r.Conversation, Name: who.Name, Number: number, Topic: who.Topic, Language: v.lang,
		})
	})
	if err != nil {
		return fmt.Errorf("leave a number: %w", err)
	}
	return nil
}

// phoneNumber keeps digits and a leading +; "" if that is no number of a telephone.
func phoneNumber(s string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(s) {
		switch {
		case r >= '0' && r <= '9', r == '+' && b.Len() == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" -./()\u00a0", r):
		default:
			return ""
		}
	}
	if n := b.Len(); n < 5 || n > 20 {
		return ""
	}
	return b.String()
}

// letter is a visitor leaving a message because nobody can chat: it becomes a mail of theirs,
// on a case of its own, that an agent answers by mail. It is taken whoever can chat by now:
// it was begun when nobody could.
func (v *session) letter(ctx context.Context, f frameIn) error {
	text := strings.TrimSpace(gateway.Clean(f.Text))
	if err := checkLine(f.CID, text); err != nil {
		return err
	}
	email, err := mailAddress(f.Email)
	if err != nil {
		return err
	}
	v.mu.Lock()
	who := v.visitor
	v.mu.Unlock()
	from := gateway.Address{Kind: gateway.AddressEmail, Value: email, Name: clip(f.Name, maxName)}
	topic := v.widget.topic(clip(f.Topic, maxName))
	first, _, _ := strings.Cut(text, "\n")
	body, err := json.Marshal(gateway.Mail{Subject: clip(first, maxName), From: from})
	if err != nil {
		return err
	}
	now := time.Now()
	may := sync.OnceValue(v.mayBegin) // once, though the transaction may be repeated
	_, err = v.srv.Intake.Receive(ctx, gateway.Arrival{
		Key:     "chat/" + v.token.name() + "/letter/" + f.CID,
		Channel: gateway.Email, Queue: v.widget.queueFor(topic), From: from, Subject: clip(first, maxName), Language: v.lang, Skills: topic.Skills,
		Others: visitorAddress(v.token, who), ArrivedAt: now, Alone: true,
		Entry: gateway.Entry{
			Kind: gateway.EntryMail, Channel: gateway.Email, Text: text, Language: v.lang, Body: body, At: now,
			Author: gateway.Author{Kind: gateway.ByCustomer, Name: from.Name},
		},
	}, func(_ context.Context, _ pgx.Tx, r gateway.Received) error {
		if r.Repeated {
			return nil // stored is stored, whatever has begun since
		}
		return may()
	})
	if err != nil {
		return fmt.Errorf("take a letter in: %w", err)
	}
	v.out.send(frameOut{T: "left", CID: f.CID})
	return nil
}

// mailAddress is an address that mail can be sent to.
func mailAddress(s string) (string, error) {
	email, ok := gateway.TypedMailAddress(clip(s, maxAddress))
	if !ok {
		return "", gateway.Invalid("bad_email", "That is not an e-mail address; we need one to write to you.")
	}
	return email, nil
}

// ending is how a conversation ended last.
type ending struct {
	writtenSince bool                  // by the visitor; also where it never ended
	answered     bool                  // an agent has taken part, ever
	ended        gateway.InteractionID // zero where it goes on, or nobody answered it
}

// ending finds it among the entries after a position.
func (s *Server) ending(ctx context.Context, c gateway.ConversationID, after int64) (last ending, err error) {
	var joined gateway.InteractionID
	for {
		entries, err := s.Timeline.Entries(ctx, c, after, snapPage)
		if err != nil || len(entries) == 0 {
			return last, err
		}
		for _, e := range entries {
			l, shown := viewEntry(e, func(gateway.AgentID) string { return "" })
			switch {
			case !shown:
			case l.What == "joined":
				last.answered, joined = true, e.Interaction
			case l.What == "ended":
				last.writtenSince, last.ended = false, 0
				if joined == e.Interaction {
					last.ended = joined
				}
			case l.From == "me" && l.Kind != gateway.EntryEvent:
				last.writtenSince, last.ended = true, 0
			}
		}
		after = entries[len(entries)-1].Pos
	}
}

// visitorAddress is that of a visitor who has chatted before.
func visitorAddress(h tokenHash, who visitor) []gateway.Address {
	if who.Conversation == 0 {
		return nil
	}
	return []gateway.Address{{Kind: gateway.AddressVisitor, Value: h.name(), Name: who.Name}}
}
