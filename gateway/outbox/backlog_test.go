package outbox

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// backlog is an outbox that has so many mails to each of so many providers waiting, those to the
// first of them for an hour to pass.
func backlog(tb testing.TB, providers, each int) (*Store, *pgxpool.Pool) {
	tb.Helper()
	pool := pgtest.New(tb)
	box := New(pool, "node1", map[gateway.OutboundKind]Sender{gateway.OutboundEmail: deaf{}}, deaf{}, deaf{}, slog.New(slog.DiscardHandler))
	box.Limits = Limits{Way: Limit{Connections: 8}, Provider: Limit{Connections: 2}}
	for _, sql := range []string{
		fmt.Sprintf(`
			with added as (
				insert into outbound (kind, conversation_id, pos, body, via, provider, due_at)
				select 'email', n, 1, '{}', 'support@cyklar.example', 'p' || p || '.example', now() - interval '1 hour'
				from generate_series(1, %d) as n, generate_series(1, %d) as p
				returning id, provider)
			insert into outbound_recipient (outbound_id, address)
			select id, 'anna@' || provider
			from added`, each, providers),
		`insert into outbound_lane (lane, free_at) values ('p1.example', now() + interval '1 hour')`,
		`analyze`,
	} {
		if _, err := pool.Exec(tb.Context(), sql); err != nil {
			tb.Fatal(err)
		}
	}
	return box, pool
}

// Much that waits for one provider by many ways hides nothing: there is room for what is behind it.
func TestWhatIsBehindManyWays(t *testing.T) {
	box, pool := backlog(t, 2, 1)
	_, err := pool.Exec(t.Context(), `
		with added as (
			insert into outbound (kind, conversation_id, pos, body, via, provider, due_at)
			select 'email', n, 1, '{}', 'way' || n || '@cyklar.example', 'p3.example', now() - interval '2 hours'
			from generate_series(1, 10) as n
			returning id, provider)
		insert into outbound_recipient (outbound_id, address)
		select id, 'anna@' || provider
		from added`)
	if err != nil {
		t.Fatal(err)
	}
	due, _, err := box.take(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, out := range due {
		got = append(got, out.provider)
	}
	slices.Sort(got)
	if want := []string{"p2.example", "p3.example", "p3.example"}; !slices.Equal(got, want) {
		t.Errorf("got %v want %v", got, want)
	}
}

// BenchmarkBacklog looks for what may leave while much waits for a provider that takes nothing,
// and while some wait for many.
func BenchmarkBacklog(b *testing.B) {
	for _, size := range []struct{ providers, each int }{{1, 100_000}, {1_000, 100}, {10_000, 10}} {
		b.Run(fmt.Sprintf("%d-providers-%d-each", size.providers, size.each), func(b *testing.B) {
			box, pool := backlog(b, size.providers, size.each)
			for b.Loop() {
				if _, _, err := box.take(b.Context(), senders); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				if _, err := pool.Exec(b.Context(), `update outbound set state = 'queued', holder = null, due_at = now() where state = 'sending'`); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
		})
	}
}
