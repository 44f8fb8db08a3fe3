package chat_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat"
)

const closeBlocked = 4011

// block blocks, and unblock lifts, as an agent would by the API.
func (n *node) block(t *testing.T, b chat.Block) (kept chat.Block, err error) {
	t.Helper()
	return n.blockAs(t, b, true)
}

func (n *node) blockAs(t *testing.T, b chat.Block, mayLift bool) (kept chat.Block, err error) {
	t.Helper()
	err = pgx.BeginFunc(t.Context(), n.Pool, func(tx pgx.Tx) error {
		kept, err = n.Block(t.Context(), tx, b, mayLift)
		return err
	})
	return kept, err
}

func (n *node) unblock(t *testing.T, id int64) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), n.Pool, func(tx pgx.Tx) error { return n.Unblock(t.Context(), tx, id) }); err != nil {
		t.Fatal(err)
	}
}

// barred says hello until it is answered by a goodbye: other nodes, and this one, know of a
// change within seconds.
func (c *client) barred(t *testing.T, n *node) {
	t.Helper()
	wait(t, "the visitor is turned away", func() bool {
		_ = c.ws.CloseNow()
		c.connect(n, "https://shop.example")
		c.send(c.resuming())
		if f, err := c.read(); err != nil || f.T != "error" {
			return false
		} else if f.Code != "blocked" {
			t.Fatalf("got %+v", f)
		}
		return c.closed() == closeBlocked
	})
}

// resuming is a hello with what the browser has.
func (c *client) resuming() m {
	hello := m{"t": "hello", "key": "nordvind", "token": c.token}
	if c.conv != "" {
		hello["conversation"], hello["pos"] = c.conv, c.pos
	}
	return hello
}

// let waits until a visitor may come again.
func (c *client) let(t *testing.T, n *node) {
	t.Helper()
	wait(t, "the visitor is let in", func() bool {
		_ = c.ws.CloseNow()
		c.connect(n, "https://shop.example")
		c.send(c.resuming())
		f, err := c.read()
		return err == nil && f.T == "welcome"
	})
}

// A blocked visitor is cut off where they are, is told so, and gets back all that was said once
// the block is lifted; others from the same place chat on.
func TestABlockedVisitor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c, other := n.dialFrom(t, "203.0.113.9"), n.dialFrom(t, "203.0.113.10")
	c.begin("Hej")
	b, err := n.block(t, chat.Block{By: chat.ByBrowser, Conversation: conversation, Reason: " Hotar ", Agent: 5})
	if err != nil || b.Reason != "Hotar" || b.Agent != 5 || len(b.Who) != 32 {
		t.Fatalf("got %+v, %v", b, err)
	}
	if f := c.until("error"); f.Code != "blocked" {
		t.Errorf("told %+v", f)
	}
	if code := c.closed(); code != closeBlocked {
		t.Errorf("closed with %d", code)
	}
	c.barred(t, n)
	other.begin("Hallå")
	n.unblock(t, b.ID)
	c.pos, c.lines = 0, nil
	c.let(t, n)
	c.line("Hej")
}

// By a network all who come from it are turned away, and nobody else; a block that has expired
// is none.
func TestABlockedNetwork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dialFrom(t, "203.0.113.9")
	c.begin("Hej")
	b, err := n.block(t, chat.Block{By: chat.ByNetwork, Who: " 203.0.113.77/24 ", Reason: "Reklam"})
	if err != nil || b.Who != "203.0.113.0/24" {
		t.Fatalf("got %+v, %v", b, err)
	}
	c.barred(t, n)
	stranger, elsewhere := n.dialFrom(t, "203.0.113.200"), n.dialFrom(t, "198.51.100.1")
	stranger.barred(t, n)
	elsewhere.begin("Hallå")
	soon := time.Now().Add(time.Millisecond)
	if _, err := n.block(t, chat.Block{By: chat.ByNetwork, Who: "203.0.113.0/24", Reason: "Reklam", Until: &soon}); err != nil {
		t.Fatal(err)
	}
	c.let(t, n)
	if list, err := n.Blocks(t.Context(), 0, 100); err != nil || len(list) != 0 {
		t.Errorf("still blocked: %+v, %v", list, err)
	}
}

// A single IPv6 address is blocked with the /64 that it is of, and the answer says so.
func TestABlockedAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	for _, k := range []struct{ who, kept, from, neighbour string }{
		{"203.0.113.9", "203.0.113.9/32", "203.0.113.9", "203.0.113.10"},
		{"2001:db8:1:2::7", "2001:db8:1:2::/64", "2001:db8:1:2::7", "2001:db8:1:3::7"},
		{"2001:db8:2:2::8/127", "2001:db8:2:2::/64", "2001:db8:2:2:1::9", "2001:db8:2:3::8"},
		{"2001:db8:3::/48", "2001:db8:3::/48", "2001:db8:3:9::1", "2001:db8:4::1"},
	} {
		b, err := n.block(t, chat.Block{By: chat.ByNetwork, Who: k.who, Reason: "Reklam"})
		if err != nil || b.Who != k.kept {
			t.Errorf("%s: got %+v, %v want %s", k.who, b, err, k.kept)
		}
		n.dialFrom(t, k.from).barred(t, n)
		n.dialFrom(t, k.neighbour).let(t, n)
	}
}

