package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// What is a day older than its days goes, what is a day younger stays, in every room.
func TestTidyForgetsWhatItsDaysAreOverOf(t *testing.T) {
	pool := pgtest.New(t)
	config := defaults()
	config.DataDir, config.Retention.MailDigests, config.Retention.StaffChats = t.TempDir(), 365, 90
	h, err := open(t.Context(), config, pool, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	exec(`insert into mailbox (address, queue_id, imap_address, imap_tls, smtp_address, smtp_tls, enabled)
		values ('a@example.com', 1, 'localhost:1', 'none', 'localhost:2', 'none', false)`)
	exec(`insert into article (visibility) values ('public')`)
	now := time.Now()
	r := config.Retention
	rows := []struct {
		table string
		days  int
		add   string
	}{
		{"arrival", r.Arrivals, `insert into arrival (key, at) values ($1::text, $2)`},
		{"mailbox_digest", r.MailDigests, `insert into mailbox_digest (mailbox_id, digest, key, at) select id, $1::text::bytea, $1::text, $2 from mailbox`},
		{"outbound", r.Outbound, `with o as (
				insert into outbound (kind, conversation_id, pos, message_id, body, state, due_at, created_at)
				values ('email', 1, 1, $1::text, '{}', 'sent', null, $2) returning id)
			insert into outbound_recipient (outbound_id, address) select id, 'b@example.com' from o`},
		{"status_span", r.Statuses, `insert into status_span (agent, since, status) values (length($1::text), $2, 'available'), (length($1::text), $2::timestamptz + '1 hour', 'busy')`},
		{"audit", r.Audit, `insert into audit (at, actor, what) values ($2, $1::text, 'x')`},
		{"collaboration", r.Collaborate, `insert into collaboration (conversation_id, interaction_id, channel, agent_id, agent_name, state, ended_at)
			values (length($1::text), 1, 'chat', 1, '', 'ended', $2)`},
		{"visitor", r.Networks, `with w as (insert into widget (key, name, queue_id) values ($1::text, 'x', 1) returning id)
			insert into visitor (widget_id, token_hash, conversation_id, customer_id, source, gone_at, created_at)
			select id, $1::text::bytea, 1, 1, '203.0.113.0/24', now(), $2 from w`},
		{"call_wish", r.Calls, `insert into call_wish (widget_id, token_hash, cid, conversation_id, name, number, about, topic, language, entered_at)
			select id, '', $1::text, 1, 'x', '1', '', '', 'sv', $2 from widget where key = $1::text`},
		{"draft", r.Drafts, `insert into draft (conversation, kind, agent, body, saved_at) values (length($1::text), 'reply', 1, '{}', $2)`},
		{"staff_chat", r.StaffChats, `with c as (insert into conversation (case_id, customer_id, channel, last_pos, created_at) values (0, 0, 'chat', 1, $2) returning id),
			e as (insert into entry (conversation_id, pos, kind, author_kind, channel, text, internal, at) select id, 1, 'message', 'agent', 'chat', $1::text, true, $2 from c),
			r as (insert into staff_receipt (conversation, agent) select id, 1 from c)
			insert into staff_chat (conversation, created_by, created_at, last_pos, last_at) select id, 1, $2, 1, $2 from c`},
		{"entry", r.StaffChats, `select $1::text, $2::timestamptz`},         // with their chats, as are
		{"staff_receipt", r.StaffChats, `select $1::text, $2::timestamptz`}, // how far they were read
		{"vote", r.Votes, `insert into vote (article, language, voter, helpful, at) select id, 'sv', $1::text, true, $2 from article`},
	}
	for _, row := range rows {
		exec(row.add, "old", now.AddDate(0, 0, -row.days-1))
		exec(row.add, "young", now.AddDate(0, 0, -row.days+1))
	}
	exec(`insert into outbound (kind, conversation_id, pos, body, created_at) values ('callback', 1, 1, '{}', 'epoch')`) // still to be sent
	orphan, young, named := h.file(t, "orphan"), h.file(t, "young"), h.file(t, "named")
	for _, key := range []string{orphan, named} {
		then := now.AddDate(0, 0, -r.Files-1)
		if err := os.Chtimes(filepath.Join(config.DataDir, "blobs", key[:2], key), then, then); err != nil {
			t.Fatal(err)
		}
	}
	exec(`insert into blob (key, size, type, name) values ($1, 1, 'text/plain', 'n')`, named)

	if err := h.tidy(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		want := map[string]int{"status_span": 3, "outbound": 2}[row.table] // an agent's last status before, and what is to be sent
		if want == 0 {
			want = 1
		}
		table := row.table
		if table == "visitor" {
			table += " where source <> ''" // the rest of it stays
		}
		var n int
		if err := pool.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n); err != nil || n != want {
			t.Errorf("%s: got %d rows, %v want %d", row.table, n, err, want)
		}
	}
	for key, want := range map[string]bool{orphan: false, young: true, named: true} {
		file, _, err := h.blobs.Open(t.Context(), key)
		if (err == nil) != want {
			t.Errorf("file %s: got %v want it kept: %v", key, err, want)
		}
		if err == nil {
			_ = file.Close()
		}
	}
}

// file is put and named by nobody.
func (h *house) file(t *testing.T, text string) (key string) {
	t.Helper()
	info, err := h.blobs.Put(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return info.Key
}

// A file that is about to go is saved by the row that names it at that moment.
func TestFileNamedLate(t *testing.T) {
	pool := pgtest.New(t)
	config := defaults()
	config.DataDir = t.TempDir()
	h, err := open(t.Context(), config, pool, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	key := h.file(t, "draft")
	then := now.AddDate(0, 0, -config.Retention.Files-1)
	if err := os.Chtimes(filepath.Join(config.DataDir, "blobs", key[:2], key), then, then); err != nil {
		t.Fatal(err)
	}
	err = pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		if err := h.blobs.Note(t.Context(), tx, key, 5, "text/plain", "draft.txt"); err != nil {
			return err
		}
		return h.tidy(t.Context(), now) // the row is not committed yet
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.tidy(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	file, _, err := h.blobs.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
}
