package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// Conferences are begun so many at a time, and each is three telephones that get a frame of
// their own fifty times a second.
const (
	conferenceStep  = 50
	framesPerSecond = 3 * 50
)

// conferenceRun is what so many conferences gave for a while.
type conferenceRun struct {
	count phonetest.Count
	cost  cost // a frame
}

// clean says whether everybody heard both others without a break.
func (r conferenceRun) clean(n int) bool {
	return r.count.Threes == n && r.count.Lost+r.count.Holes+r.count.Mixed == 0
}

// conferences begins more and more until frames are missing, then tells with how many none
// are: agents ask a colleague each, and join the lines.
func (x *exchange) conferences(ctx context.Context) error {
	defer func(before int64) { x.strange = before }(x.strange)
	x.strange = 0 // of the conferences alone
	var up []*phonetest.Call
	for n := 0; n < x.most; {
		more, err := x.gather(ctx, n, conferenceStep)
		if err != nil {
			return err
		}
		up = append(up, more...)
		n = len(up)
		if r := x.mixed(x.b.share(60)); r.count.Lost+r.count.Holes > r.count.Packets/100 {
			break // far too many
		}
	}
	for len(up) > 0 {
		got, clean := x.mixedRuns(len(up))
		if clean {
			if err := x.tellConferences(len(up), got); err != nil {
				return err
			}
			return x.hangUp(ctx, up, 0)
		}
		less := max(len(up)-conferenceStep, 0)
		if err := x.hangUp(ctx, up[less:], less); err != nil {
			return err
		}
		up = up[:less]
	}
	return fmt.Errorf("not even %d conferences went through without loss", conferenceStep)
}

// gather makes n more conferences beside those that there are.
func (x *exchange) gather(ctx context.Context, before, n int) ([]*phonetest.Call, error) {
	customers, err := x.ring(ctx, before, n)
	if err != nil {
		return nil, err
	}
	alone, err := x.calls(ctx, gateway.PhaseTalking, 0)
	if err != nil {
		return nil, err
	}
	colleagues := x.house.agents[x.most+before:]
	if err := x.each(ctx, alone, "consult", func(n int) any { return map[string]any{"to_agent": colleagues[n].id} }); err != nil {
		return nil, err
	}
	var asking map[gateway.InteractionID]gateway.AgentID
	answered := func() bool {
		asking, err = x.calls(ctx, gateway.PhaseConsult, 1)
		return err != nil || len(asking) == n
	}
	if err := errors.Join(x.house.wait(ctx, "every colleague to answer", answered), err); err != nil {
		return nil, err
	}
	if err := x.each(ctx, asking, "join-lines", func(int) any { return map[string]any{} }); err != nil {
		return nil, err
	}
	x.fleet.Reset()
	return customers, x.house.wait(ctx, "all to hear all", func() bool { return x.fleet.Count().Threes == before+n })
}

// each has the agents do something with their calls, 16 at a time.
func (x *exchange) each(ctx context.Context, calls map[gateway.InteractionID]gateway.AgentID, verb string, body func(n int) any) error {
	by := map[gateway.AgentID]*agent{}
	for _, a := range x.house.agents {
		by[a.id] = a
	}
	var group errgroup.Group
	group.SetLimit(16)
	n := 0
	for id, a := range calls {
		in := body(n)
		n++
		group.Go(func() error {
			return by[a].call(ctx, http.MethodPost, "/interactions/"+strconv.Itoa(int(id))+"/"+verb, in, nil)
		})
	}
	return group.Wait()
}

// mixed listens to all conferences for a while.
func (x *exchange) mixed(d time.Duration) (r conferenceRun) {
	m := measure(x.house.pid())
	x.fleet.Reset()
	time.Sleep(d)
	r.count = x.count()
	r.cost = m.cost(int(r.count.Packets))
	return r
}

