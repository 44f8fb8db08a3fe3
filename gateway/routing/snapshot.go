package routing

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// The stored form of the core. Everything is sorted, nothing that follows from the
// rest is in it: equal states are equal bytes.
type (
	coreState struct {
		Version int            `json:"version"`
		Now     time.Time      `json:"now"`
		Seq     int64          `json:"seq"`
		Plan    gateway.Plan   `json:"plan"`
		Turns   turns          `json:"turns"`
		Agents  []agentState   `json:"agents"`
		Items   []itemState    `json:"items"`
		Handled []handledState `json:"handled,omitempty"`
		Gone    []memo         `json:"gone,omitempty"`
		Left    []departure    `json:"left,omitempty"`
	}
	agentState struct {
		Shown    gateway.Presence `json:"shown"`
		Under    gateway.Status   `json:"under"`
		Back     time.Time        `json:"back,omitzero"`
		Away     time.Time        `json:"away,omitzero"`
		Lost     time.Time        `json:"lost,omitzero"`
		Blocked  time.Time        `json:"blocked,omitzero"`
		Down     bool             `json:"down,omitempty"`
		IdleFrom time.Time        `json:"idle_from,omitzero"`
		Asked    time.Time        `json:"asked,omitzero"`
	}
	itemState struct {
		gateway.Interaction
		Needs    []gateway.SkillLevel `json:"needs,omitempty"`
		Alone    bool                 `json:"alone,omitempty"`
		Returned bool                 `json:"returned,omitempty"`
		Called   bool                 `json:"called,omitempty"`
		Entered  time.Time            `json:"entered"`
		Base     time.Time            `json:"base"`
		Reached  time.Duration        `json:"reached"`
		Warned   bool                 `json:"warned,omitempty"`
		Declined []cooldown           `json:"declined,omitempty"`
		Forgive  time.Time            `json:"forgive,omitzero"`
		Tries    int                  `json:"tries,omitempty"`
		Offers   []gateway.Offer      `json:"offers,omitempty"`
		Closed   []string             `json:"closed,omitempty"`
		From     gateway.AgentID      `json:"from,omitempty"`
		To       gateway.AgentID      `json:"to,omitempty"`
		Holds    []holdState          `json:"holds,omitempty"`
	}
	holdState struct {
		Agent    gateway.AgentID `json:"agent"`
		Place    int             `json:"place"` // among the agent's holds
		Queue    gateway.QueueID `json:"queue"`
		How      string          `json:"how"`
		Start    time.Time       `json:"start"`
		Worked   time.Time       `json:"worked,omitzero"`
		Ended    time.Time       `json:"ended,omitzero"`
		Until    time.Time       `json:"until,omitzero"`
		Left     time.Duration   `json:"left,omitempty"`
		Overtime bool            `json:"overtime,omitempty"`
		Warned   bool            `json:"warned,omitempty"`
		Asked    bool            `json:"asked,omitempty"`
		Added    int             `json:"added,omitempty"`
		Parked   bool            `json:"parked,omitempty"`
		Guest    bool            `json:"guest,omitempty"`
		Mute     int64           `json:"mute,omitempty"`
		No       int             `json:"no,omitempty"`
		Cost     int             `json:"cost"`
	}
	handledState struct {
		Queue   gateway.QueueID `json:"queue"`
		Channel gateway.Channel `json:"channel"`
		average
	}
)

// Snapshot is the whole state. Two cores that were given the same events since the same
// snapshot give the same bytes.
func (c *Core) Snapshot() ([]byte, error) { return c.Picture().Snapshot() }

// SnapshotHead is how many bytes of a snapshot Entered needs to see.
const SnapshotHead = 200

// Entered is the number, as gateway.Interaction.Seq, of the latest interaction that a snapshot
// knows. It reads the first SnapshotHead bytes only: a snapshot of all that waits is large.
func Entered(head []byte) (int64, error) {
	dec := json.NewDecoder(bytes.NewReader(head))
	for {
		t, err := dec.Token()
		if err != nil {
			return 0, fmt.Errorf("read the head of a snapshot: %w", err)
		}
		if t == "seq" {
			var seq int64
			err := dec.Decode(&seq)
			return seq, err
		}
	}
}

