package tickets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// DraftKind says what is being written.
type DraftKind string

// What is kept while it is being written.
const (
	DraftReply   DraftKind = "reply"
	DraftForward DraftKind = "forward"
)

// Draft is a mail that is being written in a conversation and has not been said: there is one
// of a kind, whoever writes it, so that colleagues see it and go on with it.
type Draft struct {
	Conversation gateway.ConversationID `json:"conversation"`
	Kind         DraftKind              `json:"kind" enum:"reply,forward"`
	Agent        gateway.AgentID        `json:"agent" doc:"Who wrote last"`
	DraftWords
	Rev     int64     `json:"rev"`
	SavedAt time.Time `json:"saved_at"`
}

// DraftWords are what a draft says so far, and to whom.
type DraftWords struct {
	Text        string               `json:"text" maxLength:"200000"`
	HTML        string               `json:"html,omitempty" maxLength:"1000000"`
	Subject     string               `json:"subject,omitempty" maxLength:"500"`
	To          []gateway.Address    `json:"to,omitempty" maxItems:"100" doc:"None: whom the answer goes to anyway"`
	Cc          []gateway.Address    `json:"cc,omitempty" maxItems:"100"`
	Bcc         []gateway.Address    `json:"bcc,omitempty" maxItems:"100"`
	Attachments []gateway.Attachment `json:"attachments,omitempty" maxItems:"50"`
}

// DraftChange tells consoles that a draft was saved, or is gone; what it says is read by those
// who show it.
type DraftChange struct {
	Conversation gateway.ConversationID `json:"conversation"`
	Kind         DraftKind              `json:"kind"`
	Agent        gateway.AgentID        `json:"agent"`
	Rev          int64                  `json:"rev"`
	Gone         bool                   `json:"gone,omitempty"`
}

const draftColumns = `conversation, kind, agent, body, rev, saved_at`

func scanDraft(r pgx.CollectableRow) (d Draft, err error) {
	var body []byte
	if err = r.Scan(&d.Conversation, &d.Kind, &d.Agent, &body, &d.Rev, &d.SavedAt); err != nil {
		return d, err
	}
	return d, json.Unmarshal(body, &d.DraftWords)
}

// Drafts are those of a conversation.
func (s *Store) Drafts(ctx context.Context, conversation gateway.ConversationID) ([]Draft, error) {
	rows, _ := s.db.Query(ctx, `
		select `+draftColumns+`
		from draft
		where conversation = $1
		order by kind`, conversation) // the error comes with the rows
	return pgx.CollectRows(rows, scanDraft)
}

// SaveDraft keeps what is written so far. rev is that of what its writer has read, 0 that there
// was none, nil whatever is there; it is refused when somebody has saved since. was is what it
// said before.
func (s *Store) SaveDraft(ctx context.Context, d Draft, rev *int64) (now Draft, was DraftWords, err error) {
	body, err := json.Marshal(d.DraftWords)
	if err != nil {
		return d, was, err
	}
	err = s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		for {
			have, err := holdDraft(ctx, tx, d.Conversation, d.Kind)
			if err != nil {
				return nil, err
			}
			if was = have.DraftWords; rev != nil && *rev != have.Rev {
				return nil, stale(have)
			}
			now, err = putDraft(ctx, tx, d, body, have.Rev)
			if !errors.Is(err, pgx.ErrNoRows) {
				return []gateway.Event{draftChanged(now, false)}, err
			} // two began at once, and the other one was first: look at what is there now
		}
	})
	return now, was, err
}

// putDraft writes a draft where the one of that rev is, or where none is, and nothing (ErrNoRows)
// where somebody has just begun one.
func putDraft(ctx context.Context, tx pgx.Tx, d Draft, body []byte, rev int64) (Draft, error) {
	rows, _ := tx.Query(ctx, `
		insert into draft (conversation, kind, agent, body)
		values ($1, $2, $3, $4)
		on conflict (conversation, kind) do update
		set agent = excluded.agent, body = excluded.body, rev = excluded.rev, saved_at = excluded.saved_at
		where draft.rev = $5
		returning `+draftColumns, d.Conversation, d.Kind, d.Agent, string(gateway.CleanJSON(body)), rev) // the error comes with the rows
	return pgx.CollectExactlyOneRow(rows, scanDraft)
}

