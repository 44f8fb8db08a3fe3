package frametest_test

import (
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway/api/frametest"
)

// Each frame is wrong in one thing, and the fault names it.
func TestFaults(t *testing.T) {
	s := frametest.Read("../../../docs/frames.json")
	for frame, want := range map[string]string{
		`{"t":"ack","cid":"1","pos":3,"at":9}`:           "",
		`{"v":1,"t":"pong","ts":"2026-11-22T10:00:00Z"}`: "",
		`{"t":"ack","cid":"1","pos":3}`:                  "ack has no at",
		`{"t":"ack","cid":"1","pos":"3","at":9}`:         "ack.pos is 3, no [integer]",
		`{"t":"ack","cid":"1","pos":3,"at":9,"new":1}`:   "ack.new is not described",
		`{"t":"dance"}`:                   `"dance" is not described`,
		`{"v":1,"t":"pong","ts":"today"}`: "pong.ts: ",
		`{"v":1,"t":"staff_chat.receipt","ts":"2026-11-22T10:00:00Z","data":{"agent":"a","pos":1}}`:         `data.agent is "a", not as`,
		`{"v":1,"t":"agent.status","ts":"2026-11-22T10:00:00Z","data":{"agent":"1","intent":"asleep"}}`:     "agent.status",
		`{"v":1,"t":"message.created","ts":"2026-11-22T10:00:00Z","data":{"pos":1,"body":{"subject":"x"}}}`: "message.created.data fits none",
	} {
		def := "VisitorHears"
		if strings.Contains(frame, `"v":1`) {
			def = "AgentHears"
		}
		if got := s.Fault(def, []byte(frame)); got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("%s: got %q want %q", frame, got, want)
		}
	}
}