// Picture is the whole state at one moment. What happens to the core later does not reach
// it, so it can be written down elsewhere meanwhile.
type Picture struct{ state coreState }

// Picture takes one. It shares with the core what is never changed in its place.
func (c *Core) Picture() *Picture {
	s := coreState{
		Version: Version, Now: c.now, Seq: c.seq, Plan: c.plan, Turns: c.turns, Gone: c.gone.memos(), Left: slices.Clone(c.departures.list),
		Agents: slices.Grow([]agentState(nil), len(c.roster)), Items: slices.Grow([]itemState(nil), c.items.n),
	}
	for _, a := range c.roster {
		s.Agents = append(s.Agents, agentState{
			Shown: a.shown, Under: a.since, Back: a.back, Away: a.away,
			Lost: a.lost, Blocked: a.blocked, Down: a.down, IdleFrom: a.idleFrom, Asked: a.asked,
		})
	}
	for it := range c.items.all() {
		s.Items = append(s.Items, it.state())
	}
	for _, q := range c.queues {
		for l := range laneCount {
			if q.handled[l].Samples > 0 {
				s.Handled = append(s.Handled, handledState{q.id, l.channel(), q.handled[l]})
			}
		}
	}
	return &Picture{s}
}

// Snapshot is the core's Snapshot at that moment.
func (p *Picture) Snapshot() ([]byte, error) {
	data, err := json.Marshal(p.inOrder())
	if err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	return data, nil
}

