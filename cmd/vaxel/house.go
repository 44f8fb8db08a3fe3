package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/channels/chat/collaborate"
	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/blob"
	"github.com/vaxelhq/vaxel/gateway/bus"
	"github.com/vaxelhq/vaxel/gateway/feed"
	"github.com/vaxelhq/vaxel/gateway/floor"
	"github.com/vaxelhq/vaxel/gateway/intake"
	"github.com/vaxelhq/vaxel/gateway/outbox"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
	"github.com/vaxelhq/vaxel/gateway/stats"
	"github.com/vaxelhq/vaxel/gateway/timeline"
	"github.com/vaxelhq/vaxel/migrations"
	"github.com/vaxelhq/vaxel/tickets"
	webwidget "github.com/vaxelhq/vaxel/web-widget"
)

// house is every room of one node, wired.
type house struct {
	config Config
	log    *slog.Logger
	pool   *pgxpool.Pool

	process  string // names this run of the node, as no other ever
	bus      bus.Bus
	nodes    *bus.Nodes
	feed     *feed.Feed
	timeline *timeline.Store
	roster   *roster.Store
	access   *access.Store
	vault    *access.Vault
	tickets  *tickets.Store
	floor    *floor.Floor
	commands *floor.Client
	intake   *intake.Intake
	outbox   *outbox.Store
	blobs    *blob.Store
	staff    *staffchat.Store
	stats    *stats.Store
	kb       knowledge
	email    *email.Email
	chat     *chat.Server
	shared   *collaborate.Room
	voice    *voice.Voice // nil without telephony
	api      *api.Server

	// What a drain gives away.
	router, mail, visitors *shift
	redirects              atomic.Bool // consoles go to another node
}

