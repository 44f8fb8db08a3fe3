package chat_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

var botKey = []byte("a secret that the bot's website knows too")

// asked is what a bot was sent.
type asked struct {
	Key   string
	Pos   int64 `json:"pos"`
	Lines []struct {
		From string `json:"from"`
		Text string `json:"text"`
	} `json:"lines"`
	Visitor struct{ Name, Email string } `json:"visitor"`
	gone    <-chan struct{}              // closed when nobody waits for the answer any more
}

// bot is a website's, which answers as the test says; it checks that it was us who asked.
type bot struct {
	*httptest.Server
	asked chan asked
}

func newBot(t *testing.T, answer func(w http.ResponseWriter, a asked)) *bot {
	t.Helper()
	b := &bot{asked: make(chan asked, 100)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var a asked
		if err != nil || json.Unmarshal(body, &a) != nil {
			t.Errorf("a bot was asked %q, %v", body, err)
		}
		stamp, sum, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Vaxel-Signature"), "t="), ",v1=")
		mac := hmac.New(sha256.New, botKey)
		fmt.Fprintf(mac, "%s.%s", stamp, body)
		if sum != hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("a bot was asked with the signature %q", r.Header.Get("Vaxel-Signature"))
		}
		a.gone = r.Context().Done()
		a.Key = r.Header.Get("Idempotency-Key")
		b.asked <- a
		answer(w, a)
	}))
	t.Cleanup(b.Close)
	return b
}

func says(lines ...string) string {
	list := []m{}
	for _, l := range lines {
		list = append(list, m{"text": l})
	}
	data, _ := json.Marshal(m{"lines": list})
	return string(data)
}

// botAt has a bot at an address answer the house's chats.
func (h *house) botAt(address string, seconds int, networks ...string) {
	h.t.Helper()
	h.hire(chat.Bot{URL: address, Name: "Nordbot", Timeout: seconds}, networks...)
}

