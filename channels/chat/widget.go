package chat

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
)

// Widget is a website's chat.
type Widget struct {
	ID        int64            `json:"id"`
	Key       string           `json:"key"` // public; stands in the page
	Name      string           `json:"name"`
	Queue     gateway.QueueID  `json:"queue"`
	Origins   []string         `json:"origins"` // https://shop.example or https://*.example; our own pages may always embed it
	Languages []string         `json:"languages"`
	Form      Form             `json:"form"`
	Color     string           `json:"color"`   // #rrggbb on which white can be read; empty: the house's own
	Texts     map[string]Texts `json:"texts"`   // by language
	Invites   []Invite         `json:"invites"` // the first that fits is shown
	Bot       Bot              `json:"bot"`     // who answers before a person is asked
	After     After            `json:"after"`   // what is sent by mail
	Active    bool             `json:"active"`
	Rev       int64            `json:"rev"`
}

// Form is what is asked before a chat.
type Form struct {
	Question string  `json:"question,omitempty"` // off, or asked when empty
	Name     string  `json:"name,omitempty"`     // off, optional (when empty) or required
	Email    string  `json:"email,omitempty"`    // the same
	Topics   []Topic `json:"topics,omitempty"`
	Fields   []Field `json:"fields,omitempty"`   // more, in this order
	Consent  string  `json:"consent,omitempty"`  // ask: whether the browser may keep the chat after the tab is closed; empty: the page says
	Privacy  string  `json:"privacy,omitempty"`  // address of the page that says what becomes of the data
	Callback string  `json:"callback,omitempty"` // always: visitors may ask to be called; empty: where the queue offers it
	Months   int     `json:"months,omitempty"`   // how long chats are kept, if the customer is to be told
	Preview  bool    `json:"preview,omitempty"`  // agents see what is being written, and the customer is told so
}

// Field is a question of the website's own, answered in the first line.
type Field struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind"`  // text, choice or tick
	Label    map[string]string `json:"label"` // by language
	Required bool              `json:"required,omitempty"`
	Options  []string          `json:"options,omitempty"` // of a choice
}

// Texts are a website's own words.
type Texts struct {
	Greeting string `json:"greeting,omitempty"` // above the form
	Closed   string `json:"closed,omitempty"`   // above the letter when nobody can chat
	Thanks   string `json:"thanks,omitempty"`   // below a chat that has ended
}

// Invite is when a page asks its visitor, who has not written, whether they need help. Its
// rules are looked at in the browser.
type Invite struct {
	ID     string            `json:"id"`
	Text   map[string]string `json:"text"`             // by language
	URL    string            `json:"url,omitempty"`    // a pattern with *; empty: every page
	After  int               `json:"after,omitempty"`  // seconds on the page
	Visits int               `json:"visits,omitempty"` // pages looked at before, at least
}

// Topic is a subject to choose; it may lead to a queue and skills of its own.
type Topic struct {
	ID     string               `json:"id"`
	Label  map[string]string    `json:"label"` // by language
	Queue  gateway.QueueID      `json:"queue,omitempty"`
	Skills []gateway.SkillLevel `json:"skills,omitempty"`
}

// Store keeps widgets and visitors.
type Store struct {
	pool *pgxpool.Pool

	mu    sync.Mutex // guards cache
	cache map[string]cachedWidget
}

// cachedWidget is a widget as it was read lately.
type cachedWidget struct {
	widget *Widget // shared by all who ask; nobody changes it
	until  time.Time
}

const widgetCached = 5 * time.Second // a changed setting reaches every node within it

// NewStore keeps widgets and visitors in pool.
func NewStore(pool *pgxpool.Pool) *Store {
	return &Store{pool: pool, cache: map[string]cachedWidget{}}
}

const widgetColumns = `id, key, name, queue_id as queue, origins, languages, form, color, texts, invites, bot, after, active, rev`

// Widgets lists them by name.
func (s *Store) Widgets(ctx context.Context) ([]Widget, error) {
	rows, err := s.pool.Query(ctx, `
		select `+widgetColumns+`
		from widget
		order by name, id`)
	if err != nil {
		return nil, fmt.Errorf("list widgets: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Widget])
	if err != nil {
		return nil, fmt.Errorf("list widgets: %w", err)
	}
	return list, nil
}

// widget finds a widget by its public key.
func (s *Store) widget(ctx context.Context, key string) (*Widget, error) {
	key = gateway.Clean(key) // each widget has one place in the cache, however it is asked for
	now := time.Now()
	s.mu.Lock()
	c, ok := s.cache[key]
	s.mu.Unlock()
	if ok && now.Before(c.until) {
		return c.widget, nil
	}
	rows, err := s.pool.Query(ctx, `
		select `+widgetColumns+`
		from widget
		where key = $1 and active`, key)
	if err != nil {
		return nil, fmt.Errorf("read widget: %w", err)
	}
	w, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[Widget])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, gateway.NotFound("unknown_widget", "No widget has this key; copy the script tag from the administration again.")
	}
	if err != nil {
		return nil, fmt.Errorf("read widget: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache[key] = cachedWidget{w, now.Add(widgetCached)}
	return w, nil
}

// allows says whether a page of this origin may embed the widget. Our own pages (the
// demo, the designer's preview) may: their origin is the host they ask.
func (w *Widget) allows(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	if strings.EqualFold(u.Host, host) {
		return true
	}
	for _, allowed := range w.Origins {
		a, err := url.Parse(allowed)
		if err != nil || a.Scheme != u.Scheme {
			continue
		}
		base, wild := strings.CutPrefix(strings.ToLower(a.Host), "*.")
		got := strings.ToLower(u.Host)
		if got == base && !wild || wild && strings.HasSuffix(got, "."+base) {
			return true
		}
	}
	return false
}

// topic is the chosen subject; the zero Topic when none was or none is called that.
func (w *Widget) topic(id string) Topic {
	for _, t := range w.Form.Topics {
		if t.ID == id {
			return t
		}
	}
	return Topic{}
}

// queueFor is where a chat on the topic waits.
func (w *Widget) queueFor(t Topic) gateway.QueueID {
	if t.Queue != 0 {
		return t.Queue
	}
	return w.Queue
}

// language is the asked one if the widget speaks it, else its default.
func (w *Widget) language(asked string) string {
	base, _, _ := strings.Cut(strings.ToLower(asked), "-")
	for _, l := range w.Languages {
		if l == base {
			return l
		}
	}
	if len(w.Languages) > 0 {
		return w.Languages[0]
	}
	return "sv"
}

// arrival is what a visitor says, on its way to where chats on their topic wait.
func (w *Widget) arrival(h tokenHash, who visitor, e gateway.Entry) gateway.Arrival {
	topic := w.topic(who.Topic)
	from, others := who.addresses(h)
	return gateway.Arrival{
		Channel: gateway.Chat, Queue: w.queueFor(topic), Conversation: who.Conversation, From: from, Others: others,
		Subject: topic.Label[who.Language], Language: who.Language, Skills: topic.Skills, ArrivedAt: e.At, Entry: e,
	}
}
