package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Unsubscriptions are those who want no mail that is written by itself.
type Unsubscriptions interface {
	Unsubscribed(ctx context.Context, words string, before int64, limit int) ([]Unsubscribed, error)
	Unsubscribe(ctx context.Context, tx pgx.Tx, address string) (Unsubscribed, error)
	Resubscribe(ctx context.Context, tx pgx.Tx, id int64) error
}

// Unsubscribed is an address that gets no automatic mail, such as acknowledgements.
type Unsubscribed struct {
	ID      string    `json:"id"`
	Address string    `json:"address"`
	Way     string    `json:"way" enum:"link,mail,staff" doc:"How it was said: by the link in such a mail, by a mail to the address beside it, or to somebody here"`
	At      time.Time `json:"at"`
}

type unsubscribedIn struct {
	Q     string         `query:"q" maxLength:"200" doc:"Words that stand in the address"`
	After gateway.CaseID `query:"after"`
	Limit int            `query:"limit" minimum:"1" maximum:"500" default:"100"`
}

type unsubscribeIn struct {
	Body struct {
		Address string `json:"address" minLength:"3" maxLength:"320"`
	}
}

func (s *Server) registerUnsubscribed() {
	role, at := gateway.RoleSupervisor, "/admin/unsubscribed"
	add(s, operation{Method: http.MethodGet, Path: at, ID: "admin-list-unsubscribed", Summary: "Who wants no automatic mail, the latest first; with q, those found", Role: role}, s.unsubscribed)
	add(s, operation{Method: http.MethodPost, Path: at, ID: "admin-unsubscribe", Summary: "Send an address no automatic mail from now on", Role: role, Status: http.StatusCreated}, s.unsubscribe)
	addSilent(s, operation{Method: http.MethodDelete, Path: at + "/{id}", ID: "admin-resubscribe", Summary: "Let an address have automatic mail again", Role: role}, s.resubscribe)
}

func (s *Server) unsubscribed(ctx context.Context, _ access.Caller, in *unsubscribedIn) (page[Unsubscribed], error) {
	list, err := s.Unsubscriptions.Unsubscribed(ctx, in.Q, int64(in.After), in.Limit)
	return latest(list, in.Limit, func(u Unsubscribed) string { return u.ID }), err
}

func (s *Server) unsubscribe(ctx context.Context, by access.Caller, in *unsubscribeIn) (u Unsubscribed, err error) {
	err = s.commit(ctx, func(w *work) error {
		if u, err = s.Unsubscriptions.Unsubscribe(ctx, w.tx, in.Body.Address); err != nil {
			return err
		}
		return w.audit(ctx, by, "address.unsubscribed", "unsubscribed:"+u.ID, map[string]string{"address": u.Address})
	})
	return u, err
}

func (s *Server) resubscribe(ctx context.Context, by access.Caller, in *oneIn) (none, error) {
	return s.taken(ctx, by, in.ID, "address.resubscribed", "unsubscribed", s.Unsubscriptions.Resubscribe)
}
