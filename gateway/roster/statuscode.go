package roster

import (
	"context"
	"regexp"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// StatusCodeID names a status code's row.
type StatusCodeID = gateway.ID[StatusCode]

// StatusCode is a reason that an agent gives for an intent: lunch, meeting.
type StatusCode struct {
	ID       StatusCodeID      `json:"id"`
	Intent   gateway.Intent    `json:"intent" enum:"available,working_offline,on_break,logged_out,decline"`
	Code     string            `json:"code"` // snake_case; what logs and boards know it by, for ever
	Name     Label             `json:"name"`
	Group    gateway.GroupID   `json:"group,omitempty"` // only for this group; none: for every agent
	Agents   []gateway.AgentID `json:"agents"`          // of these, if any, only for these
	Position int               `json:"position"`
	Active   bool              `json:"active"`
	Rev      int64             `json:"rev"`
}

// ActionDecline binds a code to declining an offer instead of to an intent.
const ActionDecline gateway.Intent = "decline"

const statusCodeColumns = `id, intent, code, name, coalesce(group_id, 0) as "group", agents, position, active, rev`

// AllStatusCodes lists every status code, for the administrator.
func (s *Store) AllStatusCodes(ctx context.Context) ([]StatusCode, error) {
	return list[StatusCode](ctx, s.db, "select "+statusCodeColumns+" from status_code order by intent, position, id")
}

// StatusCode gives one status code.
func (s *Store) StatusCode(ctx context.Context, id StatusCodeID) (StatusCode, error) {
	return one[StatusCode](ctx, s.db, "status code", "select "+statusCodeColumns+" from status_code where id = $1", id)
}

// StatusCodes lists the codes that the agent may choose from for the intent; with an
// empty intent, for all of them. Where there are any, one is required.
func (s *Store) StatusCodes(ctx context.Context, intent gateway.Intent, agent gateway.AgentID) ([]StatusCode, error) {
	return list[StatusCode](ctx, s.db, "select "+statusCodeColumns+`
		from status_code
		where ($1 = '' or intent = $1) and active
		and (group_id is null or group_id = (select group_id from agent where id = $2))
		and (agents = '{}' or $2 = any (agents))
		order by intent, position, id`, intent, agent)
}

// CheckStatusCode refuses a change to the intent without a code where there is a list,
// with the list as Data, and a code that is not on it. Where there is no list, no code
// is wanted and an unknown one is refused too.
func (s *Store) CheckStatusCode(ctx context.Context, intent gateway.Intent, agent gateway.AgentID, code string) error {
	codes, err := s.StatusCodes(ctx, intent, agent)
	switch {
	case err != nil:
		return err
	case code == "" && len(codes) == 0:
		return nil
	case code == "":
		return &gateway.Error{
			Kind: gateway.KindUnprocessed, Code: "code_required",
			Detail: "choose a status code from the list for " + string(intent) + " and send it along", Data: codes,
		}
	case slices.ContainsFunc(codes, func(c StatusCode) bool { return c.Code == code }):
		return nil
	}
	return &gateway.Error{
		Kind: gateway.KindUnprocessed, Code: "unknown_code",
		Detail: "that status code is not on the list for " + string(intent) + "; choose one that is", Data: codes,
	}
}

// CreateStatusCode adds a status code.
func (s *Store) CreateStatusCode(ctx context.Context, c StatusCode) (StatusCode, error) {
	if err := c.check(); err != nil {
		return c, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		c, err = one[StatusCode](ctx, tx, "status code", `
			insert into status_code (intent, code, name, group_id, agents, position)
			values ($1, $2, $3, nullif($4::bigint, 0), coalesce($5::bigint[], '{}'), $6)
			returning `+statusCodeColumns, c.Intent, c.Code, c.Name, c.Group, c.Agents, c.Position)
		return err
	})
	return c, err
}

// UpdateStatusCode changes name, group, agents, position and whether it is in use, if it still
// has c.Rev. Intent and code stay: the log quotes them.
func (s *Store) UpdateStatusCode(ctx context.Context, c StatusCode) (StatusCode, error) {
	if err := c.Name.check("a status code"); err != nil {
		return c, err
	}
	err := s.edit(ctx, func(tx pgx.Tx) (err error) {
		if err := expect(ctx, tx, "status_code", int64(c.ID), c.Rev, func() (StatusCode, error) { return s.StatusCode(ctx, c.ID) }); err != nil {
			return err
		}
		c, err = one[StatusCode](ctx, tx, "status code", `
			update status_code
			set name = $2, group_id = nullif($3::bigint, 0), agents = coalesce($4::bigint[], '{}'), position = $5, active = $6, rev = rev + 1
			where id = $1
			returning `+statusCodeColumns, c.ID, c.Name, c.Group, c.Agents, c.Position, c.Active)
		return err
	})
	return c, err
}

var codeWord = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (c StatusCode) check() error {
	if err := c.Name.check("a status code"); err != nil {
		return err
	}
	if !codeWord.MatchString(c.Code) {
		return gateway.Invalid("bad_code", "a code is at most 40 small letters, digits and _, like lunch or team_meeting")
	}
	switch c.Code {
	case gateway.CodeLogin, gateway.CodeMissed, gateway.CodeDeclined, gateway.CodeConnectionLost, gateway.CodeDrain:
		return gateway.Invalid("code_reserved", "the system itself gives that code; choose another")
	}
	switch c.Intent {
	case gateway.IntentAvailable, gateway.IntentWorkingOffline, gateway.IntentOnBreak, gateway.IntentLoggedOut, ActionDecline:
		return nil
	}
	return gateway.Invalid("bad_intent", "a status code is for available, working_offline, on_break, logged_out or decline")
}
