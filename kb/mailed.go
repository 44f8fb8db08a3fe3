package kb

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Given is a link in a text that is about to go to a customer.
type Given struct {
	k            string
	article      gateway.ArticleID
	language     string
	conversation gateway.ConversationID
	agent        gateway.AgentID
}

// Tie finds the addresses of public articles in texts that say the same to one customer,
// and ties each to the conversation, as those of cards are. It gives the texts with the
// tied addresses; Give notes them, with what sends the texts. An address that is tied
// already stands in what is quoted, and is left alone.
func (p *Public) Tie(to gateway.ConversationID, by gateway.AgentID, texts ...string) (tied []string, links []Given) {
	known := map[gateway.ArticleID]string{}
	for _, text := range texts {
		var b strings.Builder
		end := 0
		for _, m := range p.addresses.FindAllStringSubmatchIndex(text, -1) {
			n, _ := strconv.ParseInt(text[m[4]:m[5]], 10, 64) // 15 digits fit
			a, ok := p.open.byNumber(n)
			if !ok || strings.HasPrefix(text[m[1]:], "?") {
				continue
			}
			if known[a.ID] == "" {
				known[a.ID] = rand.Text()
				links = append(links, Given{known[a.ID], a.ID, a.speaks(text[m[2]:m[3]]), to, by})
			}
			b.WriteString(text[end:m[1]] + "?k=" + known[a.ID])
			end = m[1]
		}
		b.WriteString(text[end:])
		tied = append(tied, b.String())
	}
	return tied, links
}

// addresses are those of articles' pages: language and number, then the slug.
func addresses(url string) *regexp.Regexp {
	return regexp.MustCompile(regexp.QuoteMeta(url) + `/help/([A-Za-z-]{2,35})/a/(\d{1,15})(?:-[a-z0-9-]*)?`)
}

// Give notes links in the transaction that sends them.
func (p *Public) Give(ctx context.Context, tx pgx.Tx, links []Given) error {
	for _, l := range links {
		if _, err := tx.Exec(ctx, giveLink, l.k, l.article, l.language, l.conversation, l.agent); err != nil {
			return fmt.Errorf("give the link of article %d: %w", l.article, err)
		}
	}
	return nil
}
