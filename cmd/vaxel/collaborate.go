package main

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/chat/collaborate"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// pagesShown are customers' pages as the API wants them.
type pagesShown struct{ *collaborate.Room }

func shownPage(s collaborate.Session, err error) (api.Collaboration, error) {
	return api.Collaboration{
		ID: strconv.FormatInt(s.ID, 10), Interaction: s.Interaction, Agent: s.Agent, State: string(s.State), Control: string(s.Control), Code: s.Code, Pages: s.Pages,
		AskedAt: s.AskedAt, SharedAt: s.SharedAt, EndedAt: s.EndedAt, Cause: s.Cause,
	}, err
}

func (p pagesShown) Ask(ctx context.Context, i gateway.Interaction, agent gateway.AgentID, name string) (api.Collaboration, error) {
	return shownPage(p.Room.Ask(ctx, i, agent, name))
}

func (p pagesShown) Of(ctx context.Context, i gateway.InteractionID) (api.Collaboration, error) {
	return shownPage(p.Room.Of(ctx, i))
}

func (p pagesShown) Get(ctx context.Context, id int64) (api.Collaboration, error) {
	return shownPage(p.Session(ctx, id))
}

func (p pagesShown) Control(ctx context.Context, id int64, on bool) (api.Collaboration, error) {
	return shownPage(p.AskControl(ctx, id, on))
}

func (p pagesShown) End(ctx context.Context, id int64) (api.Collaboration, error) {
	return shownPage(p.Room.End(ctx, id, collaborate.ByAgent))
}

func (p pagesShown) Settings(ctx context.Context) (api.CollaborateSettings, error) {
	s, err := p.Room.Settings(ctx)
	return api.CollaborateSettings(s), err
}

func (p pagesShown) Set(ctx context.Context, tx pgx.Tx, s api.CollaborateSettings) (api.CollaborateSettings, error) {
	set, err := collaborate.Set(ctx, tx, collaborate.Settings(s))
	return api.CollaborateSettings(set), err
}