func (h *house) hire(b chat.Bot, networks ...string) {
	h.t.Helper()
	known := keys{chat.BotKey("nordvind"): botKey}
	maps.Copy(known, bothKeys)
	h.setting = func(c *chat.Config) {
		c.Secrets = known
		for _, n := range networks {
			c.BotNetworks = append(c.BotNetworks, netip.MustParsePrefix(n))
		}
	}
	store := chat.NewStore(h.pool)
	list, err := store.Widgets(h.t.Context())
	if err != nil || len(list) != 1 {
		h.t.Fatal(list, err)
	}
	w := list[0]
	w.Bot = b
	err = pgx.BeginFunc(h.t.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := store.KeepWidget(h.t.Context(), tx, w)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

const here = "127.0.0.0/8"

// handed waits until a person has been asked for, and gives why.
func (h *house) handed(c *client) string {
	h.t.Helper()
	for c.phase != "queued" {
		if _, err := c.read(); err != nil {
			h.t.Fatalf("waiting for a person: %v", err)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var causes []string
	for _, a := range h.received {
		var what gateway.Happening
		if a.Entry.Kind == gateway.EntryEvent && json.Unmarshal(a.Entry.Body, &what) == nil && !a.Quiet {
			causes = append(causes, what.What+" "+what.Cause)
		}
	}
	if len(causes) != 1 {
		h.t.Errorf("a person was asked for %v", causes)
	}
	return strings.Join(causes, ", ")
}

// TestABotAnswersFirst, until it hands over: what was said then stands on the conversation, and
// what is said afterwards is not for it.
func TestABotAnswersFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := newBot(t, func(w http.ResponseWriter, a asked) {
		switch a.Lines[len(a.Lines)-1].Text {
		case "Hej":
			fmt.Fprint(w, says("Hej Anna!", "Vad gäller det?"))
		default:
			fmt.Fprint(w, `{"lines": [{"text": "Jag hämtar en kollega."}], "hand_over": true}`)
		}
	})
	h.botAt(b.URL, 30, here)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	c.line("Vad gäller det?")
	if places, _ := h.Places(t.Context(), []gateway.ConversationID{conversation}); c.phase != "bot" || len(places) != 0 {
		t.Errorf("with a bot the visitor is %s, at %v", c.phase, places)
	}
	if f := c.resume(n); f.Phase != "bot" {
		t.Errorf("back with a bot, the visitor is %s", f.Phase)
	}
	c.send(m{"t": "msg", "cid": "m-1", "text": "Fakturan"})
	c.line("Jag hämtar en kollega.")
	if why := h.handed(c); why != "handed_over bot" {
		t.Errorf("handed over: %s", why)
	}
	c.send(m{"t": "msg", "cid": "m-2", "text": "Tack"})
	c.until("ack")
	first, second := <-b.asked, <-b.asked
	if first.Key != "1/1" || first.Visitor.Name != "Anna" || len(second.Lines) != 4 || second.Lines[1].From != "bot" || second.Lines[3].Text != "Fakturan" {
		t.Errorf("asked %+v, then %+v", first, second)
	}
	if want := []string{"Hej", "Hej Anna!", "Vad gäller det?", "Fakturan", "Jag hämtar en kollega.", "Tack"}; !slices.Equal(h.texts(conversation), want) {
		t.Errorf("the conversation is %q", h.texts(conversation))
	}
	if len(b.asked) > 0 {
		t.Errorf("asked again after it had handed over: %+v", <-b.asked)
	}
}

// TestABotInSomeQueues leaves the chats of others to people.
func TestABotInSomeQueues(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := newBot(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says("Hej Anna!")) })
	h.hire(chat.Bot{URL: b.URL, Timeout: 30, Queues: []gateway.QueueID{8}}, here)
	n := h.start()
	other := n.dial(t)
	other.hello()
	other.send(m{"t": "form", "cid": "form-2", "name": "Bo", "topic": "delivery", "text": "Var är paketet?"})
	other.until("queue")
	c := n.dial(t)
	c.begin("Hej")
	c.line("Hej Anna!")
	if other.phase != "queued" || c.phase != "bot" {
		t.Errorf("the visitor of another queue is %s, the bot's own %s", other.phase, c.phase)
	}
	if first := <-b.asked; len(b.asked) != 0 || first.Visitor.Name != "Anna" {
		t.Errorf("asked of %+v and %d more", first.Visitor, len(b.asked))
	}
}

// TestABotThatFails hands over at once, whatever it does wrong, and says nothing of it.
func TestABotThatFails(t *testing.T) {
	t.Parallel()
	for what, answer := range map[string]func(w http.ResponseWriter, a asked){
		"slow":          func(_ http.ResponseWriter, a asked) { <-a.gone },
		"trickles":      func(w http.ResponseWriter, a asked) { fmt.Fprint(w, `{"lines":`); w.(http.Flusher).Flush(); <-a.gone },
		"broken":        func(w http.ResponseWriter, _ asked) { w.WriteHeader(http.StatusInternalServerError) },
		"no JSON":       func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, "<html>") },
		"says nothing":  func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, "{}") },
		"an empty line": func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says("Hej", " \x00 ")) },
		"too much":      func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says(strings.Repeat("x", 70_000))) },
		"a long line":   func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says(strings.Repeat("x", 5001))) },
		"many lines":    func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says(slices.Repeat([]string{"Hej"}, 11)...)) },
		"cut off":       func(http.ResponseWriter, asked) { panic(http.ErrAbortHandler) },
		"leads elsewhere": func(w http.ResponseWriter, _ asked) {
			w.Header().Set("Location", "/other")
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
	} {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t)
			b := newBot(t, answer)
			seconds := 30
			if what == "slow" || what == "trickles" {
				seconds = 1
			}
			h.botAt(b.URL, seconds, here)
			c := h.start().dial(t)
			c.begin("Hej")
			if why := h.handed(c); why != "handed_over failed" || len(b.asked) != 1 {
				t.Errorf("asked %d times, handed over: %s", len(b.asked), why)
			}
			if texts := h.texts(conversation); !slices.Equal(texts, []string{"Hej"}) {
				t.Errorf("the conversation is %q", texts)
			}
		})
	}
}

// TestABotThatWeDoNotReach: an address of our own network is not asked unless the operator says
// so, whoever wrote it down, nor a public one by plain HTTP; a widget's bot without a secret is none.
func TestABotThatWeDoNotReach(t *testing.T) {
	t.Parallel()
	b := newBot(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says("Hej")) })
	port := b.URL[strings.LastIndex(b.URL, ":"):]
	for address, networks := range map[string][]string{
		b.URL:                              nil,
		"http://localhost" + port:          nil,
		"http://[::ffff:127.0.0.1]" + port: {"10.0.0.0/8"},
		"https://127.0.0.1" + port:         nil,
		"http://192.0.2.1/":                nil,
	} {
		h := newHouse(t)
		h.botAt(address, 30, networks...)
		c := h.start().dial(t)
		c.begin("Hej")
		if why := h.handed(c); why != "handed_over failed" || len(b.asked) != 0 {
			t.Errorf("%s: asked %d times, handed over: %s", address, len(b.asked), why)
		}
	}
	h := newHouse(t)
	h.botAt(b.URL, 30, here)
	h.setting = nil // and no secret
	c := h.start().dial(t)
	c.begin("Hej")
	if c.until("queue"); len(b.asked) != 0 || len(h.received) != 1 {
		t.Errorf("without a secret it was asked %d times, after %d arrivals", len(b.asked), len(h.received))
	}
}

// TestAPersonInsteadOfTheBot: the visitor may ask for one at any time, twice too; what the bot
// says then is not said.
func TestAPersonInsteadOfTheBot(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	may := make(chan struct{})
	b := newBot(t, func(w http.ResponseWriter, _ asked) { <-may; fmt.Fprint(w, says("Vänta!")) })
	h.botAt(b.URL, 30, here)
	c := h.start().dial(t)
	c.begin("Hej")
	<-b.asked
	c.send(m{"t": "person", "cid": "p-1"})
	c.send(m{"t": "person", "cid": "p-2"})
	if why := h.handed(c); why != "handed_over asked" {
		t.Errorf("handed over: %s", why)
	}
	close(may)
	h.join(conversation)
	c.line("joined")
	if texts := h.texts(conversation); !slices.Equal(texts, []string{"Hej"}) {
		t.Errorf("the conversation is %q", texts)
	}
}

