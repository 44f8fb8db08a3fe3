package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// The rows of this room's tables. Their JSON names are the columns', so that a batch is
// one statement a table: jsonb_populate_recordset makes rows of them.

// interactionRow is an interaction as it was last told. Statistics and the console's lists
// read these; the core does not, it has its snapshot.
type interactionRow struct {
	ID           int64      `db:"id" json:"id"`
	Channel      string     `db:"channel" json:"channel"`
	Queue        int64      `db:"queue" json:"queue"`
	Case         int64      `db:"case_id" json:"case_id"`
	Conversation int64      `db:"conversation" json:"conversation"`
	Customer     int64      `db:"customer" json:"customer"`
	State        string     `db:"state" json:"state"`
	Agent        int64      `db:"agent" json:"agent"`
	Preferred    int64      `db:"preferred" json:"preferred"`
	Outbound     bool       `db:"outbound" json:"outbound"`
	Band         int        `db:"band" json:"band"`
	Seq          int64      `db:"seq" json:"seq"`
	OfferNo      int        `db:"offer_no" json:"offer_no"`
	ArrivedAt    time.Time  `db:"arrived_at" json:"arrived_at"`
	DueAt        time.Time  `db:"due_at" json:"due_at"`
	AcceptedAt   *time.Time `db:"accepted_at" json:"accepted_at"`
	EndedAt      *time.Time `db:"ended_at" json:"ended_at"`
	WrapUpUntil  *time.Time `db:"wrap_up_until" json:"wrap_up_until"`
	Overtime     bool       `db:"overtime" json:"overtime"`
	FinishedAt   *time.Time `db:"finished_at" json:"finished_at"`
	Ended        string     `db:"ended" json:"ended"`
	Codes        []int64    `db:"codes" json:"codes"`
	OverCapacity bool       `db:"over_capacity" json:"over_capacity"`
	Phase        string     `db:"phase" json:"phase"`
	Others       []int64    `db:"others" json:"others"`
	Line2        string     `db:"line_2" json:"line_2"`
	Outside      bool       `db:"outside" json:"outside"`
	Rev          int64      `db:"rev" json:"rev"`
}

func rowOf(i gateway.Interaction) interactionRow {
	return interactionRow{
		ID: int64(i.ID), Channel: string(i.Channel), Queue: int64(i.Queue), Case: int64(i.Case),
		Conversation: int64(i.Conversation), Customer: int64(i.Customer), State: string(i.State),
		Agent: int64(i.Agent), Preferred: int64(i.Preferred), Outbound: i.Outbound, Band: i.Band,
		Seq: i.Seq, OfferNo: i.OfferNo, ArrivedAt: i.ArrivedAt, DueAt: i.DueAt,
		AcceptedAt: orNull(i.AcceptedAt), EndedAt: orNull(i.EndedAt), WrapUpUntil: orNull(i.WrapUpUntil),
		Overtime: i.Overtime, FinishedAt: orNull(i.FinishedAt), Ended: string(i.End),
		Codes: numbers(i.Codes), OverCapacity: i.OverCapacity, Phase: string(i.Phase), Others: numbers(i.Others),
		Line2: string(i.Line2), Outside: i.Outside, Rev: i.Rev,
	}
}

func (r interactionRow) interaction() gateway.Interaction {
	i := gateway.Interaction{
		ID: gateway.InteractionID(r.ID), Channel: gateway.Channel(r.Channel), Queue: gateway.QueueID(r.Queue),
		Case: gateway.CaseID(r.Case), Conversation: gateway.ConversationID(r.Conversation),
		Customer: gateway.CustomerID(r.Customer), State: gateway.State(r.State), Agent: gateway.AgentID(r.Agent),
		Preferred: gateway.AgentID(r.Preferred), Outbound: r.Outbound, Band: r.Band, Seq: r.Seq, OfferNo: r.OfferNo,
		ArrivedAt: r.ArrivedAt, DueAt: r.DueAt, AcceptedAt: orZero(r.AcceptedAt), EndedAt: orZero(r.EndedAt),
		WrapUpUntil: orZero(r.WrapUpUntil), Overtime: r.Overtime, FinishedAt: orZero(r.FinishedAt),
		End: gateway.End(r.Ended), OverCapacity: r.OverCapacity, Phase: gateway.Phase(r.Phase),
		Line2: gateway.Line2(r.Line2), Outside: r.Outside, Rev: r.Rev,
	}
	for _, o := range r.Others {
		i.Others = append(i.Others, gateway.AgentID(o))
	}
	for _, c := range r.Codes {
		i.Codes = append(i.Codes, gateway.CodeID(c))
	}
	return i
}

