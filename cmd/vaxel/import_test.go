package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/archive"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
	"github.com/vaxelhq/vaxel/tickets"
)

// Two mails of a customer and one of a machine came in; one was answered. An old program
// kept what came and what was sent, in the name of the queue, apart.
const inbox = `From maja@example.com Mon Jan  6 10:00:00 2025
From: Maja Lind <maja@example.com>
To: support@cyklar.example
Subject: Bromsen
Message-ID: <one@example.com>
Status: RO

Den tar inte.

From maja@example.com Wed Jan  8 10:00:00 2025
From: Maja Lind <maja@example.com>
To: support@cyklar.example
Subject: Re: Bromsen
Message-ID: <three@example.com>
In-Reply-To: <two@cyklar.example>

Tack!

From rea@example.net Thu Jan  9 10:00:00 2025
From: rea@example.net
To: support@cyklar.example
Subject: Billigt

Hej

`

const sent = `From - Tue Jan  7 10:00:00 2025
From: =?utf-8?q?=C3=85sa?= <verkstad@cyklar.example>
To: Maja Lind <maja@example.com>
Subject: Re: Bromsen
Message-ID: <two@cyklar.example>
In-Reply-To: <one@example.com>

Kom in!

`

// TestAnArchiveIsImportedOnce into closed cases that nobody is asked for.
func TestAnArchiveIsImportedOnce(t *testing.T) {
	pool := pgtest.New(t)
	config := defaults()
	config.DataDir = t.TempDir()
	h, err := open(t.Context(), config, pool, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	queue, err := h.roster.CreateQueue(t.Context(), roster.Queue{Name: roster.Label{"sv": "Verkstad"}, Band: 5, FromAddress: "verkstad@cyklar.example", Active: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.email.Save(t.Context(), email.Mailbox{
		Address: "support@cyklar.example", Queue: 999, IMAP: email.Server{Address: "localhost:1", TLS: email.NoTLS}, SMTP: email.Server{Address: "localhost:2", TLS: email.NoTLS},
		Acknowledge: email.Acknowledgement{Open: "Tack för ditt brev."},
	}, ""); err != nil {
		t.Fatal(err)
	}
	if err := pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := h.email.Block(t.Context(), tx, "@example.net", "")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	box, err := importCmd{Mailbox: "Support@cyklar.example", Queue: "Verkstad"}.box(t.Context(), h)
	if err != nil || box.Queue != queue.ID {
		t.Fatalf("got %v, %v", box, err)
	}
	if _, err := (importCmd{Mailbox: "support@cyklar.example", Queue: "Verkstan"}).box(t.Context(), h); err == nil {
		t.Error("a queue that is not there was taken")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"Inbox": inbox, "Sent": sent} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mails, _, err := archive.Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []email.Imported{{Total: 4, Taken: 3, Held: 1}, {Total: 4, Known: 4}} {
		got, err := h.email.Import(t.Context(), box, mails, func(email.Imported) {})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}

	list, err := h.tickets.Cases(t.Context(), tickets.CaseFilter{})
	if err != nil || len(list.Items) != 1 {
		t.Fatalf("got %d cases, %v want one", len(list.Items), err)
	}
	c := list.Items[0]
	if c.State != tickets.CaseClosed || c.Subject != "Bromsen" || c.CustomerName != "Maja Lind" || c.Queue != queue.ID || c.Interaction != 0 ||
		c.CreatedAt.UTC().Format(time.DateOnly) != "2025-01-06" || c.LastActivityAt.UTC().Format(time.DateOnly) != "2025-01-08" {
		t.Errorf("got %+v", c)
	}
	rows, _ := pool.Query(t.Context(), "select author_kind || ' ' || author_name || ': ' || text from entry order by conversation_id, pos")
	said, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if diff := cmp.Diff([]string{"customer Maja Lind: Den tar inte.", "agent Åsa: Kom in!", "customer Maja Lind: Tack!"}, said); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	var asked, answered int
	if err := pool.QueryRow(t.Context(), "select (select count(*) from floor_inbox), (select count(*) from outbound)").Scan(&asked, &answered); err != nil || asked != 0 || answered != 0 {
		t.Errorf("got %d admissions, %d mails out, %v", asked, answered, err)
	}
	if held, err := h.email.Quarantine(t.Context(), 0, 10); err != nil || len(held) != 1 || !held[0].Held || held[0].From != "rea@example.net" {
		t.Errorf("got %+v, %v in quarantine", held, err)
	}
}
