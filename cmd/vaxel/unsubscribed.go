package main

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// unsubscriptions are the e-mail channel's, as the API wants them.
type unsubscriptions struct{ *email.Email }

func (u unsubscriptions) Unsubscribed(ctx context.Context, words string, before int64, limit int) ([]api.Unsubscribed, error) {
	list, err := u.Email.Unsubscribed(ctx, words, before, limit)
	return mapped(list, unsubscribed), err
}

func (u unsubscriptions) Unsubscribe(ctx context.Context, tx pgx.Tx, address string) (api.Unsubscribed, error) {
	one, err := u.Email.Unsubscribe(ctx, tx, address, email.ByStaff)
	return unsubscribed(one), err
}

func unsubscribed(u email.Unsubscribed) api.Unsubscribed {
	return api.Unsubscribed{ID: strconv.FormatInt(u.ID, 10), Address: u.Address, Way: string(u.Way), At: u.At}
}
