package e2e

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// trips counts how often the database is asked and waited for.
type trips struct{ n atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}

func (*trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData)     {}
func (*trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (*trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// A round trip costs more than what most statements do: each wakes two processes up.
func TestAnArrivalTakesFewRoundTrips(t *testing.T) {
	var count trips
	config, err := pgxpool.ParseConfig(pgtest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.Tracer = &count
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	in := newEntrance(pool)
	visitor := func(key string) gateway.Arrival {
		return gateway.Arrival{
			Key: key, Channel: gateway.Chat, Queue: 1, Subject: "Faktura",
			From:  gateway.Address{Kind: gateway.AddressVisitor, Value: "token1", Name: "Karin"},
			Entry: gateway.Entry{Kind: gateway.EntryMessage, Text: "Hej!", ClientID: "c1"},
		}
	}
	also := func(ctx context.Context, tx pgx.Tx, _ gateway.Received) error {
		_, err := tx.Exec(ctx, "select 1")
		return err
	}
	for _, test := range []struct {
		what    string
		arrival gateway.Arrival
		also    func(context.Context, pgx.Tx, gateway.Received) error
		most    int64
	}{
		{"a stranger's chat", visitor("chat/1"), nil, 6},
		{"a known visitor's chat, noted by the channel too", visitor("chat/2"), also, 8},
		{"a stranger's mail", letter(1, 0), nil, 6},
		{"an answer", letter(1, 1), nil, 7},
	} {
		before := count.n.Load()
		if _, err := in.Receive(t.Context(), test.arrival, test.also); err != nil {
			t.Fatal(err)
		}
		if got := count.n.Load() - before; got > test.most {
			t.Errorf("%s took %d round trips, want at most %d", test.what, got, test.most)
		}
	}
}
