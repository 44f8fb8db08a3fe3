package chat

import (
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	maxText    = 500 // characters of a website's own words
	maxAsked   = 12
	maxTopics  = 50
	maxInvites = 20
	maxSkills  = 20 // of a subject
)

var (
	keyShape   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	colorShape = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	idShape    = regexp.MustCompile(`^[a-z0-9_-]{1,40}$`)
)

// check refuses what would not work on a page, with what to write instead.
func (w *Widget) check() error {
	bad := func(detail string, args ...any) error {
		return gateway.Invalid("bad_widget", fmt.Sprintf(detail, args...))
	}
	switch {
	case !keyShape.MatchString(w.Key):
		return bad("the key stands in the page: up to 63 of a–z, 0–9 and -")
	case w.Queue == 0:
		return bad("choose the queue where its chats wait")
	case w.Color != "" && !colorShape.MatchString(w.Color):
		return bad("write the colour as #1a2b3c")
	case w.Color != "" && contrastWithWhite(w.Color) < 4.5:
		return bad("the colour %s is too light for the white words on it: the contrast is %.1f, and 4.5 can be read (WCAG 2.2, 1.4.3)", w.Color, contrastWithWhite(w.Color))
	}
	for _, l := range w.Languages {
		if !slices.Contains(Languages, l) {
			return bad("the widget has no words in %q; it has them in %s", l, strings.Join(Languages, ", "))
		}
	}
	for _, o := range w.Origins {
		if u, err := url.Parse(o); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
			return bad("%q is no origin: write https://shop.example or https://*.shop.example", o)
		}
	}
	for l, t := range w.Texts {
		if !slices.Contains(Languages, l) || tooLong(t.Greeting, t.Closed, t.Thanks) {
			return bad("texts are in the widget's languages and have at most %d characters each", maxText)
		}
	}
	if w.After.Continue < 0 || w.After.Continue > maxContinue {
		return bad("what is written to who has gone is sent after 1 to %d minutes, or never: 0", maxContinue)
	}
	if err := w.Bot.check(bad); err != nil {
		return err
	}
	if err := w.Form.check(bad); err != nil {
		return err
	}
	return w.checkInvites(bad)
}

func (b Bot) check(bad func(string, ...any) error) error {
	u, err := url.Parse(b.URL)
	switch {
	case b.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || len(b.URL) > maxURL):
		return bad("write the bot's whole address, such as https://bot.shop.example/chat")
	case b.Timeout < 0 || b.Timeout > maxBotTimeout:
		return bad("a bot answers within 1 to %d seconds", maxBotTimeout)
	case tooLong(b.Name):
		return bad("a bot's name has at most %d characters", maxText)
	case len(b.Queues) > maxTopics:
		return bad("a bot answers in at most %d queues by name; name none for all", maxTopics)
	}
	return nil
}

func (f Form) check(bad func(string, ...any) error) error {
	for _, need := range []string{f.Name, f.Email} {
		if !slices.Contains([]string{"", "off", "optional", "required"}, need) {
			return bad("a name or address is off, optional or required, not %q", need)
		}
	}
	switch {
	case f.Question != "" && f.Question != "off" && f.Question != "asked":
		return bad("the question is asked or off, not %q", f.Question)
	case f.Consent != "" && f.Consent != "ask":
		return bad("the consent is asked for (ask) or left to the page, not %q", f.Consent)
	case f.Callback != "" && f.Callback != callsAlways:
		return bad("calls are asked for always, or where the queue offers them (empty), not %q", f.Callback)
	case f.Privacy != "" && !strings.HasPrefix(f.Privacy, "https://") && !strings.HasPrefix(f.Privacy, "http://"):
		return bad("write the whole address of the page on privacy, such as https://shop.example/privacy")
	case f.Months < 0 || f.Months > 1200:
		return bad("chats are kept for 0 to 1,200 months")
	case len(f.Fields) > maxAsked || len(f.Topics) > maxTopics:
		return bad("a form has at most %d fields and %d subjects", maxAsked, maxTopics)
	}
	seen := map[string]bool{}
	for _, x := range f.Fields {
		choice := x.Kind == "choice"
		switch {
		case !idShape.MatchString(x.ID) || seen[x.ID]:
			return bad("each field has a short id of its own, such as order")
		case x.Kind != "text" && x.Kind != "tick" && !choice:
			return bad("a field is text, choice or tick, not %q", x.Kind)
		case choice != (len(x.Options) > 0) || tooLong(x.Options...):
			return bad("a choice, and nothing else, has options")
		case len(x.Label) == 0 || tooLong(slices.Collect(maps.Values(x.Label))...):
			return bad("a field has a name in each language of the widget")
		}
		seen[x.ID] = true
	}
	return checkTopics(f.Topics, bad)
}

// checkTopics leaves the queues and skills to those who have them.
func checkTopics(topics []Topic, bad func(string, ...any) error) error {
	seen := map[string]bool{}
	for _, x := range topics {
		switch {
		case !idShape.MatchString(x.ID) || seen[x.ID]:
			return bad("each subject has a short id of its own, such as billing")
		case len(x.Label) == 0 || tooLong(slices.Collect(maps.Values(x.Label))...):
			return bad("a subject has a name in each language of the widget, of at most %d characters", maxText)
		case len(x.Skills) > maxSkills:
			return bad("a subject asks for at most %d skills", maxSkills)
		}
		seen[x.ID] = true
	}
	return nil
}

func (w *Widget) checkInvites(bad func(string, ...any) error) error {
	if len(w.Invites) > maxInvites {
		return bad("a widget has at most %d invitations", maxInvites)
	}
	seen := map[string]bool{}
	for _, i := range w.Invites {
		switch {
		case !idShape.MatchString(i.ID) || seen[i.ID]:
			return bad("each invitation has a short id of its own, such as checkout")
		case len(i.Text) == 0 || tooLong(slices.Collect(maps.Values(i.Text))...):
			return bad("an invitation has a text, of at most %d characters", maxText)
		case len(i.URL) > maxURL || i.After < 0 || i.After > 3600 || i.Visits < 0 || i.Visits > 1000:
			return bad("an invitation comes after 0 to 3,600 seconds on a page and 0 to 1,000 pages before it")
		}
		seen[i.ID] = true
	}
	return nil
}

func tooLong(texts ...string) bool {
	return slices.ContainsFunc(texts, func(t string) bool { return len([]rune(t)) > maxText })
}

// contrastWithWhite is that of WCAG 2.2, "contrast ratio": 1 to 21.
func contrastWithWhite(color string) float64 {
	linear := func(hex string) float64 {
		n, err := strconv.ParseUint(hex, 16, 8)
		if err != nil {
			return 1
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	luminance := 0.2126*linear(color[1:3]) + 0.7152*linear(color[3:5]) + 0.0722*linear(color[5:7])
	return 1.05 / (luminance + 0.05)
}