// offerRow is one offer to one agent, open while closed_at is null.
type offerRow struct {
	Interaction int64      `db:"interaction" json:"interaction"`
	No          int        `db:"no" json:"no"`
	Agent       int64      `db:"agent" json:"agent"`
	Kind        string     `db:"kind" json:"kind"`
	Channel     string     `db:"channel" json:"channel"`
	Queue       int64      `db:"queue" json:"queue"`
	CreatedAt   time.Time  `db:"created_at" json:"created_at"`
	ExpiresAt   time.Time  `db:"expires_at" json:"expires_at"`
	ClosedAt    *time.Time `db:"closed_at" json:"closed_at"`
	Outcome     string     `db:"outcome" json:"outcome"`
	Cause       string     `db:"cause" json:"cause"`
}

func rowOfOffer(o gateway.Offer) offerRow {
	return offerRow{
		Interaction: int64(o.Interaction), No: o.No, Agent: int64(o.Agent), Kind: string(o.Kind),
		Channel: string(o.Channel), Queue: int64(o.Queue), CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt,
		ClosedAt: orNull(o.ClosedAt), Outcome: string(o.Outcome), Cause: o.Cause,
	}
}

func (r offerRow) offer() gateway.Offer {
	return gateway.Offer{
		Interaction: gateway.InteractionID(r.Interaction), No: r.No, Agent: gateway.AgentID(r.Agent),
		Kind: gateway.OfferKind(r.Kind), Channel: gateway.Channel(r.Channel), Queue: gateway.QueueID(r.Queue),
		CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, ClosedAt: orZero(r.ClosedAt),
		Outcome: gateway.Outcome(r.Outcome), Cause: r.Cause,
	}
}

// presenceRow is an agent as last told. over_capacity is here for the table's constraint:
// more than 100 units need a pull.
type presenceRow struct {
	Agent        int64     `db:"agent" json:"agent"`
	Intent       string    `db:"intent" json:"intent"`
	StatusCode   string    `db:"status_code" json:"status_code"`
	Next         string    `db:"next" json:"next"`
	NextCode     string    `db:"next_code" json:"next_code"`
	Status       string    `db:"status" json:"status"`
	Since        time.Time `db:"since" json:"since"`
	Units        int       `db:"units" json:"units"`
	Live         bool      `db:"live" json:"live"`
	Holds        []int64   `db:"holds" json:"holds"`
	OverCapacity bool      `db:"over_capacity" json:"over_capacity"`
	Rev          int64     `db:"rev" json:"rev"`

	WrapUps []gateway.WrapUpLeft `db:"wrap_ups" json:"wrap_ups"`
}

func (r presenceRow) presence() gateway.Presence {
	p := gateway.Presence{
		Agent: gateway.AgentID(r.Agent), Intent: gateway.Intent(r.Intent), StatusCode: r.StatusCode,
		Next: gateway.Intent(r.Next), NextCode: r.NextCode, Status: gateway.Status(r.Status),
		Since: r.Since, Units: r.Units, Live: r.Live, Rev: r.Rev,
	}
	if len(r.WrapUps) > 0 {
		p.WrapUps = r.WrapUps
	}
	for _, h := range r.Holds {
		p.Holds = append(p.Holds, gateway.InteractionID(h))
	}
	return p
}