// DropDraft throws a draft away that still has rev, nil: whatever is there. None is done.
func (s *Store) DropDraft(ctx context.Context, conversation gateway.ConversationID, kind DraftKind, rev *int64) (was DraftWords, err error) {
	err = s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		have, err := holdDraft(ctx, tx, conversation, kind)
		if err != nil || have.Rev == 0 {
			return nil, err
		}
		if was = have.DraftWords; rev != nil && *rev != have.Rev {
			return nil, stale(have)
		}
		gone, err := dropDraft(ctx, tx, have)
		return []gateway.Event{gone}, err
	})
	return was, err
}

// DraftSent throws away, in the caller's transaction, what an agent had written of a mail that
// they send now; a colleague's stays, and one that is later than rev, 0: any. The caller
// appends and tells the events.
func (s *Store) DraftSent(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, kind DraftKind, agent gateway.AgentID, rev int64) (was DraftWords, news []gateway.Event, err error) {
	have, err := holdDraft(ctx, tx, conversation, kind)
	if err != nil || have.Rev == 0 || have.Agent != agent || rev != 0 && have.Rev > rev {
		return was, nil, err
	}
	gone, err := dropDraft(ctx, tx, have)
	return have.DraftWords, []gateway.Event{gone}, err
}

// Forget takes the files of a draft that is gone out of use, in the transaction that it goes in.
type Forget func(ctx context.Context, tx pgx.Tx, files []gateway.Attachment) error

// draftBatch is how many drafts go in one transaction.
const draftBatch = 100

// SweepDrafts throws drafts away that nobody has touched since a time, and those that were there
// when their case was closed, a day ago or more: there is nothing more to say. What was begun or
// went on after that is a new matter. Consoles are told.
func (s *Store) SweepDrafts(ctx context.Context, before time.Time, forget Forget) (gone int64, err error) {
	for {
		var some int64
		err := s.edit(ctx, func(tx pgx.Tx) (news []gateway.Event, err error) {
			old, err := oldDrafts(ctx, tx, before)
			some = int64(len(old))
			for _, d := range old {
				dropped, err := dropDraft(ctx, tx, d)
				if err != nil {
					return nil, err
				}
				if err := forget(ctx, tx, d.Attachments); err != nil {
					return nil, err
				}
				news = append(news, dropped)
			}
			return news, err
		})
		if err != nil {
			return gone, fmt.Errorf("sweep drafts: %w", err)
		}
		if gone += some; some < draftBatch {
			return gone, nil
		}
	}
}

// oldDrafts locks drafts that nobody needs, but for those that somebody is just changing.
func oldDrafts(ctx context.Context, tx pgx.Tx, before time.Time) ([]Draft, error) {
	rows, _ := tx.Query(ctx, `
		select `+draftColumns+`
		from draft d
		where saved_at < $1 or exists (
			select
			from case_of_conversation v
			join support_case c on c.id = v.case_id
			where v.conversation = d.conversation and c.closed_at < now() - interval '1 day' and d.saved_at <= c.closed_at)
		limit $2
		for update of d skip locked`, before, draftBatch) // the error comes with the rows
	return pgx.CollectRows(rows, scanDraft)
}

// holdDraft locks a draft until the transaction ends; without one its rev is 0.
func holdDraft(ctx context.Context, tx pgx.Tx, conversation gateway.ConversationID, kind DraftKind) (d Draft, err error) {
	rows, _ := tx.Query(ctx, `
		select `+draftColumns+`
		from draft
		where conversation = $1 and kind = $2
		for update`, conversation, kind) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanDraft)
	if len(list) == 1 {
		d = list[0]
	}
	return d, err
}

// dropDraft counts on: a draft that is begun anew is newer than the one that is gone.
func dropDraft(ctx context.Context, tx pgx.Tx, d Draft) (gateway.Event, error) {
	err := tx.QueryRow(ctx, `
		delete from draft
		where conversation = $1 and kind = $2
		returning nextval('draft_rev')`, d.Conversation, d.Kind).Scan(&d.Rev)
	return draftChanged(d, true), err
}

func draftChanged(d Draft, gone bool) gateway.Event {
	event := gateway.NewEvent(gateway.TopicConversation(d.Conversation), "draft.changed", d.Rev,
		DraftChange{Conversation: d.Conversation, Kind: d.Kind, Agent: d.Agent, Rev: d.Rev, Gone: gone})
	event.Conversation = d.Conversation
	return event
}
