package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Brief is what a list of interactions shows of a case and its customer.
type Brief struct {
	Case            gateway.CaseID `json:"case"`
	Number          int64          `json:"number"`
	Subject         string         `json:"subject"`
	Preview         string         `json:"preview"`
	LastActivityAt  time.Time      `json:"last_activity_at"`
	CustomerName    string         `json:"customer_name"`
	CustomerAddress string         `json:"customer_address"` // the first that people can read, if any
	OpenCases       int            `json:"open_cases"`       // of the customer, this one included
}

const briefOf = `
	select k.id as "case", k.number, k.subject, k.preview, k.last_activity_at, c.name as customer_name,
		coalesce((select value from customer_address a where a.customer = c.id and a.kind <> 'visitor' order by a.added_at limit 1), '') as customer_address,
		(select count(*) from support_case o where o.customer = c.id and o.state <> 'closed') as open_cases
	from support_case k
	join customer c on c.id = k.customer
	where k.id `

// Briefs gives what lists show of the cases; unknown ones are absent. Every event of an
// agent's asks for one, and so does every answer: those of one moment are read together.
func (s *Store) Briefs(ctx context.Context, ids ...gateway.CaseID) (map[gateway.CaseID]Brief, error) {
	if s.briefs == nil {
		return s.readBriefs(ctx, ids)
	}
	return s.briefs.Get(ctx, ids...)
}

// readBriefs asks for a case alone without an array, which would be looked up by a plan
// for ten.
func (s *Store) readBriefs(ctx context.Context, ids []gateway.CaseID) (map[gateway.CaseID]Brief, error) {
	numbers := make([]int64, len(ids))
	for i, id := range ids {
		numbers[i] = int64(id)
	}
	var briefs []Brief
	var err error
	if len(ids) == 1 {
		briefs, err = list[Brief](ctx, s.db, briefOf+"= $1", ids[0])
	} else {
		briefs, err = list[Brief](ctx, s.db, briefOf+"= any($1)", numbers)
	}
	out := make(map[gateway.CaseID]Brief, len(briefs))
	for _, b := range briefs {
		out[b.Case] = b
	}
	return out, errors.Join(err, s.briefMerged(ctx, ids, out))
}

// briefMerged adds, under the ids that cases had, what they became.
func (s *Store) briefMerged(ctx context.Context, ids []gateway.CaseID, out map[gateway.CaseID]Brief) error {
	for _, id := range ids {
		if _, ok := out[id]; ok || id == 0 {
			continue
		}
		found, err := list[Brief](ctx, s.db, briefOf+"= (select became from case_alias where id = $1)", id)
		if err != nil {
			return err
		}
		for _, b := range found {
			out[id] = b
		}
	}
	return nil
}
