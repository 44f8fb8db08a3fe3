package stats_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/stats"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

// The floor's views, as tables that a test can fill. e2e reads the real ones.
const views = `
	drop view if exists interaction_figures, offer_figures, segment_figures, presence_figures, article_link_figures, response_figures, case_figures;
	create table interaction_figures (
		interaction bigint, channel text, queue bigint, agent bigint default 0, state text default 'finished', outbound boolean default false,
		arrived_at timestamptz, due_at timestamptz, accepted_at timestamptz, ended_at timestamptz, finished_at timestamptz, ending text default '', conversation bigint default 0);
	create table offer_figures (interaction bigint, no int, agent bigint, kind text, channel text, queue bigint, created_at timestamptz, closed_at timestamptz, outcome text);
	create table segment_figures (interaction bigint, agent bigint, queue bigint, started_at timestamptz, parted_at timestamptz, ended_at timestamptz, how text);
	create table presence_figures (agent bigint, status text, status_code text, since timestamptz);
	create table article_link_figures (agent bigint, given_at timestamptz, opened_at timestamptz, conversation bigint default 0);
	create table response_figures (conversation bigint, pos bigint, at timestamptz, by_agent boolean);
	create table case_figures (case_id bigint, queue bigint, channel text, opened_at timestamptz, closed_at timestamptz, reopened_at timestamptz);`

// board is a feed whose events the test makes.
type board struct {
	heard    func(gateway.Event)
	watching chan struct{}
}

func (b *board) Watch(_ []string, heard func(gateway.Event)) (cancel func()) {
	b.heard = heard
	close(b.watching)
	return func() {}
}

var day = stats.Period{From: time.Date(2025, 3, 3, 0, 0, 0, 0, time.UTC), To: time.Date(2025, 3, 4, 0, 0, 0, 0, time.UTC)}

// at is seconds after nine in the morning.
func at(seconds int) time.Time { return day.From.Add(9*time.Hour + time.Duration(seconds)*time.Second) }

