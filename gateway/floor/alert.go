package floor

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// alertRow is an alert by the event that raised it; one event may raise several.
type alertRow struct {
	Seq         int64     `db:"seq"`
	N           int       `db:"n"`
	Kind        string    `db:"kind"`
	Interaction int64     `db:"interaction"`
	Queue       int64     `db:"queue"`
	Agent       int64     `db:"agent"`
	At          time.Time `db:"at"`
}

func (r alertRow) alert() gateway.Alert {
	return gateway.Alert{
		ID: fmt.Sprintf("%d-%d", r.Seq, r.N), Kind: gateway.AlertKind(r.Kind), Interaction: gateway.InteractionID(r.Interaction),
		Queue: gateway.QueueID(r.Queue), Agent: gateway.AgentID(r.Agent), At: r.At,
	}
}

// raise notes the alerts of one event.
func (b *batch) raise(seq int64, at time.Time, effects []routing.Effect) {
	n := 0
	for _, e := range effects {
		if a, ok := e.(routing.Alerted); ok {
			b.alerts = append(b.alerts, alertRow{seq, n, string(a.Kind), int64(a.Interaction), int64(a.Queue), int64(a.Agent), at})
			n++
		}
	}
}

// alertNews is what supervisors hear, once the batch is stored.
func (l *leader) alertNews(r alertRow) gateway.Event {
	a := r.alert()
	a.Open = true
	if i, ok := l.core.Interaction(a.Interaction); ok {
		a.Channel, a.Case = i.Channel, i.Case
	}
	return gateway.NewEvent(gateway.TopicSupervisors, "alert.raised", 0, a)
}

// alert puts what is stored into the log of the process.
func (l *leader) alert(alerts []alertRow) {
	for _, a := range alerts {
		l.f.log.Warn("alert", "what", a.Kind, "interaction", a.Interaction, "queue", a.Queue, "agent", a.Agent)
	}
}

// Alerts are the latest, newest first; only those that are still open, if that is asked
// for. One about somebody who waits is over when an agent has taken the interaction, or it
// has ended; one about a wrap-up with the wrap-up; one about an agent who says nothing when
// they do, or no longer have to.
func (f *Floor) Alerts(ctx context.Context, open bool, limit int) ([]gateway.Alert, error) {
	rows, err := f.pool.Query(ctx, `
		select * from (
			select a.seq, a.n, a.kind, a.interaction, a.queue, a.agent, a.at, i.channel, i.case_id,
				case a.kind
				when 'wrap_up_overtime' then exists (
					select from presence
					where agent = a.agent
					and wrap_ups @> jsonb_build_array(jsonb_build_object('interaction', a.interaction::text)))
				when 'silent' then i.state = 'active' and i.agent = a.agent and i.ended_at is null and not exists (
					select from response_figures
					where conversation = i.conversation and by_agent and at > a.at)
				else i.state in ('waiting', 'offered') and coalesce(i.accepted_at < a.at, true) and not exists (
					select from offer
					where interaction = a.interaction and outcome = 'accepted' and closed_at >= a.at)
				end as open
			from alert as a
			join interaction as i on i.id = a.interaction) as w
		where open or not $1
		order by seq desc, n desc
		limit $2`, open, limit)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	var out []gateway.Alert
	var r alertRow
	var channel gateway.Channel
	var kase gateway.CaseID
	var still bool
	_, err = pgx.ForEachRow(rows, []any{&r.Seq, &r.N, &r.Kind, &r.Interaction, &r.Queue, &r.Agent, &r.At, &channel, &kase, &still}, func() error {
		a := r.alert()
		a.Channel, a.Case, a.Open = channel, kase, still
		out = append(out, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	return out, nil
}
