package chat

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	maxBotAnswer = 64 << 10 // bytes
	maxBotLines  = 10       // in one answer
	botDial      = 5 * time.Second
)

// botQuestion is what a bot is sent: the chat so far, whose newest line of the visitor's is pos.
type botQuestion struct {
	Widget       string                 `json:"widget"` // its key
	Conversation gateway.ConversationID `json:"conversation"`
	Pos          int64                  `json:"pos"`
	Language     string                 `json:"language"`
	Topic        string                 `json:"topic,omitempty"`
	Visitor      botVisitor             `json:"visitor"`
	Page         botPage                `json:"page"`
	Lines        []botLine              `json:"lines"` // the last 50, oldest first
}

type botVisitor struct {
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Identity string `json:"identity,omitempty"` // the website's own name for them, which it has signed
}

type botPage struct {
	URL   string `json:"url,omitempty"`
	Title string `json:"title,omitempty"`
}

type botLine struct {
	Pos  int64     `json:"pos"`
	From string    `json:"from"` // visitor or bot
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// botAnswer is what it answers.
type botAnswer struct {
	Lines []struct {
		Text string `json:"text"`
	} `json:"lines"`
	HandOver bool `json:"hand_over"`
}

// ask sends the question, signed, and gives the answer. There is no second try: a visitor waits,
// and a person is there for what a program cannot do.
func (s *Server) ask(ctx context.Context, w *Widget, who visitor) (a botAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.Bot.timeout())
	defer cancel()
	key, err := s.Secrets.Get(ctx, BotKey(w.Key))
	if err != nil {
		return a, err
	}
	body, err := s.question(ctx, w, who)
	if err != nil {
		return a, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.Bot.URL, bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Vaxel")
	r.Header.Set("Idempotency-Key", fmt.Sprintf("%s/%d", who.Conversation, who.BotLine))
	r.Header.Set("Vaxel-Signature", botSignature(key, time.Now(), body))
	answer, err := s.bots.Do(r)
	if err != nil {
		return a, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return a, fmt.Errorf("it answered %s", answer.Status)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxBotAnswer+1))
	if err != nil {
		return a, err
	}
	return readBotAnswer(data)
}

// botSignature is over the time and the body, so that neither can be another's.
func botSignature(key []byte, at time.Time, body []byte) string {
	stamp := strconv.FormatInt(at.Unix(), 10)
	return "t=" + stamp + ",v1=" + hex.EncodeToString(signature(key, stamp+"."+string(body)))
}

func (s *Server) question(ctx context.Context, w *Widget, who visitor) ([]byte, error) {
	entries, err := s.Timeline.Entries(ctx, who.Conversation, max(0, who.BotLine-botTranscript), 2*botTranscript)
	if err != nil {
		return nil, err
	}
	q := botQuestion{
		Widget: w.Key, Conversation: who.Conversation, Pos: who.BotLine, Language: who.Language, Topic: who.Topic,
		Visitor: botVisitor{who.Name, who.Email, who.Identity}, Page: botPage{who.PageURL, who.PageTitle}, Lines: []botLine{},
	}
	for _, e := range entries {
		if e.Internal || e.Kind != gateway.EntryMessage {
			continue
		}
		from := "bot"
		if e.Author.Kind == gateway.ByCustomer {
			from = "visitor"
		}
		q.Lines = append(q.Lines, botLine{e.Pos, from, e.Text, e.At})
	}
	q.Lines = q.Lines[max(0, len(q.Lines)-botTranscript):]
	return json.Marshal(q)
}

// readBotAnswer refuses what is no answer: an answer says something, or hands over.
func readBotAnswer(data []byte) (a botAnswer, err error) {
	if len(data) > maxBotAnswer {
		return a, fmt.Errorf("it answered more than %d bytes", maxBotAnswer)
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("its answer is not the JSON that docs/widget.md describes: %w", err)
	}
	for i := range a.Lines {
		text := strings.TrimSpace(gateway.Clean(a.Lines[i].Text))
		if text == "" {
			return a, errors.New("it said an empty line")
		}
		if err := checkLength(text); err != nil {
			return a, err
		}
		a.Lines[i].Text = text
	}
	switch {
	case len(a.Lines) > maxBotLines:
		return a, fmt.Errorf("it said more than %d lines at once", maxBotLines)
	case len(a.Lines) == 0 && !a.HandOver:
		return a, errors.New("it said nothing, and did not hand over")
	}
	return a, nil
}

// newBots makes the client that asks bots. Administrators of widgets choose the addresses, the
// operator the networks: it connects by HTTPS to public addresses, and to those of inner by HTTP
// too, whatever a name resolves to by then. It follows no redirect and uses no proxy.
func newBots(inner []netip.Prefix) *http.Client {
	within := func(ip netip.Addr) bool {
		return slices.ContainsFunc(inner, func(p netip.Prefix) bool { return p.Contains(ip) })
	}
	plain := &net.Dialer{Timeout: botDial, Control: reaches(within)}
	sealed := &tls.Dialer{
		NetDialer: &net.Dialer{Timeout: botDial, Control: reaches(func(ip netip.Addr) bool { return public(ip) || within(ip) })},
		Config:    &tls.Config{MinVersion: tls.VersionTLS12},
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: plain.DialContext, DialTLSContext: sealed.DialContext,
			MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 16 << 10,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// reaches lets a dialer connect to some addresses only.
func reaches(may func(netip.Addr) bool) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !may(at.Addr().Unmap().WithZone("")) {
			return fmt.Errorf("%s is no address that bots are asked at; see [chat] bot_networks", at.Addr())
		}
		return nil
	}
}

// reserved are addresses that look public and are not (RFC 6890, and the ways of IPv6 to IPv4).
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// public says whether an address is anybody's on the internet.
func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(ip) })
}
