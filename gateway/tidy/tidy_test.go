package tidy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway/tidy"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

func TestRowsGoInBatches(t *testing.T) {
	pool := pgtest.New(t)
	for _, sql := range []string{
		"create table thing (id bigint primary key)",
		"insert into thing select generate_series(1, 2700)",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	gone, err := tidy.Rows(t.Context(), pool, `
		delete from thing
		where id in (select id from thing where id <= $1 order by id limit $2)`, 2500)
	var left int
	if e := pool.QueryRow(t.Context(), "select count(*) from thing").Scan(&left); e != nil {
		t.Fatal(e)
	}
	if gone != 2500 || left != 200 || err != nil {
		t.Errorf("got %d gone, %d left, %v want 2500 and 200", gone, left, err)
	}
}

type broken struct{ times int }

func (b *broken) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	b.times++
	if b.times == 2 {
		return pgconn.CommandTag{}, errors.New("gone")
	}
	return pgconn.NewCommandTag("DELETE 1000"), nil
}

func TestRowsStopsAtAnError(t *testing.T) {
	if gone, err := tidy.Rows(t.Context(), &broken{}, ""); gone != tidy.Batch || err == nil {
		t.Errorf("got %d, %v want the first batch and the error", gone, err)
	}
}