func rowOfPresence(p gateway.Presence, overCapacity bool) presenceRow {
	return presenceRow{
		Agent: int64(p.Agent), Intent: string(p.Intent), StatusCode: p.StatusCode, Next: string(p.Next),
		NextCode: p.NextCode, Status: string(p.Status), Since: p.Since, Units: p.Units, Live: p.Live,
		Holds: numbers(p.Holds), WrapUps: append([]gateway.WrapUpLeft{}, p.WrapUps...), OverCapacity: overCapacity, Rev: p.Rev,
	}
}

// segmentRow is one agent's part of an interaction, written once when it is over.
type segmentRow struct {
	Interaction int64     `json:"interaction"`
	Agent       int64     `json:"agent"`
	Queue       int64     `json:"queue"`
	StartedAt   time.Time `json:"started_at"`
	EndedAt     time.Time `json:"ended_at"`
	How         string    `json:"how"`
}

func rowOfSegment(s gateway.Segment) segmentRow {
	return segmentRow{int64(s.Interaction), int64(s.Agent), int64(s.Queue), s.Start, s.End, s.How}
}

// eventRow is a line of the log, which is only ever added to.
type eventRow struct {
	Seq     int64           `json:"seq"`
	Term    int64           `json:"term"`
	Version int             `json:"version"`
	At      time.Time       `json:"at"`
	Body    json.RawMessage `json:"body"`
}

// answerRow is what a command was answered under its key.
type answerRow struct {
	Key    string          `json:"key"`
	Answer json.RawMessage `json:"answer"`
	At     time.Time       `json:"at"`
}

// The statements that store a batch, each given the rows as one JSON array.
const (
	insertEvents = `
		insert into routing_event
		select * from jsonb_populate_recordset(null::routing_event, $1)`
	insertAnswers = `
		insert into command
		select * from jsonb_populate_recordset(null::command, $1)
		on conflict (key) do nothing`
	upsertInteractions = `
		insert into interaction
		select * from jsonb_populate_recordset(null::interaction, $1)
		on conflict (id) do update
		set queue = excluded.queue, case_id = excluded.case_id, state = excluded.state, agent = excluded.agent,
		    preferred = excluded.preferred, band = excluded.band, offer_no = excluded.offer_no,
		    due_at = excluded.due_at, accepted_at = excluded.accepted_at, ended_at = excluded.ended_at,
		    wrap_up_until = excluded.wrap_up_until, overtime = excluded.overtime,
		    finished_at = excluded.finished_at, ended = excluded.ended, codes = excluded.codes,
		    over_capacity = excluded.over_capacity, phase = excluded.phase, others = excluded.others,
		    line_2 = excluded.line_2, outside = excluded.outside, rev = excluded.rev`
	upsertOffers = `
		insert into offer
		select * from jsonb_populate_recordset(null::offer, $1)
		on conflict (interaction, no, agent) do update
		set closed_at = excluded.closed_at, outcome = excluded.outcome, cause = excluded.cause`
	upsertPresence = `
		insert into presence
		select * from jsonb_populate_recordset(null::presence, $1)
		on conflict (agent) do update
		set intent = excluded.intent, status_code = excluded.status_code, next = excluded.next,
		    next_code = excluded.next_code, status = excluded.status, since = excluded.since,
		    units = excluded.units, live = excluded.live, holds = excluded.holds,
		    wrap_ups = excluded.wrap_ups, over_capacity = excluded.over_capacity, rev = excluded.rev`
	insertSegments = `
		insert into segment (interaction, agent, queue, started_at, ended_at, how)
		select interaction, agent, queue, started_at, ended_at, how
		from jsonb_populate_recordset(null::segment, $1)`
)

// store queues one statement for all rows of a table; nothing for none.
func store[row any](b *pgx.Batch, statement string, rows []row) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("marshal rows: %w", err)
	}
	b.Queue(statement, body)
	return nil
}

// send runs what was queued in one round trip.
func send(ctx context.Context, tx pgx.Tx, b *pgx.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, b).Close()
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

func numbers[of any](ids []gateway.ID[of]) []int64 {
	out := make([]int64, len(ids))
	for i, id := range ids {
		out[i] = int64(id)
	}
	return out
}
