package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// settled is a node that has begun with a configuration: the mailboxes that are read, and the trunks.
func settled(t *testing.T, pool *pgxpool.Pool, dir string, mailboxes []MailboxConfig, trunks []TrunkConfig) (read, call []string) {
	t.Helper()
	config := defaults()
	config.DataDir, config.Mailboxes = dir, mailboxes
	config.Voice.Listen, config.Voice.Trunks = "127.0.0.1:0", trunks
	h, err := open(t.Context(), config, pool, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := h.email.Mailboxes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if m.Enabled {
			read = append(read, m.Address)
		}
	}
	for _, trunk := range h.voice.Trunks() {
		call = append(call, trunk.Name)
	}
	slices.Sort(read)
	return read, call
}

// TestWhatTheConfigurationNamesNoMoreEnds: a mailbox that is taken out is not read and a trunk
// not heard any more; the last of them is disabled, for a node that names none leaves those of
// another alone.
func TestWhatTheConfigurationNamesNoMoreEnds(t *testing.T) {
	pool, dir := pgtest.New(t), t.TempDir()
	box := func(address string) MailboxConfig {
		return MailboxConfig{Address: address, Queue: "Support", User: address, Password: "x", IMAP: MailServer{"127.0.0.1:1", "none"}, SMTP: MailServer{"127.0.0.1:1", "none"}}
	}
	trunk := func(name string) TrunkConfig { return TrunkConfig{Name: name, Number: name, Queue: "Support"} }
	off, mute := box("a@x.example"), trunk("a")
	off.Disabled, mute.Disabled = true, true
	for _, c := range []struct {
		boxes  []MailboxConfig
		trunks []TrunkConfig
		want   string
	}{
		{[]MailboxConfig{box("a@x.example"), box("b@x.example")}, []TrunkConfig{trunk("a"), trunk("b")}, "a@x.example b@x.example; a b"},
		{nil, nil, "a@x.example b@x.example; a b"},
		{[]MailboxConfig{box("A@x.example")}, []TrunkConfig{trunk("a")}, "a@x.example; a"},
		{[]MailboxConfig{off}, []TrunkConfig{mute}, "; "},
		{[]MailboxConfig{box("a@x.example")}, []TrunkConfig{trunk("a")}, "a@x.example; a"},
	} {
		read, call := settled(t, pool, dir, c.boxes, c.trunks)
		if got := strings.Join(read, " ") + "; " + strings.Join(call, " "); got != c.want {
			t.Errorf("got %q want %q", got, c.want)
		}
	}
}

// TestADemonstrationKeepsToItself: its data directory is not served, and it puts its sample into
// no database that is in use.
func TestADemonstrationKeepsToItself(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, demoFile), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAXEL_DATA_DIR", dir)
	if err := (serveCmd{}).Run(t.Context(), &cli{}); err == nil || !strings.Contains(err.Error(), "vaxel demo") {
		t.Errorf("serve: got %v", err)
	}

	database := pgtest.NewURL(t)
	pool := pgtest.Open(t, database)
	config := defaults()
	config.DatabaseURL, config.DataDir = database, t.TempDir()
	settled(t, pool, config.DataDir, nil, nil) // makes the first administrator
	d := &demo{house: &house{config: config, log: slog.New(slog.DiscardHandler), pool: pool}}
	if err := d.open(t.Context()); err == nil || !strings.Contains(err.Error(), "VAXEL_DATA_DIR") {
		t.Errorf("demo: got %v", err)
	}
	d.close()
	var people int
	if err := pool.QueryRow(context.WithoutCancel(t.Context()), "select count(*) from login").Scan(&people); err != nil || people != 1 {
		t.Errorf("%d people, %v", people, err)
	}
}
