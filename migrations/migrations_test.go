package migrations_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/migrations"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// empty is a database that was never migrated.
func empty(t *testing.T) string {
	t.Helper()
	url := pgtest.NewURL(t)
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	name := cfg.Database + "_empty"
	if _, err := pgtest.Open(t, url).Exec(t.Context(), "create database "+name); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(url, "/"+cfg.Database+"?", "/"+name+"?", 1)
}

func TestNodesThatStartTogetherMigrateOnce(t *testing.T) {
	url := empty(t)
	if current, newest, err := migrations.Version(t.Context(), pgtest.Open(t, url)); current != 0 || newest == 0 || err != nil {
		t.Errorf("before: got version %d of %d, %v", current, newest, err)
	}
	var nodes errgroup.Group
	for range 3 {
		pool := pgtest.Open(t, url)
		nodes.Go(func() error { return migrations.Up(t.Context(), pool) })
	}
	if err := nodes.Wait(); err != nil {
		t.Fatal(err)
	}
	pool := pgtest.Open(t, url)
	if current, newest, err := migrations.Version(t.Context(), pool); current != newest || err != nil {
		t.Errorf("after: got version %d of %d, %v", current, newest, err)
	}
	began := time.Now()
	if err := migrations.Up(t.Context(), pool); err != nil {
		t.Error(err)
	}
	t.Logf("nothing to do: %v", time.Since(began))
}

func TestADatabaseOfALaterReleaseIsLeftAlone(t *testing.T) {
	pool := pgtest.New(t)
	if _, err := pool.Exec(t.Context(), "insert into goose_db_version (version_id, is_applied) values (9999, true)"); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), pool); !errors.Is(err, migrations.ErrNewer) || !strings.Contains(err.Error(), "9999") {
		t.Errorf("got %v, want it refused", err)
	}
}

// TestADatabaseOfAnotherBuildIsLeftAlone: one whose migrations were edited in place since it was
// made, and one of before they were compared; but what a crash kept from being applied may be
// another by now.
func TestADatabaseOfAnotherBuildIsLeftAlone(t *testing.T) {
	for _, otherwise := range []string{"update migration_sum set sum = sha256('x') where version = 5", "drop table migration_sum"} {
		pool := pgtest.New(t)
		if _, err := pool.Exec(t.Context(), otherwise); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Up(t.Context(), pool); !errors.Is(err, migrations.ErrOther) || !strings.Contains(err.Error(), "data directory") {
			t.Errorf("%s: got %v, want it refused", otherwise, err)
		}
	}
	pool := pgtest.Open(t, empty(t))
	crashed := "create table migration_sum (version bigint primary key, sum bytea not null); insert into migration_sum values (5, sha256('x'))"
	if _, err := pool.Exec(t.Context(), crashed); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := migrations.Up(t.Context(), pool); err != nil {
			t.Error(err)
		}
	}
}

func TestEachFileNamesItsOwnerAndGoesForwardOnly(t *testing.T) {
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := migrations.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(b); !strings.HasPrefix(text, "-- owner: ") || strings.Contains(text, "+goose Down") {
			t.Errorf("%s: want \"-- owner: ROOM\" first and no Down", name)
		}
	}
}