func open(t *testing.T, fill ...string) (*stats.Store, *board, *pgxpool.Pool) {
	t.Helper()
	pool, b := pgtest.New(t), &board{watching: make(chan struct{})}
	for _, sql := range append([]string{views}, fill...) {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return stats.New(pool, b, slog.New(slog.DiscardHandler)), b, pool
}

// s is a time as SQL, seconds after nine.
func s(seconds int) string { return "'" + at(seconds).Format(time.RFC3339) + "'" }

func interaction(id int, channel string, queue, agent, arrived, due int, accepted, ended, finished, ending string) string {
	state := "finished"
	if finished == "null" {
		state = "active"
	}
	return fmt.Sprintf("insert into interaction_figures values (%d, '%s', %d, %d, '%s', false, %s, %s, %s, %s, %s, '%s')",
		id, channel, queue, agent, state, s(arrived), s(due), accepted, ended, finished, ending)
}

func segment(id, agent, start, parted, end int, how ...string) string {
	return fmt.Sprintf("insert into segment_figures values (%d, %d, 1, %s, %s, %s, '%s')", id, agent, s(start), s(parted), s(end), append(how, "accepted")[0])
}

func offer(id, no, agent int, outcome string, kind ...string) string {
	return fmt.Sprintf("insert into offer_figures values (%d, %d, %d, '%s', 'voice', 1, %s, null, '%s')", id, no, agent, append(kind, "queue")[0], s(0), outcome)
}

//go:fix inline
func TestQueues(t *testing.T) {
	s, _, _ := open(t,
		// Answered after 10 s by agent 7, who talked 100 s, handed it to 8 and wrapped up 20 s; 8 talked 50 s and wrapped up 30 s.
		interaction(1, "voice", 1, 8, 0, 20, s(10), s(160), s(190), "handled"), segment(1, 7, 10, 110, 130), segment(1, 8, 110, 160, 190),
		// Answered late, after 40 s; agent 9 gave advice for 10 s, which is no transfer.
		interaction(2, "voice", 1, 7, 0, 20, s(40), s(100), s(110), "handled"), segment(2, 7, 40, 100, 110), segment(2, 9, 60, 70, 70, "consulted"),
		interaction(3, "voice", 1, 0, 0, 20, "null", s(15), s(15), "abandoned"),
		interaction(4, "voice", 1, 0, 0, 20, "null", s(60), s(60), "abandoned"),
		interaction(5, "voice", 1, 0, 0, 20, "null", s(3), s(3), "short_abandon"),
		interaction(6, "voice", 1, 0, 0, 20, "null", s(90), s(90), "voicemail"),
		interaction(7, "chat", 1, 8, 0, 60, s(5), "null", "null", ""),
		interaction(8, "voice", 2, 8, 0, 20, s(5), "null", "null", ""),
		interaction(9, "voice", 1, 8, -86400, 20, "null", "null", "null", ""), // yesterday's
		offer(1, 1, 7, "missed"), offer(1, 2, 8, "declined"), offer(1, 3, 7, "accepted"), offer(2, 1, 7, "accepted"), offer(8, 1, 9, ""),
		// Of what was withdrawn, and what colleagues asked of each other, no figure tells.
		offer(1, 4, 9, "failed"), offer(2, 2, 8, "withdrawn"), offer(2, 3, 9, "accepted", "consult"), offer(1, 5, 8, "accepted", "transfer"), offer(1, 6, 7, "missed", "recall"),
		"update interaction_figures set outbound = true where interaction = 8",
	)
	got, err := s.Queues(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	voice := stats.Figures{
		Tally: stats.Tally{
			Entered: 6, Answered: 2, AnsweredInTime: 1, Abandoned: 2, AbandonedInTime: 1, ShortAbandoned: 1, Diverted: 1, AnswerSeconds: 50,
			Handled: 2, Transferred: 1, TalkSeconds: 100 + 50 + 60 + 10, WrapSeconds: 20 + 30 + 10,
			Offered: 6, Accepted: 2, Declined: 1, Missed: 1, Failed: 1,
		},
		SL2: new(0.5), ASA: new(25.0), AHT: new(140.0), AbandonRate: new(0.5), TransferRate: new(0.5), LinkRate: new(0.0),
	}
	want := []stats.QueueFigures{
		{Queue: 1, Channel: gateway.Voice, Figures: voice},
		{Queue: 1, Channel: gateway.Chat, Figures: stats.Figures{
			Tally: stats.Tally{Entered: 1, Answered: 1, AnsweredInTime: 1, AnswerSeconds: 5},
			SL2:   new(1.0), ASA: new(5.0), AbandonRate: new(0.0),
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("queues (-want +got):\n%s", diff)
	}
	if got, err := s.Queues(t.Context(), day, 2); err != nil || len(got) != 0 {
		t.Errorf("queue 2: got %+v, %v want nothing: its call went out", got, err)
	}
	channels, err := s.Channels(t.Context(), day, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]stats.ChannelFigures{{Channel: gateway.Voice, Figures: voice}, {Channel: gateway.Chat, Figures: want[1].Figures}}, channels); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}

	steps, err := s.Intervals(t.Context(), stats.Period{From: at(0), To: at(3600)}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, i := range steps {
		lines = append(lines, fmt.Sprintf("%s %s entered %d handled %d", i.Start.Format("15:04"), i.Channel, i.Entered, i.Handled))
	}
	wantLines := []string{"09:00 voice entered 6 handled 0", "09:00 chat entered 1 handled 0", "09:01 voice entered 0 handled 1", "09:03 voice entered 0 handled 1"}
	if diff := cmp.Diff(wantLines, lines); diff != "" {
		t.Errorf("intervals (-want +got):\n%s", diff)
	}

	var csv strings.Builder
	if err := stats.WriteQueues(&csv, got[:0], nil); err != nil {
		t.Fatal(err)
	}
	if err := stats.WriteQueues(&csv, want[:1], func(gateway.QueueID) string { return `=cmd("x")` }); err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(csv.String(), "\r\n")[2]; line != `"'=cmd(""x"")",voice,6,2,1,2,1,1,2,6,2,1,1,1,0.5000,25.0,140.0,0.5000,1,0.5000,,,0,,0,,0,0.0000,0,` {
		t.Errorf("csv: got %s", line)
	}
}

func TestAgents(t *testing.T) {
	s, _, _ := open(t,
		interaction(1, "voice", 1, 8, 0, 20, s(10), s(160), s(190), "handled"), segment(1, 7, 10, 110, 130), segment(1, 8, 110, 160, 190),
		interaction(2, "chat", 1, 7, 0, 20, s(40), s(100), s(110), "handled"), segment(2, 7, 40, 100, 110),
		offer(1, 1, 7, "missed"), offer(1, 2, 7, "accepted"), offer(1, 3, 8, "accepted"), offer(1, 4, 7, "failed"), offer(1, 5, 7, "withdrawn"), offer(1, 6, 7, "accepted", "transfer"),
		"insert into presence_figures select agent, 'logged_out', '', '2025-03-05' from unnest('{7,8,9}'::bigint[]) as agent",
		// Agent 7 signed in yesterday; agent 9 was not here today.
		"insert into status_span values (7, "+s(-10*3600)+", 'available', ''), (7, "+s(0)+", 'busy', ''), (7, "+s(1800)+", 'wrap_up', ''), (7, "+
			s(3600)+", 'on_break', 'lunch'), (7, "+s(5400)+", 'available', ''), (7, "+s(9000)+", 'logged_out', ''), (9, "+s(-20*3600)+", 'logged_out', '')",
		"insert into article_link_figures values (7, "+s(0)+", "+s(60)+"), (7, "+s(10)+", null), (7, "+s(-20*3600)+", null), (0, "+s(0)+", null)",
	)
	got, err := s.Agents(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	want := []stats.AgentFigures{
		{
			Agent: 7, Offered: 3, Accepted: 1, Missed: 1, Failed: 1, Handled: 2, AHT: new(95.0), TalkSeconds: 160, WrapSeconds: 30,
			Status: map[gateway.Status]float64{
				gateway.Available: 9*3600 + 3600, gateway.Busy: 1800, gateway.WrapUp: 1800, gateway.OnBreak: 1800, gateway.LoggedOut: 15*3600 - 9000,
			},
			ArticleLinks: 2, ArticleLinksOpened: 1,
			SignedInSeconds: 9*3600 + 9000, Occupancy: new(3600.0 / (9*3600 + 7200)),
			Channels: map[gateway.Channel]stats.Handled{
				gateway.Voice: {Handled: 1, TalkSeconds: 100, WrapSeconds: 20}, gateway.Chat: {Handled: 1, TalkSeconds: 60, WrapSeconds: 10},
			},
		},
		{
			Agent: 8, Offered: 1, Accepted: 1, Handled: 1, AHT: new(80.0), TalkSeconds: 50, WrapSeconds: 30,
			Status:   map[gateway.Status]float64{},
			Channels: map[gateway.Channel]stats.Handled{gateway.Voice: {Handled: 1, TalkSeconds: 50, WrapSeconds: 30}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
	if got, err := s.Agents(t.Context(), day, 8); err != nil || len(got) != 1 || got[0].Agent != 8 {
		t.Errorf("agent 8: got %+v, %v", got, err)
	}
	var csv strings.Builder
	if err := stats.WriteAgents(&csv, got, func(a gateway.AgentID) string { return "Agent " + a.String() }); err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(csv.String(), "\r\n")[1]; line != "Agent 7,3,1,0,1,1,2,95.0,0.0909,41400,2,1,36000,0,1800,1800,0,1800" {
		t.Errorf("csv: got %s", line)
	}
}

// Statuses are noted as they are heard, once, and those that nobody heard are caught up with.
func TestRunNotesStatuses(t *testing.T) {
	store, b, pool := open(t, "insert into presence_figures values (7, 'busy', '', "+s(60)+"), (8, 'on_break', 'lunch', "+s(30)+")")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- store.Run(ctx) }()
	<-b.watching
	for _, p := range []gateway.Presence{
		{Agent: 7, Status: gateway.Available, Since: at(0).Add(123456789)},
		{Agent: 7, Status: gateway.Busy, Since: at(60)},
		{Agent: 7, Status: gateway.Busy, Since: at(60)}, // early, and again from the log
		{Agent: 9, Status: gateway.Available, Since: at(90)},
		{Agent: 9, Status: gateway.Busy, Since: at(90).Add(300 * time.Microsecond)},
		{Agent: 9, Status: gateway.Available, Since: at(95)},
		{Agent: 9, Status: gateway.Offered, Since: at(95)}, // by the same event
	} {
		b.heard(gateway.NewEvent(gateway.TopicBoard, "agent.status", 1, p))
	}
	b.heard(gateway.NewEvent(gateway.TopicBoard, "interaction.changed", 1, "other"))
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	rows, err := pool.Query(t.Context(), "select agent::text || ' ' || status || ' ' || to_char(since at time zone 'UTC', 'HH24:MI:SS.US') || ' ' || status_code from status_span order by agent, since")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	want := []string{
		"7 available 09:00:00.123456 ", "7 busy 09:01:00.000000 ", "8 on_break 09:00:30.000000 lunch",
		"9 available 09:01:30.000000 ", "9 busy 09:01:30.000300 ", "9 offered 09:01:35.000000 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
}

func TestPeriods(t *testing.T) {
	store, _, _ := open(t)
	stockholm, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	spring := stats.Today(time.Date(2027, 3, 28, 12, 0, 0, 0, stockholm)) // clocks go forward
	if got := spring.To.Sub(spring.From); got != 23*time.Hour {
		t.Errorf("the day of summer time: got %v want 23h", got)
	}
	refused := func(err error, want string) {
		t.Helper()
		var e *gateway.Error
		if !errors.As(err, &e) || e.Code != want {
			t.Errorf("got %v want %s", err, want)
		}
	}
	_, err = store.Queues(t.Context(), stats.Period{From: day.To, To: day.From})
	refused(err, "bad_period")
	_, err = store.Agents(t.Context(), stats.Period{From: day.From, To: day.From.AddDate(1, 0, 0)})
	refused(err, "period_too_long")
	_, err = store.Intervals(t.Context(), day, time.Second)
	refused(err, "bad_step")
	if got, err := store.Queues(t.Context(), day); err != nil || len(got) != 0 {
		t.Errorf("nothing happened: got %+v, %v", got, err)
	}
}

// The day is the installation's: somewhere it is always another one than at UTC.
func TestTodayIsTheInstallations(t *testing.T) {
	store, _, _ := open(t)
	for _, hours := range []int{-11, 14} {
		store.Zone = time.FixedZone("there", hours*3600)
		p := store.Today()
		there := p.From.In(store.Zone)
		if there.Hour() != 0 || there.Minute() != 0 || p.To.Sub(p.From) != 24*time.Hour || time.Now().Before(p.From) {
			t.Errorf("%d hours from UTC: got %v to %v", hours, p.From, p.To)
		}
	}
}
