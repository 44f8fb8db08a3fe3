package api

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Signatures are the keys with which outgoing mail is signed.
type Signatures interface {
	Keys(ctx context.Context) ([]DKIMKey, error)
	MakeKey(ctx context.Context, tx pgx.Tx, domain, selector string) (DKIMKey, error)
	KeyChanges
}

// KeyChanges are what becomes of a key later.
type KeyChanges interface {
	UseKey(ctx context.Context, tx pgx.Tx, id int64) (DKIMKey, error)
	DropKey(ctx context.Context, tx pgx.Tx, id int64) error
}

// DKIMKey is a key, and the DNS record that lets others verify its signatures.
type DKIMKey struct {
	ID       string `json:"id"`
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
	Name     string `json:"name" doc:"Where to publish the record, of type TXT"`
	Record   string `json:"record"`
	Used     bool   `json:"used" doc:"The domain's mail is signed with it"`
}

type dkimIn struct {
	Body struct {
		Domain   string `json:"domain" minLength:"3" maxLength:"253"`
		Selector string `json:"selector" minLength:"1" maxLength:"63" doc:"One word, new for each key of a domain: vaxel1"`
	}
}

func (s *Server) registerDKIM() {
	role, at := gateway.RoleAdministrator, "/admin/dkim-keys"
	add(s, operation{Method: http.MethodGet, Path: at, ID: "admin-list-dkim-keys", Summary: "The keys that sign outgoing mail, and their DNS records", Role: role}, s.dkimKeys)
	add(s, operation{Method: http.MethodPost, Path: at, ID: "admin-create-dkim-key", Summary: "Make a key; it signs nothing until it is used", Role: role, Status: http.StatusCreated}, s.makeDKIM)
	add(s, operation{Method: http.MethodPost, Path: at + "/{id}/use", ID: "admin-use-dkim-key", Summary: "Sign a domain's mail with a key, once its record is published", Role: role}, s.useDKIM)
	addSilent(s, operation{Method: http.MethodDelete, Path: at + "/{id}", ID: "admin-drop-dkim-key", Summary: "Sign with a key no more", Role: role}, s.dropDKIM)
}

func (s *Server) dkimKeys(ctx context.Context, _ access.Caller, _ *none) (page[DKIMKey], error) {
	list, err := s.Signatures.Keys(ctx)
	return page[DKIMKey]{Items: orEmpty(list)}, err
}

func (s *Server) makeDKIM(ctx context.Context, by access.Caller, in *dkimIn) (k DKIMKey, err error) {
	err = s.commit(ctx, func(w *work) error {
		if k, err = s.Signatures.MakeKey(ctx, w.tx, in.Body.Domain, in.Body.Selector); err != nil {
			return err
		}
		return w.audit(ctx, by, "dkim_key.created", "dkim_key:"+k.ID, map[string]string{"name": k.Name})
	})
	return k, err
}

func (s *Server) useDKIM(ctx context.Context, by access.Caller, in *oneIn) (k DKIMKey, err error) {
	err = s.commit(ctx, func(w *work) error {
		if k, err = s.Signatures.UseKey(ctx, w.tx, int64(in.ID)); err != nil {
			return err
		}
		return w.audit(ctx, by, "dkim_key.used", "dkim_key:"+k.ID, map[string]string{"name": k.Name})
	})
	return k, err
}

func (s *Server) dropDKIM(ctx context.Context, by access.Caller, in *oneIn) (none, error) {
	return s.taken(ctx, by, in.ID, "dkim_key.dropped", "dkim_key", s.Signatures.DropKey)
}
