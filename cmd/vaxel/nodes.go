package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/vaxelhq/vaxel/gateway/bus"
)

// What a node may do. The floor is led by one of the routers, a mailbox is read by one of
// the channels nodes; any gateway serves any browser.
const (
	roleGateway  = "gateway"  // pages, API, sockets of agents and visitors
	roleChannels = "channels" // mailboxes, outgoing mail, telephony
	roleRouter   = "router"   // may lead the floor
)

var allRoles = []string{roleGateway, roleChannels, roleRouter}

func (c Config) does(role string) bool { return slices.Contains(c.Roles, role) }

// checkNodes refuses a node that could not do its work.
func (c Config) checkNodes(bad func(key, why string, args ...any)) {
	for _, r := range c.Roles {
		if !slices.Contains(allRoles, r) {
			bad("roles", "%q is not one of gateway, channels, router", r)
		}
	}
	if c.NATS == "" && len(c.Roles) < len(allRoles) {
		bad("roles", "a node alone does everything; set nats to share the work with others")
	}
	if c.NATS != "" && c.DatabaseURL == "" {
		bad("nats", "several nodes need one database: set database_url on each")
	}
	if c.Node == "" {
		bad("node", "give this node a name of its own")
	}
}

// openBus joins the other nodes, if there are any to be.
func (h *house) openBus(ctx context.Context) error {
	var random [6]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	h.process = h.config.Node + "." + hex.EncodeToString(random[:])
	h.bus = bus.New()
	if h.config.NATS != "" {
		scope, err := h.scope(ctx)
		if err != nil {
			return err
		}
		if h.bus, err = bus.Join(bus.Options{URL: h.config.NATS, Scope: scope, Run: h.process, Log: h.log}); err != nil {
			return err
		}
	}
	h.nodes = bus.NewNodes(h.pool, bus.Node{
		Name: h.config.Node, Run: h.process, Address: h.config.Listen, Roles: h.config.Roles,
	}, h.bus, h.log)
	return nil
}

// scope names the database: what nodes of one contact centre have in common.
func (h *house) scope(ctx context.Context) (scope string, err error) {
	err = h.pool.QueryRow(ctx, `
		select to_hex(system_identifier) || '-' || (select oid from pg_database where datname = current_database())
		from pg_control_system()`).Scan(&scope)
	if err != nil {
		return "", fmt.Errorf("name the database: %w", err)
	}
	return scope, nil
}

// close leaves the bus, after run.
func (h *house) close() {
	if c, ok := h.bus.(*bus.Cluster); ok {
		c.Close()
	}
}

// settleLock lets one node at a time bring the database to its configuration: two that
// begin together would each make the queues that both name.
const settleLock = 0x7661_7865_6c02

// begin brings the database to what the configuration says.
func (h *house) begin(ctx context.Context) error {
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("settle the configuration: %w", err)
	}
	defer func() { _ = conn.Hijack().Close(context.WithoutCancel(ctx)) }() // and with it the lock
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(settleLock)); err != nil {
		return fmt.Errorf("settle the configuration: %w", err)
	}
	if err := h.settle(ctx); err != nil {
		return err
	}
	if err := h.dismiss(ctx); err != nil {
		return err
	}
	return h.firstAdministrator(ctx)
}
