package api_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

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
	"github.com/vaxelhq/vaxel/kb"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
	"github.com/vaxelhq/vaxel/tickets"
)

const password = "tolv-gula-traktorer"

// house is everything behind the door, running, and the door. Only mail, telephone and
// articles are stood in for.
type house struct {
	*api.Server
	pool  *pgxpool.Pool
	web   *httptest.Server
	logs  *logs
	stop  func() // ends the server, not the rooms
	line  *line  // between the server and the floor
	desk  *telephone
	shown *mirrors
	kb    *kb.Store // without its indexes, unless a test runs it

	invoices, support gateway.QueueID
	anna, bo          gateway.AgentID
	solved            gateway.CodeID
	group             gateway.GroupID
}

func newHouse(t testing.TB) *house {
	t.Helper()
	pool := pgtest.New(t)
	h := &house{pool: pool, logs: &logs{}, desk: &telephone{}, shown: &mirrors{}}
	log := slog.New(slog.NewTextHandler(h.logs, nil))
	b := bus.New()
	h.line = &line{Bus: b}
	events := feed.New(pool, b, log)
	times := timeline.New(pool, events, log)
	people := roster.New(pool, b)
	cases := tickets.New(pool, events, log)
	ground := floor.New(pool, "one", floor.Rooms{Feed: events, Timeline: times, Cases: cases, Plans: people, Bus: b}, log)
	out := outbox.New(pool, "one", nil, events, b, log)
	figures := stats.New(pool, events, log)
	h.kb = kb.New(pool, b, kb.Config{Dir: t.TempDir(), PublicURL: "https://help.example"}, log)
	objects, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	mails := &mailroom{gone: map[int64]bool{}}
	h.Server = api.New(api.Rooms{
		Pool: pool, Access: access.New(pool), Roster: people, Floor: ground, Commands: floor.NewClient(h.line),
		Intake:   intake.New(pool, intake.Rooms{Timeline: times, Cases: cases, Floor: ground, Feed: events, Bus: b}, log),
		Timeline: times, Outbox: out, Bus: b, Feed: events, Cases: cases, Articles: library{},
		KB:        h.kb,
		StaffChat: staffchat.New(pool, times, people, events), Stats: figures, Blobs: files{blob.New(pool, objects)},
		Mail: post{}, Calls: h.desk, Ways: ways{},
		Quarantine: mails, Blocks: mails, Signatures: mails, Unsubscriptions: mails, Collaborate: h.shown,
	}, api.Options{Node: "one", Language: "sv"}, log)
	h.seed(t)
	run(t, log, events.Run, times.Run, ground.Run, cases.Run, figures.Run)
	h.stop = run(t, log, h.Run)
	h.web = httptest.NewServer(h.Server)
	t.Cleanup(h.web.Close)
	return h
}

// run runs rooms until the test ends or stop is called.
func run(t testing.TB, _ *slog.Logger, rooms ...func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var all sync.WaitGroup
	for _, room := range rooms {
		all.Go(func() {
			if err := room(ctx); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("run: %v", err)
			}
		})
	}
	stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(stop)
	return stop
}

func (h *house) seed(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	group, err := h.Roster.CreateGroup(ctx, roster.Group{Name: "Kundtjänst"})
	check(t, err)
	h.group = group.ID
	plan := map[gateway.Channel]gateway.ChannelPlan{}
	for _, c := range gateway.Channels {
		p := roster.DefaultPlan(c)
		p.WrapUp = gateway.WrapUpPlan{Mode: gateway.WrapUpManual}
		plan[c] = p
	}
	for name, id := range map[string]*gateway.QueueID{"Faktura": &h.invoices, "Support": &h.support} {
		q, err := h.Roster.CreateQueue(ctx, roster.Queue{Name: roster.Label{"sv": name, "en": name + " (en)"}, Channels: plan, Band: 5, Active: true})
		check(t, err)
		*id = q.ID
	}
	list, err := h.Roster.CreateTransactionList(ctx, roster.TransactionList{Name: roster.Label{"sv": "Utfall"}, Required: true, Active: true})
	check(t, err)
	parent, err := h.Roster.CreateTransactionCode(ctx, roster.TransactionCode{List: list.ID, Name: roster.Label{"sv": "Klart"}, Active: true})
	check(t, err)
	code, err := h.Roster.CreateTransactionCode(ctx, roster.TransactionCode{List: list.ID, Parent: parent.ID, Name: roster.Label{"sv": "Löst"}, Active: true})
	check(t, err)
	h.solved = code.ID
	_, err = h.Roster.CreateStatusCode(ctx, roster.StatusCode{Intent: gateway.IntentOnBreak, Code: "lunch", Name: roster.Label{"sv": "Lunch"}, Active: true})
	check(t, err)
	h.anna = h.agent(t, "anna", gateway.RoleAgent)
	h.bo = h.agent(t, "bo", gateway.RoleSupervisor)
	_, _, err = h.Access.CreateLogin(ctx, access.System, access.Login{Name: "admin", Display: "Admin", Role: gateway.RoleAdministrator, Active: true}, password)
	check(t, err)
}

// agent adds an agent of both queues who can sign in.
func (h *house) agent(t testing.TB, name string, role gateway.Role) gateway.AgentID {
	t.Helper()
	a, err := h.Roster.CreateAgent(t.Context(), roster.Agent{
		Name: strings.ToUpper(name[:1]) + name[1:], Group: h.group, Language: "sv", Active: true,
		Phones:      []roster.Phone{{Kind: roster.PhoneSIP, Address: "sip:" + name + "@pbx.example"}},
		Memberships: []gateway.Membership{{Queue: h.invoices, Enabled: true, Level: 2}, {Queue: h.support, Enabled: true, Level: 2}},
	})
	check(t, err)
	_, _, err = h.Access.CreateLogin(t.Context(), access.System, access.Login{Name: name, Display: a.Name, Agent: a.ID, Role: role, Active: true}, password)
	check(t, err)
	return a.ID
}

// newKey makes an agent's API key.
func (h *house) newKey(t testing.TB, agent gateway.AgentID) string {
	t.Helper()
	logins, err := h.Access.Logins(t.Context())
	check(t, err)
	i := slices.IndexFunc(logins, func(l access.Login) bool { return l.Name == "admin" })
	_, key, err := h.Access.CreateKey(t.Context(), access.Caller{Login: logins[i].ID, Role: gateway.RoleAdministrator}, access.Key{Name: "bot", Role: gateway.RoleAgent, Agent: agent})
	check(t, err)
	return key
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logs keeps what was logged.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logs) count(line string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), line)
}
