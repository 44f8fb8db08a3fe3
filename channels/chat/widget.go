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
	ID        int64           `json:"id"`
	Key       string          `json:"key"` // public; stands in the page
	Name      string          `json:"name"`
	Queue     gateway.QueueID `json:"queue"`
	Origins   []string        `json:"origins"` // https://shop.example or https://*.example; our own pages may always embed it
	Languages []string        `json:"languages"`
	Form      Form            `json:"form"`
}

// Form is what is asked before a chat.
type Form struct {
	Question string  `json:"question,omitempty"` // off, or asked when empty
	Name     string  `json:"name,omitempty"`     // off, optional (when empty) or required
	Email    string  `json:"email,omitempty"`    // the same
	Topics   []Topic `json:"topics,omitempty"`
	Privacy  string  `json:"privacy,omitempty"` // address of the page that says what becomes of the data
	Months   int     `json:"months,omitempty"`  // how long chats are kept, if the customer is to be told
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

// SaveWidget creates the widget of that key, or changes it, and gives its id.
func (s *Store) SaveWidget(ctx context.Context, w Widget) (int64, error) {
	err := s.pool.QueryRow(ctx, `
		insert into widget (key, name, queue_id, origins, languages, form)
		values ($1, $2, $3, $4, $5, $6)
		on conflict (key) do update
		set name = excluded.name, queue_id = excluded.queue_id, origins = excluded.origins,
		    languages = excluded.languages, form = excluded.form
		returning id`,
		w.Key, gateway.Clean(w.Name), w.Queue, orEmpty(w.Origins), orDefault(w.Languages), w.Form).Scan(&w.ID)
	if err != nil {
		return 0, fmt.Errorf("save widget: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cache, w.Key)
	return w.ID, nil
}

// Widgets lists them by name.
func (s *Store) Widgets(ctx context.Context) ([]Widget, error) {
	rows, err := s.pool.Query(ctx, `
		select id, key, name, queue_id as queue, origins, languages, form
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
		select id, key, name, queue_id as queue, origins, languages, form
		from widget
		where key = $1`, key)
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

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orDefault(languages []string) []string {
	if len(languages) == 0 {
		return []string{"sv", "en"}
	}
	return languages
}
