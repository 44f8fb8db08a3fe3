package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/localpg"
)

// nodes are three processes on one database that meet at a NATS server: a door for people,
// and two that can lead.
type nodes struct {
	door    *house
	routers []*house
	pool    *pgxpool.Pool // to check with
	common  string        // settings of all
}

// openNodes starts them; there is one agent, who is not at work yet.
func (b *Bench) openNodes(ctx context.Context) (*nodes, error) {
	door, err := b.newHouse(ctx, 1, nil)
	if err != nil {
		return nil, err
	}
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(door.data(), "postgres")})
	if err != nil {
		return nil, err
	}
	b.cleanup(func() { _ = server.Stop() })
	c := &nodes{door: door}
	if c.pool, err = pgxpool.New(ctx, server.URL()); err != nil {
		return nil, err
	}
	b.cleanup(c.pool.Close)
	b.cleanup(func() { _ = door.stop() }) // before its database
	hints, err := b.startNATS(ctx)
	if err != nil {
		return nil, err
	}
	c.common = fmt.Sprintf("database_url = %q\nnats = %q\n", server.URL(), hints)
	door.node = "door"
	if _, err := door.begin(ctx, c.common+"roles = [\"gateway\", \"channels\"]\n"+widgets); err != nil {
		return nil, err
	}
	for n := range 2 {
		r, err := c.router(ctx, b, fmt.Sprintf("router%d", n+1))
		if err != nil {
			return nil, err
		}
		c.routers = append(c.routers, r)
	}
	return c, door.ready(ctx) // which it is not without a leader
}

// router starts a node that does nothing but lead or stand by. It has the door's key: what
// one has sealed the others open.
func (c *nodes) router(ctx context.Context, b *Bench, name string) (*house, error) {
	r, err := b.newHouse(ctx, 0, nil)
	if err != nil {
		return nil, err
	}
	r.node = name
	var key []byte
	if err := c.door.wait(ctx, "the first node's key", func() bool {
		key, err = os.ReadFile(filepath.Join(c.door.data(), "secret.key"))
		return err == nil && len(key) > 0
	}); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(r.data(), 0o700); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(r.data(), "secret.key"), key, 0o600); err != nil {
		return nil, err
	}
	return r, c.again(ctx, r)
}

// again starts a router that has ended, or was never there.
func (c *nodes) again(ctx context.Context, r *house) error {
	_, err := r.launch(ctx, c.common+"roles = [\"router\"]\n")
	return err
}

// leader is the router that leads, if one of them does.
func (c *nodes) leader(ctx context.Context) *house {
	var name string
	_ = c.pool.QueryRow(ctx, `select holder from lease where name = 'floor' and expires > now()`).Scan(&name)
	if n := slices.IndexFunc(c.routers, func(r *house) bool { return r.node == name }); n >= 0 {
		return c.routers[n]
	}
	return nil
}

// count is a number that the store has; −1 when it does not answer.
func (c *nodes) count(ctx context.Context, sql string) (n int) {
	if c.pool.QueryRow(ctx, sql).Scan(&n) != nil {
		return -1
	}
	return n
}
