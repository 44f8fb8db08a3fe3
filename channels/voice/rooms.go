package voice

import (
	"context"
	"io"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Intake takes calls and voicemail in.
type Intake interface {
	Receive(ctx context.Context, a gateway.Arrival, also func(ctx context.Context, tx pgx.Tx, r gateway.Received) error) (gateway.Received, error)
}

// Floor decides who has an interaction. The same key gives the same answer. Reserve
// gives the number of an interaction to be.
type Floor interface {
	Do(ctx context.Context, key string, cmd gateway.Command) (gateway.Answer, error)
	Reserve(ctx context.Context) (gateway.InteractionID, error)
}

// Feed tells consoles, and us: heard gets every event of the topics at least once, and
// must not wait.
type Feed interface {
	Watch(topics []string, heard func(gateway.Event)) (cancel func())
	Append(ctx context.Context, tx pgx.Tx, events ...gateway.Event) error
	Announce(events ...gateway.Event)
}

// Phones knows the SIP addresses and the numbers at which an agent is rung, in order. A
// number is called through the dial plan, so it should be known to be the agent's.
type Phones interface {
	Phones(ctx context.Context, agent gateway.AgentID) ([]string, error)
}

// Queues knows how long a queue lets callers wait until they are sent to voicemail; 0 if
// it doesn't say, negative if the floor sends them on.
type Queues interface {
	MaxWait(ctx context.Context, queue gateway.QueueID) (gateway.Seconds, error)
}

// Places knows where a caller who waits stands, 1 is next, and for how long still; 0 where
// it is not known.
type Places interface {
	Place(ctx context.Context, id gateway.InteractionID) (position int, wait time.Duration, err error)
}

// Timeline writes onto conversations.
type Timeline interface {
	Append(ctx context.Context, tx pgx.Tx, entries ...*gateway.Entry) error
}

// Blobs keeps recordings.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (key string, size int64, err error)
	Note(ctx context.Context, tx pgx.Tx, key string, size int64, mediaType, name string) error
}

// Rooms are the neighbours.
type Rooms struct {
	Intake   Intake
	Floor    Floor
	Feed     Feed
	Phones   Phones
	Queues   Queues
	Places   Places
	Timeline Timeline
	Blobs    Blobs
}
