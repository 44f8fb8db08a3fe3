package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/feed"
)

// incoming is what a console may send.
type incoming struct {
	Type         string                 `json:"t"`
	Ticket       string                 `json:"ticket"`
	At           string                 `json:"at"`
	Subs         []string               `json:"subs"`
	Add          []string               `json:"add"`
	Remove       []string               `json:"remove"`
	Conversation gateway.ConversationID `json:"conversation"`
	On           bool                   `json:"on"`
}

// hello takes the first frame, within helloWithin, and redeems its ticket: from then on the
// console has a caller. Whoever says something else is closed with 4001.
func (c *console) hello(ctx context.Context) (incoming, error) {
	timer := time.AfterFunc(helloWithin, func() { _ = c.conn.Close(c.closing(errSilent)) })
	defer timer.Stop()
	m, err := c.receive(ctx)
	if err != nil {
		return m, err
	}
	if m.Type != "hello" {
		return m, errSilent
	}
	c.by, err = c.s.Access.Redeem(ctx, m.Ticket)
	if err != nil {
		return m, err
	}
	if err := c.s.atWork(ctx, c.by); err != nil {
		return m, err
	}
	return m, require(c.by, gateway.RoleAgent)
}

// receive reads one frame. What is no JSON of ours ends the socket (1007): a client that sends
// such things would not understand an answer.
func (c *console) receive(ctx context.Context) (m incoming, err error) {
	kind, body, err := c.conn.Read(ctx)
	if err != nil {
		return m, err
	}
	if kind != websocket.MessageText {
		return m, gateway.Invalid("text_only", "frames are JSON text")
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, gateway.Invalid("bad_frame", "the frame is not the JSON that docs/api.md describes")
	}
	if len(m.Subs)+len(m.Add)+len(m.Remove) > topicsMax {
		return m, tooMany()
	}
	return m, nil
}

func tooMany() error {
	return gateway.Invalid("too_many_topics", fmt.Sprintf("a console asks for at most %d topics; remove some first", topicsMax))
}

// follow begins to listen before anything is read, so that nothing falls between.
func (c *console) follow(ctx context.Context, hello incoming) (resumed bool, err error) {
	topics := []string{gateway.TopicAll}
	if c.by.Agent != 0 {
		topics = append(topics, gateway.TopicAgent(c.by.Agent))
		held, err := c.s.Floor.Held(ctx, c.by.Agent)
		if err != nil {
			return false, err
		}
		for _, i := range held {
			topics = append(topics, gateway.TopicConversation(i.Conversation))
		}
	}
	if c.by.Can(gateway.RoleSupervisor) {
		topics = append(topics, gateway.TopicSupervisors)
	}
	c.mu.Lock()
	for _, t := range topics {
		c.topics[t] = true
	}
	c.mu.Unlock()
	asked := c.permitted(ctx, hello.Subs)
	if err := c.remember(asked, nil); err != nil {
		return false, err
	}
	topics = append(topics, asked...)
	c.follower, err = c.s.Feed.Follow(ctx, hello.At, topics)
	if errors.Is(err, feed.ErrTooOld) {
		hello.At = ""
		c.follower, err = c.s.Feed.Follow(ctx, "", topics)
	}
	return hello.At != "", err
}

// permitted are those topics that a console may ask for by name: the board, queues on it
// that are not its agent's own, and conversations with customers. It is told which of them it
// hears nothing of.
func (c *console) permitted(ctx context.Context, topics []string) []string {
	var out []string
	for _, t := range topics {
		id, ok := conversationOf(t)
		if t == gateway.TopicBoard || queueOf(t) != 0 || (ok && c.s.readable(ctx, id) == nil) {
			out = append(out, t)
		}
	}
	c.refuse(ctx, out)
	return out
}

// remember keeps what is followed, to know what the console may speak into. It refuses to
// be asked for more than topicsMax.
func (c *console) remember(add, remove []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range remove {
		delete(c.topics, t)
	}
	for _, t := range add {
		if _, known := c.topics[t]; !known {
			c.topics[t] = false
		}
	}
	asked := 0
	for _, own := range c.topics {
		if !own {
			asked++
		}
	}
	if asked > topicsMax {
		return tooMany()
	}
	_, board := c.topics[gateway.TopicBoard]
	c.board.Store(board)
	return nil
}

// attend follows what the agent has got. It takes no room of what the console may ask for:
// a day's customers are more than that.
func (c *console) attend(topic string) {
	c.mu.Lock()
	c.topics[topic] = true
	c.mu.Unlock()
	c.follower.Topics([]string{topic}, nil)
}

// attends says whether a topic is followed as the agent's own: who only looks on does not type there.
func (c *console) attends(topic string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.topics[topic]
}

// welcome answers a hello; who does not resume gets a snapshot too. The cursor is read before
// the snapshot, so whatever changes between them comes as an event.
func (c *console) welcome(ctx context.Context, resumed bool) error {
	err := c.send(ctx, frame{Type: "welcome", Data: welcome{
		Node: c.s.Node, ServerTime: time.Now().UTC(), Heartbeat: int(heartbeat.Seconds()), Resumed: resumed,
	}})
	if err != nil || resumed {
		return err
	}
	at, err := c.s.Feed.Cursor(ctx) // before the snapshot: what that misses comes after this
	if err != nil {
		return err
	}
	snapshot, err := c.s.snapshot(ctx, c.by)
	if err != nil {
		return err
	}
	return c.send(ctx, frame{Type: "snapshot", At: at, Data: snapshot})
}
