package collaborate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Settings are what administrators allow. Selectors are CSS; the customer's browser tries
// them before it shows anything.
type Settings struct {
	Enabled bool
	Control bool     // agents may ask for the control
	Mask    []string // whose text is masked, beside what always is
	Block   []string // what is left out whole
	Forbid  []string // what is never clicked or filled in from afar
	Allow   []string // buttons that send a form and may be clicked all the same
	Rev     int64
}

const (
	maxSelectors = 50
	maxSelector  = 200 // bytes
)

// Settings reads them.
func (r *Room) Settings(ctx context.Context) (Settings, error) {
	rows, err := r.Pool.Query(ctx, `select enabled, control, mask, block, forbid, allow, rev from collaborate_setting`)
	if err != nil {
		return Settings{}, fmt.Errorf("read the settings of co-browsing: %w", err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Settings])
	if err != nil {
		return s, fmt.Errorf("read the settings of co-browsing: %w", err)
	}
	return s, nil
}

// Set changes them in the caller's transaction; rev is that of what was read, or zero. What
// is shown now goes on as it began; the next page is shown by the new rules.
func Set(ctx context.Context, tx pgx.Tx, s Settings) (Settings, error) {
	for _, list := range []*[]string{&s.Mask, &s.Block, &s.Forbid, &s.Allow} {
		if err := check(list); err != nil {
			return s, err
		}
	}
	err := tx.QueryRow(ctx, `
		update collaborate_setting
		set enabled = $1, control = $2, mask = $3, block = $4, forbid = $5, allow = $6, rev = rev + 1
		where rev = $7 or $7 = 0
		returning rev`, s.Enabled, s.Control, s.Mask, s.Block, s.Forbid, s.Allow, s.Rev).Scan(&s.Rev)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, gateway.Conflict("stale", "Somebody has saved since you read; read again.", nil)
	}
	if err != nil {
		return s, fmt.Errorf("keep the settings of co-browsing: %w", err)
	}
	return s, nil
}

// check cleans a list of selectors.
func check(list *[]string) error {
	out := []string{}
	for _, one := range *list {
		if one = strings.TrimSpace(gateway.Clean(one)); one == "" {
			continue
		}
		if len(one) > maxSelector {
			return gateway.Invalid("selector_too_long", fmt.Sprintf("a selector has at most %d characters: %.40s…", maxSelector, one))
		}
		out = append(out, one)
	}
	if len(out) > maxSelectors {
		return gateway.Invalid("too_many_selectors", fmt.Sprintf("at most %d selectors of a kind", maxSelectors))
	}
	*list = out
	return nil
}
