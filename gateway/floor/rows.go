package floor

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// The rows of this room's tables, and the statements that store a batch of them.

// interactionRow is an interaction as it was last told. Statistics and the console's lists
// read these; the core does not, it has its snapshot.
type interactionRow struct {
	ID           int64      `db:"id"`
	Channel      string     `db:"channel"`
	Queue        int64      `db:"queue"`
	Case         int64      `db:"case_id"`
	Conversation int64      `db:"conversation"`
	Customer     int64      `db:"customer"`
	State        string     `db:"state"`
	Agent        int64      `db:"agent"`
	Preferred    int64      `db:"preferred"`
	Outbound     bool       `db:"outbound"`
	Band         int        `db:"band"`
	Seq          int64      `db:"seq"`
	OfferNo      int        `db:"offer_no"`
	ArrivedAt    time.Time  `db:"arrived_at"`
	DueAt        time.Time  `db:"due_at"`
	AcceptedAt   *time.Time `db:"accepted_at"`
	EndedAt      *time.Time `db:"ended_at"`
	WrapUpUntil  *time.Time `db:"wrap_up_until"`
	Overtime     bool       `db:"overtime"`
	FinishedAt   *time.Time `db:"finished_at"`
	Ended        string     `db:"ended"`
	Codes        []int64    `db:"codes"`
	OverCapacity bool       `db:"over_capacity"`
	Phase        string     `db:"phase"`
	Others       []int64    `db:"others"`
	Line2        string     `db:"line_2"`
	Outside      bool       `db:"outside"`
	Rev          int64      `db:"rev"`
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
	Interaction int64      `db:"interaction"`
	No          int        `db:"no"`
	Agent       int64      `db:"agent"`
	Kind        string     `db:"kind"`
	Channel     string     `db:"channel"`
	Queue       int64      `db:"queue"`
	CreatedAt   time.Time  `db:"created_at"`
	ExpiresAt   time.Time  `db:"expires_at"`
	ClosedAt    *time.Time `db:"closed_at"`
	Outcome     string     `db:"outcome"`
	Cause       string     `db:"cause"`
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
	Agent        int64     `db:"agent"`
	Intent       string    `db:"intent"`
	StatusCode   string    `db:"status_code"`
	Next         string    `db:"next"`
	NextCode     string    `db:"next_code"`
	Status       string    `db:"status"`
	Since        time.Time `db:"since"`
	Units        int       `db:"units"`
	Live         bool      `db:"live"`
	Holds        []int64   `db:"holds"`
	OverCapacity bool      `db:"over_capacity"`
	Rev          int64     `db:"rev"`

	WrapUps []gateway.WrapUpLeft `db:"wrap_ups"`
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
	Interaction int64     `db:"interaction"`
	Agent       int64     `db:"agent"`
	Queue       int64     `db:"queue"`
	StartedAt   time.Time `db:"started_at"`
	PartedAt    time.Time `db:"parted_at"`
	EndedAt     time.Time `db:"ended_at"`
	How         string    `db:"how"`
}

func rowOfSegment(s gateway.Segment) segmentRow {
	return segmentRow{int64(s.Interaction), int64(s.Agent), int64(s.Queue), s.Start, s.EndedAt, s.End, s.How}
}

// eventRow is a line of the log, which is only ever added to.
type eventRow struct {
	Seq     int64           `db:"seq"`
	Term    int64           `db:"term"`
	Version int             `db:"version"`
	At      time.Time       `db:"at"`
	Body    json.RawMessage `db:"body"`
}

// answerRow is what a command was answered under its key.
type answerRow struct {
	Key    string          `db:"key"`
	Answer json.RawMessage `db:"answer"`
	At     time.Time       `db:"at"`
}

// What changes of an interaction that was stored before, of an offer and of a presence.
var (
	ofInteraction = columnsOf[interactionRow]()
	newsOf        = ofInteraction.without([]string{"channel", "conversation", "customer", "outbound", "seq", "arrived_at"})
	ofOffer       = columnsOf[offerRow]()
	endOfOffer    = columnsOf[offerRow]("interaction", "no", "agent", "closed_at", "outcome", "cause")
	ofPresence    = columnsOf[presenceRow]()
	ofEvent       = columnsOf[eventRow]()
	ofAnswer      = columnsOf[answerRow]()
	ofSegment     = columnsOf[segmentRow]()
	ofAlert       = columnsOf[alertRow]()
)

// The statements. Whatever is known to be there is updated: to add it and find that would
// write its row twice.
var (
	insertEvents       = ofEvent.insert("routing_event")
	insertAnswers      = ofAnswer.insert("command") + " on conflict (key) do nothing"
	upsertInteractions = ofInteraction.upsert("interaction", "id")
	updateInteractions = newsOf.update("interaction", "id")
	insertOffers       = ofOffer.insert("offer")
	closeOffers        = endOfOffer.update("offer", "interaction", "no", "agent")
	upsertPresences    = ofPresence.upsert("presence", "agent")
	updatePresences    = ofPresence.update("presence", "agent")
	insertSegments     = ofSegment.insert("segment")
	insertAlerts       = ofAlert.insert("alert")
)

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
