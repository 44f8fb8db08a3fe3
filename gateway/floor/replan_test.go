package floor

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// boardOf is the board's row of a queue; not ok if it has none.
func (h *house) boardOf(t *testing.T, id gateway.QueueID) (routing.QueueState, bool) {
	t.Helper()
	board, err := h.Board(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range board {
		if q.Queue == id {
			return q, true
		}
	}
	return routing.QueueState{}, false
}

// A queue that is made while a new leader reads the plan is on its board all the same.
func TestAPlanThatChangesWhileItIsReadIsReadAgain(t *testing.T) {
	t.Parallel()
	n := newNeighbours()
	n.whileRead = func() {
		n.added.Store(true)
		n.Publish(SubjectPlan, nil)
	}
	h := build(t, pgtest.New(t), "one", n, nil)
	h.start(t)
	h.eventually(t, "the board has the queue", func() bool {
		_, ok := h.boardOf(t, addedID)
		return ok
	})
}

// A queue whose first chat is faster than the hint is no stranger to the floor: the chat is in
// its band from the first word of it, and on its row of the board.
func TestTheFirstChatMayBeFasterThanItsQueue(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	h.n.added.Store(true)
	id := h.admit(t, addedID, 11)
	h.Hint()
	told := await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == id })
	if told.Band != 9 {
		t.Errorf("got band %d, want the queue's, 9", told.Band)
	}
	row, ok := h.boardOf(t, addedID)
	if !ok || row.Channels[1].Waiting != 1 {
		t.Errorf("got row %+v, %v, want one chat waiting", row, ok)
	}
	h.wantReplayed(t)
}

// What comes for a queue that there is not has the plan read once, not each time.
func TestAQueueThatIsNotThereIsLookedForOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.ready(t)
	before := h.n.plans.Load()
	for c := range gateway.ConversationID(3) {
		id := h.admit(t, 99, c+11)
		h.Hint()
		await(t, h, "interaction.changed", func(i gateway.Interaction) bool { return i.ID == id })
	}
	if got := h.n.plans.Load() - before; got != 1 {
		t.Errorf("the plan was read %d times, want once", got)
	}
}
