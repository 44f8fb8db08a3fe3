package main

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// signatures are the e-mail channel's DKIM keys, as the API wants them.
type signatures struct{ *email.Email }

func (s signatures) Keys(ctx context.Context) ([]api.DKIMKey, error) {
	list, err := s.Email.Keys(ctx)
	return mapped(list, dkimKey), err
}

func (s signatures) MakeKey(ctx context.Context, tx pgx.Tx, domain, selector string) (api.DKIMKey, error) {
	k, err := s.Email.MakeKey(ctx, tx, domain, selector)
	return dkimKey(k), err
}

func (s signatures) UseKey(ctx context.Context, tx pgx.Tx, id int64) (api.DKIMKey, error) {
	k, err := s.Email.UseKey(ctx, tx, id)
	return dkimKey(k), err
}

func dkimKey(k email.Key) api.DKIMKey {
	return api.DKIMKey{ID: strconv.FormatInt(k.ID, 10), Domain: k.Domain, Selector: k.Selector, Name: k.Name(), Record: k.Record, Used: k.Used}
}
