package kb

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// linkLife is how long k ties an opened link to its conversation.
const linkLife = "90 days"

// Card is the link that a customer gets, and the note of who gave it to whom. Only what
// is public has one: an internal article is as unknown here as one that does not exist.
func (p *Public) Card(ctx context.Context, id gateway.ArticleID, language string, to gateway.ConversationID, by gateway.AgentID) (gateway.ArticleCard, error) {
	h, ok := p.open.hit(id, p.open.nearest(language))
	if !ok {
		return gateway.ArticleCard{}, noCard()
	}
	card := p.Link(h)
	k := rand.Text()
	if _, err := p.pool.Exec(ctx, giveLink, k, id, h.Language, to, by); err != nil {
		return card, fmt.Errorf("give the link of article %d: %w", id, err)
	}
	card.URL += "?k=" + k
	return card, nil
}

const giveLink = "insert into click (k, article, language, conversation, agent) values ($1, $2, $3, $4, $5)"

func noCard() error {
	return gateway.NotFound("no_public_article", "This article is not public, so customers can not get it; write the answer in your own words.")
}

// Link is the card of something found by customers themselves; opening it is tied to
// nobody.
func (p *Public) Link(h Hit) gateway.ArticleCard {
	return gateway.ArticleCard{
		Article: h.ID, Number: h.Number, Language: h.Language, Title: h.Wording.Title, Snippet: h.Snippet, URL: p.url + place(h),
	}
}

// URL is the article's public page, empty if it has none.
func (p *Public) URL(id gateway.ArticleID, language string) string {
	h, ok := p.open.hit(id, p.open.nearest(language))
	if !ok {
		return ""
	}
	return p.url + place(h)
}

func place(h Hit) string {
	return fmt.Sprintf("/help/%s/a/%d-%s", h.Language, h.Number, h.Wording.Slug)
}

// Clicked notes that the link with k was opened. An unknown or old k says nothing.
func (p *Public) Clicked(ctx context.Context, k string) error {
	const note = `
		update click
		set opened_at = coalesce(opened_at, now()), times = times + 1
		where k = $1 and given_at > now() - $2::interval`
	if _, err := p.pool.Exec(ctx, note, gateway.Clean(k), linkLife); err != nil {
		return fmt.Errorf("note an opened link: %w", err)
	}
	return nil
}

// Vote notes whether an article helped, once per voter: a later vote replaces the first.
// An empty voter is somebody new.
func (p *Public) Vote(ctx context.Context, id gateway.ArticleID, language, voter string, helpful bool) error {
	return p.vote(ctx, id, language, voter, helpful, p.open)
}

// Vote is Public.Vote for agents, who read internal articles too.
func (s *Store) Vote(ctx context.Context, id gateway.ArticleID, language, voter string, helpful bool) error {
	return s.vote(ctx, id, language, voter, helpful, s.shelves()...)
}

func (p *Public) vote(ctx context.Context, id gateway.ArticleID, language, voter string, helpful bool, shelves ...*shelf) error {
	var h Hit
	ok := false
	for _, shelf := range shelves {
		if !ok {
			h, ok = shelf.hit(id, shelf.nearest(language))
		}
	}
	if !ok {
		return noArticle()
	}
	if voter == "" {
		voter = rand.Text()
	}
	const put = `
		insert into vote (article, language, voter, helpful) values ($1, $2, $3, $4)
		on conflict (article, language, voter) do update set helpful = excluded.helpful, at = now()`
	if _, err := p.pool.Exec(ctx, put, id, h.Language, gateway.Clean(voter), helpful); err != nil {
		return fmt.Errorf("note a vote on article %d: %w", id, err)
	}
	return nil
}

// readBy counts a page that was read by a person.
func (p *Public) readBy(ctx context.Context, id gateway.ArticleID, agent, k string) error {
	if robot(agent) {
		return nil
	}
	const count = `
		insert into article_read (article, day, n) values ($1, current_date, 1)
		on conflict (article, day) do update set n = article_read.n + 1`
	if _, err := p.pool.Exec(ctx, count, id); err != nil {
		return fmt.Errorf("count a reading of article %d: %w", id, err)
	}
	if k == "" {
		return nil
	}
	return p.Clicked(ctx, k)
}

// robots are what programs call themselves that open links for no reader.
var robots = []string{"bot", "crawl", "spider", "preview", "slurp", "facebookexternalhit", "whatsapp", "curl", "wget", "python", "go-http-client", "monitor"}

func robot(agent string) bool {
	agent = strings.ToLower(agent)
	for _, name := range robots {
		if strings.Contains(agent, name) {
			return true
		}
	}
	return agent == ""
}

// rankReadings finds what is most read this week.
func (p *Public) rankReadings(ctx context.Context) error {
	const most = `
		select a.id
		from article a join article_read r on r.article = a.id
		where r.day > current_date - 7 and a.visibility = 'public'
		group by a.id order by sum(r.n) desc, a.number limit $1`
	rows, _ := p.pool.Query(ctx, most, popularLinks)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[gateway.ArticleID])
	if err != nil {
		return fmt.Errorf("rank articles by readings: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.popular = ids
	return nil
}

// sweep forgets links that tie nothing any more.
func (s *Store) sweep(ctx context.Context) error {
	const old = "delete from click where given_at < now() - $1::interval"
	_, err := s.pool.Exec(ctx, old, linkLife)
	return err
}

// Votes says how many found the article helpful, and how many did not.
func (s *Store) Votes(ctx context.Context, id gateway.ArticleID) (yes, no int, err error) {
	const count = "select count(*) filter (where helpful), count(*) filter (where not helpful) from vote where article = $1"
	if err := s.pool.QueryRow(ctx, count, id).Scan(&yes, &no); err != nil {
		return 0, 0, fmt.Errorf("count the votes on article %d: %w", id, err)
	}
	return yes, no, nil
}

// Opened lists the articles whose links a conversation's customer has opened.
func (s *Store) Opened(ctx context.Context, c gateway.ConversationID) ([]gateway.ArticleID, error) {
	rows, _ := s.pool.Query(ctx, "select article from click where conversation = $1 and opened_at is not null order by opened_at", c)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[gateway.ArticleID])
	if err != nil {
		return nil, fmt.Errorf("list the links opened in conversation %d: %w", c, err)
	}
	return ids, nil
}
