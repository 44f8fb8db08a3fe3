package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/gateway"
)

// calls measures telephone calls through the real SIP stack: customers ring, wait in the
// queue, and are joined to agents' telephones; this process is all the telephones.
func calls(ctx context.Context, b *Bench) error {
	x, err := b.newExchange(ctx, 200)
	if err != nil {
		return err
	}
	var got []callRun
	for n := x.most; n > 0 && len(got) < runs; {
		if len(got) == 0 {
			if _, err := x.bridged(ctx, n/4, b.share(30)); err != nil { // warms up
				return err
			}
		}
		r, err := x.bridged(ctx, n, b.share(10))
		if err != nil {
			return err
		}
		b.note("calls: %d up, %d lost of %d sent, p99 %.2f ms, %.1f ms CPU per 1000 packets, %.0f setups/s",
			r.count.Calls, r.count.Lost, r.count.Sent, milliseconds(r.count.P99), r.perThousand, r.setups)
		if got = append(got, r); !r.whole(n) {
			n, got = n-50, nil
		}
	}
	if len(got) < runs {
		return errors.New("no number of calls went through without loss")
	}
	if err := x.delay(ctx); err != nil {
		return err
	}
	if err := x.conferences(ctx); err != nil {
		return err
	}
	each, err := x.memory(ctx)
	if err != nil {
		return err
	}
	if err := x.house.stop(); err != nil { // so that the others are measured alone
		return err
	}
	bare, err := b.bareRelay(nil)
	if err != nil {
		return err
	}
	peer, who, err := b.peerRelay(ctx, got[0].count.Calls)
	if err != nil {
		return err
	}
	x.report(got, each)
	x.tellPackets(got, bare, peer, who)
	return nil
}

// fewCalls are so few that the telephones themselves are in time.
const fewCalls = 20

// delay tells how much later packets come than between the same telephones alone.
func (x *exchange) delay(ctx context.Context) error {
	direct, err := x.b.direct(ctx, fewCalls)
	if err != nil {
		return err
	}
	var added []float64
	for range runs {
		r, err := x.bridged(ctx, fewCalls, x.b.share(20))
		if err != nil {
			return err
		}
		added = append(added, milliseconds(r.count.P99-direct))
	}
	x.b.tell(Figure{
		Name: "calls.added_latency_p99_ms", Value: median(added), Unit: "ms", Bound: new(milliseconds(direct)),
		Method: fmt.Sprintf("%d calls; p99 from telephone to telephone, less the bound: the same telephones calling each other directly; %v, median of %d; below nothing means that the machine was not quiet", fewCalls, x.b.share(20), runs),
	})
	return nil
}

// callRun is what one run of bridged calls showed.
type callRun struct {
	count       phonetest.Count
	perThousand float64 // milliseconds of CPU
	setups      float64 // a second
	setupCPU    float64 // milliseconds each
	shares      shares
}

// whole says whether so many calls were up to the end, and everything said was heard by
// somebody.
func (r callRun) whole(n int) bool {
	return r.count.Calls == n && r.count.Lost == 0 && r.count.Received == r.count.Sent
}

// report tells of the runs; each is what a call holds of memory.
func (x *exchange) report(got []callRun, each []float64) {
	var setups, setupCPU []float64
	for _, r := range got {
		setups, setupCPU = append(setups, r.setups), append(setupCPU, r.setupCPU)
	}
	last := got[len(got)-1].count
	var sent int64
	for _, r := range got {
		sent += r.count.Sent
	}
	x.b.tell(Figure{
		Name: "calls.bridged_no_loss", Value: float64(last.Calls), Unit: "calls", Errors: int(x.strange) + x.house.faults(), CPU: new(perThousand(got) / 1000),
		Method: x.method(got) + fmt.Sprintf("; no packet of the %d sent missing, to the last second, none to a third in any run; %d is all that is tried; CPU per packet", sent, x.most),
	})
	x.b.tell(Figure{
		Name: "calls.setups_per_s", Value: median(setups), Unit: "1/s", CPU: new(median(setupCPU)),
		Method: fmt.Sprintf("from the first INVITE until all %d talk to an agent, 16 customers ringing at once; median of %d", last.Calls, runs),
	})
	x.b.tell(Figure{
		Name: "calls.bytes_per_call", Value: median(each), Unit: "B",
		Method: fmt.Sprintf("heap and stacks of vaxel (kernel apart, GOGC=10) with %d calls talking, against none; median of %d looks", x.most, runs),
	})
}

// tellPackets tells what a packet costs us, the bare relay, and rtpengine where it is.
func (x *exchange) tellPackets(got []callRun, bare float64, peer *float64, who string) {
	x.b.tell(Figure{
		Name: "calls.cpu_ms_per_1000_packets", Value: perThousand(got), Unit: "ms", Bound: new(bare), Peer: peer,
		Method: x.method(got) + "; bound: a thread that receives and sends each packet and does nothing else; peer: " + who,
	})
}

func perThousand(got []callRun) float64 {
	var list []float64
	for _, r := range got {
		list = append(list, r.perThousand)
	}
	return median(list)
}

func (x *exchange) method(got []callRun) string {
	return fmt.Sprintf("%d calls, G.711 in 20 ms packets both ways, through SIP, queue and agents' telephones; %v, median of %d; %v",
		got[0].count.Calls, x.b.share(10), runs, got[0].shares)
}

// exchange is a house with telephones: as many agents as calls, and a colleague of each
// whom the queue does not reach.
type exchange struct {
	b       *Bench
	most    int
	house   *house
	fleet   *phonetest.Fleet
	sip     netip.AddrPort
	strange int64 // frames heard by somebody who was not meant to, in all runs
}

