package chat_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/chat"
)

// TestFloodOfFreshTokens: who begins anew with each socket is refused before long, a visitor
// elsewhere is served meanwhile, and so is whoever has begun at the same address.
func TestFloodOfFreshTokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setting = func(c *chat.Config) { c.BeginsPerMinute = 3 }
	n := h.start()
	early := n.dialFrom(t, "2001:db8:1:2::1")
	early.begin("Hej")
	flood(t, func(i int) *client { return n.dialFrom(t, fmt.Sprintf("2001:db8:1:2::%x", i)) })
	n.dialFrom(t, "2001:db8:1:3::1").begin("Hej")
	n.dial(t).begin("Hej från maskinen själv")
	early.send(m{"t": "msg", "cid": "m-1", "text": "Är ni där?"})
	early.until("ack")
}

// TestFloodFromManyAddresses: a widget takes no more than it can, wherever they come from.
func TestFloodFromManyAddresses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setting = func(c *chat.Config) { c.WidgetBeginsPerMinute = 3 }
	n := h.start()
	flood(t, func(i int) *client { return n.dialFrom(t, fmt.Sprintf("198.51.100.%d", i)) })
}

// TestFloodOfLetters: each is a case, so they count as what begins.
func TestFloodOfLetters(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.opening = chat.Opening{}
	h.setting = func(c *chat.Config) { c.BeginsPerMinute = 3 }
	c := h.start().dialFrom(t, "198.51.100.7")
	c.hello()
	for i := range 100 {
		c.send(m{"t": "letter", "cid": fmt.Sprint("l-", i), "text": "Hej", "email": fmt.Sprintf("a%d@kund.example", i)})
		if f := c.answered(); f.T == "error" {
			if f.Code != "too_many_begin" || i < 3 {
				t.Errorf("letter %d: %+v", i, f)
			}
			return
		}
	}
	t.Error("a hundred letters were taken")
}

// flood begins chats until one is refused.
func flood(t *testing.T, dial func(int) *client) {
	t.Helper()
	for i := range 100 {
		c := dial(i + 1)
		c.hello()
		c.send(m{"t": "form", "cid": "f", "text": "Hej"})
		if f := c.answered(); f.T == "error" {
			if f.Code != "too_many_begin" || f.CID != "f" || i < 2 {
				t.Errorf("chat %d: %+v", i, f)
			}
			return
		}
	}
	t.Error("a hundred chats began")
}

// answered is the next word about a line or letter.
func (c *client) answered() frame {
	c.t.Helper()
	for {
		f, err := c.read()
		if err != nil {
			c.t.Fatal(err)
		}
		if f.T == "ack" || f.T == "left" || f.T == "error" {
			return f
		}
	}
}

// TestAnOfficeBehindOneAddress is never refused.
func TestAnOfficeBehindOneAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	for range 40 {
		n.dialFrom(t, "198.51.100.7").begin("Hej")
	}
}

// TestLinesBeforeTheFloorComes begin nothing: who has begun while nobody leads the floor
// writes on, also over another socket.
func TestLinesBeforeTheFloorComes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setting = func(c *chat.Config) { c.BeginsPerMinute = 1 }
	h.leaderless = true
	n := h.start()
	c := n.dialFrom(t, "198.51.100.7")
	c.begin("Hej")
	for s := range 2 {
		for i := range 3 {
			c.send(m{"t": "msg", "cid": fmt.Sprintf("%d-%d", s, i), "text": "Är ni där?"})
			if f := c.answered(); f.T != "ack" {
				t.Fatalf("line %d over socket %d is answered %+v", i, s, f)
			}
		}
		c.resume(n)
	}
}

// TestAFirstLineAgain: a line whose answer was lost is the same line, and costs nothing more.
func TestAFirstLineAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setting = func(c *chat.Config) { c.BeginsPerMinute = 1 }
	h.trouble = errors.New("connection lost after the commit")
	c := h.start().dialFrom(t, "198.51.100.7")
	c.hello()
	form := m{"t": "form", "cid": "form-1", "text": "Hej"}
	c.send(form)
	if f := c.until("error"); f.Code != "try_again" {
		t.Errorf("answered %+v", f)
	}
	h.mu.Lock()
	h.trouble = nil
	h.mu.Unlock()
	c.send(form)
	if f := c.answered(); f.T != "ack" {
		t.Errorf("sent again, answered %+v", f)
	}
}

// TestChatsBegunAgain count as what begins, though their conversation goes on.
func TestChatsBegunAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.setting = func(c *chat.Config) { c.BeginsPerMinute = 3 }
	c := h.start().dialFrom(t, "198.51.100.7")
	c.begin("Hej")
	for i := range 100 {
		h.join(conversation)
		h.end(conversation)
		for c.phase != "ended" {
			if _, err := c.read(); err != nil {
				t.Fatal(err)
			}
		}
		c.send(m{"t": "msg", "cid": fmt.Sprint("m-", i), "text": "En sak till"})
		if f := c.answered(); f.T == "error" {
			if f.Code != "too_many_begin" || i < 2 {
				t.Errorf("chat %d: %+v", i, f)
			}
			return
		}
		c.until("queue")
	}
	t.Error("a hundred chats began")
}

// TestANewSocketIsNotFaster: the brake is the visitor's, not the socket's.
func TestANewSocketIsNotFaster(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	start := time.Now()
	c := n.dial(t)
	c.begin("Hej")
	for s := range 2 {
		for i := range 15 {
			c.send(m{"t": "msg", "cid": fmt.Sprintf("%d-%d", s, i), "text": "nu"})
			c.until("ack")
		}
		c.resume(n)
	}
	if took := time.Since(start); took < 2*time.Second {
		t.Errorf("31 lines over two sockets were taken in %v; want 2 s or more", took)
	}
}
