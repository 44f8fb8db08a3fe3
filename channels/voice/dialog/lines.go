package dialog

import (
	"context"
	"net/netip"
	"time"
)

// A port on the internet is knocked at day and night. Whoever knocks must neither fill the
// disk with lines nor hide behind them: a line that is not written is counted, and the count
// is written with the source's next line or when the second is over.
const (
	linesPerSecond = 10 // of the log, for one source
	linesOfAll     = 50 // and for all of them; also, how many sources are counted one by one
)

const refusedHere = "refused on the SIP port" // what operators grep for and alarms count

// note writes at most ten lines a second about one source, fifty about all, and counts
// the others.
func (g *gate) note(from netip.AddrPort, s *stranger, what string, more ...any) {
	g.mu.Lock()
	if s == nil {
		if s = g.sources[from.Addr()]; s == nil {
			s = newStranger()
			if len(g.sources) < maxSources {
				g.sources[from.Addr()] = s
			}
		}
	}
	hushed := s.hushed
	write := g.mayWriteLocked(s, time.Now())
	if !write {
		g.countLocked(from, s, what)
	}
	g.mu.Unlock()
	if write {
		g.log.Warn(refusedHere, append([]any{"source", from.String(), "what", what, "repeated", hushed}, more...)...)
	}
}

// mayWriteLocked says whether a line about the source may be written now; it then tells of
// those that were not, too.
func (g *gate) mayWriteLocked(s *stranger, now time.Time) bool {
	if !s.line(now.Unix(), linesPerSecond) || !g.lines.line(now.Unix(), linesOfAll) {
		return false
	}
	s.hushed = 0
	delete(g.hushed, s)
	return true
}

// countLocked keeps a line that is not written for the next one about its source.
func (g *gate) countLocked(from netip.AddrPort, s *stranger, what string) {
	if len(g.hushed)+g.others == 0 {
		select {
		case g.counted <- struct{}{}:
		default:
		}
	}
	if _, known := g.hushed[s]; !known && len(g.hushed) >= linesOfAll {
		g.others++
		return
	}
	s.hushed++
	s.what, g.hushed[s] = what, from
}

// tell writes every second what was counted and not written, so that the end of a burst is
// known as soon as it is over, until ctx ends. While nothing is counted it sleeps.
func (g *gate) tell(ctx context.Context) {
	second := time.NewTimer(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.counted:
			second.Reset(time.Second)
		case now := <-second.C:
			if g.tally(now) {
				second.Reset(time.Second)
			}
		}
	}
}

// tally writes a line about each source that was counted and one about all others, as far
// as lines may be written; the rest waits for the next second, and it says whether there is any.
func (g *gate) tally(now time.Time) (more bool) {
	type sum struct {
		from     netip.AddrPort
		what     string
		repeated int
	}
	var sums []sum
	g.mu.Lock()
	for s, from := range g.hushed {
		if one := (sum{from, s.what, s.hushed - 1}); g.mayWriteLocked(s, now) { // the line itself is one
			sums = append(sums, one)
		}
	}
	others := g.others
	if others > 0 && g.lines.line(now.Unix(), linesOfAll) {
		g.others = 0
	} else {
		others = 0
	}
	more = len(g.hushed)+g.others > 0
	g.mu.Unlock()
	if others > 0 {
		g.log.Warn(refusedHere, "source", "many", "repeated", others-1)
	}
	for _, one := range sums {
		g.log.Warn(refusedHere, "source", one.from.String(), "what", one.what, "repeated", one.repeated)
	}
	return more
}

// ledger counts the lines of a second.
type ledger struct {
	second int64
	lines  int
}

func (l *ledger) line(now int64, most int) bool {
	if l.second != now {
		l.second, l.lines = now, 0
	}
	l.lines++
	return l.lines <= most
}
