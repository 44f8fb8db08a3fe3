package voice

import (
	"context"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/dialog"
	"github.com/vaxelhq/vaxel/gateway"
)

// Call is the legs that hear each other. All of it belongs to its goroutine, which does
// one thing after the other; what takes long runs beside it and comes back as a post. So
// nothing in it needs a lock, and nobody else reads it: dialogs, sound, timers and the
// floor's news all post.
//
// A call's state is its row's, and the row goes first: a call is moved on by turn, which
// writes it, and only then is anything done that a telephone or the floor notices. What a
// kill leaves is found by the next start in the rows, and ended (recover.go).
type Call struct {
	v      *Voice
	inbox  *dialog.Inbox[func(context.Context)]
	done   bool
	closed chan struct{}            // once nothing is done any more
	timers map[*time.Timer]struct{} // under way

	row      callRow // as it is stored
	trunk    Trunk   // that it came in by
	route    Route   // that it goes out by
	customer *Leg
	agent    *Leg    // who talks, or whom an outbound call rings first
	phones   []way   // of whoever dials, not tried yet
	others   []*Leg  // colleagues on it, in the order they came
	rings    []*ring // agents who are asked
	late     []*Leg  // agents who came too late, and are told so

	watch   func() // ends following the interaction
	asked   map[offerKey]bool
	rev     int64 // of the newest interaction told
	news    int   // told to consoles
	onHold  bool
	heard   hearing       // as it is arranged
	phase   gateway.Phase // what the floor says of those who talk
	line2   gateway.Line2 // and of whom the agent consults
	holds   int           // times that the agent has put the customer on hold, or taken them back
	waits   int           // times that the customer has begun to wait
	overdue bool          // waited long enough; voicemail as soon as nobody is being rung
	message *message

	callable  bool      // the caller may ask to be called back
	elsewhere string    // the telephone that a step names
	sentAway  bool      // the floor has ended the wait for it
	outside   *Leg      // that telephone, or whom the agent has on line 2
	alone     bool      // the customer has gone, the others talk on
	talked    time.Time // until when the customer talked to them
	swapped   bool      // in a consultation the agent talks to the customer, line 2 hears music
	said      int       // commands about the lines that the floor has answered
}

// newCall is not run yet; what is posted waits.
func newCall(v *Voice, row callRow) *Call {
	return &Call{
		v: v, inbox: dialog.NewInbox[func(context.Context)](), closed: make(chan struct{}), timers: map[*time.Timer]struct{}{},
		row: row, asked: map[offerKey]bool{},
	}
}

func (c *Call) post(f func(context.Context)) { c.inbox.Put(f) }

// request posts something and waits for its answer; over is the answer of a call that has ended
// before it could give one.
func (c *Call) request(ctx context.Context, over error, do func(context.Context) error) error {
	answer := make(chan error, 1)
	c.post(func(ctx context.Context) { answer <- do(ctx) })
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-c.closed:
	}
	select {
	case err := <-answer: // it was what ended the call
		return err
	default:
		return over
	}
}

// run does what is posted until the call is over. What is posted later is not done.
func (c *Call) run(ctx context.Context) {
	defer close(c.closed)
	defer c.v.forget(c)
	for !c.done {
		f, ok := c.inbox.Take()
		if !ok {
			return
		}
		f(ctx)
	}
	c.inbox.Close()
}

func (c *Call) address() gateway.Address {
	return gateway.Address{Kind: gateway.AddressPhone, Value: c.row.From, Name: c.row.Name}
}

// author is the customer as they stand on their conversation.
func (c *Call) author() gateway.Author {
	name := c.row.Name
	if name == "" {
		name = c.row.From
	}
	return gateway.Author{Kind: gateway.ByCustomer, Name: name}
}

// follow hears what the floor decides about the interaction.
func (c *Call) follow(id gateway.InteractionID) {
	c.unfollow()
	c.v.serve(c, id)
	c.row.Interaction = id
	c.watch = c.v.rooms.Feed.Watch([]string{gateway.TopicInteraction(id)}, func(e gateway.Event) {
		c.post(func(ctx context.Context) { c.decided(ctx, e) })
	})
}

// unfollow hears nothing more of the interaction.
func (c *Call) unfollow() {
	if c.watch != nil {
		c.watch()
		c.watch = nil
	}
}

// told handles what a dialog tells.
func (c *Call) told(ctx context.Context, l *Leg, e dialog.Event) {
	switch e := e.(type) {
	case dialog.Answered:
		c.legAnswered(ctx, l, e.Body)
	case dialog.Confirmed:
		c.confirmed(ctx, l, e.Body)
	case dialog.Rejected:
		c.legRejected(ctx, l, e.Status)
	case dialog.Canceled:
		c.gone(ctx, l, "canceled")
	case dialog.Ended:
		c.gone(ctx, l, e.Cause)
	case dialog.Info:
		if key, ok := parseInfo(e); ok {
			c.infoKey(ctx, l, key)
		}
	case dialog.Ringing:
		l.tried = true
	}
}

// confirmed is the customer's ACK; the answer is in it if the offer was ours.
func (c *Call) confirmed(ctx context.Context, l *Leg, body []byte) {
	l.there = true
	if body == nil {
		return
	}
	if err := l.answered(body); err != nil {
		l.bye(`SIP;cause=488;text="Not Acceptable Here"`)
		c.gone(ctx, l, "media")
	}
}

// legs are all the telephones of the call.
func (c *Call) legs() []*Leg {
	all := slices.Concat([]*Leg{c.customer, c.agent, c.outside}, c.others, c.late)
	for _, r := range c.rings {
		all = append(all, r.leg)
	}
	return slices.DeleteFunc(all, func(l *Leg) bool { return l == nil })
}
