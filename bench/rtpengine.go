package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/channels/voice/g711"
	"github.com/vaxelhq/vaxel/channels/voice/phonetest"
	"github.com/vaxelhq/vaxel/channels/voice/sdp"
)

// rtpengine is Sipwise's relay for sound, run in userspace: what one would put beside a SIP
// proxy instead of us.
type rtpengine struct {
	*peer
	ng net.Conn // its control
}

// startRTPEngine runs one on loopback, until the bench ends.
func (b *Bench) startRTPEngine(ctx context.Context) (*rtpengine, error) {
	at, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	p, err := b.startPeer(ctx, "rtpengine", "rtpengine-daemon", "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=4",
		"--interface=127.0.0.1", "--listen-ng="+at, "--port-min=26000", "--port-max=30999")
	if err != nil {
		return nil, err
	}
	r := &rtpengine{peer: p}
	if r.ng, err = (&net.Dialer{}).DialContext(ctx, "udp", at); err != nil {
		return nil, err
	}
	b.cleanup(func() { _ = r.ng.Close() })
	return r, p.until(ctx, "rtpengine", func() error {
		_, err := r.ask(map[string]any{"command": "ping"})
		return err
	})
}

// ask sends a command of the ng protocol, a cookie and a dictionary in one datagram, and
// gives the answer. It says it again, under the same cookie, when there is none.
func (r *rtpengine) ask(command map[string]any) (map[string]any, error) {
	cookie := strconv.FormatInt(time.Now().UnixNano(), 36)
	b := make([]byte, 1<<16)
	var err error
	for range 5 {
		if _, err = r.ng.Write([]byte(cookie + " " + bencode(command))); err != nil {
			continue
		}
		var n int
		_ = r.ng.SetReadDeadline(time.Now().Add(time.Second))
		if n, err = r.ng.Read(b); err != nil {
			continue
		}
		got, text, _ := strings.Cut(string(b[:n]), " ")
		if got != cookie {
			err = errors.New("an answer to another question")
			continue
		}
		v, _, err := bdecode(text)
		if err != nil {
			return nil, fmt.Errorf("read an answer of rtpengine's: %w: %s", err, text)
		}
		answer, _ := v.(map[string]any)
		if answer["result"] != "ok" && answer["result"] != "pong" {
			return nil, fmt.Errorf("rtpengine refuses: %s", text)
		}
		return answer, nil
	}
	return nil, err
}

// bring lets two telephones hear each other through rtpengine: the one is offered to the
// other, who answers.
func (r *rtpengine) bring(n int, from, to phonetest.Media) error {
	call := map[string]any{"command": "offer", "call-id": fmt.Sprint("bench-", n), "from-tag": "from", "ICE": "remove", "replace": []string{"origin"}}
	ends := []phonetest.Media{from, to}
	for i, m := range ends {
		if i == 1 {
			call["command"], call["to-tag"] = "answer", "to"
		}
		o := sdp.Offer(1, m.Addr(), m.Law(), sdp.SendRecv)
		o.Audio.Laws = []g711.Law{m.Law()}
		call["sdp"] = string(o.Bytes())
		answer, err := r.ask(call)
		if err != nil {
			return err
		}
		text, _ := answer["sdp"].(string)
		d, err := sdp.Parse([]byte(text))
		if err != nil {
			return fmt.Errorf("read what rtpengine says: %w", err)
		}
		ends[1-i].SendTo(d.Audio.Addr)
	}
	return nil
}

// peerRelay measures rtpengine as relayed does, and says who that was. Without one there is
// no such figure, and it is said what to install.
func (b *Bench) peerRelay(ctx context.Context, calls int) (*float64, string, error) {
	cost, err := b.relayed(ctx, calls)
	if missing := (notInstalled{}); errors.As(err, &missing) {
		b.note("calls: %v", err)
		return nil, "none, " + err.Error(), nil
	}
	return &cost, "rtpengine", err
}

// relayed is what rtpengine's processor does for 1000 packets of so many calls of the same
// telephones, in milliseconds.
func (b *Bench) relayed(ctx context.Context, calls int) (float64, error) {
	r, err := b.startRTPEngine(ctx)
	if err != nil {
		return 0, err
	}
	defer r.stop()
	fleet, err := phonetest.NewFleet(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = fleet.Close() }()
	for n := range calls {
		customer, agent := fleet.Pair()
		if err := r.bring(n, customer, agent); err != nil {
			return 0, err
		}
	}
	var got []float64
	var who shares
	var lost, mixed int
	time.Sleep(b.share(60)) // warms up
	for n := 0; n < 2*runs && len(got) < runs; n++ {
		m := measure(r.cmd.Process.Pid)
		fleet.Reset()
		time.Sleep(b.share(20))
		count := fleet.Count()
		c := m.cost(int(count.Received))
		b.note("rtpengine: %d calls, %d lost of %d sent, %.1f ms CPU per 1000 packets", count.Calls, count.Lost, count.Sent, c.cpu*1000)
		mixed += int(count.Mixed)
		if missing := calls - count.Calls + int(count.Lost); missing > 0 {
			lost += missing
			continue
		}
		got, who = append(got, c.cpu*1000), c.shares
	}
	if len(got) == runs {
		lost = 0 // runs that lost some are none
	}
	value := median(got)
	b.tell(Figure{
		Name: "calls.rtpengine_cpu_ms_per_1000_packets", Value: value, Unit: "ms", Errors: lost + mixed,
		Method: fmt.Sprintf("rtpengine (Debian's) in userspace, without its kernel module, offered and answered over its ng protocol: %d calls of the same telephones, without SIP; %v, median of %d without loss of at most %d; %v", calls, b.share(20), runs, 2*runs, who),
	})
	return value, ctx.Err()
}
