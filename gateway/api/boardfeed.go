package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api/pace"
	"github.com/vaxelhq/vaxel/gateway/beat"
	"github.com/vaxelhq/vaxel/gateway/routing"
	"github.com/vaxelhq/vaxel/gateway/stats"
)

// figuresFor is how old today's figures on live boards may be.
const figuresFor = 5 * time.Second

// QueueTick is a queue on a live board: the floor's state and today's figures.
type QueueTick struct {
	routing.QueueState
	ServiceLevel   *float64 `json:"service_level,omitempty"`
	AbandonedToday int      `json:"abandoned_today"`
	AnsweredToday  int      `json:"answered_today"`
	ASA            *float64 `json:"asa_s,omitempty"`
}

// boardTick keeps the floor's latest board until it is shown.
func (s *Server) boardTick(board []byte) {
	if len(board) == 0 {
		return // one may have been lost on its way; the next is soon
	}
	for {
		select {
		case s.boards <- board:
			return
		case <-s.boards: // older
		}
	}
}

// tellBoards shows boards to those who look at them, when something that they see has
// changed and once a second at most. An agent sees their own queues and those that they asked to follow,
// supervisors see all.
func (s *Server) tellBoards(ctx context.Context) {
	again := time.NewTimer(beat.Next(figuresFor))
	defer again.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	var show liveBoard
	for {
		select {
		case <-pause.C:
		case <-ctx.Done():
			return
		}
		select {
		case body := <-s.boards:
			show.take(body)
		case <-again.C:
			again.Reset(beat.Next(figuresFor))
		case <-ctx.Done():
			return
		}
		if err := s.showBoard(ctx, &show); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "show the board", "err", err)
		}
		pause.Reset(pace.Gap)
	}
}

// liveBoard is what there is to show.
type liveBoard struct {
	queues  []routing.QueueState
	figures []stats.QueueFigures
	read    time.Time // the figures
}

func (b *liveBoard) take(body []byte) {
	var queues []routing.QueueState
	if json.Unmarshal(body, &queues) == nil {
		b.queues = queues
	}
}

// showBoard sends each console its part of the board, if that differs from what it was shown
// last. Consoles with the same queues share one marshalled body.
func (s *Server) showBoard(ctx context.Context, b *liveBoard) error {
	looking := s.looking()
	if len(looking) == 0 || b.queues == nil {
		return nil
	}
	if time.Since(b.read) >= figuresFor {
		figures, err := s.Stats.Queues(ctx, s.Stats.Today())
		if err != nil {
			return err
		}
		b.figures, b.read = figures, time.Now()
	}
	names, err := s.names.Get(ctx)
	if err != nil {
		return err
	}
	ticks, bodies := b.ticks(), map[string]string{} // most agents share their queues with others
	for _, c := range looking {
		key, sees := c.scope(names.Agents[c.by.Agent].Queues)
		body, ok := bodies[key]
		if !ok {
			body = string(mustJSON(filtered(ticks, sees)))
			bodies[key] = body
		}
		if body != c.shown && c.tick(frame{Type: "queue.stats", Data: json.RawMessage(body)}) {
			c.shown = body
		}
	}
	return nil
}

func (b *liveBoard) ticks() []QueueTick {
	out := make([]QueueTick, len(b.queues))
	for n, q := range b.queues {
		sum := stats.Total(b.figures, q.Queue)
		out[n] = QueueTick{q, sum.SL2, sum.Abandoned, sum.Answered, sum.ASA}
	}
	return out
}

func filtered(all []QueueTick, sees func(gateway.QueueID) bool) []QueueTick {
	out := []QueueTick{}
	for _, q := range all {
		if sees(q.Queue) {
			out = append(out, q)
		}
	}
	return out
}

// scope says which queues a console's board shows, of an agent with such queues, and a key
// that others with the same have.
func (c *console) scope(own []gateway.QueueID) (key string, sees func(gateway.QueueID) bool) {
	if c.by.Can(gateway.RoleSupervisor) {
		return "all", func(gateway.QueueID) bool { return true }
	}
	mine := slices.Concat(own, c.followedQueues())
	slices.Sort(mine)
	mine = slices.Compact(mine)
	return fmt.Sprint(mine), func(q gateway.QueueID) bool { return slices.Contains(mine, q) }
}

// topicQueue is how a console asks for a queue's row on its board.
const topicQueue = "queue:"

// queueOf is the queue that a topic names, 0 if it names none.
func queueOf(topic string) (id gateway.QueueID) {
	if number, ok := strings.CutPrefix(topic, topicQueue); ok && id.UnmarshalText([]byte(number)) != nil {
		return 0
	}
	return id
}

func (c *console) followedQueues() (ids []gateway.QueueID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for t := range c.topics {
		if id := queueOf(t); id != 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

// looking are the consoles that show a board.
func (s *Server) looking() []*console {
	return slices.DeleteFunc(s.consoles.All(), func(c *console) bool { return !c.board.Load() })
}