// scribe is the house's, as a test wants it.
type scribe func(ctx context.Context, entries []gateway.Entry, also func(context.Context, pgx.Tx) error) error

func (s scribe) SayAll(ctx context.Context, entries []gateway.Entry, also func(context.Context, pgx.Tx) error) error {
	return s(ctx, entries, also)
}

// writesAs has what bots say written in another way.
func (h *house) writesAs(s scribe) {
	set := h.setting
	h.setting = func(c *chat.Config) {
		set(c)
		c.Scribe = s
	}
}

// TestAPersonWhileTheBotSpeaks: who gets one when the answer is there and not yet written does
// not hear it.
func TestAPersonWhileTheBotSpeaks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := newBot(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says("Vänta!")) })
	h.botAt(b.URL, 30, here)
	writes, may, wrote := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	h.writesAs(func(ctx context.Context, entries []gateway.Entry, also func(context.Context, pgx.Tx) error) error {
		close(writes)
		<-may
		err := h.SayAll(ctx, entries, also)
		wrote <- err
		return err
	})
	c := h.start().dial(t)
	c.begin("Hej")
	<-writes
	c.send(m{"t": "person", "cid": "p-1"})
	h.handed(c)
	close(may)
	if err := <-wrote; err == nil {
		t.Error("the bot spoke after a person was asked for")
	}
	if texts := h.texts(conversation); !slices.Equal(texts, []string{"Hej"}) {
		t.Errorf("the conversation is %q", texts)
	}
}

// TestALineIsAnsweredOnce, whichever nodes ask about it.
func TestALineIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := newBot(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says("Hej Anna!")) })
	h.botAt(b.URL, 30, here)
	again := make(chan error, 1)
	h.writesAs(func(ctx context.Context, entries []gateway.Entry, also func(context.Context, pgx.Tx) error) error {
		err := h.SayAll(ctx, entries, also)
		again <- h.SayAll(ctx, entries, also)
		return err
	})
	c := h.start().dial(t)
	c.begin("Hej")
	if err := <-again; err == nil {
		t.Error("a second answer was said")
	}
	if texts := h.texts(conversation); !slices.Equal(texts, []string{"Hej", "Hej Anna!"}) {
		t.Errorf("the conversation is %q", texts)
	}
}

// TestTheEndWhileTheBotHandsOver: the visitor has not heard of the person yet, and neither
// perhaps has the floor; that person is told that nobody waits.
func TestTheEndWhileTheBotHandsOver(t *testing.T) {
	t.Parallel()
	for _, leaderless := range []bool{false, true} {
		h := newHouse(t)
		b := newBot(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, `{"hand_over": true}`) })
		h.botAt(b.URL, 30, here)
		h.deaf, h.leaderless = true, leaderless
		c := h.start().dial(t)
		c.begin("Hej")
		wait(t, "the chat is handed over", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return len(h.received) == 2
		})
		c.send(m{"t": "end"})
		wait(t, "the visitor has left", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return slices.Equal(h.commands, []gateway.Command{gateway.Leave{Interaction: 101}}) // of the second arrival
		})
	}
}

// TestTheEndOfABotsChat asks nobody for a person. What is written after it does.
func TestTheEndOfABotsChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := newBot(t, func(w http.ResponseWriter, _ asked) { fmt.Fprint(w, says("Hej")) })
	h.botAt(b.URL, 30, here)
	c := h.start().dial(t)
	c.begin("God dag")
	c.line("Hej")
	c.send(m{"t": "end"})
	c.line("ended")
	if h.mu.Lock(); c.phase != "ended" || len(h.open) != 0 {
		t.Errorf("%s, and open are %v", c.phase, h.open)
	}
	h.mu.Unlock()
	c.send(m{"t": "msg", "cid": "m-1", "text": "En sak till"})
	if c.until("queue"); len(b.asked) != 1 {
		t.Errorf("asked %d times", len(b.asked))
	}
}

// TestABotWhoseNodeDied: another one gives the chat to a person.
func TestABotWhoseNodeDied(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	b := newBot(t, func(_ http.ResponseWriter, a asked) { <-a.gone })
	h.botAt(b.URL, 30, here)
	n := h.start()
	c := n.dial(t)
	c.begin("Hej")
	<-b.asked
	n.stop() // its question ends with it
	if _, err := h.pool.Exec(t.Context(), `update visitor set bot = true, bot_due = now() - interval '1 second'`); err != nil {
		t.Fatal(err)
	}
	c.resume(h.start())
	if why := h.handed(c); why != "handed_over failed" {
		t.Errorf("handed over: %s", why)
	}
}
