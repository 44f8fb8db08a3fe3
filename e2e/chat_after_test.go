package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestStoryChatAfterwards: a visitor whose chat has ended says what they think of it and has
// it sent by mail; both stand on the conversation once, over a kill, the mail leaves from the
// queue's mailbox, and the figures know the score.
func TestStoryChatAfterwards(t *testing.T) {
	t.Parallel()
	v := newMailHouse(t, widget)
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Karin", "text": "Var är min jacka?"})
	id := c.accept(t)
	v.agent.must(http.MethodPost, "/interactions/"+id.String()+"/messages", map[string]any{"text": "Den kommer i morgon."}, nil)
	c.finish(t, id)
	v.wait("the end", func() bool { return guest.told("ended") })
	guest.say("rate", 1, map[string]any{"score": 4, "text": "Snabbt"})
	guest.say("transcript", 2, map[string]any{"email": karin})
	v.wait("both on the conversation", func() bool { return guest.told("rated") && guest.told("transcript") })
	v.kill()
	v.start()
	guest.say("rate", 1, map[string]any{"score": 1})
	guest.say("transcript", 2, map[string]any{"email": karin})
	guest.wantWhole()
	mail := v.mailTo(karin)
	body, err := io.ReadAll(mail.Body)
	must(t, err)
	if !bytes.Contains(body, []byte("Den kommer i morgon.")) || !strings.Contains(mail.Header.Get("From"), support) {
		t.Errorf("the mail is from %s:\n%s", mail.Header.Get("From"), body)
	}
	var figures struct {
		Channels []struct {
			Channel gateway.Channel
			Rated   int
			CSAT    float64
		}
	}
	day := time.Now().UTC().Truncate(24 * time.Hour)
	v.agent.must(http.MethodGet, "/statistics?from="+day.Format(time.RFC3339)+"&to="+day.Add(48*time.Hour).Format(time.RFC3339), nil, &figures)
	for _, f := range figures.Channels {
		if f.Channel == gateway.Chat && (f.Rated != 1 || f.CSAT != 4) {
			t.Errorf("the figures of chats are %+v", f)
		}
	}
	if n := v.number(`select count(*) from outbound where kind = 'transcript'`); n != 1 {
		t.Errorf("%d mails were sent", n)
	}
	guest.stop()
	<-guest.done
	v.mailAtOnce(guest.token, 8)
	if n := v.number(`select count(*) from outbound where kind = 'transcript'`); n != 3 {
		t.Errorf("%d mails were sent to who asked for many at once, want 3", n)
	}
}

// mailAtOnce asks for so many transcripts at the same moment, by requests.
func (v *vaxel) mailAtOnce(token string, times int) {
	v.t.Helper()
	hello := fmt.Sprintf(`{"t":"hello","key":"shop","token":%q}`, token)
	var all sync.WaitGroup
	for i := range times {
		all.Go(func() {
			body := fmt.Sprintf(`{"frames":[%s,{"t":"transcript","cid":"many-%d","email":%q}]}`, hello, i, karin)
			r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+"/w/poll", strings.NewReader(body))
			if err != nil {
				v.t.Error(err)
				return
			}
			r.Header.Set("Origin", v.base)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				v.t.Error(err)
				return
			}
			_ = resp.Body.Close()
		})
	}
	all.Wait()
}

// told says whether the visitor was told of a happening.
func (c *visitor) told(what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.shown {
		if l.What == what {
			return true
		}
	}
	return false
}
