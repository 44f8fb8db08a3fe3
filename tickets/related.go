package tickets

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Because is why a case may have to do with another one.
type Because string

// The reasons, the strongest first. None of them ever joins cases by itself: that is what
// people are shown them for.
const (
	BecauseReference Because = "reference" // their mails refer to each other, or to the same mail
	BecauseCustomer  Because = "customer"  // they are the same customer's
	BecauseSubject   Because = "subject"   // they are about the same in the same words, not long ago
)

// Related is a case that may have to do with another one.
type Related struct {
	Case

	Because []Because `json:"because"`
}

const (
	relatedMost   = 20                  // that are shown
	relatedWithin = 90 * 24 * time.Hour // what is about the same was said not longer ago
)

// Related gives the cases that may have to do with one, the likeliest first. referred are
// those whose mails refer to its own, which the timeline knows.
func (s *Store) Related(ctx context.Context, id gateway.CaseID, referred []gateway.CaseID) ([]Related, error) {
	c, err := s.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	type found struct {
		Case

		Refers, Same, Alike bool
	}
	rows, err := find(ctx, s.db, pgx.RowToStructByName[found], `
		with alike as materialized (
			select id
			from support_case
			where $4 <> '' and to_tsvector('simple', subject) @@ to_tsquery('simple', $4) and last_activity_at > $5
			limit $6),
		mates as materialized (
			select id
			from support_case
			where customer = $2
			order by last_activity_at desc
			limit $6),
		found as (
			select unnest($3::bigint[]) as id
			union
			select id from mates
			union
			select id from alike)
		select `+caseColumns+`, k.id = any($3::bigint[]) as refers, k.customer = $2 as same, k.id in (select id from alike) as alike
		from found
		join support_case k using (id)
		join customer c on c.id = k.customer
		where k.id <> $1
		order by (k.id = any($3::bigint[])) desc, (k.customer = $2)::int + (k.id in (select id from alike))::int desc,
			k.customer = $2 desc, k.last_activity_at desc, k.id desc
		limit $7`, c.ID, c.Customer, referred, alike(c.Subject), time.Now().Add(-relatedWithin), lookedAt, relatedMost)
	list := make([]Related, len(rows))
	for i, r := range rows {
		list[i].Case = r.Case
		for _, why := range []struct {
			so      bool
			because Because
		}{{r.Refers, BecauseReference}, {r.Same, BecauseCustomer}, {r.Alike, BecauseSubject}} {
			if why.so {
				list[i].Because = append(list[i].Because, why.because)
			}
		}
	}
	return list, err
}

// marks are what answering and passing on put before a subject.
var marks = regexp.MustCompile(`(?i)^((re|sv|aw|vs|antw|fwd|fw|vb)(\[\d+\])?\s*:\s*)+`)

// alike is a subject as a query for subjects that have all its words. A single word, such
// as "invoice", says too little to ask for; one with a number in it, such as an order's, does not.
func alike(subject string) string {
	subject = tag.ReplaceAllString(marks.ReplaceAllString(strings.TrimSpace(subject), ""), "")
	var words []string
	telling := false
	for _, word := range strings.FieldsFunc(strings.ToLower(subject), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if len([]rune(word)) < 3 || slices.Contains(words, word) {
			continue
		}
		words = append(words, word)
		telling = telling || len(word) > 3 && strings.ContainsFunc(word, unicode.IsDigit)
	}
	if len(words) < 2 && !telling {
		return ""
	}
	words = words[:min(len(words), 10)]
	for i, word := range words {
		if strings.Trim(word, "0123456789") == "" {
			words[i] = "(" + word + " | '-" + word + "')" // PostgreSQL reads A-4711 as a and -4711
		}
	}
	return strings.Join(words, " & ")
}
