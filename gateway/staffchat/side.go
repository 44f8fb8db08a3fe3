package staffchat

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Beside an interaction is a chat of its own for those who are on it, its agent and the
// colleagues whom they ask, and for supervisors who look on. Its conversation is not the
// customer's, so nothing of it can get there. Who is on the interaction no longer is in the
// chat no longer; an agent who takes it over from one who is not there begins a new one.
//
// Where the house does not tell who looks on, those on the interaction see only each other in
// its chat, and whom it says that a whisper is from.

// observeFor is how long somebody looks on who says nothing more: a console says it again
// every twenty seconds.
const observeFor = time.Minute

// Side is what an agent knows of what is beside an interaction.
type Side struct {
	Chat      *Chat // nil: nobody has said anything that they were there for
	Entries   []gateway.Entry
	Observers []gateway.AgentID
}

// Side gives what is beside an interaction, with the last texts.
func (s *Store) Side(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID) (side Side, err error) {
	if side.Observers, err = observers(ctx, s.db, id); err != nil {
		return side, err
	}
	chats, err := list[Chat](ctx, s.db, "select "+chatColumns+`
		where c.interaction = $2
		order by c.conversation desc
		limit 1`, agent, id)
	if err != nil || len(chats) == 0 {
		return side, err
	}
	side.Chat = &chats[0]
	side.Entries, err = s.said(ctx, agent, side.Chat.Conversation, 0, 200)
	return side, err
}

// SayBeside adds a text to the chat beside an interaction, once for each clientID, and tells
// those who are there. The caller has checked that the author is.
func (s *Store) SayBeside(ctx context.Context, by gateway.Author, i gateway.Interaction, clientID, text string) (gateway.Entry, error) {
	text, err := checkText(text)
	if err != nil {
		return gateway.Entry{}, err
	}
	var e gateway.Entry
	err = s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		there, err := present(ctx, tx, i, gateway.AgentID(by.ID))
		if err != nil {
			return nil, err
		}
		chat, told, err := s.sideChat(ctx, tx, gateway.AgentID(by.ID), i, there)
		if err != nil {
			return nil, err
		}
		e = textOf(by, chat, clientID, text)
		said, err := s.say(ctx, tx, &e, there)
		if err == nil && !e.Repeated && !slices.Contains(onIt(i), gateway.AgentID(by.ID)) {
			err = whisper(ctx, tx, e, there)
		}
		return append(told, said...), err
	})
	return e, err
}

// onIt are those who have an interaction, or are asked about it.
func onIt(i gateway.Interaction) []gateway.AgentID {
	return append([]gateway.AgentID{i.Agent}, i.Others...)
}

// present are those who hear what is said beside an interaction.
func present(ctx context.Context, db querier, i gateway.Interaction, by gateway.AgentID) ([]gateway.AgentID, error) {
	all, err := observers(ctx, db, i.ID)
	if err != nil {
		return nil, err
	}
	all = append(append(all, i.Agent, by), i.Others...)
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(a gateway.AgentID) bool { return a == 0 }), nil
}

// sideChat finds the chat that the interaction's agent is in, or opens one, and lets in it
// exactly those who are there. Who is new is told of it.
func (s *Store) sideChat(ctx context.Context, tx pgx.Tx, by gateway.AgentID, i gateway.Interaction, there []gateway.AgentID) (gateway.ConversationID, []gateway.Event, error) {
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('staff_chat beside ' || $1, 0))", i.ID.String()); err != nil {
		return 0, nil, err
	}
	rows, _ := tx.Query(ctx, `
		select c.conversation
		from staff_chat c
		join staff_receipt r on r.conversation = c.conversation and r.agent = $2
		where c.interaction = $1
		order by c.conversation desc
		limit 1`, i.ID, i.Agent)
	found, err := pgx.CollectRows(rows, pgx.RowTo[gateway.ConversationID])
	if err != nil {
		return 0, nil, err
	}
	if len(found) == 0 {
		id, err := s.timeline.Open(ctx, tx, 0, 0, gateway.Chat)
		if err != nil {
			return 0, nil, err
		}
		if _, err := tx.Exec(ctx, "insert into staff_chat (conversation, interaction, created_by) values ($1, $2, $3)", id, i.ID, by); err != nil {
			return 0, nil, err
		}
		found = []gateway.ConversationID{id}
	}
	told, err := let(ctx, tx, found[0], i, there)
	return found[0], told, err
}

// let has exactly these agents in a chat. Each who is new is told of it as they see it.
func let(ctx context.Context, tx pgx.Tx, chat gateway.ConversationID, i gateway.Interaction, there []gateway.AgentID) ([]gateway.Event, error) {
	on := onIt(i)
	if _, err := tx.Exec(ctx, "delete from staff_receipt where conversation = $1 and agent <> all ($2)", chat, there); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `
		update staff_receipt
		set looks_on = not looks_on
		where conversation = $1 and looks_on <> (agent <> all ($2))`, chat, on); err != nil {
		return nil, err
	}
	rows, _ := tx.Query(ctx, `
		insert into staff_receipt (conversation, agent, looks_on)
		select $1, a, a <> all ($3)
		from unnest($2::bigint[]) a
		on conflict do nothing
		returning agent`, chat, there, on)
	fresh, err := pgx.CollectRows(rows, pgx.RowTo[gateway.AgentID])
	if err != nil {
		return nil, err
	}
	var told []gateway.Event
	for _, a := range fresh {
		chats, err := list[Chat](ctx, tx, "select "+chatColumns+" where c.conversation = $2", a, chat)
		if err != nil {
			return nil, err
		}
		told = append(told, toAll([]gateway.AgentID{a}, "staff_chat.created", chat, 0, chats[0])...)
	}
	return told, nil
}

