package floor

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// question is what any node may ask of the running core. The answer is as of its last
// batch.
type question struct {
	Places  []gateway.InteractionID `json:"places,omitempty"`
	Explain gateway.InteractionID   `json:"explain,omitempty"`
	Opening gateway.QueueID         `json:"opening,omitempty"`
	Channel gateway.Channel         `json:"channel,omitempty"` // whose opening
}

// view is the answer.
type view struct {
	Queues  []routing.QueueState                    `json:"queues,omitempty"`
	Places  map[gateway.InteractionID]routing.Place `json:"places,omitempty"`
	Why     *routing.Explanation                    `json:"why,omitempty"` // nil: it does not wait
	Opening routing.Opening                         `json:"opening,omitzero"`
}

// questions runs them in the loop, which owns the core.
func (l *leader) questions(ctx context.Context) func(context.Context, string, []byte) ([]byte, error) {
	return func(caller context.Context, _ string, body []byte) ([]byte, error) {
		var q question
		if err := json.Unmarshal(body, &q); err != nil {
			return nil, fmt.Errorf("read the question: %w", err)
		}
		answer := make(chan view, 1)
		select {
		case l.looks <- func(c *routing.Core) func() {
			v := q.answer(c, l.f.now())
			return func() { answer <- v }
		}:
		case <-ctx.Done():
			return nil, changingHands
		case <-caller.Done():
			return nil, changingHands
		}
		select {
		case v := <-answer:
			return json.Marshal(v)
		case <-ctx.Done():
			return nil, changingHands
		case <-caller.Done():
			return nil, changingHands
		}
	}
}

// answer runs in the loop: it reads the core and keeps nothing of it.
func (q question) answer(c *routing.Core, now time.Time) view {
	if q.Explain != 0 {
		e, ok := c.Explain(q.Explain)
		if !ok {
			return view{}
		}
		return view{Why: &e}
	}
	if q.Opening != 0 {
		return view{Opening: c.Opening(q.Opening, q.Channel, now)}
	}
	if len(q.Places) == 0 {
		return view{Queues: c.Boards()}
	}
	v := view{Places: map[gateway.InteractionID]routing.Place{}}
	for _, id := range q.Places {
		if p, ok := c.Place(id); ok {
			v.Places[id] = p
		}
	}
	return v
}

// publishBoard tells boards of the queues, at most once a second and only of changes.
func (l *leader) publishBoard() {
	if !l.board {
		return
	}
	l.board = false
	body, err := json.Marshal(l.core.Boards())
	if err != nil {
		l.f.log.Error("publish the board", "err", err)
		return
	}
	l.afterwards(func(stored bool) {
		if stored {
			l.f.rooms.Bus.Publish(SubjectBoard, body)
		} else {
			l.board = true
		}
	})
}

// Board is every queue as of the last batch.
func (c *Client) Board(ctx context.Context) ([]routing.QueueState, error) {
	v, err := c.look(ctx, question{})
	return v.Queues, err
}

// Places says where waiting interactions stand; those that do not wait are absent.
func (c *Client) Places(ctx context.Context, ids ...gateway.InteractionID) (map[gateway.InteractionID]routing.Place, error) {
	if len(ids) == 0 {
		return map[gateway.InteractionID]routing.Place{}, nil
	}
	v, err := c.look(ctx, question{Places: ids})
	return v.Places, err
}

// Opening says whether one who comes to a queue now would be let wait for somebody.
func (c *Client) Opening(ctx context.Context, queue gateway.QueueID, ch gateway.Channel) (routing.Opening, error) {
	v, err := c.look(ctx, question{Opening: queue, Channel: ch})
	return v.Opening, err
}

// Explain says who could take an interaction that waits or is offered, as of the last
// batch; not ok when it does neither.
func (c *Client) Explain(ctx context.Context, id gateway.InteractionID) (e routing.Explanation, ok bool, err error) {
	v, err := c.look(ctx, question{Explain: id})
	if err != nil || v.Why == nil {
		return e, false, err
	}
	return *v.Why, true, nil
}

// look asks the leader. It has no key: a question asked twice changes nothing.
func (c *Client) look(ctx context.Context, q question) (v view, err error) {
	body, err := json.Marshal(q)
	if err != nil {
		return v, fmt.Errorf("ask the floor: %w", err)
	}
	got, err := c.bus.Ask(ctx, HolderBoard, "", body)
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(got, &v)
}