// Who may not lift a block makes it longer, but never shorter.
func TestABlockAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	hour, day := time.Now().Add(time.Hour).Truncate(time.Second), time.Now().Add(24*time.Hour).Truncate(time.Second)
	for _, k := range []struct {
		what        string
		until, want *time.Time
		mayLift     bool
	}{
		{"a new one", &hour, &hour, false},
		{"longer", &day, &day, false},
		{"shorter", &hour, &day, false},
		{"shorter, of a supervisor", &hour, &hour, true},
		{"for good", nil, nil, false},
		{"not for good", &day, nil, false},
		{"not for good, of a supervisor", &day, &day, true},
		{"for good, of a supervisor", nil, nil, true},
	} {
		b, err := n.blockAs(t, chat.Block{By: chat.ByNetwork, Who: "203.0.113.0/24", Reason: k.what, Until: k.until}, k.mayLift)
		if err != nil {
			t.Fatal(err)
		}
		if same := b.Until == nil && k.want == nil || b.Until != nil && k.want != nil && b.Until.Equal(*k.want); !same || b.Reason != k.what {
			t.Errorf("%s: ends %v, want %v", k.what, b.Until, k.want)
		}
	}
}

// Whom the website has signed in is turned away from whichever browser they come.
func TestABlockedIdentity(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	hello := func(c *client, who string) frame {
		c.send(m{"t": "hello", "key": "nordvind", "jwt": token("HS256", claimsOf(who, time.Hour))})
		f, err := c.read()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	c := n.dial(t)
	hello(c, "4711")
	c.send(m{"t": "form", "cid": "1", "text": "Hej"})
	c.until("ack")
	b, err := n.block(t, chat.Block{By: chat.ByIdentity, Conversation: conversation, Reason: "Hotar"})
	if err != nil || b.Who != "nordvind/4711" {
		t.Fatalf("got %+v, %v", b, err)
	}
	if code := c.closed(); code != closeBlocked {
		t.Errorf("closed with %d", code)
	}
	if f := hello(n.dial(t), "4711"); f.Code != "blocked" {
		t.Errorf("another browser is told %+v", f)
	}
	if f := hello(n.dial(t), "4712"); f.T != "welcome" {
		t.Errorf("somebody else is told %+v", f)
	}
}

// Who cannot be known, and what would be too many, is refused with what to do instead.
func TestWhatCannotBeBlocked(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	n.dial(t).begin("Hej") // from this machine: no network
	for code, b := range map[string]chat.Block{
		"no_reason":   {By: chat.ByBrowser, Conversation: conversation},
		"not_known":   {By: chat.ByNetwork, Conversation: conversation, Reason: "x"},
		"bad_network": {By: chat.ByNetwork, Who: "10.0.0.0/8", Reason: "x"},
	} {
		if _, err := n.block(t, b); !strings.HasPrefix(refusal(err), code+":") {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	if _, err := n.block(t, chat.Block{By: chat.ByIdentity, Conversation: 999, Reason: "x"}); !strings.HasPrefix(refusal(err), "not_known:") {
		t.Errorf("of no visitor: %v", err)
	}
}

// Who is blocked is listed page by page, the latest first: one who is blocked meanwhile stands on no
// page that follows, one whose block is over on none, and each of the others on one. All of them are
// kept out, on whatever page they stand.
func TestBlocksPageByPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	for _, who := range []string{"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4", "203.0.113.5"} {
		b := chat.Block{By: chat.ByNetwork, Who: who, Reason: "Reklam"}
		if who == "203.0.113.3" {
			over := time.Now().Add(time.Millisecond)
			b.Until = &over
		}
		if _, err := n.block(t, b); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	before := int64(1) << 40 // an id that none has yet
	wait(t, "one block is over", func() bool { list, err := n.Blocks(t.Context(), 0, 100); return err == nil && len(list) == 4 })
	for _, want := range []int{2, 2, 0} {
		list, err := n.Blocks(t.Context(), before, 2)
		if err != nil || len(list) != want {
			t.Fatalf("got %+v, %v want %d", list, err, want)
		}
		for _, b := range list {
			got, before = append(got, b.Who), b.ID
		}
		if _, err := n.block(t, chat.Block{By: chat.ByNetwork, Who: "198.51.100.1", Reason: "Reklam"}); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"203.0.113.5/32", "203.0.113.4/32", "203.0.113.2/32", "203.0.113.1/32"}; !slices.Equal(got, want) {
		t.Errorf("got %v want %v", got, want)
	}
	n.dialFrom(t, "203.0.113.1").barred(t, n)
}
