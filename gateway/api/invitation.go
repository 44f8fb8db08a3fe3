package api

import (
	"cmp"
	"context"
	"encoding/json"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type answerInvitationIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ClientID string                   `json:"client_id,omitempty" maxLength:"100" doc:"Your own id; the same id twice is one mail"`
		Answer   gateway.InvitationAnswer `json:"answer" enum:"accepted,tentative,declined"`
		Text     string                   `json:"text,omitempty" maxLength:"20000" doc:"To the organizer, beside it"`
		Pos      int64                    `json:"pos,omitempty" minimum:"0" doc:"The mail with the invitation; the latest unless set"`
		SendAt   *time.Time               `json:"send_at,omitempty" doc:"Not before this, within a year; until it leaves it can be cancelled"`
		Hold     int                      `json:"hold,omitempty" minimum:"0" maximum:"600" doc:"Seconds in which it can be cancelled, before it leaves"`
		SeenPos  int64                    `json:"seen_pos,omitempty" doc:"The last position you have read: refused when a colleague has answered since. 0 sends anyway"`
	}
}

// answerInvitation tells the organizer of a meeting whether we come, in a mail that their
// calendar understands. It may be answered otherwise later: the last answer counts.
func (s *Server) answerInvitation(ctx context.Context, by access.Caller, in *answerInvitationIn) (gateway.Entry, error) {
	b := in.Body
	id := cmp.Or(b.ClientID, in.Key)
	i, before, err := s.speaking(ctx, by, in.ID, id)
	if err != nil || before.Pos != 0 {
		return before, err
	}
	sendAt, err := leaves(b.SendAt, b.Hold)
	if err != nil {
		return gateway.Entry{}, err
	}
	r, _, err := s.answering(ctx, i)
	if err != nil {
		return gateway.Entry{}, err
	}
	if r.Answers, err = s.invitationIn(ctx, i.Conversation, b.Pos); err != nil {
		return gateway.Entry{}, err
	}
	if r, err = s.signed(ctx, by, r); err != nil {
		return gateway.Entry{}, err
	}
	r.Invitation, r.Attend, r.Text, r.Subject, r.Language = r.Answers.Invitation, b.Answer, b.Text, "", s.Language
	return s.send(ctx, i, ready{entry: s.mailEntry(by, i, id, b.Text), reply: r, seen: b.SeenPos, sendAt: sendAt})
}

// invitationIn is the mail with an invitation that can be answered: at a position, or the
// latest.
func (s *Server) invitationIn(ctx context.Context, conversation gateway.ConversationID, pos int64) (mail gateway.Mail, err error) {
	from, n := int64(0), mailsRead
	if pos > 0 {
		from, n = pos+1, 1
	}
	entries, err := s.Timeline.Before(ctx, conversation, from, n)
	if err != nil {
		return mail, err
	}
	found := false
	for _, e := range entries {
		var m gateway.Mail
		if e.Kind != gateway.EntryMail || e.Author.Kind != gateway.ByCustomer || json.Unmarshal(e.Body, &m) != nil {
			continue
		}
		if in := m.Invitation; in != nil && in.Method == "request" && in.UID != "" && mailAddress(in.Organizer) == nil {
			mail, found = m, true
		}
	}
	if !found {
		return mail, &gateway.Error{Kind: gateway.KindUnprocessed, Code: "no_invitation", Detail: "there is no invitation there that asks for an answer; give pos of one"}
	}
	return mail, nil
}
