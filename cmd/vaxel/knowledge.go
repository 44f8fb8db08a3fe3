package main

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
)

// knowledge is the knowledge base as its readers want it: agents, visitors, the public.
type knowledge struct {
	library api.Articles
	answers chat.Articles
	pages   http.Handler
	run     func(context.Context) error
}

func openKnowledge(context.Context, *house) (knowledge, error) {
	return knowledge{noArticles{}, noAnswers{}, http.NotFoundHandler(), func(ctx context.Context) error { <-ctx.Done(); return nil }}, nil
}

type noArticles struct{ api.Articles }

func (noArticles) Find(context.Context, string, string, int) ([]api.ArticleHit, error) {
	return nil, nil
}

type noAnswers struct{ chat.Articles }

func (noAnswers) Search(context.Context, string, string, int) ([]gateway.ArticleCard, error) {
	return nil, nil
}
