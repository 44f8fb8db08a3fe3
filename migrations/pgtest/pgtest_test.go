package pgtest_test

import (
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/migrations"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

func TestEachTestHasItsOwnMigratedDatabase(t *testing.T) {
	for range 2 {
		t.Run("same table", func(t *testing.T) {
			began := time.Now()
			pool := pgtest.New(t)
			if _, err := pool.Exec(t.Context(), "create table mine ()"); err != nil {
				t.Fatal(err)
			}
			t.Log(time.Since(began))
			current, newest, err := migrations.Version(t.Context(), pool)
			if err != nil || current != newest || newest == 0 {
				t.Errorf("got version %d of %d, %v", current, newest, err)
			}
		})
	}
}

func TestURLServesASecondPool(t *testing.T) {
	url := pgtest.NewURL(t)
	a, b := pgtest.Open(t, url), pgtest.Open(t, url)
	if _, err := a.Exec(t.Context(), "create table seen ()"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Exec(t.Context(), "select from seen"); err != nil {
		t.Error(err)
	}
}
