package collaborate

import (
	"encoding/json"
	"net/url"
	"reflect"
	"time"

	"golang.org/x/time/rate"

	"github.com/vaxelhq/vaxel/gateway"
)

// visitorIn is what the customer's page says. T decides which fields count.
type visitorIn struct {
	T      string          `json:"t"` // hello, share, control, events, page, acted, stop, pong
	Key    string          `json:"key"`
	Token  string          `json:"token"` // of their chat
	Code   string          `json:"code"`  // or what an agent read out to them
	Pass   string          `json:"pass"`  // or what a page of theirs was given before
	Lang   string          `json:"lang"`
	On     bool            `json:"on"`
	Events json.RawMessage `json:"events"` // of rrweb, masked
	Whole  bool            `json:"whole"`  // events: they need nothing that came before
	Busy   bool            `json:"busy"`   // events: the customer did something themselves
	URL    string          `json:"url"`
	Nodes  int             `json:"nodes"` // page: elements on it
	N      int64           `json:"n"`     // acted: which act
	OK     bool            `json:"ok"`
	Why    string          `json:"why"`
	Cause  string          `json:"cause"` // stop: too_large or bad_rules, when it was not the customer
}

// visitorOut is what the customer's page hears.
type visitorOut struct {
	T       string  `json:"t"` // state, snapshot, point, mark, act, error
	State   State   `json:"state,omitempty"`
	Control Control `json:"control,omitempty"`
	Agent   string  `json:"agent,omitempty"` // the name of whom they show it to
	Pass    string  `json:"pass,omitempty"`
	Rules   *rules  `json:"rules,omitempty"`
	Cause   string  `json:"cause,omitempty"` // of the end
	X       float64 `json:"x,omitempty"`     // point: on the page's viewport, CSS pixels
	Y       float64 `json:"y,omitempty"`
	ID      int64   `json:"id,omitempty"` // mark, act: the element's in the mirror; 0 marks nothing
	N       int64   `json:"n,omitempty"`
	Do      string  `json:"do,omitempty"` // act: click, fill or scroll
	Value   string  `json:"value,omitempty"`
	Code    string  `json:"code,omitempty"`
	Detail  string  `json:"detail,omitempty"`
}

// rules are what administrators set, for the customer's browser to hold to.
type rules struct {
	Mask     []string `json:"mask"`
	Block    []string `json:"block"`
	Forbid   []string `json:"forbid"`
	Allow    []string `json:"allow"`
	NodesMax int      `json:"nodes_max"`
}

// agentIn is what the agent's side says.
type agentIn struct {
	T      string  `json:"t"`      // hello, point, mark, act, snapshot, pong
	Ticket string  `json:"ticket"` // hello: of POST /api/v1/socket-ticket; read by gateway/api
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	ID     int64   `json:"id"`
	N      int64   `json:"n"`
	Do     string  `json:"do"`
	Value  string  `json:"value"`
}

// agentOut is what the agent's side hears.
type agentOut struct {
	T       string          `json:"t"` // state, page, events, lost, acted, error
	State   State           `json:"state,omitempty"`
	Control Control         `json:"control,omitempty"`
	Rev     int64           `json:"rev,omitempty"`
	Cause   string          `json:"cause,omitempty"`
	URL     string          `json:"url,omitempty"` // page: without query and fragment
	Nodes   int             `json:"nodes,omitempty"`
	Large   bool            `json:"large,omitempty"` // page: so many elements that it may be slow
	Events  json.RawMessage `json:"events,omitempty"`
	Whole   bool            `json:"whole,omitempty"`
	N       int64           `json:"n,omitempty"`
	OK      bool            `json:"ok,omitempty"`
	Why     string          `json:"why,omitempty"`
	Code    string          `json:"code,omitempty"`
	Detail  string          `json:"detail,omitempty"`
}

// Wire is what is said one way over a socket: a struct that has every field, and by a frame's
// t the fields that it has. A ? ends those that it may be without.
type Wire struct {
	Of     reflect.Type
	Frames map[string]string
}

// Frames are what both sockets carry. docs/frames.json is made of them, and what tests hear is
// held to that.
func Frames() map[string]Wire {
	return map[string]Wire{
		"PageSays": {reflect.TypeFor[visitorIn](), map[string]string{
			"hello": "key token? code? pass? lang?", "share": "on?", "control": "on?", "events": "events whole? busy?",
			"page": "url nodes", "acted": "n ok? why?", "stop": "cause?", "pong": "",
		}},
		"PageHears": {reflect.TypeFor[visitorOut](), map[string]string{
			"state": "state control agent pass? rules? cause?", "snapshot": "", "point": "x? y?", "mark": "id?",
			"act": "n? id? do value? x? y?", "ping": "", "error": "code detail",
		}},
		"LookerSays": {reflect.TypeFor[agentIn](), map[string]string{
			"hello": "ticket", "point": "x y", "mark": "id", "act": "n id do value? x? y?", "snapshot": "", "pong": "",
		}},
		"LookerHears": {reflect.TypeFor[agentOut](), map[string]string{
			"state": "state control rev cause?", "page": "url? nodes? large?", "events": "events whole?", "lost": "",
			"acted": "n? ok? why?", "error": "code detail", "ping": "",
		}},
	}
}

const (
	maxHello    = 4 << 10 // bytes, before we know who it is
	maxFrame    = 8 << 20 // a picture of a page with 20,000 elements has about 4 MB
	maxHand     = 16 << 10
	maxValue    = 2000 // bytes filled in at once
	maxURL      = 500
	nodesMax    = 20_000 // more are not mirrored: the customer's browser would stand still
	nodesLarge  = 5_000  // the agent is told that it may be slow
	helloWithin = 10 * time.Second
	pingEvery   = 15 * time.Second
	silentAfter = 40 * time.Second // without a word: the socket is half open
	seenEvery   = 30 * time.Second
	writeWithin = 15 * time.Second

	bytesPerSecond = 256 << 10 // from one page; more waits in its own connection
	bytesAtOnce    = 2 * maxFrame
	pointsPerSec   = 30
	actsPerSec     = 5
	actsAtOnce     = 20
	pictureEvery   = time.Second // whole pages are asked for at most so often
)

func perSecond(n int, burst int) *rate.Limiter { return rate.NewLimiter(rate.Limit(n), burst) }

// plainURL is an address as it may be kept: query and fragment may hold what is nobody's business.
func plainURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	u.User, u.RawQuery, u.Fragment, u.RawFragment, u.ForceQuery = nil, "", "", "", false
	plain := gateway.Clean(u.String())
	if len(plain) > maxURL {
		return ""
	}
	return plain
}
