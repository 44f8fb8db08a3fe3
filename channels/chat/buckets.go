package chat

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	beginsPerMinute       = 60   // of one address; an office of hundreds behind it does not begin more
	widgetBeginsPerMinute = 1200 // of one widget on one node, from wherever
	bucketsSwept          = 1024 // buckets before the full ones are looked for
)

// buckets are token buckets by key. A full one is forgotten: a new one is as good.
type buckets[key comparable] struct {
	rate  rate.Limit
	burst int

	mu   sync.Mutex // guards what follows
	of   map[key]*rate.Limiter
	room int // when the full ones are looked for the next time
}

func newBuckets[key comparable](perSecond rate.Limit, burst int) *buckets[key] {
	return &buckets[key]{rate: perSecond, burst: burst, of: map[key]*rate.Limiter{}, room: bucketsSwept}
}

// perMinute lets a minute's worth come at once.
func perMinute[key comparable](n int) *buckets[key] {
	return newBuckets[key](rate.Every(time.Minute/time.Duration(n)), n)
}

func (b *buckets[key]) get(k key) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := b.of[k]
	if l == nil {
		if len(b.of) >= b.room {
			maps.DeleteFunc(b.of, func(_ key, l *rate.Limiter) bool { return l.Tokens() >= float64(b.burst) })
			b.room = max(bucketsSwept, 2*len(b.of))
		}
		l = rate.NewLimiter(b.rate, b.burst)
		b.of[k] = l
	}
	return l
}

// mayBegin refuses what would be a case or an offer beyond what people begin. An address
// that floods is stopped before it takes anything from its widget's others.
func (v *session) mayBegin() error {
	if v.source.IsValid() && !v.srv.bySource.get(v.source).Allow() {
		v.srv.Log.Warn("refused a chat: too many begin at one address", "source", v.source.Addr().String(), "widget", v.widget.Key)
		return tooManyBegin()
	}
	if !v.srv.byWidget.get(v.widget.ID).Allow() {
		v.srv.Log.Warn("refused a chat: too many begin at one widget", "widget", v.widget.Key)
		return tooManyBegin()
	}
	return nil
}

// mayWait refuses a line that would begin beyond what may. Until the floor has opened what
// the first line asked for, a conversation is unserved: its lines go on with what has begun.
func (v *session) mayWait(ctx context.Context, who visitor, cid string) error {
	v.mu.Lock()
	ended, after := v.phase == phaseEnded, max(0, v.sent-snapPage)
	v.mu.Unlock()
	if cid == v.let || who.Conversation != 0 && !ended {
		return nil
	}
	if who.Conversation != 0 { // ended, or the floor has not come to it since they came back
		last, err := v.srv.ending(ctx, who.Conversation, after)
		if err != nil {
			return fmt.Errorf("find whether the chat ended: %w", err)
		}
		if last.writtenSince {
			return nil
		}
	}
	if err := v.mayBegin(); err != nil {
		return err
	}
	v.let = cid
	return nil
}

func tooManyBegin() error {
	return &gateway.Error{Kind: gateway.KindTooMany, Code: "too_many_begin", Detail: "More people write than we can take in; send it again in a minute."}
}

// network is what counts as one address: of IPv6 the part that one household is given. It
// is none for this machine's own: behind a proxy that trusted_proxies does not name every
// visitor has that.
func network(source string) netip.Prefix {
	ip, err := netip.ParseAddr(source)
	if ip = ip.Unmap(); err != nil || ip.IsLoopback() {
		return netip.Prefix{}
	}
	bits := narrowest6
	if ip.Is4() {
		bits = 32
	}
	p, _ := ip.WithZone("").Prefix(bits)
	return p
}
