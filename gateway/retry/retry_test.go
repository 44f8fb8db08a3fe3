package retry_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway/retry"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// TestDeadlock makes two transactions lock two rows in opposite order. PostgreSQL gives
// one of them up; both are done in the end, each once.
func TestDeadlock(t *testing.T) {
	ctx, db := t.Context(), pgtest.New(t)
	exec(t, db, "create table thing (id int primary key, n int not null)")
	exec(t, db, "insert into thing values (1, 0), (2, 0)")
	var (
		both     sync.WaitGroup // who has its first row
		tries    atomic.Int32
		finished sync.WaitGroup
	)
	both.Add(2)
	for _, order := range [][]int{{1, 2}, {2, 1}} {
		finished.Go(func() {
			first := true
			err := retry.Tx(ctx, db, func(tx pgx.Tx) error {
				tries.Add(1)
				for i, id := range order {
					if _, err := tx.Exec(ctx, "update thing set n = n + 1 where id = $1", id); err != nil {
						return fmt.Errorf("count %d: %w", id, err)
					}
					if i == 0 && first {
						first = false
						both.Done()
						both.Wait()
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	finished.Wait()
	var sum int
	if err := db.QueryRow(ctx, "select sum(n) from thing").Scan(&sum); err != nil || sum != 4 {
		t.Errorf("the rows were counted up %d times, want 4 (%v)", sum, err)
	}
	if n := tries.Load(); n < 3 {
		t.Errorf("there were %d attempts: nobody was in anybody's way", n)
	}
}

func TestGivesUp(t *testing.T) {
	db := pgtest.New(t)
	for _, test := range []struct {
		err   error
		tries int
	}{
		{errors.New("no"), 1},
		{&pgconn.PgError{Code: "23505"}, 1},
		{fmt.Errorf("append: %w", &pgconn.PgError{Code: "40001"}), retry.Attempts},
	} {
		tries := 0
		err := retry.Tx(t.Context(), db, func(pgx.Tx) error { tries++; return test.err })
		if !errors.Is(err, test.err) || tries != test.tries {
			t.Errorf("%v: tried %d times with %v, want %d times", test.err, tries, err, test.tries)
		}
	}
}

func exec(t *testing.T, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, sql string,
) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}
