package voice

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Trunk is where calls come from, and the queue they wait in.
type Trunk struct {
	ID       int64                `json:"id,string"`
	Name     string               `json:"name"`
	Number   string               `json:"number,omitempty"`  // the user part that is dialled; empty takes any
	Sources  []netip.Prefix       `json:"sources,omitempty"` // who may call; empty takes anybody
	Queue    gateway.QueueID      `json:"queue"`
	Language string               `json:"language"`         // BCP 47
	MaxWait  gateway.Seconds      `json:"max_wait"`         // then voicemail, if the queue says nothing; 60 if 0
	Skills   []gateway.SkillLevel `json:"skills,omitempty"` // that its callers need of an agent
}

// PutTrunk adds a trunk, or changes the one of that name, and uses it at once.
func (v *Voice) PutTrunk(ctx context.Context, t Trunk) (Trunk, error) {
	if t.Name == "" || t.Queue == 0 || t.MaxWait < 0 {
		return t, gateway.Invalid("bad_trunk", "a trunk has a name, a queue and a positive time to wait")
	}
	if t.MaxWait == 0 {
		t.MaxWait = 60
	}
	if t.Language == "" {
		t.Language = "en"
	}
	const upsert = `
		insert into trunk (name, number, sources, queue_id, language, max_wait, skills)
		values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (name) do update
		set number = excluded.number, sources = excluded.sources, queue_id = excluded.queue_id,
			language = excluded.language, max_wait = excluded.max_wait, skills = excluded.skills
		returning id`
	sources := t.Sources
	if sources == nil {
		sources = []netip.Prefix{}
	}
	err := v.pool.QueryRow(ctx, upsert, gateway.Clean(t.Name), gateway.Clean(t.Number), sources, t.Queue, gateway.Clean(t.Language), t.MaxWait, append([]gateway.SkillLevel{}, t.Skills...)).Scan(&t.ID)
	if err != nil {
		return t, fmt.Errorf("put trunk %s: %w", t.Name, err)
	}
	return t, v.loadTrunks(ctx)
}

// Dismiss removes the trunks whose names are not among those to keep, and gives their names.
// Calls that they have brought go on.
func (v *Voice) Dismiss(ctx context.Context, keep []string) ([]string, error) {
	rows, _ := v.pool.Query(ctx, "delete from trunk where name <> all($1) returning name", append([]string{}, keep...)) // the error comes with the rows
	gone, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("dismiss trunks: %w", err)
	}
	return gone, v.loadTrunks(ctx)
}

// Trunks lists the trunks by name.
func (v *Voice) Trunks() []Trunk { return slices.Clone(*v.trunks.Load()) }

// loadTrunks reads the trunks anew.
func (v *Voice) loadTrunks(ctx context.Context) error {
	const query = `
		select id, name, number, sources, queue_id, language, max_wait, skills
		from trunk
		order by name`
	rows, err := v.pool.Query(ctx, query)
	if err != nil {
		return fmt.Errorf("read trunks: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t Trunk, err error) {
		err = row.Scan(&t.ID, &t.Name, &t.Number, &t.Sources, &t.Queue, &t.Language, &t.MaxWait, &t.Skills)
		return t, err
	})
	if err != nil {
		return fmt.Errorf("read trunks: %w", err)
	}
	v.trunks.Store(&list)
	return nil
}

// trunk finds the trunk of a call, or the SIP status that refuses it. A number of its own
// goes before the one that takes any.
func (v *Voice) trunk(number string, source netip.Addr) (Trunk, int) {
	status, found := 404, Trunk{}
	for _, t := range *v.trunks.Load() {
		switch {
		case t.Number != number && t.Number != "":
		case !t.admits(source):
			if status == 404 {
				status = 403
			}
		case status != 200 || t.Number != "":
			found, status = t, 200
		}
	}
	return found, status
}

// skills are those that a number's callers need, also for what becomes of their calls.
func (c *Call) skills() (needs []gateway.SkillLevel) {
	if c.row.Outbound {
		return nil
	}
	for _, t := range *c.v.trunks.Load() {
		if t.Queue == c.row.Queue && (t.Number == c.row.To || t.Number == "" && needs == nil) {
			needs = t.Skills
		}
	}
	return needs
}

func (t Trunk) admits(a netip.Addr) bool {
	return len(t.Sources) == 0 || slices.ContainsFunc(t.Sources, func(p netip.Prefix) bool { return p.Contains(a) })
}

// trusted are the addresses that a trunk names and those we send calls to.
func (v *Voice) trusted(a netip.Addr) bool {
	for _, t := range *v.trunks.Load() {
		if len(t.Sources) > 0 && t.admits(a) {
			return true
		}
	}
	return slices.ContainsFunc(v.cfg.DialPlan, func(r Route) bool { return r.Through.Addr() == a })
}