// newExchange starts a house with most agents who answer and as many colleagues who only take
// consultations, each with a telephone of the fleet.
func (b *Bench) newExchange(ctx context.Context, most int) (*exchange, error) {
	fleet, err := phonetest.NewFleet(ctx)
	if err != nil {
		return nil, err
	}
	b.cleanup(func() { _ = fleet.Close() })
	h, err := b.newHouse(ctx, 2*most, func(n int) string {
		if n < most {
			return fleet.AgentURI(n)
		}
		return fleet.ColleagueURI(n)
	})
	if err != nil {
		return nil, err
	}
	for _, a := range h.agents[most:] {
		a.wants = gateway.IntentWorkingOffline
	}
	x := &exchange{b: b, most: most, house: h, fleet: fleet}
	return x, x.open(ctx)
}

// open starts the house and has every agent ready to be rung.
func (x *exchange) open(ctx context.Context, env ...string) error {
	at, err := freePort(ctx)
	if err != nil {
		return err
	}
	if x.sip, err = netip.ParseAddrPort(at); err != nil {
		return err
	}
	settings := fmt.Sprintf("[voice]\nlisten = %q\nrtp_ports = \"21000-25999\"\n[[voice.trunk]]\nname = \"bench\"\nqueue = %q\nlanguage = \"en\"\nmax_wait = 600\n", at, queueName)
	if _, err := x.house.launch(ctx, settings, env...); err != nil {
		return err
	}
	return x.house.work(ctx)
}

// ring makes so many calls beside those that there are, and returns when all of them talk.
func (x *exchange) ring(ctx context.Context, before, n int) ([]*phonetest.Call, error) {
	db, err := x.house.db(ctx)
	if err != nil {
		return nil, err
	}
	list, err := callAll(ctx, x.fleet, n, "support", x.sip)
	if err != nil {
		return nil, err
	}
	return list, x.house.wait(ctx, "all calls to talk", func() bool {
		var talking int
		_ = db.QueryRow(ctx, "select count(*) from call where state = 'talking'").Scan(&talking)
		return talking == before+n
	})
}

// callAll has 16 customers ring at a time.
func callAll(ctx context.Context, fleet *phonetest.Fleet, n int, user string, at netip.AddrPort) (list []*phonetest.Call, err error) {
	turns := make(chan struct{}, n)
	for range n {
		turns <- struct{}{}
	}
	close(turns)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range turns {
				c, failed := fleet.Call(ctx, user, at)
				mu.Lock()
				if failed != nil {
					err = errors.Join(err, failed)
				} else {
					list = append(list, c)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return list, err
}

// bridged has so many calls talk for a while, then hangs all of them up.
func (x *exchange) bridged(ctx context.Context, n int, d time.Duration) (r callRun, err error) {
	began, m := time.Now(), measure(x.house.pid())
	list, err := x.ring(ctx, 0, n)
	if err != nil {
		return r, err
	}
	r.setups, r.setupCPU = float64(n)/time.Since(began).Seconds(), m.cost(n).cpu
	time.Sleep(200 * time.Millisecond) // so that early packets are behind us
	m = measure(x.house.pid())
	x.fleet.Reset()
	time.Sleep(d)
	r.count = x.count()
	c := m.cost(int(r.count.Received))
	r.perThousand, r.shares = c.cpu*1000, c.shares
	for _, call := range list {
		call.Bye()
	}
	return r, x.left(ctx, 0)
}

// count is what the telephones have heard; strangers are kept for the figure, whatever
// becomes of the run.
func (x *exchange) count() phonetest.Count {
	c := x.fleet.Count()
	x.strange += c.Mixed
	return c
}

// left waits until no more calls than that are left, and every other agent is free again.
func (x *exchange) left(ctx context.Context, n int) error {
	db, err := x.house.db(ctx)
	if err != nil {
		return err
	}
	return x.house.wait(ctx, "every agent to be free again", func() bool {
		var open int
		_ = db.QueryRow(ctx, "select count(*) from interaction where state <> $1", gateway.StateFinished).Scan(&open)
		return open == n
	})
}

// direct is the p99 of the same telephones without anything between them.
func (b *Bench) direct(ctx context.Context, n int) (time.Duration, error) {
	fleet, err := phonetest.NewFleet(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = fleet.Close() }()
	_, address, _ := strings.Cut(fleet.AgentURI(0), "@")
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return 0, err
	}
	if _, err := callAll(ctx, fleet, n, "agent", at); err != nil {
		return 0, err
	}
	fleet.Reset()
	time.Sleep(b.share(10))
	return fleet.Count().P99, nil
}

// memory is what a call holds, in bytes.
func (x *exchange) memory(ctx context.Context) (each []float64, err error) {
	if err := x.house.stop(); err != nil {
		return nil, err
	}
	for _, a := range x.house.agents {
		a.stop()
	}
	if err := x.open(ctx, "GOGC=10"); err != nil {
		return nil, err
	}
	none, err := x.house.quietMemory(ctx)
	if err != nil {
		return nil, err
	}
	list, err := x.ring(ctx, 0, x.most)
	if err != nil {
		return nil, err
	}
	for range runs {
		all, err := x.house.quietMemory(ctx)
		if err != nil {
			return nil, err
		}
		each = append(each, (all-none)/float64(x.most))
	}
	for _, call := range list {
		call.Bye()
	}
	return each, ctx.Err()
}
