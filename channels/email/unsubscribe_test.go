package email_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/letter"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// correspondent writes to a mailbox that acknowledges, and counts the acknowledgements.
type correspondent struct {
	t    *testing.T
	h    *house
	d    *mailtest.Dovecot
	sink *mailtest.Sink
	e    *email.Email
	came int
}

func newCorrespondent(t *testing.T) *correspondent {
	t.Helper()
	c := &correspondent{t: t, h: newHouse(t), d: mailtest.StartDovecot(t), sink: mailtest.StartSink(t)}
	c.h.public = "https://help.example"
	c.e = c.h.acknowledges(t, c.d, c.sink, "support@cyklar.example")
	return c
}

// writes gives how many acknowledgements there are once the mail is in.
func (c *correspondent) writes(from, subject string) int {
	c.t.Helper()
	c.came++
	c.d.Deliver(c.t, "support@cyklar.example", mailtest.Mail("m"+string(rune('a'+c.came)), from, subject, "Hej"))
	c.h.wait(c.t, c.came)
	return len(c.h.answered())
}

// last sends the last acknowledgement, and gives it and its two ways out.
func (c *correspondent) last() (l *letter.Letter, link, subject string) {
	c.t.Helper()
	list := c.h.answered()
	send(c.t, c.e, list[len(list)-1])
	mails := c.sink.Mails()
	l = letter.Parse(mails[len(mails)-1].Raw)
	ways := regexp.MustCompile(`^<(https://help\.example/m/leave/[^>]+)>, <mailto:support@cyklar\.example\?subject=([^>]+)>$`).
		FindStringSubmatch(strings.Join(strings.Fields(l.Header.Get("List-Unsubscribe")), " "))
	if ways == nil {
		c.t.Fatalf("List-Unsubscribe: %s", l.Header.Get("List-Unsubscribe"))
	}
	subject, err := url.PathUnescape(ways[2])
	if err != nil {
		c.t.Fatal(err)
	}
	return l, strings.TrimPrefix(ways[1], "https://help.example"), subject
}

func (c *correspondent) visits(method, link string, want int, says string) {
	c.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(c.t.Context(), method, link, strings.NewReader("List-Unsubscribe=One-Click"))
	r.Header.Set("Accept-Language", "de, sv-SE;q=0.8")
	c.e.Leave().ServeHTTP(w, r)
	if w.Code != want || !strings.Contains(w.Body.String(), says) {
		c.t.Errorf("%s: %d %s", method, w.Code, w.Body)
	}
}

// TestUnsubscribedByLink: who follows the link in an acknowledgement is asked, and gets none any
// more after a click, here or in the mail program, until they are let have them again.
func TestUnsubscribedByLink(t *testing.T) {
	t.Parallel()
	c := newCorrespondent(t)
	c.writes("Anna <Anna@kund.example>", "Fråga")
	l, link, _ := c.last()
	if l.Header.Has("List-Unsubscribe-Post") {
		t.Error("a click is promised to be enough by a mail that nobody has signed")
	}
	c.visits(http.MethodGet, link, http.StatusOK, "anna@kund.example")
	if n := c.writes("anna@kund.example", "Fråga"); n != 2 {
		t.Errorf("%d acknowledgements after a look at the link, want 2", n)
	}
	c.visits(http.MethodPost, link+"x", http.StatusNotFound, "inte hel")
	c.visits(http.MethodPost, link, http.StatusOK, "inga fler")
	c.visits(http.MethodPost, link, http.StatusOK, "inga fler") // mail programs ask twice
	if n := c.writes("anna@kund.example", "Fråga"); n != 2 {
		t.Errorf("%d acknowledgements after leaving, want no third", n)
	}
	list, err := c.e.Unsubscribed(t.Context(), "", 0, 10)
	if err != nil || len(list) != 1 || list[0].Address != "anna@kund.example" || list[0].Way != email.ByLink {
		t.Fatalf("list: %+v %v", list, err)
	}
	if err := pgx.BeginFunc(t.Context(), c.h.pool, func(tx pgx.Tx) error { return c.e.Resubscribe(t.Context(), tx, list[0].ID) }); err != nil {
		t.Fatal(err)
	}
	if n := c.writes("anna@kund.example", "Fråga"); n != 3 {
		t.Errorf("%d acknowledgements after coming back, want 3", n)
	}
}

// TestUnsubscribedByMail: a mail to the address that stands in an acknowledgement asks for nobody
// and joins its conversation; one whose token is made up is a mail like any other.
func TestUnsubscribedByMail(t *testing.T) {
	t.Parallel()
	c := newCorrespondent(t)
	c.writes("bo@kund.example", "Fråga")
	_, _, subject := c.last()
	c.writes("bo@kund.example", subject+"q")
	c.writes("bo@hemma.example", subject) // from wherever the mail is passed on to
	list := c.h.taken(t)
	if a := list[1]; a.Quiet || a.Trusted {
		t.Errorf("a made up token: %+v", a)
	}
	if a := list[2]; !a.Quiet || !a.Trusted || a.Conversation != 7 {
		t.Errorf("a token of ours: %+v", a)
	}
	before := len(c.h.answered())
	if n := c.writes("bo@kund.example", "Fråga"); n != before {
		t.Errorf("%d acknowledgements after leaving, want %d", n, before)
	}
}

