// Package stats turns the interaction log into figures: service level, speed of answer,
// handling time, occupancy, abandonment.
//
// Each figure is defined once, in Tally and AgentFigures. Nothing is counted while it
// happens: figures are read from the floor's views, so they agree with the log, whoever
// asks and after whatever crash. Only the statuses' history is kept here (status_span),
// because the floor knows the present one alone.
package stats

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/beat"
)

// Feed tells of agents' statuses, early and again.
type Feed interface {
	Watch(topics []string, heard func(gateway.Event)) (cancel func())
}

// Store gives the figures. It is safe for concurrent use.
type Store struct {
	pool *pgxpool.Pool
	feed Feed
	log  *slog.Logger
	// Zone is where days are cut: the installation's, whatever the machine's is. Set it
	// before the store is used.
	Zone *time.Location
	// Plans says when queues are open. Without it every hour counts.
	Plans Plans

	mu     sync.Mutex    // guards spans
	spans  []span        // heard, not yet stored
	first  chan struct{} // holds one hint that there are some
	behind bool          // what the floor shows is to be noted, too; Run's
}

type span struct {
	agent  gateway.AgentID
	since  time.Time
	status gateway.Status
	code   string
}

// New gives the figures of the log in pool. Statuses are noted while Run runs.
func New(pool *pgxpool.Pool, feed Feed, log *slog.Logger) *Store {
	return &Store{pool: pool, feed: feed, log: log, first: make(chan struct{}, 1), behind: true, Zone: time.Local}
}

const (
	flushEvery = time.Second // after the first that was heard: more may come
	// lookEvery is how often what the floor shows is looked at, lest something was not heard.
	lookEvery = 10 * time.Second
	// mostSpans is what is kept in memory while the database is away: an hour of a
	// busy centre. Beyond it the history has a hole until the next status.
	mostSpans = 100_000
)

// Run notes how long agents have each status, until ctx ends. Every node may run it:
// a status noted twice is one. What was missed while nobody ran is caught up with from
// what the floor shows now.
func (s *Store) Run(ctx context.Context) error {
	cancel := s.feed.Watch([]string{gateway.TopicBoard}, s.heard)
	defer cancel()
	soon, look := time.NewTimer(0), time.NewTimer(beat.Next(lookEvery))
	defer soon.Stop()
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return s.note(context.WithoutCancel(ctx))
		case <-s.first:
			soon.Reset(flushEvery)
			continue
		case <-look.C:
			look.Reset(beat.Next(lookEvery))
			s.behind = true
		case <-soon.C:
		}
		if err := s.note(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("note agents' statuses", "err", err)
			soon.Reset(flushEvery)
		}
	}
}

func (s *Store) heard(e gateway.Event) {
	if e.Type != "agent.status" {
		return
	}
	var p gateway.Presence
	if err := json.Unmarshal(e.Data, &p); err != nil {
		s.log.Error("agent.status not understood", "err", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.spans) == 0 {
		select {
		case s.first <- struct{}{}:
		default:
		}
	}
	if len(s.spans) < mostSpans {
		s.spans = append(s.spans, span{p.Agent, p.Since, p.Status, p.StatusCode})
	}
}

// note stores what was heard, and what the floor shows. Times are kept as the floor has
// them, to the microsecond. One event may give an agent two statuses, such as available and
// at once offered: the last counts, the other lasted no time.
func (s *Store) note(ctx context.Context) error {
	s.mu.Lock()
	spans := s.spans
	s.spans = nil
	s.mu.Unlock()
	look := s.behind || len(spans) >= mostSpans
	if len(spans) == 0 && !look {
		return nil
	}
	agents, since := make([]int64, len(spans)), make([]time.Time, len(spans))
	statuses, codes := make([]string, len(spans)), make([]string, len(spans))
	for i, p := range spans {
		agents[i], since[i], statuses[i], codes[i] = int64(p.agent), p.since, string(p.status), p.code
	}
	_, err := s.pool.Exec(ctx, `
		insert into status_span (agent, since, status, status_code)
		select distinct on (agent, since) agent, since, status, status_code
		from (
			select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[]) with ordinality as w(agent, since, status, status_code, n)
			union all
			select agent, since, status, status_code, $5 from presence_figures where $6) as w
		order by agent, since, n desc
		on conflict (agent, since) do update
		set status = excluded.status, status_code = excluded.status_code
		where (status_span.status, status_span.status_code) <> (excluded.status, excluded.status_code)`, agents, since, statuses, codes, len(spans)+1, look)
	if err != nil {
		s.mu.Lock()
		s.spans = append(spans, s.spans...)
		s.mu.Unlock()
		return err
	}
	s.behind = false
	return nil
}

// Period is the time that figures are of: from From until before To.
type Period struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// Today is the day in which now is, in its location.
func Today(now time.Time) Period {
	y, m, d := now.Date()
	return Period{time.Date(y, m, d, 0, 0, 0, 0, now.Location()), time.Date(y, m, d+1, 0, 0, 0, 0, now.Location())}
}

// Today is the day of the installation.
func (s *Store) Today() Period { return Today(time.Now().In(s.Zone)) }

// longest is the longest period that is read at once.
const longest = 92 * 24 * time.Hour

func (p Period) check() error {
	if !p.From.Before(p.To) {
		return gateway.Invalid("bad_period", "the period ends before it begins; from is the earlier time")
	}
	if p.To.Sub(p.From) > longest {
		return gateway.Invalid("period_too_long", "figures are given for 92 days at most; ask for a part")
	}
	return nil
}

func collect[T any](rows pgx.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByNameLax[T])
}
