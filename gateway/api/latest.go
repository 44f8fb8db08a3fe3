package api

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// latestIn asks for a page of a list that has the latest first.
type latestIn struct {
	After gateway.CaseID `query:"after"`
	Limit int            `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

// latest is such a page. One that is full may be the last.
func latest[T any](list []T, limit int, id func(T) string) page[T] {
	p := page[T]{Items: orEmpty(list)}
	if len(list) > 0 && len(list) == limit {
		p.After = id(list[len(list)-1])
	}
	return p
}

// oneIn names one thing of a list.
type oneIn struct {
	ID gateway.CaseID `path:"id"`
}

// taken takes one thing off a list: what that is called in the audit log, and of what.
func (s *Server) taken(ctx context.Context, by access.Caller, id gateway.CaseID, what, of string, take func(context.Context, pgx.Tx, int64) error) (none, error) {
	return none{}, s.commit(ctx, func(w *work) error {
		if err := take(ctx, w.tx, int64(id)); err != nil {
			return err
		}
		return w.audit(ctx, by, what, of+":"+id.String(), nil)
	})
}
