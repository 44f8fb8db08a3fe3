package voice

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

const pingTime = 4 * time.Second // for an answer to OPTIONS

// missing is an agent none of whose phones could be reached, since then.
type missing struct {
	Agent gateway.AgentID `db:"agent_id"`
	Since time.Time
}

func (m missing) key(what string) string {
	return fmt.Sprintf("voice/reach/%d/%d/%s", m.Agent, m.Since.UnixMicro(), what)
}

// lost keeps calls from an agent whose phones can't be reached, until one can. The row
// comes first: whoever finds it, perhaps after our death, asks the phones. A number can't
// be asked, so an agent with one is only spared as long as the floor spares them.
func (v *Voice) lost(ctx context.Context, agent gateway.AgentID) {
	phones, err := v.rooms.Phones.Phones(ctx, agent)
	if err != nil || !askable(phones) {
		return
	}
	m := missing{Agent: agent}
	const insert = `
		insert into unreachable (agent_id)
		values ($1)
		on conflict (agent_id) do update set agent_id = excluded.agent_id
		returning since`
	if err := v.pool.QueryRow(ctx, insert, agent).Scan(&m.Since); err != nil {
		v.log.Warn("write that an agent can't be reached", "agent", agent, "err", err)
		return
	}
	if _, err := v.try(ctx, v.cfg.Patience.Accept, m.key("down"), gateway.PhoneReach{Agent: agent}); err != nil {
		v.log.Warn("tell the floor that an agent can't be reached", "agent", agent, "err", err)
	}
}

// askable says whether all phones are SIP addresses.
func askable(phones []string) bool {
	number := func(p string) bool { return !strings.Contains(p, ":") }
	return len(phones) > 0 && !slices.ContainsFunc(phones, number)
}

// watchPhones asks the phones of those who are missing until one answers, also those that
// another life or node has missed, until ctx ends.
func (v *Voice) watchPhones(ctx context.Context) {
	tick := time.NewTicker(v.cfg.Patience.Reach)
	defer tick.Stop()
	for {
		if err := v.lookForMissing(ctx); err != nil && ctx.Err() == nil {
			v.log.Warn("look for agents who can't be reached", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (v *Voice) lookForMissing(ctx context.Context) error {
	const query = `
		select agent_id, since
		from unreachable`
	rows, err := v.pool.Query(ctx, query)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[missing])
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, m := range list {
		all.Go(func() {
			if v.reachable(ctx, m.Agent) {
				v.found(ctx, m)
			}
		})
	}
	all.Wait()
	return nil
}

// reachable says whether one of an agent's phones is there. Who has no phone any more, or
// another kind, is none of ours.
func (v *Voice) reachable(ctx context.Context, agent gateway.AgentID) bool {
	phones, err := v.rooms.Phones.Phones(ctx, agent)
	if err != nil {
		return false
	}
	return !askable(phones) || slices.ContainsFunc(phones, func(p string) bool { return v.answers(ctx, p) })
}

// answers says whether a telephone answers OPTIONS, in whatever words: but a proxy's that it
// knows of none, or reaches none, are none. One that may not be called is not asked.
func (v *Voice) answers(ctx context.Context, phone string) bool {
	ctx, stop := context.WithTimeout(ctx, pingTime)
	defer stop()
	if _, _, err := v.invitation(ctx, phone, "", ""); err != nil {
		return false
	}
	status, err := v.stack.Ping(ctx, phone)
	return err == nil && !slices.Contains([]int{404, 408, 410, 480, 500, 502, 503, 504, 604}, status)
}

// found lets calls reach an agent again. The row goes last.
func (v *Voice) found(ctx context.Context, m missing) {
	_, err := v.try(ctx, v.cfg.Patience.Accept, m.key("up"), gateway.PhoneReach{Agent: m.Agent, Reachable: true})
	if err == nil || refused(err) {
		const remove = `
			delete from unreachable
			where agent_id = $1
			and since = $2`
		_, err = v.pool.Exec(ctx, remove, m.Agent, m.Since)
	}
	if err != nil && ctx.Err() == nil {
		v.log.Warn("let calls reach an agent again", "agent", m.Agent, "err", err)
	}
}
