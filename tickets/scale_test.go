package tickets_test

import (
	"fmt"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/tickets"
)

// BenchmarkLists reads what consoles read, from 200,000 cases of 100,000 customers.
func BenchmarkLists(b *testing.B) {
	ctx, r := b.Context(), open(b)
	for _, sql := range []string{
		"insert into customer (name) select 'Kund ' || n || ' Ek' from generate_series(1, 100000) n",
		"insert into customer_address (kind, value, customer) select 'phone', '+4670' || (1000000 + n), n from generate_series(1, 100000) n",
		"insert into customer_address (kind, value, customer) select 'email', 'kund' || n || '@example.se', n from generate_series(1, 100000) n",
		`insert into support_case (subject, state, closed_at, customer, queue, assignee, channel, last_activity_at)
			select 'Ärende om faktura ' || n, case when n % 20 = 0 then 'open' else 'closed' end, case when n % 20 <> 0 then now() end,
				1 + n % 100000, 1 + n % 10, n % 200, 'email', now() - n * interval '1 minute'
			from generate_series(1, 200000) n`,
		"vacuum analyze",
	} {
		if _, err := r.pool.Exec(ctx, sql); err != nil {
			b.Fatal(err)
		}
	}
	open := []tickets.CaseState{tickets.CaseOpen}
	for name, f := range map[string]tickets.CaseFilter{
		"all":   {},
		"open":  {States: open},
		"mine":  {Assignee: 40, States: open},
		"queue": {Queues: []gateway.QueueID{1}, States: open},
		"both":  {States: []tickets.CaseState{tickets.CaseOpen, tickets.CasePending}},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := r.Cases(ctx, f)
				if err != nil || len(page.Items) == 0 {
					b.Fatal(len(page.Items), err)
				}
			}
		})
	}
	for name, text := range map[string]string{"number": "#51001", "phone": "070-105 00 00", "email": "kund5000@example.se", "word": "kund 77", "subject": "faktura 4711", "common": "faktura"} {
		b.Run("search-"+name, func(b *testing.B) {
			for b.Loop() {
				found, err := r.Search(ctx, text, 20)
				if err != nil || len(found.Cases) == 0 {
					b.Fatal(fmt.Sprint(len(found.Cases), err))
				}
			}
		})
	}
	b.Run("counts", func(b *testing.B) {
		for b.Loop() {
			if _, err := r.Counts(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}
