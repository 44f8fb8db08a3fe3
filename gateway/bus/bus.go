// Package bus is what nodes say to each other: hints that may be lost (Publish), and
// questions to the one holder of a thing (Ask).
//
// It promises:
//   - Publish never waits. Each subscription has room for 1024 hints of its own; what
//     does not fit is dropped, for that subscription only, and the older ones stay. A
//     hint says "look", so whoever missed one finds the thing at the next hint or poll.
//     Hints without data are coalesced: one that waits stands for all that follow;
//   - a subscription's function runs in one goroutine, in the order of publishing;
//   - Ask asks again under the same key while nobody holds the name or the holder says
//     try_again, until its context ends: a holder that moves to another node is found
//     there. The holder must therefore give a key that it knows its first answer;
//   - nothing is stored and nothing survives a restart.
//
// Local serves one process. Cluster puts core NATS behind the same methods: data is
// bytes, refusals cross as the JSON of gateway.Error, and no call depends on sharing
// memory with the other side. There a hint without data may also say that hints with data
// were lost: "look" is all that a subscriber may make of it.
//
// Nodes is which processes there are: a row each, renewed every 2 s.
package bus

import "context"

// Bus is what a node says and hears.
type Bus interface {
	// Publish gives data to every subscription of the subject, now or never. The data
	// must not be changed afterwards, by either side.
	Publish(subject string, data []byte)
	// Subscribe runs f for everything published on the subject until cancel. When cancel
	// returns, f is not running and will not run again; f must not call it.
	Subscribe(subject string, f func(data []byte)) (cancel func())
	// Ask puts a question to whoever serves the holder's name, on whatever node. Without
	// an answer until ctx's deadline (10 s from now, if it has none) it returns a
	// *gateway.Error of kind try_again: the question may or may not have been acted on,
	// so ask again with the same key.
	Ask(ctx context.Context, holder, key string, body []byte) ([]byte, error)
	// Serve answers questions to a holder's name until cancel, which waits for answers
	// under way and so must not be called by one. Questions are answered concurrently. Serving a name that is held takes
	// it over, as a new leader does.
	Serve(holder string, f func(ctx context.Context, key string, body []byte) ([]byte, error)) (cancel func())
}
