package tickets

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// CaseState is how far a case has come.
type CaseState string

// The states of a case.
const (
	CaseOpen    CaseState = "open"
	CasePending CaseState = "pending" // waiting for somebody else
	CaseClosed  CaseState = "closed"
)

// Case is a request of a customer over all channels.
type Case struct {
	ID               gateway.CaseID         `json:"id"`
	Number           int64                  `json:"number"` // what people call it: #1042
	Subject          string                 `json:"subject"`
	State            CaseState              `json:"state"`
	Customer         gateway.CustomerID     `json:"customer"`
	CustomerName     string                 `json:"customer_name"`
	Queue            gateway.QueueID        `json:"queue,omitempty"`
	Assignee         gateway.AgentID        `json:"assignee,omitempty"`
	Channel          gateway.Channel        `json:"channel"` // of the last thing that came
	Tags             []string               `json:"tags"`
	Conversation     gateway.ConversationID `json:"conversation,omitempty"` // the latest that an interaction served
	Interaction      gateway.InteractionID  `json:"interaction,omitempty"`  // the latest
	InteractionState gateway.State          `json:"interaction_state,omitempty"`
	Preview          string                 `json:"preview"`
	PreviewBy        gateway.AuthorKind     `json:"preview_by,omitempty"`
	LastActivityAt   time.Time              `json:"last_activity_at"`
	CreatedAt        time.Time              `json:"created_at"`
	ClosedAt         *time.Time             `json:"closed_at,omitempty"`
	Rev              int64                  `json:"rev"`
}

// Case gives one case; of one that was merged, the one that it became.
func (s *Store) Case(ctx context.Context, id gateway.CaseID) (Case, error) {
	return caseOf(ctx, s.db, "id", int64(id))
}

// CaseByNumber gives the case that people call by the number, or called by it before it
// was merged.
func (s *Store) CaseByNumber(ctx context.Context, number int64) (Case, error) {
	return caseOf(ctx, s.db, "number", number)
}

// CaseFilter narrows the list of cases; what is zero does not.
type CaseFilter struct {
	States     []CaseState
	Assignee   gateway.AgentID
	Unassigned bool
	Queues     []gateway.QueueID
	Customer   gateway.CustomerID
	Channel    gateway.Channel
	Tag        string
	After      string // Next of the page before
	Limit      int    // 50 unless set
}

// Cases lists cases, the one with the latest activity first.
func (s *Store) Cases(ctx context.Context, f CaseFilter) (Page[Case], error) {
	var w where
	if len(f.States) > 0 {
		w.and("k.state = any (%s)", f.States)
	}
	if len(f.States) > 0 && !slices.Contains(f.States, CaseClosed) {
		w.and("k.state <> 'closed'") // the live ones have indexes of their own
	}
	if f.Assignee != 0 {
		w.and("k.assignee = %s", f.Assignee)
	}
	if f.Unassigned {
		w.and("k.assignee = 0")
	}
	if len(f.Queues) == 1 {
		w.and("k.queue = %s", f.Queues[0])
	}
	if len(f.Queues) > 1 {
		w.and("k.queue = any (%s)", f.Queues)
	}
	if f.Customer != 0 {
		w.and("k.customer = %s", f.Customer)
	}
	if f.Channel != "" {
		w.and("k.channel = %s", f.Channel)
	}
	if f.Tag != "" {
		w.and("%s = any (k.tags)", f.Tag)
	}
	if f.After != "" {
		m, err := parseMark(f.After)
		if err != nil {
			return Page[Case]{}, err
		}
		w.and("(k.last_activity_at, k.id) < (%s, %s)", m.at, m.id)
	}
	n := limit(f.Limit)
	sql := "select " + caseColumns + `
		from (
			select *
			from support_case k` + w.String() + `
			order by k.last_activity_at desc, k.id desc
			limit ` + w.arg(n+1) + `) as k
		join customer c on c.id = k.customer
		order by k.last_activity_at desc, k.id desc`
	rows, err := find(ctx, s.db, scanCase, sql, w.args...)
	return cut(rows, n, func(c Case) string { return mark{c.LastActivityAt, int64(c.ID)}.String() }), err
}

