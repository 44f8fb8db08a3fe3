package chat

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// SaveWidget creates the widget of that key, or changes it, and gives its id. Its bot stays as it
// is unless one is named, and so does what it sends by mail.
func (s *Store) SaveWidget(ctx context.Context, w Widget) (int64, error) {
	w.fill()
	if err := w.check(); err != nil {
		return 0, err
	}
	err := s.pool.QueryRow(ctx, `
		insert into widget (key, name, queue_id, origins, languages, form, color, texts, invites, bot)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		on conflict (key) do update
		set name = excluded.name, queue_id = excluded.queue_id, origins = excluded.origins, languages = excluded.languages,
		    form = excluded.form, color = excluded.color, texts = excluded.texts, invites = excluded.invites,
		    bot = case when excluded.bot ? 'url' then excluded.bot else widget.bot end, rev = widget.rev + 1
		returning id`,
		w.Key, w.Name, w.Queue, w.Origins, w.Languages, w.Form, w.Color, w.Texts, w.Invites, w.Bot).Scan(&w.ID)
	if err != nil {
		return 0, fmt.Errorf("save widget: %w", err)
	}
	s.forget(w.Key)
	return w.ID, nil
}

// Widget gives one by its id, as the transaction sees it.
func (s *Store) Widget(ctx context.Context, db interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}, id int64,
) (Widget, error) {
	rows, _ := db.Query(ctx, `select `+widgetColumns+` from widget where id = $1`, id) // its error is met again below
	w, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Widget])
	if errors.Is(err, pgx.ErrNoRows) {
		return w, gateway.NotFound("widget_not_found", "there is no such widget")
	}
	return w, err
}

// KeepWidget adds a widget without an id, or changes one, in the caller's transaction. A key
// stays as it is: it stands in pages. Its rev is what the caller has read; a stale one is
// refused with what is there. Nodes know of it within five seconds.
func (s *Store) KeepWidget(ctx context.Context, tx pgx.Tx, w Widget) (Widget, error) {
	w.fill()
	if err := w.check(); err != nil {
		return w, err
	}
	values := []any{w.Key, w.Name, w.Queue, w.Origins, w.Languages, w.Form, w.Color, w.Texts, w.Invites, w.Active, w.Bot, w.After}
	sql := `
		insert into widget (key, name, queue_id, origins, languages, form, color, texts, invites, active, bot, after)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		on conflict (key) do nothing
		returning ` + widgetColumns
	if w.ID != 0 {
		values = append(values, w.ID, w.Rev)
		sql = `
		update widget
		set name = $2, queue_id = $3, origins = $4, languages = $5, form = $6, color = $7, texts = $8, invites = $9, active = $10, bot = $11, after = $12, rev = rev + 1
		where id = $13 and rev = $14 and $1 <> ''
		returning ` + widgetColumns
	}
	rows, _ := tx.Query(ctx, sql, values...) // its error is met again below
	kept, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Widget])
	switch {
	case errors.Is(err, pgx.ErrNoRows) && w.ID == 0:
		return w, gateway.Conflict("key_taken", "another widget has this key; choose another", nil)
	case errors.Is(err, pgx.ErrNoRows):
		now, err := s.Widget(ctx, tx, w.ID)
		if err != nil {
			return w, err
		}
		return w, gateway.Conflict("stale", "somebody changed this meanwhile; look at what is there and try again", now)
	case err != nil:
		return w, fmt.Errorf("keep widget: %w", err)
	}
	s.forget(kept.Key)
	return kept, nil
}

// forget has this node read a widget anew.
func (s *Store) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.cache, key)
}

// fill gives what was left out, and makes texts storable.
func (w *Widget) fill() {
	w.Key, w.Name = gateway.Clean(w.Key), gateway.Clean(w.Name)
	w.Name = cmp.Or(w.Name, w.Key)
	if w.Origins == nil {
		w.Origins = []string{}
	}
	if len(w.Languages) == 0 {
		w.Languages = []string{"sv", "en"}
	}
	if w.Texts == nil {
		w.Texts = map[string]Texts{}
	}
	if w.Invites == nil {
		w.Invites = []Invite{}
	}
}
