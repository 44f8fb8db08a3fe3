package floor

import (
	"testing"
	"testing/synctest"

	"github.com/vaxelhq/vaxel/gateway"
)

// The leader looks after boards, snapshots and consoles' nodes once a second, and sleeps for
// longer only while there is none of them.
func TestTheLeaderRestsWhileNothingStirs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for what, stir := range map[string]func(*leader){
			"a board":    func(l *leader) { l.board = true },
			"a snapshot": func(l *leader) { l.seq = snapshotEvery },
			"a console":  func(l *leader) { l.there.note(l.f.now(), gateway.Consoles{Agent: 7, Live: true, Node: "a"}) },
		} {
			l := &leader{f: New(nil, "one", Rooms{}, nil), there: attendance{}}
			if l.stirs() || l.rest() != tidyEvery/2 {
				t.Errorf("nothing stirs: rests for %v", l.rest())
			}
			if stir(l); !l.stirs() || l.rest() != boardGap {
				t.Errorf("%s: rests for %v, want %v", what, l.rest(), boardGap)
			}
		}
	})
}