// CreateCase opens a case that an agent begins, without an arrival.
func (s *Store) CreateCase(ctx context.Context, c Case) (Case, error) {
	if err := c.settle(); err != nil {
		return c, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		id, err := s.Open(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		c, err = one[Case](ctx, tx, "case", "select "+caseColumns+fromCase+" where k.id = $1", id)
		return caseChanged(c), err
	})
	return c, err
}

// Open is CreateCase as a part of the caller's transaction: an outbound call, a new mail.
func (s *Store) Open(ctx context.Context, tx pgx.Tx, c Case) (id gateway.CaseID, err error) {
	if err := c.settle(); err != nil {
		return 0, err
	}
	if _, err := customer(ctx, tx, c.Customer); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `
		insert into support_case (subject, state, customer, queue, assignee, channel, tags, last_activity_at)
		values ($1, 'open', $2, $3, $4, $5, $6, now())
		returning id`, c.Subject, c.Customer, c.Queue, c.Assignee, c.Channel, c.Tags).Scan(&id)
	return id, err
}

// Discard undoes Open, unless something has come of the case meanwhile.
func (s *Store) Discard(ctx context.Context, tx pgx.Tx, id gateway.CaseID) error {
	_, err := tx.Exec(ctx, `
		delete from support_case k
		where id = $1 and interaction = 0 and rev = 1 and not exists (select from task where case_id = k.id)`, id)
	if err != nil {
		return fmt.Errorf("discard case %d: %w", id, err)
	}
	return nil
}

// UpdateCase changes subject, state, customer, queue, assignee and tags, if the case
// still has c.Rev (0: whatever is there).
func (s *Store) UpdateCase(ctx context.Context, c Case) (Case, error) {
	if err := c.settle(); err != nil {
		return c, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) ([]gateway.Event, error) {
		have, err := one[Case](ctx, tx, "case", "select "+caseColumns+fromCase+" where k.id = $1 for update of k", c.ID)
		if err != nil {
			return nil, err
		}
		if c.Rev != 0 && c.Rev != have.Rev {
			return nil, stale(have)
		}
		if _, err := customer(ctx, tx, c.Customer); err != nil {
			return nil, err
		}
		if _, err := tx.Exec(ctx, `
			update support_case
			set subject = $2, state = $3, customer = $4, queue = $5, assignee = $6, tags = $7, rev = rev + 1,
				closed_at = case when $3 = 'closed' then coalesce(closed_at, now()) end
			where id = $1`, c.ID, c.Subject, c.State, c.Customer, c.Queue, c.Assignee, c.Tags); err != nil {
			return nil, err
		}
		c, err = one[Case](ctx, tx, "case", "select "+caseColumns+fromCase+" where k.id = $1", c.ID)
		return caseChanged(c), err
	})
	return c, err
}

func caseChanged(c Case) []gateway.Event {
	return []gateway.Event{gateway.NewEvent(gateway.TopicAll, "case.changed", c.Rev, c)}
}

func (c *Case) settle() error {
	c.Subject = short(c.Subject, 300)
	if c.State == "" {
		c.State = CaseOpen
	}
	if err := c.State.check(); err != nil {
		return err
	}
	if c.Channel != "" && !slices.Contains(gateway.Channels, c.Channel) {
		return gateway.Invalid("unknown_channel", "a channel is voice, chat, email, voicemail or callback")
	}
	tags := []string{}
	for _, t := range c.Tags {
		if t = strings.ToLower(short(t, 50)); t != "" && !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	if len(tags) > 50 {
		return gateway.Invalid("too_many_tags", "a case has at most 50 tags")
	}
	c.Tags = tags
	return nil
}

func (s CaseState) check() error {
	switch s {
	case CaseOpen, CasePending, CaseClosed:
		return nil
	}
	return gateway.Invalid("unknown_state", "a case is open, pending or closed")
}