// open wires the rooms over a database that is up. Nothing runs before run.
func open(ctx context.Context, config Config, pool *pgxpool.Pool, log *slog.Logger) (*house, error) {
	if err := migrations.Up(ctx, pool); err != nil {
		return nil, err
	}
	h := &house{config: config, log: log, pool: pool}
	for _, step := range []func(context.Context) error{h.openBus, h.openStores, h.openWay, h.openChannels, h.openDoors} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// openStores makes the rooms that only keep things.
func (h *house) openStores(ctx context.Context) error {
	objects, err := h.config.objects()
	if err != nil {
		return err
	}
	h.blobs = blob.New(h.pool, objects)
	if h.vault, err = access.OpenVault(ctx, h.pool, h.config.keyFile()); err != nil {
		return err
	}
	h.feed = feed.New(h.pool, h.bus, h.log)
	h.timeline = timeline.New(h.pool, h.feed, h.log)
	h.roster = roster.New(h.pool, h.bus)
	h.access = access.New(h.pool)
	h.tickets = tickets.New(h.pool, h.feed, h.log)
	h.tickets.Region = h.config.Region
	if err := h.tickets.Renumber(ctx); err != nil {
		return err
	}
	h.staff = staffchat.New(h.pool, h.timeline, h.roster, h.feed)
	h.stats = stats.New(h.pool, h.feed, h.log)
	if h.stats.Zone, err = h.config.zone(); err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	h.stats.Plans = h.roster
	h.kb = openKnowledge(h)
	return nil
}

// openWay makes the way of an interaction: intake, floor, outbox.
func (h *house) openWay(context.Context) error {
	h.floor = floor.New(h.pool, h.config.Node, floor.Rooms{
		Feed: h.feed, Timeline: h.timeline, Cases: h.tickets, Plans: h.roster, Bus: h.bus, Nodes: h.nodes,
		Alone: func() bool { return h.nodes.Peers(roleRouter) == 0 },
	}, h.log)
	h.commands = floor.NewClient(h.bus)
	h.intake = intake.New(h.pool, intake.Rooms{
		Timeline: h.timeline, Cases: h.tickets, Floor: h.floor, Feed: h.feed, Bus: h.bus,
	}, h.log)
	h.outbox = outbox.New(h.pool, h.config.Node, map[gateway.OutboundKind]outbox.Sender{
		gateway.OutboundEmail: later{h}, gateway.OutboundTranscript: later{h},
	}, h.feed, h.bus, h.log)
	h.outbox.Limits = h.config.limits()
	return nil
}

// openChannels opens mail and chat on every node; telephony only where it is configured and this
// node is of the channels.
func (h *house) openChannels(ctx context.Context) (err error) {
	h.email, err = email.Open(ctx, h.pool, email.Rooms{
		Intake: h.intake, Blobs: files{h.blobs}, Secrets: h.secrets(), Bounces: h.outbox, Answers: acknowledgements{h}, Identities: identities{h.roster},
	}, email.Options{Node: h.config.Node, PublicURL: h.config.publicURL(), Language: h.config.Language}, h.log)
	if err != nil {
		return err
	}
	h.chat = chat.New(chat.Config{
		Log: h.log, Pool: h.pool, Intake: h.intake, Timeline: lines{h.timeline, h}, Scribe: lines{h.timeline, h}, Unserved: timeline.ErrUnserved, Feed: h.feed, Floor: calls{h.commands, h.floor},
		Board: places{h}, Names: names{h.roster}, Articles: h.kb.answers, Assets: webwidget.Handler(webwidget.Dist()),
		LinesPerSecond: h.config.Chat.LinesPerSecond, BeginsPerMinute: h.config.Chat.BeginsPerMinute, WidgetBeginsPerMinute: h.config.Chat.WidgetBeginsPerMinute,
		Source: func(r *http.Request) string { return h.api.Source(r) }, // which is made after it
		Mail:   transcripts{h}, Secrets: h.vault, Zone: h.stats.Zone,
		Blobs: files{h.blobs}, FileMax: int64(h.config.Chat.FileMax) << 20, Scan: h.config.Chat.scanner(),
		BotNetworks: h.config.Chat.botNetworks(),
		NudgeAfter:  time.Duration(h.config.Chat.NudgeAfter) * time.Second, SilentAfter: time.Duration(h.config.Chat.SilentAfter) * time.Second,
	})
	h.shared = collaborate.New(collaborate.Config{
		Log: h.log, Pool: h.pool, Timeline: h.timeline, Feed: h.feed, Bus: h.bus, Guests: h.chat, Floor: h.floor,
		Assets: webwidget.Handler(webwidget.Dist()), Source: func(r *http.Request) string { return h.api.Source(r) },
	})
	if h.config.Voice.Listen == "" || !h.config.does(roleChannels) {
		return nil
	}
	config, err := h.config.Voice.settings(h.config)
	if err != nil {
		return err
	}
	h.voice, err = voice.Open(ctx, config, h.pool, voice.Rooms{
		Intake: h.intake, Floor: calls{h.commands, h.floor}, Feed: h.feed, Phones: phones{h.roster}, Queues: queues{h.roster}, Places: callers{h.commands}, Timeline: h.timeline, Blobs: files{h.blobs},
	}, h.log)
	return err
}

// openDoors is last: the API knows every other room, and none knows it.
func (h *house) openDoors(context.Context) error {
	proxies := make([]netip.Prefix, 0, len(h.config.TrustedProxies))
	for _, p := range h.config.TrustedProxies {
		prefix, err := netip.ParsePrefix(p)
		if err != nil {
			return fmt.Errorf("trusted_proxies: %w", err)
		}
		proxies = append(proxies, prefix)
	}
	h.api = api.New(api.Rooms{
		Pool: h.pool, Access: h.access, Roster: h.roster, Floor: h.floor, Commands: h.commands, Intake: h.intake,
		Timeline: h.timeline, Outbox: h.outbox, Bus: h.bus, Feed: h.feed, Cases: h.tickets, Articles: h.kb.library, KB: h.kb.Store,
		StaffChat: h.staff, Stats: h.stats, Blobs: files{h.blobs}, Mail: replies{h.email, h.config.Language}, Calls: telephone{h}, Ways: ways{h},
		Quarantine: quarantine{h.email}, Blocks: quarantine{h.email}, Signatures: signatures{h.email}, Unsubscriptions: unsubscriptions{h.email}, Widgets: widgets{h}, Visits: widgets{h}, VisitorBlocks: widgets{h}, Nodes: h.nodes, Collaborate: pagesShown{h.shared},
	}, api.Options{
		Secure: h.config.secure(), TrustedProxies: proxies, Origins: h.config.Origins, Node: h.config.Node, Run: h.process, Language: h.config.Language,
	}, h.log)
	return nil
}

// readHeader is how long a client may take to say what it wants.
const readHeader = 10 * time.Second

// run works until ctx ends or a room fails. ready is called when requests are answered.
func (h *house) run(ctx context.Context, handler http.Handler, ready func()) error {
	listener, err := listen(ctx, "listen", h.config.Listen)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.nodes.Join(ctx); err != nil {
		err = errors.Join(err, listener.Close())
		if ctx.Err() != nil {
			return nil // told to stop before it began
		}
		return err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeader, IdleTimeout: 2 * time.Minute,
		ErrorLog:  slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, room := range h.rooms() {
		group.Go(func() error { return room(ctx) })
	}
	group.Go(func() error {
		<-ctx.Done()
		out, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return server.Shutdown(out)
	})
	group.Go(func() error {
		ready()
		err := h.serve(server, listener)
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return fmt.Errorf("serve %s: %w", h.config.Listen, err)
	})
	return group.Wait()
}

// rooms are all that run for as long as the node does.
func (h *house) rooms() []func(context.Context) error {
	h.router, h.mail, h.visitors = newShift(h.floor.Run), newShift(h.email.Run), newShift(h.chat.Run)
	all := []func(context.Context) error{
		h.nodes.Run, (&drainer{house: h}).Run, h.feed.Run, h.timeline.Run, h.tickets.Run, h.stats.Run, h.sweep, h.metrics,
	}
	if h.config.does(roleRouter) {
		all = append(all, h.router.Run)
	}
	if h.config.does(roleGateway) {
		all = append(all, h.api.Run, h.visitors.Run, h.shared.Run, h.kb.run)
	}
	if h.config.does(roleChannels) {
		all = append(all, h.mail.Run, h.outbox.Run, h.serveTelephone, h.mailDoor)
	}
	if h.voice != nil {
		all = append(all, h.voice.Run, h.buryOrphans)
	}
	return all
}

// sweep tidies up what nobody needs any more, until ctx ends.
func (h *house) sweep(ctx context.Context) error {
	var all sync.WaitGroup
	for _, duty := range []struct {
		what  string
		every time.Duration
		do    func(context.Context) error
	}{
		{"sweep sessions", 5 * time.Minute, h.access.Sweep},
		{"sweep the routing log", 24 * time.Hour, h.floor.Sweep},
		{"tidy up", 24 * time.Hour, func(ctx context.Context) error { return h.tidy(ctx, time.Now()) }},
	} {
		all.Go(func() {
			for {
				if err := duty.do(ctx); err != nil && ctx.Err() == nil {
					h.log.Warn("a duty failed", "duty", duty.what, "err", err)
				}
				select {
				case <-ctx.Done():
					return
				case <-time.After(duty.every):
				}
			}
		})
	}
	all.Wait()
	return nil
}

// publicURL is what customers' browsers reach, without a slash at its end.
func (c Config) publicURL() string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	if c.TLSCert != "" {
		return "https://" + c.Listen
	}
	return "http://" + c.Listen
}

// secure says whether browsers reach us by HTTPS only, here or at a proxy.
func (c Config) secure() bool { return strings.HasPrefix(c.publicURL(), "https://") }

// makeDataDir makes the data directory, open to its owner; what lies in it says itself
// who may read it.
func (c Config) makeDataDir() error {
	if err := os.MkdirAll(c.DataDir, 0o755); err != nil { //nolint:gosec // PostgreSQL's account must pass through
		return fmt.Errorf("make the data directory: %w; set data_dir to a directory that this user may make or write", err)
	}
	return nil
}

// postgresDir is the private PostgreSQL's own directory.
func (c Config) postgresDir() string { return filepath.Join(c.DataDir, "postgres") }
