package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/intake"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
	"github.com/vaxelhq/vaxel/tickets"
)

// entrance is the way in with the real rooms behind it, but no floor at work.
type entrance struct {
	*intake.Intake
	lines *timeline.Store
	cases *tickets.Store
}

func newEntrance(pool *pgxpool.Pool) entrance {
	log := slog.New(slog.DiscardHandler)
	events := feed.New(pool, bus.New(), log)
	lines := timeline.New(pool, events, log)
	cases := tickets.New(pool, events, log)
	return entrance{intake.New(pool, intake.Rooms{
		Timeline: lines, Cases: cases, Floor: floor.New(pool, "node1", floor.Rooms{}, log), Feed: events, Bus: bus.New(),
	}, log), lines, cases}
}

// letter is the n-th mail of a customer, as the e-mail channel hands it in.
func letter(customer, n int) gateway.Arrival {
	from := gateway.Address{Kind: gateway.AddressEmail, Value: fmt.Sprintf("kund%d@example.com", customer), Name: "Maja Lind"}
	body, _ := json.Marshal(gateway.Mail{Subject: "Faktura", From: from, MessageID: fmt.Sprintf("%d.%d@example.com", customer, n)})
	a := gateway.Arrival{
		Key: fmt.Sprintf("email/1/1/INBOX/%d-%d", customer, n), Channel: gateway.Email, Queue: 1, From: from, Subject: "Faktura",
		MessageID: fmt.Sprintf("%d.%d@example.com", customer, n), ArrivedAt: time.Now(),
		Entry: gateway.Entry{Kind: gateway.EntryMail, Channel: gateway.Email, Text: strings.Repeat("Min faktura stämmer inte. ", 80), Body: body},
	}
	if n > 0 {
		a.References = []string{fmt.Sprintf("%d.%d@example.com", customer, n-1)}
	}
	return a
}

// Batches of the same customers' mails, received by two nodes at once in opposite order
// and each twice, become one case a customer with each mail once.
func TestReceiveMeetsItself(t *testing.T) {
	const customers, mails = 30, 4
	in := newEntrance(pgtest.New(t))
	for n := range mails {
		var there, back []intake.Item
		for c := range customers {
			there = append(there, intake.Item{Arrival: letter(c, n)})
			back = append([]intake.Item{{Arrival: letter(c, n)}}, back...)
		}
		var all sync.WaitGroup
		for _, items := range [][]intake.Item{there, back, there} {
			all.Go(func() {
				_, errs := in.ReceiveBatch(t.Context(), items)
				for _, err := range errs {
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	seen := map[gateway.CaseID]bool{}
	for c := range customers {
		got, err := in.Receive(t.Context(), letter(c, 0), nil)
		if err != nil || !got.Repeated || seen[got.Case] {
			t.Fatalf("customer %d: got %+v, %v", c, got, err)
		}
		seen[got.Case] = true
		entries, err := in.lines.Entries(t.Context(), got.Conversation, 0, 100)
		if err != nil || len(entries) != mails {
			t.Errorf("customer %d: got %d entries, %v want %d", c, len(entries), err, mails)
		}
	}
}

// BenchmarkReceive takes mails in as the e-mail channel does: 50 to a transaction, every
// other one an answer in a known conversation. PostgreSQL waits for the disk; the cpu
// counts it too.
func BenchmarkReceive(b *testing.B) {
	in := newEntrance(durable(b))
	ctx := context.WithoutCancel(b.Context())
	before := cpuTime()
	b.ResetTimer()
	for done := 0; done < b.N; done += intake.MaxBatch {
		items := make([]intake.Item, 0, intake.MaxBatch)
		for i := range intake.MaxBatch {
			items = append(items, intake.Item{Arrival: letter(done+i/2, i%2)})
		}
		_, errs := in.ReceiveBatch(ctx, items)
		for _, err := range errs {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}
