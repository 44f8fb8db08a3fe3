package chat

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

const (
	maxFacts = 20  // that a website passes along
	maxFact  = 200 // characters of one
)

// Visit is where a chat's visitor is, as far as their agent may know.
type Visit struct {
	Widget   string            `json:"widget"`   // its key
	Name     string            `json:"name"`     // as they wrote it
	Topic    string            `json:"topic"`    // its id
	Language string            `json:"language"` // that their widget speaks
	Identity string            `json:"identity"` // the website's own name for them, which it has signed
	URL      string            `json:"url"`      // masked
	Title    string            `json:"title"`
	Referrer string            `json:"referrer"` // masked
	Facts    map[string]string `json:"facts"`    // what the website passes along; nobody has signed it
	Here     bool              `json:"here"`     // connected
	Began    time.Time         `json:"began"`
}

// Visit gives that of a conversation. One to which nobody came by a widget has none: it is empty.
func (s *Store) Visit(ctx context.Context, c gateway.ConversationID) (Visit, error) {
	rows, _ := s.pool.Query(ctx, `
		select w.key as widget, v.name, topic, language, identity, page_url as url, page_title as title, referrer, facts, gone_at is null as here,
		       v.created_at as began
		from visitor v
		join widget w on w.id = v.widget_id
		where conversation_id = $1 and erased_at is null
		order by v.id desc
		limit 1`, c) // its error is met again below
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Visit])
	if errors.Is(err, pgx.ErrNoRows) {
		return Visit{}, nil
	}
	if err != nil {
		return v, fmt.Errorf("read a visit: %w", err)
	}
	return v, nil
}

// setPage notes where the visitor is on the website.
func (s *Store) setPage(ctx context.Context, h tokenHash, v Visit) error {
	_, err := s.pool.Exec(ctx, `
		update visitor
		set page_url = $2, page_title = $3, referrer = $4, facts = $5
		where token_hash = $1`, h[:], v.URL, v.Title, v.Referrer, v.Facts)
	if err != nil {
		return fmt.Errorf("note page: %w", err)
	}
	return nil
}

// page notes where the visitor is, without what its address may hold that is not for us.
func (v *session) page(ctx context.Context, f frameIn) {
	now := time.Now()
	if v.conversation() == 0 || now.Sub(v.paged) < pageEvery {
		return
	}
	v.paged = now
	at := Visit{URL: masked(f.URL), Title: clip(f.Title, maxName), Referrer: masked(f.Referrer), Facts: facts(f.Facts)}
	if err := v.srv.setPage(ctx, v.token, at); err != nil {
		v.srv.Log.Warn("visitor's page not noted", "err", err)
	}
}

// facts are those that fit.
func facts(said map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range said {
		if name, value = clip(name, maxName), clip(value, maxFact); name != "" && value != "" && len(kept) < maxFacts {
			kept[name] = value
		}
	}
	return kept
}

const mask = "***"

// secretive are names of parameters whose values are nobody's to read.
var secretive = regexp.MustCompile(`(?i)token|secret|pass|pwd|auth|sess|sid|key|code|sig|hash|jwt|otp|pin|state|nonce|ticket|invite|reset|mail|phone|tel|ssn|personn|pnr|card|iban|account|user|name`)

// masked is a page's address without who is signed in to it, its fragment, and the values that
// look like secrets or like somebody: by their parameter's name, or by themselves.
func masked(address string) string {
	u, err := url.Parse(clip(address, maxURL))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	parts := strings.Split(u.EscapedPath(), "/")
	for i, p := range parts {
		if plain, err := url.PathUnescape(p); err != nil || telling(plain) {
			parts[i] = mask
		}
	}
	u.RawPath = strings.Join(parts, "/")
	if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
		return ""
	}
	pairs := strings.FieldsFunc(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' })
	for i, pair := range pairs {
		name, value, has := strings.Cut(pair, "=")
		plain, err := url.QueryUnescape(value)
		switch {
		case !has && telling(name):
			pairs[i] = mask
		case has && (err != nil || secretive.MatchString(name) || telling(plain)):
			pairs[i] = name + "=" + mask
		}
	}
	u.RawQuery = strings.Join(pairs, "&")
	return u.String()
}

// telling says whether a text may be a secret or somebody: an address, eight digits or more as of
// a person, a telephone or a card, or a long word with digits in it.
func telling(s string) bool {
	digits, letters := 0, 0
	for _, r := range s {
		switch {
		case r == '@':
			return true
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			letters++
		}
	}
	return digits >= 8 || digits > 0 && letters > 0 && len(s) >= 24 && !strings.ContainsAny(s, " -")
}
