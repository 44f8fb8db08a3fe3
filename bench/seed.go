package bench

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/localpg"
	"github.com/vaxelhq/vaxel/migrations"
)

// queueName is what configurations call the queue that everything enters.
const queueName = "Support"

// seeded is what a house was made with.
type seeded struct {
	queue  gateway.QueueID
	queues []gateway.QueueID // those that arrivals go to in turn, if not all to queue
	agents []*agent
}

// newHouse makes a house with a queue and so many agents, each with an API key. phone
// gives the n-th agent's SIP address; nil: none has one. Nothing runs yet.
func (b *Bench) newHouse(ctx context.Context, agents int, phone func(n int) string) (*house, error) {
	dir, err := os.MkdirTemp(b.dir, "house-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // PostgreSQL's account must pass
		return nil, err
	}
	h := &house{b: b, dir: dir, http: newClient(), command: "serve", node: "bench"}
	b.cleanup(func() { _ = h.stop() })
	if agents == 0 {
		return h, nil
	}
	err = h.offline(ctx, func(pool *pgxpool.Pool) error { return h.seed(ctx, pool, agents, phone) })
	if err != nil {
		return nil, fmt.Errorf("seed a house: %w", err)
	}
	return h, nil
}

// newClient keeps its connections: agents' programs do.
func newClient() *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		MaxIdleConns: 1000, MaxIdleConnsPerHost: 1000, IdleConnTimeout: time.Minute,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // our own child on loopback
	}}
}

// offline gives the house's embedded database while no child has it.
func (h *house) offline(ctx context.Context, work func(pool *pgxpool.Pool) error) error {
	server, err := localpg.Start(ctx, localpg.Options{Dir: filepath.Join(h.data(), "postgres")})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop() }()
	pool, err := pgxpool.New(ctx, server.URL())
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrations.Up(ctx, pool); err != nil {
		return err
	}
	return work(pool)
}

// seed writes through the rooms.
func (h *house) seed(ctx context.Context, pool *pgxpool.Pool, agents int, phone func(n int) string) error {
	people := roster.New(pool, nil)
	if err := h.seedQueue(ctx, people); err != nil {
		return err
	}
	doors := access.New(pool)
	boss, _, err := doors.CreateLogin(ctx, access.System, access.Login{Name: "bench", Display: "Bench", Role: gateway.RoleAdministrator}, "Kastanj-och-lind-47")
	if err != nil {
		return err
	}
	by := access.Caller{Login: boss.ID, Role: gateway.RoleAdministrator, Name: boss.Name}
	for n := range agents {
		a := roster.Agent{
			Name: fmt.Sprintf("Agent %d", n+1), Language: "en", Channels: gateway.Channels, Active: true,
			Memberships: []gateway.Membership{{Queue: h.queue, Enabled: true, Level: 2}},
		}
		if phone != nil {
			a.Phones = []roster.Phone{{Kind: roster.PhoneSIP, Address: phone(n)}}
		}
		a, err := people.CreateAgent(ctx, a)
		if err != nil {
			return err
		}
		_, key, err := doors.CreateKey(ctx, by, access.Key{Name: a.Name, Role: gateway.RoleSupervisor, Agent: a.ID})
		if err != nil {
			return err
		}
		h.agents = append(h.agents, &agent{house: h, id: a.ID, key: key, wants: gateway.IntentAvailable})
	}
	return nil
}

// seedQueue makes the queue; nobody there writes up what they did.
func (h *house) seedQueue(ctx context.Context, people *roster.Store) error {
	plans := map[gateway.Channel]gateway.ChannelPlan{}
	for _, c := range gateway.Channels {
		p := roster.DefaultPlan(c)
		p.OfferTimeout, p.Decline, p.WrapUp = 60, gateway.DeclineSoft, gateway.WrapUpPlan{Mode: gateway.WrapUpNone}
		plans[c] = p
	}
	q, err := people.CreateQueue(ctx, roster.Queue{Name: roster.Label{"en": queueName, "sv": queueName}, Channels: plans, Active: true})
	h.queue = q.ID
	return err
}
