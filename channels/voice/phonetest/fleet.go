package phonetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
)

// Fleet is many telephones for measuring: customers who call, agents and colleagues who
// answer at once. Each packet says which telephone sent it, as which one and when, also in
// a conference's mix, so that what is lost, mixed up or late is counted. It belongs into a
// process of its own.
type Fleet struct {
	customers, agents, colleagues *Phone

	mu       sync.RWMutex // guards what follows; nobody speaks or hears while it is locked
	seats    []*seat
	counting bool // what is said meanwhile does not count yet

	start time.Time
	stop  context.CancelFunc
	work  sync.WaitGroup
}

// Count is what a fleet has seen.
type Count struct {
	Calls    int           `json:"calls"`    // that are up: to the end both have spoken without a pause, and been heard
	Threes   int           `json:"threes"`   // conferences of three, each of whom hears both others
	Sent     int64         `json:"sent"`     // frames
	Packets  int64         `json:"packets"`  // that came
	Received int64         `json:"received"` // frames of those that were sent
	Lost     int64         `json:"lost"`     // sent by somebody who is heard otherwise, and not received
	Holes    int64         `json:"holes"`    // packets without the frame of somebody who is heard otherwise
	Mixed    int64         `json:"mixed"`    // frames of a stranger, or one's own
	P50, P99 time.Duration // from one telephone to the other
}

// silentT lets a Phone work outside a test.
type silentT struct{ testing.TB }

// Helper implements testing.TB.
func (silentT) Helper() {}

// Logf implements testing.TB.
func (silentT) Logf(string, ...any) {}

// Errorf implements testing.TB.
func (silentT) Errorf(string, ...any) {}

// NewFleet starts a fleet on loopback.
func NewFleet(ctx context.Context) (*Fleet, error) {
	f := &Fleet{start: time.Now()}
	ctx, f.stop = context.WithCancel(context.WithoutCancel(ctx))
	for place, who := range []struct {
		p    **Phone
		user string
	}{ofCustomer: {&f.customers, "customer"}, ofAgent: {&f.agents, "agent"}, ofColleague: {&f.colleagues, "colleague"}} {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		_ = c.SetReadBuffer(8 << 20)
		p := newPhone(silentT{}, who.user, c)
		p.Media = func() Media { return f.seat(place) }
		*who.p = p
		f.work.Go(p.listen)
	}
	f.agents.OnCall(func(c *Call) { c.Answer() })
	f.colleagues.OnCall(func(c *Call) { c.Answer() })
	f.work.Go(func() { f.talk(ctx) })
	return f, nil
}

// AgentURI is an agent's telephone; all of them answer.
func (f *Fleet) AgentURI(n int) string { return fmt.Sprintf("sip:agent%d@%s", n, f.agents.Addr()) }

// ColleagueURI is a telephone of somebody who may be in a conference with a customer and
// an agent; all of them answer.
func (f *Fleet) ColleagueURI(n int) string {
	return fmt.Sprintf("sip:colleague%d@%s", n, f.colleagues.Addr())
}

// Pair is the sound of a customer's and an agent's telephone, which somebody brings together without a call.
func (f *Fleet) Pair() (customer, agent Media) { return f.seat(ofCustomer), f.seat(ofAgent) }

// Call makes one more customer call, and returns when it is answered.
func (f *Fleet) Call(ctx context.Context, user string, at netip.AddrPort) (*Call, error) {
	c := f.customers.Dial(user, at)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !c.Up() {
		if c.Gone() {
			return nil, fmt.Errorf("call %s: SIP status %d", user, c.Status())
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("call %s: %w", user, ctx.Err())
		}
	}
	return c, nil
}

// Reset begins to count anew. What is said before and heard later does not count.
func (f *Fleet) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.seats {
		s.reset()
	}
}

// Count is what became of all that was said since Reset. It waits until that is heard, for a
// second at most: what is missing then is lost, also at the end of a stream.
func (f *Fleet) Count() Count {
	f.close()
	f.settle()
	f.mu.Lock()
	defer f.mu.Unlock()
	defer f.goOn()
	var sum Count
	var late []time.Duration
	var most uint32 // frames that one telephone has said; all are to say as many
	for _, s := range f.seats {
		most = max(most, s.until-s.since)
	}
	hearing := map[int]int{} // telephones by how many others they hear
	for _, s := range f.seats {
		n, others, delays := s.count(most)
		hearing[others]++
		sum.Sent, sum.Packets, sum.Received = sum.Sent+n.Sent, sum.Packets+n.Packets, sum.Received+n.Received
		sum.Lost, sum.Holes, sum.Mixed = sum.Lost+n.Lost, sum.Holes+n.Holes, sum.Mixed+n.Mixed
		late = append(late, delays...)
	}
	sum.Calls, sum.Threes = hearing[1]/2, hearing[2]/3
	if slices.Sort(late); len(late) > 0 {
		sum.P50, sum.P99 = late[len(late)/2], late[len(late)*99/100]
	}
	return sum
}

// close has all that was said until now count.
func (f *Fleet) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counting = true
	for _, s := range f.seats {
		s.until = s.n
	}
}

// goOn counts on as if nobody had counted; the fleet is locked.
func (f *Fleet) goOn() {
	f.counting = false
	for _, s := range f.seats {
		s.goOn()
	}
}

// settle waits until everybody has heard what counts, or a second has passed.
func (f *Fleet) settle() {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(underWay); time.Now().Before(end); <-tick.C {
		if !f.misses() {
			return
		}
	}
}

func (f *Fleet) misses() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.ContainsFunc(f.seats, (*seat).misses)
}

// Close ends everything.
func (f *Fleet) Close() error {
	f.stop()
	for _, p := range []*Phone{f.customers, f.agents, f.colleagues} {
		if p != nil {
			_ = p.conn.Close()
		}
	}
	for _, s := range f.all() {
		_ = s.conn.Close()
	}
	f.work.Wait()
	return nil
}

func (f *Fleet) all() []*seat {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.Clone(f.seats)
}

// seat opens the sound of one more telephone.
func (f *Fleet) seat(place int) Media {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		panic(err) // out of sockets: no figure
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &seat{conn: c, fleet: f, place: place, id: uint32(len(f.seats) + 1)}
	for i := range s.buf {
		s.buf[i] = g711.Mu.Silence()
	}
	f.seats = append(f.seats, s)
	f.work.Go(s.listen)
	return s
}

// talk sends a frame for each telephone every 20 ms, spread over the time.
func (f *Fleet) talk(ctx context.Context) {
	const phases = 20
	at := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		at = at.Add(20 * time.Millisecond / phases)
		time.Sleep(time.Until(at))
		seats := f.all()
		for i := n % phases; i < len(seats); i += phases {
			seats[i].say()
		}
	}
}