// TestUnsubscribedByAnOddAddress: what we have signed is taken, though nobody here could write it down so; and
// where nothing can be noted, the mail comes in all the same.
func TestUnsubscribedByAnOddAddress(t *testing.T) {
	t.Parallel()
	c := newCorrespondent(t)
	c.writes("<bo,hemma@kund.example>", "Fråga")
	c.writes("bo@kund.example", "unsubscribe "+c.e.LeaveToken(7, `"Bo,hemma"@kund.example`))
	c.writes("bo@kund.example", "unsubscribe "+c.e.LeaveToken(7, "@kund.example"))
	list, err := c.e.Unsubscribed(t.Context(), "", 0, 10)
	if err != nil || len(list) != 1 || list[0].Address != `"bo,hemma"@kund.example` || list[0].Way != email.ByMail {
		t.Errorf("list: %+v %v", list, err)
	}
	if n := c.writes("<bo,hemma@kund.example>", "Fråga"); n != 1 {
		t.Errorf("%d acknowledgements after leaving, want no second", n)
	}
}

// TestWhoWantsNoneIsFound by words, page by page, whatever stands in them.
func TestWhoWantsNoneIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	for _, address := range []string{"anna@kund.example", `"Bo 100%"@kund.example`, "annika@annan.example", "anna.ek@kund.example"} {
		err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
			_, err := e.Unsubscribe(t.Context(), tx, address, email.ByStaff)
			return err
		})
		if err != nil {
			t.Fatal(address, err)
		}
	}
	for words, want := range map[string][]string{
		"":                {"anna.ek@kund.example", "annika@annan.example", `"bo 100%"@kund.example`, "anna@kund.example"},
		" KUND  ann ":     {"anna.ek@kund.example", "anna@kund.example"},
		"0%":              {`"bo 100%"@kund.example`},
		`"bo 100%"@kund`:  {`"bo 100%"@kund.example`},
		"%":               {`"bo 100%"@kund.example`},
		"nobody\x00":      nil,
		"anna@kund.exam_": nil,
	} {
		var got []string
		before := int64(1) << 40 // an id that none has yet

		for { // pages of one: the last is empty
			list, err := e.Unsubscribed(t.Context(), words, before, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(list) == 0 {
				break
			}
			got, before = append(got, list[0].Address), list[0].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q want %q", words, got, want)
		}
	}
}

// TestWhatNobodyCanBeCalled: staff who slip are told how an address is written.
func TestWhatNobodyCanBeCalled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := h.open(t, "a", nil)
	for _, slip := range []string{"anna", "anna kund@kund.example", "Anna <anna@kund.example>", "a@b.example, c@d.example", "@kund.example"} {
		err := pgx.BeginFunc(t.Context(), h.pool, func(tx pgx.Tx) error {
			_, err := e.Unsubscribe(t.Context(), tx, slip, email.ByStaff)
			return err
		})
		if refusal, ok := errors.AsType[*gateway.Error](err); !ok || refusal.Code != "bad_address" {
			t.Errorf("%s: got %v", slip, err)
		}
	}
}

// TestOneClickIsSigned: a mail of a domain that signs says that a click is enough, and the
// signature covers that (RFC 8058 §4).
func TestOneClickIsSigned(t *testing.T) {
	t.Parallel()
	c := newCorrespondent(t)
	err := pgx.BeginFunc(t.Context(), c.h.pool, func(tx pgx.Tx) error {
		k, err := c.e.MakeKey(t.Context(), tx, "cyklar.example", "vaxel1")
		if err == nil {
			_, err = c.e.UseKey(t.Context(), tx, k.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.writes("kim@kund.example", "Fråga")
	l, _, _ := c.last()
	signature := strings.ToLower(strings.Join(strings.Fields(l.Header.Get("DKIM-Signature")), ""))
	if got := l.Header.Get("List-Unsubscribe-Post"); got != "List-Unsubscribe=One-Click" || !strings.Contains(signature, ":list-unsubscribe:list-unsubscribe-post") {
		t.Errorf("List-Unsubscribe-Post: %q, signed: %s", got, signature)
	}
	out, _ := compose(t, c.e, reply())
	send(t, c.e, out)
	mails := c.sink.Mails()
	if h := letter.Parse(mails[len(mails)-1].Raw).Header; h.Has("List-Unsubscribe") {
		t.Error("an agent's answer offers to be left")
	}
}