// Observation is who looks on at an interaction.
type Observation struct {
	Interaction gateway.InteractionID `json:"interaction"`
	Observers   []gateway.AgentID     `json:"observers"`
}

func observers(ctx context.Context, db querier, id gateway.InteractionID) ([]gateway.AgentID, error) {
	rows, _ := db.Query(ctx, "select agent from staff_observer where interaction = $1 and until > now() order by agent", id)
	return pgx.CollectRows(rows, pgx.RowTo[gateway.AgentID])
}

// LooksOn says whether the agent has said within the last minute that they look on.
func (s *Store) LooksOn(ctx context.Context, agent gateway.AgentID, id gateway.InteractionID) (bool, error) {
	now, err := observers(ctx, s.db, id)
	return slices.Contains(now, agent), err
}

// Observe notes that the agent looks on at a colleague's interaction for a minute more, and
// says whether they begin to. Who is on it is told where the house wants that.
func (s *Store) Observe(ctx context.Context, agent gateway.AgentID, i gateway.Interaction) (begins bool, err error) {
	err = s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		rows, _ := tx.Query(ctx, `
			insert into staff_observer as o (interaction, agent, until)
			values ($1, $2, now() + $3::interval)
			on conflict (interaction, agent) do update
			set since = case when o.until > now() then o.since else now() end, until = excluded.until
			returning since = now()`, i.ID, agent, observeFor)
		begins, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[bool])
		if err != nil || !begins {
			return nil, err
		}
		return tellObservers(ctx, tx, i)
	})
	return begins, err
}

// Leave notes that the agent looks on no longer, and says whether they did.
func (s *Store) Leave(ctx context.Context, agent gateway.AgentID, i gateway.Interaction) (left bool, err error) {
	err = s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		tag, err := tx.Exec(ctx, "delete from staff_observer where interaction = $1 and agent = $2", i.ID, agent)
		if left = tag.RowsAffected() > 0; err != nil || !left {
			return nil, err
		}
		return tellObservers(ctx, tx, i)
	})
	return left, err
}

// Lapsed gives the interactions at which somebody looked on who has stopped saying so.
func (s *Store) Lapsed(ctx context.Context) ([]gateway.InteractionID, error) {
	rows, _ := s.db.Query(ctx, "select distinct interaction from staff_observer where until <= now() order by interaction")
	return pgx.CollectRows(rows, pgx.RowTo[gateway.InteractionID])
}

// Lapse notes that those look on no longer who have stopped saying so, and gives who they are:
// each once, however many nodes ask.
func (s *Store) Lapse(ctx context.Context, i gateway.Interaction) (gone []gateway.AgentID, err error) {
	err = s.write(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		rows, _ := tx.Query(ctx, "delete from staff_observer where interaction = $1 and until <= now() returning agent", i.ID)
		if gone, err = pgx.CollectRows(rows, pgx.RowTo[gateway.AgentID]); err != nil || len(gone) == 0 {
			return nil, err
		}
		return tellObservers(ctx, tx, i)
	})
	return gone, err
}

func tellObservers(ctx context.Context, tx pgx.Tx, i gateway.Interaction) ([]gateway.Event, error) {
	settings, err := settings(ctx, tx)
	if err != nil || !settings.ShowObservers {
		return nil, err
	}
	now, err := observers(ctx, tx, i.ID)
	if err != nil {
		return nil, err
	}
	return toAll(onIt(i), "interaction.observed", i.Conversation, 0, Observation{i.ID, now}), nil
}

// Settings are what administrators decide of supervisors.
type Settings struct {
	ShowObservers bool  `json:"show_observers"` // agents are told who looks on
	Rev           int64 `json:"rev"`
}

// Settings gives what holds.
func (s *Store) Settings(ctx context.Context) (Settings, error) { return settings(ctx, s.db) }

func settings(ctx context.Context, db querier) (Settings, error) {
	rows, _ := db.Query(ctx, "select show_observers, rev from staff_setting")
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Settings])
}

// Set changes them, unless somebody has since they were read; Rev 0 does not ask.
func (s *Store) Set(ctx context.Context, to Settings) (Settings, error) {
	rows, _ := s.db.Query(ctx, `
		update staff_setting
		set show_observers = $1, rev = rev + 1
		where $2::bigint in (0, rev)
		returning show_observers, rev`, to.ShowObservers, to.Rev)
	set, err := pgx.CollectRows(rows, pgx.RowToStructByName[Settings])
	if err != nil || len(set) > 0 {
		return append(set, Settings{})[0], err
	}
	now, err := s.Settings(ctx)
	if err != nil {
		return now, err
	}
	return now, gateway.Conflict("stale", "somebody changed this meanwhile; look at what is there and try again", now)
}
