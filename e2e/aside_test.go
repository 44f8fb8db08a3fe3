package e2e

import (
	"context"
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// TestKillSetAside: the process is killed at each point of setting aside what the store
// refuses. It is set aside once, and the customers around it are served.
func TestKillSetAside(t *testing.T) {
	t.Parallel()
	points := []string{"floor.sifting", "floor.sifting:2", "floor.aside.committing", "floor.aside.committed"}
	walk(t, points, func(t *testing.T, point string) { //nolint:thelper // the test itself
		v := newVaxel(t, widget)
		for _, sql := range []string{
			`alter table interaction add check (id <> 4711)`,
			`insert into floor_inbox (admission) values ('{"interaction": "4711", "channel": "chat", "queue": "` + v.queue.String() + `"}')`,
		} {
			_, err := v.pool.Exec(t.Context(), sql)
			must(t, err)
		}
		v.startCrashing(point)
		v.agent.signIn()
		c := v.agent.openConsole()
		v.agent.available()
		guest := v.visit()
		guest.say("form", 0, map[string]any{"name": "Karin", "text": "Hej"})
		c.finish(t, c.accept(t))
		v.wantCrashed()
		for sql, want := range map[string]int{
			`select count(*) from floor_inbox where set_aside_at is not null and fault <> ''`:      1,
			`select count(*) from floor_inbox`:                                                     1,
			`select count(*) from interaction`:                                                     1,
			`select count(*) from interaction where state = 'finished' and cardinality(codes) = 1`: 1,
		} {
			if got := v.number(sql); got != want {
				t.Errorf("%s: got %d, want %d", sql, got, want)
			}
		}
	})
}

func sweepLog(ctx context.Context, pool *pgxpool.Pool, _ gateway.ConversationID) error {
	return floor.New(pool, "node1", floor.Rooms{}, slog.New(slog.DiscardHandler)).Sweep(ctx)
}

// A process that dies while it forgets the old log leaves one that can be played again,
// and the next sweep finishes.
func TestKillSweep(t *testing.T) {
	url := pgtest.NewURL(t)
	pool := pgtest.Open(t, url)
	_, err := pool.Exec(t.Context(), `
		insert into routing_event (seq, term, version, at, body)
		select n, 1, 1, now() - interval '40 days', '{}' from generate_series(1, 100) as n`)
	must(t, err)
	_, err = pool.Exec(t.Context(), `
		insert into routing_snapshot (seq, version, at, body)
		select n, 1, now() - interval '40 days', '' from unnest(array[30, 60]) as n`)
	must(t, err)
	child(t, "sweep", "floor.swept", url, 0, "")
	for _, left := range []string{"30 60", "60"} {
		var events int
		var snapshots string
		must(t, pool.QueryRow(t.Context(), `select count(*) from routing_event where seq > 60`).Scan(&events))
		must(t, pool.QueryRow(t.Context(), `select string_agg(seq::text, ' ' order by seq) from routing_snapshot`).Scan(&snapshots))
		if events != 40 || snapshots != left {
			t.Errorf("got %d events and the snapshots %s, want 40 and %s", events, snapshots, left)
		}
		must(t, sweepLog(t.Context(), pool, 0))
	}
}