// inOrder is the state with its lists in one order, however the core's maps gave them.
func (p *Picture) inOrder() *coreState {
	slices.SortFunc(p.state.Items, func(a, b itemState) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortStableFunc(p.state.Handled, func(a, b handledState) int { return cmp.Compare(a.Queue, b.Queue) })
	return &p.state
}

func (it *item) state() itemState {
	s := itemState{
		Interaction: it.Interaction, Needs: it.needs, Alone: it.alone, Returned: it.returned, Called: it.called, Entered: it.entered, Base: it.base, Reached: it.reached, Warned: it.warned,
		Declined: slices.Clone(it.declined), Forgive: it.forgive, Tries: it.tries, Closed: slices.Clone(it.closed),
	}
	for _, o := range it.offers {
		s.Offers = append(s.Offers, o.Offer)
	}
	if it.from != nil {
		s.From, s.To = it.from.agent, it.from.to
	}
	for _, h := range it.holds {
		s.Holds = append(s.Holds, holdState{
			Agent: h.agent.id, Place: slices.Index(h.agent.holds, h), Queue: h.queue.id, How: h.how, Start: h.start, Worked: h.worked, Ended: h.ended,
			Until: h.wrap.until, Left: h.wrap.left, Overtime: h.wrap.overtime, Warned: h.wrap.warned,
			Asked: h.wrap.asked, Added: h.wrap.added, Parked: h.parked, Guest: h.guest, Mute: h.mute, No: h.no, Cost: h.cost,
		})
	}
	return s
}

// Restore makes the core that Snapshot described. One of an older version is read too: that
// is how a new version takes over. One of a newer version is refused, for it may say what
// this one would lose.
func Restore(data []byte) (*Core, error) {
	var s coreState
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	if s.Version > Version {
		return nil, fmt.Errorf("restore: the snapshot is of routing version %d, this is %d: start the newer release again", s.Version, Version)
	}
	c := New()
	c.now, c.seq, c.plan, c.turns = s.Now, s.Seq, s.Plan, s.Turns
	for _, m := range s.Gone {
		c.gone.add(m)
	}
	for _, o := range s.Left {
		c.departures.add(o)
	}
	for _, h := range s.Handled {
		l, _ := laneOf(h.Channel)
		c.queue(h.Queue).handled[l] = h.average
	}
	for _, as := range s.Agents {
		c.hire(as.agent())
	}
	for _, is := range s.Items {
		if err := c.restore(is); err != nil {
			return nil, fmt.Errorf("restore interaction %d: %w", is.ID, err)
		}
	}
	return c, c.reopen()
}

// reopen builds what follows from the restored state.
func (c *Core) reopen() error {
	for _, ap := range c.plan.Agents {
		if c.agents[ap.ID] == nil {
			return fmt.Errorf("restore: agent %d of the plan has no state", ap.ID)
		}
	}
	for _, it := range slices.SortedFunc(c.items.all(), func(a, b *item) int { return cmp.Compare(a.Seq, b.Seq) }) {
		c.file(it)
	}
	c.index()
	for _, a := range c.roster {
		if a.profile == nil || slices.Contains(a.holds, nil) {
			return fmt.Errorf("restore: agent %d is not in the plan, or holds what is not there", a.id)
		}
		c.refresh(a)
		a.freed = false
		c.timers.set(&a.timer, a.deadline())
	}
	for it := range c.items.all() {
		c.timers.set(&it.timer, it.deadline())
	}
	c.turn.clear()
	return nil
}

func (s agentState) agent() *agent {
	a := newAgent(s.Shown.Agent)
	a.shown, a.since = s.Shown, s.Under
	a.intent, a.code, a.next, a.nextCode, a.live = s.Shown.Intent, s.Shown.StatusCode, s.Shown.Next, s.Shown.NextCode, s.Shown.Live
	a.back, a.away, a.lost, a.blocked, a.down, a.idleFrom, a.asked = s.Back, s.Away, s.Lost, s.Blocked, s.Down, s.IdleFrom, s.Asked
	a.holds = make([]*hold, len(s.Shown.Holds))
	return a
}

func (c *Core) restore(s itemState) error {
	l, ok := laneOf(s.Channel)
	if !ok {
		return fmt.Errorf("unknown channel %q", s.Channel)
	}
	it := c.newItem(gateway.Admission{Skills: s.Needs, Alone: s.Alone}, l)
	it.Interaction, it.queue = s.Interaction, c.queue(s.Queue)
	it.entered, it.warned, it.declined, it.forgive = s.Entered, s.Warned, s.Declined, s.Forgive
	it.returned, it.called = s.Returned, s.Called
	it.tries, it.closed, it.base, it.reached = s.Tries, s.Closed, s.Base, s.Reached
	if it.base.IsZero() {
		it.await(it.ArrivedAt) // written before there were steps
	}
	it.line2OfOld()
	if s.From != 0 {
		it.from = &origin{s.From, s.To}
	}
	for _, so := range s.Offers {
		a := c.agents[so.Agent]
		if a == nil {
			return fmt.Errorf("agent %d of the offer is not there", so.Agent)
		}
		a.offer = &offer{Offer: so, item: it, agent: a}
		it.offers = append(it.offers, a.offer)
	}
	for _, hs := range s.Holds {
		if err := c.restoreHold(it, hs); err != nil {
			return err
		}
	}
	if it.State == gateway.StateWaiting {
		it.bucket = &bucket{} // put into the right one by index
	}
	c.items.set(it.ID, it)
	return nil
}

// line2OfOld works out who is on line 2 where a snapshot from before version 5 doesn't say.
func (it *item) line2OfOld() {
	switch {
	case it.Line2 != "" || it.Outside:
	case it.Phase == gateway.PhaseConference:
		it.Outside = len(it.Others) == 0
	case it.Phase != gateway.PhaseConsult:
	case len(it.Others) > 0 || it.OfferNo > len(it.closed):
		it.Line2 = gateway.Line2Colleague
	default:
		it.Line2, it.Outside = gateway.Line2Outside, true
	}
}

func (c *Core) restoreHold(it *item, s holdState) error {
	a := c.agents[s.Agent]
	if a == nil || s.Place < 0 || s.Place >= len(a.holds) {
		return fmt.Errorf("agent %d does not hold it", s.Agent)
	}
	h := &hold{
		item: it, agent: a, queue: c.queue(s.Queue), how: s.How, start: s.Start, worked: s.Worked, ended: s.Ended,
		parked: s.Parked, guest: s.Guest, mute: s.Mute, no: s.No, cost: s.Cost,
	}
	if h.cost == 0 {
		h.cost = gateway.Cost(it.Channel) // written before the house had costs of its own
	}
	h.wrap = wrapUp{s.Until, s.Left, s.Overtime, s.Warned, s.Asked, s.Added}
	it.holds = append(it.holds, h)
	a.holds[s.Place] = h
	if h.active() && !h.guest {
		h.queue.busy[it.lane]++
	}
	return nil
}
