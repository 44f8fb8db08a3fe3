package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestFloodsAreCounted: a flood has a few lines a second and a count, which comes out as
// well when the flood has ended; nobody else loses a line.
func TestFloodsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newLog(&out, slog.LevelInfo)
		for range 1000 {
			log.Warn("refused a request", "source", "192.0.2.1")
			log.Error("answer a request", "err", "gone")
			log.Info("drained")
			log.Info("call waits", "source", "192.0.2.3")
		}
		for port := range 100 {
			log.Warn("refused on the SIP port", "source", netip.AddrPortFrom(netip.MustParseAddr("192.0.2.4"), uint16(port)).String())
		}
		log.Warn("refused a request", "source", "192.0.2.2")
		time.Sleep(time.Second) // the clock of the bubble
		synctest.Wait()
		for _, want := range []struct {
			lines int
			text  string
		}{
			{linesPerSecond, `msg="refused a request" source=192.0.2.1`},
			{1, `level=WARN msg="more were not logged" count=992 last="refused a request" source=192.0.2.1`},
			{linesPerSecond, `msg="answer a request" err=gone`},
			{1, `level=ERROR msg="more were not logged" count=992 last="answer a request"`},
			{1000, `msg=drained`},
			{linesPerSecond, `msg="call waits" source=192.0.2.3`},
			{1, `level=INFO msg="more were not logged" count=992 last="call waits" source=192.0.2.3`},
			{1, `source=192.0.2.4:7`},
			{0, `source=192.0.2.4:8`},
			{1, `level=WARN msg="more were not logged" count=92 last="refused on the SIP port" source=192.0.2.4`},
			{1, `msg="refused a request" source=192.0.2.2`},
		} {
			if got := strings.Count(out.String(), want.text+"\n"); got != want.lines {
				t.Errorf("%s: got %d lines, want %d", want.text, got, want.lines)
			}
		}
	})
}

// TestASecondAfterAFlood: whoever flooded is heard again in the next second.
func TestASecondAfterAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newLog(&out, slog.LevelInfo).With("source", "192.0.2.1").WithGroup("chat")
		for range 3 {
			for range 20 {
				log.WarnContext(context.Background(), "refused")
			}
			time.Sleep(time.Second) // the clock of the bubble
			synctest.Wait()
		}
		if lines, counted := strings.Count(out.String(), "msg=refused source=192.0.2.1\n"), strings.Count(out.String(), `msg="more were not logged" source=192.0.2.1 chat.count=12`); lines != 3*linesPerSecond || counted != 3 {
			t.Errorf("got %d lines and %d counts:\n%s", lines, counted, out.String())
		}
	})
}
