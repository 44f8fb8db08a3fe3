package bench

import (
	"errors"
	"io"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// What is written straight into the store fits the schema, and the floor goes on from it:
// a chat's agent is offered no mail that waits.
func TestEnlarge(t *testing.T) {
	pool, ctx := pgtest.New(t), t.Context()
	h := &house{b: &Bench{Options: Options{Notes: io.Discard}}}
	if err := h.seed(ctx, pool, 2, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.enlarge(ctx, pool, floorSize{agents: 5, queues: 4, each: 4, waiting: 10}); err != nil {
		t.Fatal(err)
	}
	count := func(sql string) (n int) {
		if err := pool.QueryRow(ctx, sql).Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	for sql, want := range map[string]int{
		`select count(*) from interaction where state = 'waiting' and agent = 0`: 10,
		`select count(distinct agent) from interaction where state = 'active'`:   3,
		`select count(*) from membership`:                                        5 * 4,
		`select count(*) from support_case`:                                      13,
	} {
		if got := count(sql); got != want {
			t.Errorf("%s: got %d want %d", sql, got, want)
		}
	}
	plan, err := roster.New(pool, nil).Plan(ctx)
	if err != nil {
		t.Fatal(err)
	}
	commands, stop := runFloor(ctx, pool, plan)
	defer stop()
	soon(ctx, patience, func() bool {
		_, err = commands.Do(ctx, "", gateway.SetStatus{Agent: h.agents[0].id, Intent: gateway.IntentAvailable})
		return !errors.Is(err, gateway.ErrTryAgain)
	})
	if offers := count(`select count(*) from offer`); err != nil || offers > 0 {
		t.Errorf("got %v and %d offers", err, offers)
	}
}

// Cases are spread over agents, and a twentieth of them are open.
func TestFillCases(t *testing.T) {
	pool, ctx := pgtest.New(t), t.Context()
	h := &house{b: &Bench{Options: Options{Notes: io.Discard}}}
	if err := h.seed(ctx, pool, 2, nil); err != nil {
		t.Fatal(err)
	}
	if err := h.fillCases(ctx, pool, 200); err != nil {
		t.Fatal(err)
	}
	var open, mine int
	if err := pool.QueryRow(ctx, `select count(*), count(*) filter (where assignee = $1) from support_case where state = 'open'`, h.agents[0].id).Scan(&open, &mine); err != nil || open != 10 || mine != 5 {
		t.Errorf("got %d open, %d of one agent, %v", open, mine, err)
	}
}
