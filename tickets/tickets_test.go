package tickets_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
	"github.com/vaxelhq/vaxel/tickets"
)

// told remembers the types of the events that were announced.
type told struct{ types []string }

func (*told) Append(context.Context, pgx.Tx, ...gateway.Event) error { return nil }

func (f *told) Announce(events ...gateway.Event) {
	for _, e := range events {
		f.types = append(f.types, e.Topic+" "+e.Type)
	}
}

func code(err error) string {
	if e, ok := errors.AsType[*gateway.Error](err); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

type room struct {
	*tickets.Store
	pool *pgxpool.Pool
}

func open(t testing.TB) room {
	t.Helper()
	pool := pgtest.New(t)
	return room{tickets.New(pool, nil, slog.New(slog.DiscardHandler)), pool}
}

func (r room) tx(t testing.TB, work func(tx pgx.Tx) error) {
	t.Helper()
	if err := pgx.BeginFunc(t.Context(), r.pool, work); err != nil {
		t.Fatal(err)
	}
}

func (r room) join(t testing.TB, a gateway.Arrival, known gateway.CaseID) (c gateway.CaseID, customer gateway.CustomerID) {
	t.Helper()
	r.tx(t, func(tx pgx.Tx) (err error) {
		c, customer, err = r.Join(t.Context(), tx, a, known)
		return err
	})
	return c, customer
}

func (r room) get(t testing.TB, id gateway.CaseID) tickets.Case {
	t.Helper()
	c, err := r.Case(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var morning = time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)

func TestTitle(t *testing.T) {
	r := open(t)
	says := func(subject string, kind gateway.EntryKind, text string) gateway.Arrival {
		return gateway.Arrival{
			Channel: gateway.Chat, Subject: subject, From: gateway.Address{Kind: gateway.AddressVisitor, Value: rand.Text()},
			Entry: gateway.Entry{Kind: kind, Text: text, Author: gateway.Author{Kind: gateway.ByCustomer}},
		}
	}
	const long = "May I return a lamp that I have opened, and used for two evenings, if the shade does not fit?"
	for want, a := range map[string]gateway.Arrival{
		"Var är min order?": says("", gateway.EntryMessage, "Var är\tmin\norder?"),
		"Retur":             says("Retur", gateway.EntryMessage, "Var är min order?"),
		"May I return a lamp that I have opened, and used for two evenings, if the shade…": says(" ", gateway.EntryMessage, long),
		"": says("", gateway.EntryMail, "Hej!"), // a mail without a subject has none
	} {
		id, _ := r.join(t, a, 0)
		if got := r.get(t, id).Subject; got != want {
			t.Errorf("got %q want %q", got, want)
		}
	}
}

// change edits a case as an agent does.
func (r room) change(t testing.TB, id gateway.CaseID, edit func(*tickets.Case)) {
	t.Helper()
	c := r.get(t, id)
	edit(&c)
	if _, err := r.UpdateCase(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func mail(from, subject string) gateway.Arrival {
	return gateway.Arrival{
		Channel: gateway.Email, Queue: 3, Subject: subject, ArrivedAt: morning,
		From:  gateway.Address{Kind: gateway.AddressEmail, Value: from, Name: "Anna Ek"},
		Entry: gateway.Entry{Text: "Hej,\n  min faktura\x00 är fel", Author: gateway.Author{Kind: gateway.ByCustomer}},
	}
}

func TestJoin(t *testing.T) {
	r := open(t)
	answer := mail("Anna@Example.se", "Faktura")
	answer.Quoted = len(answer.Entry.Text)
	answer.Entry.Text += "\n\n> Vad gäller det?"
	first, anna := r.join(t, answer, 0)
	c := r.get(t, first)
	want := tickets.Case{
		ID: first, Number: 1001, Subject: "Faktura", State: tickets.CaseOpen, Customer: anna, CustomerName: "Anna Ek",
		Queue: 3, Channel: gateway.Email, Tags: []string{}, Preview: "Hej, min faktura är fel", PreviewBy: gateway.ByCustomer,
		LastActivityAt: c.LastActivityAt, CreatedAt: c.CreatedAt, Rev: 1,
	}
	if diff := cmp.Diff(want, c); diff != "" || !c.LastActivityAt.Equal(morning) {
		t.Errorf("first mail (-want +got):\n%s", diff)
	}

	// The same sender about something else: the same customer, another case.
	second, again := r.join(t, mail("anna@example.se", "Annat"), 0)
	if again != anna || second == first {
		t.Errorf("second mail: got customer %d, case %d want customer %d and a new case", again, second, anna)
	}

	// A chat in which she gives her address: the visitor is her from then on.
	chat := gateway.Arrival{
		Channel: gateway.Chat, ArrivedAt: morning,
		From:   gateway.Address{Kind: gateway.AddressVisitor, Value: "v1"},
		Others: []gateway.Address{{Kind: gateway.AddressEmail, Value: "anna@example.se"}, {Kind: gateway.AddressPhone, Value: "070-174 06 05"}},
	}
	if _, got := r.join(t, chat, 0); got != anna {
		t.Errorf("chat with her address: got customer %d want %d", got, anna)
	}
	chat.Others = nil
	if _, got := r.join(t, chat, 0); got != anna {
		t.Errorf("next chat: got customer %d want %d", got, anna)
	}
	call := gateway.Arrival{Channel: gateway.Voice, From: gateway.Address{Kind: gateway.AddressPhone, Value: "0701740605"}}
	if _, got := r.join(t, call, 0); got != anna {
		t.Errorf("call from the number she gave: got customer %d want %d", got, anna)
	}
	customer, err := r.Customer(t.Context(), anna)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range customer.Addresses {
		if a.Claimed {
			t.Errorf("%s %s is only claimed, but something has come from it", a.Kind, a.Value)
		}
	}

	// Withheld numbers are nobody's, each time.
	call.From.Value = "anonymous"
	_, one := r.join(t, call, 0)
	if _, two := r.join(t, call, 0); one == two || one == anna {
		t.Errorf("withheld numbers: got customers %d and %d want two new ones", one, two)
	}
}

func TestJoinKnownCase(t *testing.T) {
	r := open(t)
	id, anna := r.join(t, mail("anna@example.se", "Faktura"), 0)
	r.change(t, id, func(c *tickets.Case) { c.State = tickets.CasePending })
	if got, _ := r.join(t, mail("anna@example.se", "Re: Faktura"), id); got != id || r.get(t, id).State != tickets.CaseOpen {
		t.Errorf("answer to a pending case: got %d, %s want %d open", got, r.get(t, id).State, id)
	}

	r.change(t, id, func(c *tickets.Case) { c.State = tickets.CaseClosed })
	quiet := mail("mailer-daemon@example.se", "Undeliverable")
	quiet.Quiet = true
	if got, _ := r.join(t, quiet, id); got != id || r.get(t, id).State != tickets.CaseClosed {
		t.Errorf("bounce: got %d, %s want %d closed", got, r.get(t, id).State, id)
	}
	soon := mail("anna@example.se", "Re: Faktura")
	soon.ArrivedAt = time.Now().Add(29 * 24 * time.Hour)
	if got, _ := r.join(t, soon, id); got != id || r.get(t, id).State != tickets.CaseOpen {
		t.Errorf("answer after 29 days: got %d, %s want %d open again", got, r.get(t, id).State, id)
	}
	r.change(t, id, func(c *tickets.Case) { c.State = tickets.CaseClosed })
	late := mail("anna@example.se", "Re: Faktura")
	late.ArrivedAt = time.Now().Add(31 * 24 * time.Hour)
	got, customer := r.join(t, late, id)
	if got == id || customer != anna {
		t.Errorf("answer after 31 days: got case %d of %d want a new one of %d", got, customer, anna)
	}
	if got, _ := r.join(t, mail("anna@example.se", "x"), 9999); got == 9999 {
		t.Error("an unknown case was joined")
	}
}

func TestQuoted(t *testing.T) {
	r := open(t)
	id, _ := r.join(t, mail("anna@example.se", "Faktura"), 0)
	quoting := fmt.Sprintf("SV: [#%d] Faktura", r.get(t, id).Number)
	for _, c := range []struct {
		from, subject string
		want          gateway.CaseID
	}{
		{"Anna@example.se", quoting, id},
		{`"Anna"@example.se`, quoting, id}, // RFC 5321 §4.1.2: the same
		{`"an na"@example.se`, quoting, 0},
		{"bo@example.se", quoting, 0}, // somebody else's number
		{"anna@example.se", "SV: [#999999999999999]", 0},
		{"anna@example.se", "Faktura", 0},
		{"", quoting, 0},
	} {
		var got gateway.CaseID
		r.tx(t, func(tx pgx.Tx) (err error) {
			got, err = r.Quoted(t.Context(), tx, mail(c.from, c.subject))
			return err
		})
		if got != c.want {
			t.Errorf("%q from %q: got case %d want %d", c.subject, c.from, got, c.want)
		}
	}
	forged := mail("anna@example.se", quoting)
	forged.Forged = true
	r.tx(t, func(tx pgx.Tx) error {
		if got, err := r.Quoted(t.Context(), tx, forged); err != nil || got != 0 {
			t.Errorf("forged: got %d, %v", got, err)
		}
		return nil
	})
}

// Mails of one sender that are received at the same time make one customer.
func TestJoinAtOnce(t *testing.T) {
	r := open(t)
	customers := make([]gateway.CustomerID, 20)
	var wg sync.WaitGroup
	for i := range customers {
		wg.Go(func() {
			err := pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) (err error) {
				_, customers[i], err = r.Join(t.Context(), tx, mail("anna@example.se", "Faktura"), 0)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, c := range customers {
		if c != customers[0] {
			t.Fatalf("got customers %v want one", customers)
		}
	}
}

// In one batch too: whoever writes twice is one customer, an address that is only claimed
// is believed once something comes from it, and each mail begins a case of its own.
func TestJoinAll(t *testing.T) {
	r := open(t)
	anna, bo := gateway.Address{Kind: gateway.AddressEmail, Value: "anna@example.se"}, gateway.Address{Kind: gateway.AddressEmail, Value: "bo@example.se"}
	_, old := r.join(t, mail("bo@example.se", "Faktura"), 0)
	if _, err := r.UpdateCustomer(t.Context(), tickets.Customer{ID: old, Name: "Bo", Credit: 600, Addresses: []tickets.Address{{Address: bo}}}); err != nil {
		t.Fatal(err)
	}
	visitor := gateway.Arrival{Channel: gateway.Chat, From: gateway.Address{Kind: gateway.AddressVisitor, Value: "v1", Name: "Anna"}, Others: []gateway.Address{anna}}
	list := []gateway.Arrival{visitor, mail(anna.Value, "Hej"), mail(bo.Value, "Hej"), mail(anna.Value, "Hej igen")}
	var cases []gateway.CaseID
	var customers []gateway.CustomerID
	var credits []gateway.Seconds
	r.tx(t, func(tx pgx.Tx) (err error) {
		cases, customers, credits, err = r.JoinAll(t.Context(), tx, list, make([]gateway.CaseID, len(list)))
		return err
	})
	if customers[0] != customers[1] || customers[1] != customers[3] || customers[2] != old || customers[0] == old {
		t.Errorf("got customers %v, want Anna, Anna, %d, Anna", customers, old)
	}
	if !slices.Equal(credits, []gateway.Seconds{0, 0, 600, 0}) {
		t.Errorf("got credits %v, want Bo's", credits)
	}
	if slices.Sort(cases); len(slices.Compact(cases)) != len(list) {
		t.Errorf("got cases %v, want four", cases)
	}
	got, err := r.Customer(t.Context(), customers[0])
	if err != nil || got.Name != "Anna" || len(got.Addresses) != 2 || got.Addresses[0].Claimed || got.Addresses[1].Claimed {
		t.Errorf("got %+v, %v, want Anna with a visitor and a mail address that is hers", got, err)
	}
}

func TestFollow(t *testing.T) {
	r := open(t)
	id, _ := r.join(t, mail("anna@example.se", "Faktura"), 0)
	follow := func(i gateway.Interaction) tickets.Case {
		i.Case = id
		r.tx(t, func(tx pgx.Tx) error { return r.Follow(t.Context(), tx, i) })
		return r.get(t, id)
	}
	c := follow(gateway.Interaction{ID: 10, Conversation: 5, Queue: 3, State: gateway.StateOffered, Agent: 7})
	if c.Assignee != 0 || c.InteractionState != gateway.StateOffered || c.Conversation != 5 || c.Rev != 1 {
		t.Errorf("offered: got %+v want no assignee", c)
	}
	c = follow(gateway.Interaction{ID: 10, Conversation: 5, Queue: 3, State: gateway.StateActive, Agent: 7})
	if c.Assignee != 7 || c.Rev != 2 {
		t.Errorf("accepted: got %+v want assignee 7, rev 2", c)
	}
	c = follow(gateway.Interaction{ID: 10, Conversation: 5, Queue: 4, State: gateway.StateWaiting})
	if c.Assignee != 7 || c.Queue != 4 {
		t.Errorf("to another queue: got %+v want queue 4", c)
	}
	c = follow(gateway.Interaction{ID: 9, Conversation: 1, Queue: 1, State: gateway.StateFinished, Agent: 1})
	if c.Interaction != 10 || c.Queue != 4 {
		t.Errorf("an older interaction: got %+v want it ignored", c)
	}
}

// A case was merged into another, which the floor has not come to yet: what it says of the
// one that is gone is said of the other, and of several the latest counts.
func TestFollowAfterAMerge(t *testing.T) {
	r := open(t)
	into, _ := r.join(t, mail("anna@example.se", "Faktura"), 0)
	from, _ := r.join(t, mail("anna@example.se", "Fakturan igen"), 0)
	r.tx(t, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), `
			insert into conversation (id, case_id, customer_id, channel) overriding system value
			values (5, $1, 1, 'email'), (6, $1, 1, 'email')`, into)
		return err
	})
	r.tx(t, func(tx pgx.Tx) error {
		part, _ := r.In(tx)
		if _, _, err := part.MergeCases(t.Context(), into, from); err != nil {
			return err
		}
		return r.Follow(t.Context(), tx,
			gateway.Interaction{ID: 10, Case: into, Conversation: 5, State: gateway.StateActive, Agent: 7},
			gateway.Interaction{ID: 11, Case: from, Conversation: 6, State: gateway.StateFinished, Agent: 8})
	})
	if c := r.get(t, into); c.Interaction != 11 || c.InteractionState != gateway.StateFinished || c.Conversation != 6 {
		t.Errorf("got %+v want what is finished", c)
	}
}

func TestNoteAndSaid(t *testing.T) {
	ctx, r := t.Context(), open(t)
	id, _ := r.join(t, mail("anna@example.se", "Faktura"), 0)
	at := morning.Add(time.Minute)
	r.tx(t, func(tx pgx.Tx) error {
		if err := r.Note(ctx, tx, id, gateway.Entry{Kind: gateway.EntryEvent, Text: "joined"}); err != nil {
			return err
		}
		return r.Note(ctx, tx, id, gateway.Entry{Kind: gateway.EntryMail, Text: "Vi tittar på det", Author: gateway.Author{Kind: gateway.ByAgent}, Channel: gateway.Email, At: at})
	})
	if c := r.get(t, id); c.Preview != "Vi tittar på det" || c.PreviewBy != gateway.ByAgent || !c.LastActivityAt.Equal(at) || c.Rev != 1 {
		t.Errorf("after a reply: got %+v", c)
	}

	r.tx(t, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into conversation (id, case_id, customer_id, channel) overriding system value values (5, $1, 1, 'chat')", id); err != nil {
			return err
		}
		return r.Follow(ctx, tx, gateway.Interaction{ID: 1, Case: id, Conversation: 5, State: gateway.StateActive})
	})
	for pos := range int64(3) {
		r.Said(gateway.Entry{Conversation: 5, Pos: pos + 1, Text: fmt.Sprint("rad ", pos+1), At: at.Add(time.Second), Author: gateway.Author{Kind: gateway.ByCustomer}})
	}
	r.Said(gateway.Entry{Conversation: 5, Pos: 2, Text: "sen rad", At: at.Add(time.Second)})
	stopped, stop := context.WithCancel(ctx)
	stop()
	if err := r.Run(stopped); err != nil { // what is left is written when it ends
		t.Fatal(err)
	}
	if c := r.get(t, id); c.Preview != "rad 3" || c.PreviewBy != gateway.ByCustomer {
		t.Errorf("after chat lines: got %q by %s want the last one", c.Preview, c.PreviewBy)
	}
}

// Whoever writes what was said sleeps while nobody says anything: the first line wakes it, also the
// first after a rest.
func TestTheFirstLineWakes(t *testing.T) {
	ctx, r := t.Context(), open(t)
	id, _ := r.join(t, mail("anna@example.se", "Faktura"), 0)
	r.tx(t, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "insert into conversation (id, case_id, customer_id, channel) overriding system value values (5, $1, 1, 'chat')", id); err != nil {
			return err
		}
		return r.Follow(ctx, tx, gateway.Interaction{ID: 1, Case: id, Conversation: 5, State: gateway.StateActive})
	})
	running, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- r.Run(running) }()
	for pos := range int64(2) {
		line := fmt.Sprint("rad ", pos)
		r.Said(gateway.Entry{Conversation: 5, Pos: pos + 1, Text: line, At: morning.Add(time.Duration(pos+1) * time.Minute), Author: gateway.Author{Kind: gateway.ByCustomer}})
		for end := time.Now().Add(time.Minute); r.get(t, id).Preview != line; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%q is not the preview after a minute", line)
			}
		}
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestCases(t *testing.T) {
	ctx, r := t.Context(), open(t)
	var ids []gateway.CaseID
	for i := range 5 {
		m := mail(fmt.Sprintf("kund%d@example.se", i), "Faktura")
		m.ArrivedAt = morning.Add(time.Duration(i/2) * time.Minute) // two at the same time
		m.Queue = gateway.QueueID(1 + i%2)
		id, _ := r.join(t, m, 0)
		ids = append(ids, id)
	}
	r.change(t, ids[0], func(c *tickets.Case) { c.Assignee = 7 })
	r.change(t, ids[1], func(c *tickets.Case) { c.State = tickets.CaseClosed })
	all := func(f tickets.CaseFilter) (found []gateway.CaseID) {
		for {
			page, err := r.Cases(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range page.Items {
				found = append(found, c.ID)
			}
			if f.After = page.Next; f.After == "" {
				return found
			}
		}
	}
	for _, c := range []struct {
		filter tickets.CaseFilter
		want   []gateway.CaseID
	}{
		{tickets.CaseFilter{Limit: 2}, []gateway.CaseID{ids[4], ids[3], ids[2], ids[1], ids[0]}},
		{tickets.CaseFilter{Limit: 1, States: []tickets.CaseState{tickets.CaseOpen}}, []gateway.CaseID{ids[4], ids[3], ids[2], ids[0]}},
		{tickets.CaseFilter{Assignee: 7}, []gateway.CaseID{ids[0]}},
		{tickets.CaseFilter{Unassigned: true, Queues: []gateway.QueueID{1}}, []gateway.CaseID{ids[4], ids[2]}},
		{tickets.CaseFilter{Channel: gateway.Voice}, nil},
	} {
		if diff := cmp.Diff(c.want, all(c.filter)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.filter, diff)
		}
	}
	if _, err := r.Cases(ctx, tickets.CaseFilter{After: "x"}); code(err) != "bad_cursor" {
		t.Errorf("bad cursor: got %v", err)
	}

	want := []tickets.Count{{Queue: 1, State: tickets.CaseOpen, N: 2}, {Queue: 1, Assignee: 7, State: tickets.CaseOpen, N: 1}, {Queue: 2, State: tickets.CaseOpen, N: 1}}
	counts := func() []tickets.Count {
		counts, err := r.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return counts
	}
	if diff := cmp.Diff(want, counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if _, err := r.pool.Exec(ctx, "insert into case_tally select 9, 0, 'open', (-1) ^ n from generate_series(1, 3000) n"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, counts()); diff != "" {
		t.Errorf("folded counts (-want +got):\n%s", diff)
	}
	var rows int
	if err := r.pool.QueryRow(ctx, "select count(*) from case_tally").Scan(&rows); err != nil || rows > 10 {
		t.Errorf("tally: got %d rows, %v want it folded", rows, err)
	}
}

func TestUpdateCase(t *testing.T) {
	ctx, pool, f := t.Context(), pgtest.New(t), &told{}
	s := tickets.New(pool, f, slog.New(slog.DiscardHandler))
	customer, err := s.CreateCustomer(ctx, tickets.Customer{Name: "Bo"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.CreateCase(ctx, tickets.Case{Subject: "Ringa upp", Customer: customer.ID, Channel: gateway.Voice, Tags: []string{" VIP ", "vip"}})
	if err != nil || c.Number != 1001 || !cmp.Equal(c.Tags, []string{"vip"}) {
		t.Fatalf("got %+v, %v", c, err)
	}
	old := c
	c.State, c.Subject = tickets.CaseClosed, "Ringt"
	if c, err = s.UpdateCase(ctx, c); err != nil || c.ClosedAt == nil || c.Rev != 2 {
		t.Fatalf("got %+v, %v want it closed", c, err)
	}
	var e *gateway.Error
	if _, err := s.UpdateCase(ctx, old); !errors.As(err, &e) || e.Code != "stale" || e.Data.(tickets.Case).Subject != "Ringt" {
		t.Errorf("old rev: got %v want stale with what is there", err)
	}
	if _, err := s.UpdateCase(ctx, tickets.Case{ID: c.ID, Customer: customer.ID, State: "gone"}); code(err) != "unknown_state" {
		t.Errorf("unknown state: got %v", err)
	}
	if _, err := s.Case(ctx, 99); code(err) != "case_not_found" {
		t.Errorf("unknown case: got %v", err)
	}
	want := []string{"all customer.changed", "all case.changed", "all case.changed"}
	if diff := cmp.Diff(want, f.types); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestCustomers(t *testing.T) {
	ctx, r := t.Context(), open(t)
	phone := func(n string) tickets.Address {
		return tickets.Address{Address: gateway.Address{Kind: gateway.AddressPhone, Value: n}}
	}
	anna, err := r.CreateCustomer(ctx, tickets.Customer{Name: "Anna Ek", Fields: map[string]string{"kundnr": "17"}, Credit: 300, Addresses: []tickets.Address{phone("+46 70 174 06 05")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.CreateCustomer(ctx, tickets.Customer{Name: "Anna", Addresses: []tickets.Address{phone("+46701740605")}}); code(err) != "address_taken" {
		t.Errorf("her number again: got %v want address_taken", err)
	}
	if _, err := r.CreateCustomer(ctx, tickets.Customer{Addresses: []tickets.Address{phone("hemligt")}}); code(err) != "bad_address" {
		t.Errorf("no number: got %v want bad_address", err)
	}
	if got, err := r.CustomerOf(ctx, gateway.Address{Kind: gateway.AddressPhone, Value: "0046701740605"}); err != nil || got.ID != anna.ID {
		t.Errorf("by number: got %+v, %v", got, err)
	}

	id, other := r.join(t, mail("anna@example.se", "Faktura"), 0)
	task, err := r.CreateTask(ctx, tickets.Task{Title: "Ring", Case: id})
	if err != nil || task.Customer != other {
		t.Fatalf("task on a case: got %+v, %v want its customer", task, err)
	}
	merged, err := r.MergeCustomers(ctx, anna.ID, other)
	if merged.Credit != 300 {
		t.Errorf("merged: got credit %d want 300", merged.Credit)
	}
	if err != nil || len(merged.Addresses) != 2 || merged.Fields["kundnr"] != "17" {
		t.Fatalf("merged: got %+v, %v want both addresses", merged, err)
	}
	if got, err := r.Customer(ctx, other); err != nil || got.ID != anna.ID {
		t.Errorf("the merged id: got %+v, %v want %d", got, err, anna.ID)
	}
	if _, got := r.join(t, mail("anna@example.se", "Igen"), 0); got != anna.ID {
		t.Errorf("mail after the merge: got customer %d want %d", got, anna.ID)
	}
	if c := r.get(t, id); c.Customer != anna.ID {
		t.Errorf("her case: got customer %d want %d", c.Customer, anna.ID)
	}
	if _, err := r.UpdateCustomer(ctx, tickets.Customer{ID: other, Name: "x"}); code(err) != "stale" {
		t.Errorf("edit of the merged one: got %v want stale", err)
	}
	if _, err := r.UpdateCustomer(ctx, anna); code(err) != "stale" {
		t.Errorf("edit from before the merge: got %v want stale", err)
	}
	merged.Addresses = merged.Addresses[:1]
	if merged, err = r.UpdateCustomer(ctx, merged); err != nil || len(merged.Addresses) != 1 {
		t.Errorf("an address less: got %+v, %v", merged, err)
	}
	if list, err := r.Customers(ctx, tickets.CustomerFilter{}); err != nil || len(list) != 1 {
		t.Errorf("list: got %d customers, %v want 1", len(list), err)
	}
}

func TestTasks(t *testing.T) {
	ctx, r := t.Context(), open(t)
	due := morning
	var ids []gateway.TaskID
	for i, at := range []*time.Time{nil, &due, nil} {
		task, err := r.CreateTask(ctx, tickets.Task{Title: fmt.Sprint("Uppgift ", i), Assignee: 7, DueAt: at})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, task.ID)
	}
	all := func(f tickets.TaskFilter) (found []gateway.TaskID) {
		for {
			page, err := r.Tasks(ctx, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, task := range page.Items {
				found = append(found, task.ID)
			}
			if f.After = page.Next; f.After == "" {
				return found
			}
		}
	}
	if diff := cmp.Diff([]gateway.TaskID{ids[1], ids[0], ids[2]}, all(tickets.TaskFilter{Assignee: 7, Limit: 1})); diff != "" {
		t.Errorf("by due date (-want +got):\n%s", diff)
	}
	task, err := r.Task(ctx, ids[0])
	if err != nil {
		t.Fatal(err)
	}
	old := task
	task.DoneAt = &due
	if task, err = r.UpdateTask(ctx, task); err != nil || task.DoneAt == nil {
		t.Fatalf("done: got %+v, %v", task, err)
	}
	if _, err := r.UpdateTask(ctx, old); code(err) != "stale" {
		t.Errorf("old rev: got %v want stale", err)
	}
	if err := r.DeleteTask(ctx, ids[2]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]gateway.TaskID{ids[1]}, all(tickets.TaskFilter{Assignee: 7})); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	for _, bad := range []tickets.Task{{}, {Title: "x", Case: 99}, {Title: "x", Customer: 99}} {
		if _, err := r.CreateTask(ctx, bad); code(err) == "<nil>" {
			t.Errorf("%+v was accepted", bad)
		}
	}
}

func TestSearch(t *testing.T) {
	ctx, r := t.Context(), open(t)
	a := mail("anna.ek@example.se", "Fel på fakturan i mars")
	a.Others = []gateway.Address{{Kind: gateway.AddressPhone, Value: "+46701740605"}}
	first, anna := r.join(t, a, 0)
	b := mail("bo@example.com", "Leverans 1001 saknas")
	b.From.Name = "Bo Ström-Åkesson"
	second, bo := r.join(t, b, 0)
	for _, c := range []struct {
		text      string
		cases     []gateway.CaseID
		customers []gateway.CustomerID
	}{
		{"1001", []gateway.CaseID{first, second}, nil}, // the number before the word
		{"#1002", []gateway.CaseID{second}, nil},
		{"anna.ek@example.se", []gateway.CaseID{first}, []gateway.CustomerID{anna}},
		{"ANNA.EK@", []gateway.CaseID{first}, []gateway.CustomerID{anna}},
		{"070-174 06 05", []gateway.CaseID{first}, []gateway.CustomerID{anna}},
		{"+46 70 174 06 05", []gateway.CaseID{first}, []gateway.CustomerID{anna}},
		{"faktur", []gateway.CaseID{first}, nil},
		{"åkes", []gateway.CaseID{second}, []gateway.CustomerID{bo}},
		{"saknas leverans", []gateway.CaseID{second}, nil},
		{"%' & !(:*", nil, nil},
		{"", nil, nil},
		{"\x00\xff", nil, nil},
	} {
		found, err := r.Search(ctx, c.text, 10)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		var cases []gateway.CaseID
		for _, x := range found.Cases {
			cases = append(cases, x.ID)
		}
		var customers []gateway.CustomerID
		for _, x := range found.Customers {
			customers = append(customers, x.ID)
		}
		if diff := cmp.Diff(c.cases, cases); diff != "" {
			t.Errorf("%q, cases (-want +got):\n%s", c.text, diff)
		}
		if diff := cmp.Diff(c.customers, customers); diff != "" {
			t.Errorf("%q, customers (-want +got):\n%s", c.text, diff)
		}
	}
}

func BenchmarkJoin(b *testing.B) {
	r := open(b)
	i := 0
	for b.Loop() {
		i++
		r.join(b, mail(fmt.Sprintf("kund%d@example.se", i%1000), "Faktura"), 0)
	}
}