// mixedRuns listens until no frame was missing several times in a row, and says whether
// that came within twice as many.
func (x *exchange) mixedRuns(n int) (got []conferenceRun, clean bool) {
	for range 2 * runs {
		r := x.mixed(x.b.share(30))
		x.b.note("conferences: %d of %d, %d frames lost, %d holes in %d packets, %.4f ms CPU each", r.count.Threes, n, r.count.Lost, r.count.Holes, r.count.Packets, r.cost.cpu)
		if !r.clean(n) {
			got = nil
		} else if got = append(got, r); len(got) == runs {
			return got, true
		}
	}
	return nil, false
}

// hangUp ends conferences and waits until as many as are to stay are left. Who is left when a
// customer hangs up talks on, until the agent does too.
func (x *exchange) hangUp(ctx context.Context, customers []*phonetest.Call, stay int) error {
	for _, c := range customers {
		c.Bye()
	}
	var left map[gateway.InteractionID]gateway.AgentID
	var err error
	alone := func() bool {
		left, err = x.calls(ctx, gateway.PhaseColleagues, 1)
		return err != nil || len(left) == len(customers)
	}
	if err := errors.Join(x.house.wait(ctx, "the customers to be gone", alone), err); err != nil {
		return err
	}
	if err := x.each(ctx, left, "end", func(int) any { return map[string]any{} }); err != nil {
		return err
	}
	return x.left(ctx, stay)
}

// calls are those in a phase with so many others, with their agents.
func (x *exchange) calls(ctx context.Context, phase gateway.Phase, others int) (map[gateway.InteractionID]gateway.AgentID, error) {
	db, err := x.house.db(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, "select id, agent from interaction where state = 'active' and phase = $1 and cardinality(others) = $2", phase, others)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	calls := map[gateway.InteractionID]gateway.AgentID{}
	for rows.Next() {
		var id gateway.InteractionID
		var a gateway.AgentID
		if err := rows.Scan(&id, &a); err != nil {
			return nil, err
		}
		calls[id] = a
	}
	return calls, rows.Err()
}

// tellConferences gives the largest number at which nothing was missing. The bound is what the
// same machine can mix when it does nothing else.
func (x *exchange) tellConferences(n int, got []conferenceRun) error {
	var m mixer
	bare, err := x.b.bareRelay(m.mix)
	if err != nil {
		return err
	}
	var cpu []float64
	frames := int64(0)
	for _, r := range got {
		cpu, frames = append(cpu, r.cost.cpu), frames+r.count.Received
	}
	why := fmt.Sprintf("with %d more some are missing", conferenceStep)
	if n == x.most {
		why = fmt.Sprintf("%d is all that is tried", n)
	}
	x.b.tell(Figure{
		Name: "calls.conferences", Value: float64(n), Unit: "conferences", Errors: int(x.strange) + x.house.faults(), CPU: new(median(cpu)),
		Bound: new(float64(runtime.NumCPU()) * 1000 / (framesPerSecond * bare / 1000)),
		Method: fmt.Sprintf("customer, agent and a colleague who was consulted and joined through the API, all of them telephones, G.711 in 20 ms packets, mixed by decoding; each frame carries its speaker's mark, which the mix leaves readable: everybody heard every frame of both others (%d, none missing, none delayed by a hole), and not themselves; %s; %v, %d times in a row of at most %d; CPU per frame of the mix; %v; bound: threads on all cores that receive three, mix two of them for each and send them, nothing else",
			frames, why, x.b.share(30), runs, 2*runs, got[len(got)-1].cost.shares),
	})
	return nil
}

// mixer is a conference of three whose packets come in turn, with nothing around it.
type mixer struct {
	said [3][g711.FrameSize]int16
	turn int
}

// mix puts in place of a packet what its speaker hears of the two others.
func (m *mixer) mix(sound []byte) {
	g711.Mu.DecodeTo(m.said[m.turn][:], sound)
	m.turn = (m.turn + 1) % 3
	var sum [g711.FrameSize]int16
	for i := range sum {
		sum[i] = int16(min(max(int(m.said[m.turn][i])+int(m.said[(m.turn+1)%3][i]), -1<<15), 1<<15-1))
	}
	g711.Mu.EncodeTo(sound, sum[:])
}
