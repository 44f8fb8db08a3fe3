package tickets

import (
	"context"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Found is what a search gives: exact hits first.
type Found struct {
	Cases     []Case     `json:"cases"`
	Customers []Customer `json:"customers"`
}

// Search finds cases and customers by a case number, an e-mail address, a phone number
// as people write it, or the beginnings of words in a subject, a name or a company.
func (s *Store) Search(ctx context.Context, text string, n int) (Found, error) {
	text = short(text, 200)
	if text == "" {
		return Found{Cases: []Case{}, Customers: []Customer{}}, nil
	}
	customers, err := s.SearchCustomers(ctx, text, n)
	if err != nil {
		return Found{}, err
	}
	cases, err := s.searchCases(ctx, text, customers, n)
	return Found{Cases: cases, Customers: customers}, err
}

// A word that many have would give more than can be sorted while somebody waits: of
// those with all the words so many are looked at, and the newest in any case.
const (
	lookedAt = 1000
	newest   = 500
)

// SearchCustomers finds customers by an address, or the beginnings of words.
func (s *Store) SearchCustomers(ctx context.Context, text string, n int) ([]Customer, error) {
	text = short(text, 200)
	return find(ctx, s.db, pgx.RowToStructByName[Customer], `
		with found as materialized (
			(select a.customer as id, 0 as place
			from customer_address a
			where a.kind = 'email' and a.value like $1 || '%' and $1 <> ''
			limit $4)
			union all
			(select a.customer, 0
			from customer_address a
			where a.kind = 'phone' and reverse(a.value) like reverse($2) || '%' and $2 <> ''
			limit $4)
			union all
			(select id, 1
			from customer
			where to_tsvector('simple', name || ' ' || company) @@ to_tsquery('simple', $3) and $3 <> '' and merged_into is null
			limit $5)
			union all
			select id, 1
			from (select * from customer where $3 <> '' and merged_into is null order by id desc limit $6) as c
			where to_tsvector('simple', name || ' ' || company) @@ to_tsquery('simple', $3)),
		best as (
			select id, min(place) as place
			from found
			group by id
			order by min(place), id desc
			limit $4)
		select `+customerColumns+`
		from best join customer c using (id)
		order by best.place, c.id desc`,
		email(text), ending(text), beginnings(text), limit(n), lookedAt, newest)
}

func (s *Store) searchCases(ctx context.Context, text string, customers []Customer, n int) ([]Case, error) {
	var ids []gateway.CustomerID
	for _, c := range customers {
		ids = append(ids, c.ID)
	}
	return find(ctx, s.db, scanCase, `
		with found as materialized (
			select id, last_activity_at, 0 as place from support_case where number = $1
			union all
			select k.id, last_activity_at, 0 from case_alias a join support_case k on k.id = a.became where a.number = $1
			union all
			(select id, last_activity_at, 1
			from support_case
			where to_tsvector('simple', subject) @@ to_tsquery('simple', $2) and $2 <> ''
			limit $5)
			union all
			select id, last_activity_at, 1
			from (select * from support_case where $2 <> '' order by last_activity_at desc limit $6) as k
			where to_tsvector('simple', subject) @@ to_tsquery('simple', $2)
			union all
			(select id, last_activity_at, 2
			from support_case
			where customer = any ($3)
			limit $5)),
		best as (
			select id, min(place) as place
			from found
			group by id, last_activity_at
			order by min(place), last_activity_at desc, id desc
			limit $4)
		select `+caseColumns+`
		from best
		join support_case k using (id)
		join customer c on c.id = k.customer
		order by best.place, k.last_activity_at desc, k.id desc`,
		caseNumber(text), beginnings(text), ids, limit(n), lookedAt, newest)
}

// caseNumber is the number that the text is, with or without #; -1 if it is none.
func caseNumber(text string) int64 {
	n, err := strconv.ParseInt(strings.Trim(text, "[#] "), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

var likeEscapes = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// email is the beginning of an e-mail address, if the text looks like one.
func email(text string) string {
	if !strings.Contains(text, "@") || strings.Contains(text, " ") {
		return ""
	}
	return likeEscapes.Replace(strings.ToLower(text))
}

// ending is what a phone number ends with, however its beginning is written: 070-174 06 05
// and +46 70 174 06 05 are one number. "" if the text is none.
func ending(text string) string {
	n := strings.TrimLeft(strings.TrimPrefix(number(text), "+"), "0")
	if len(n) < 5 {
		return ""
	}
	return n
}

// beginnings is the text as a query for words that begin so, all of them.
func beginnings(text string) string {
	var words []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		words = append(words, word+":*")
	}
	return strings.Join(words[:min(len(words), 10)], " & ")
}
