package chat

import (
	"context"

	"github.com/vaxelhq/vaxel/channels/chat/collaborate"
	"github.com/vaxelhq/vaxel/gateway"
)

// Guest lets a page of a widget's website show itself to an agent, as its chat is let in;
// collaborate.Guests.
func (s *Server) Guest(ctx context.Context, key, token, language, origin, host string) (collaborate.Guest, error) {
	w, err := s.widget(ctx, key)
	if err != nil {
		return collaborate.Guest{}, err
	}
	if !w.allows(origin, host) {
		return collaborate.Guest{}, gateway.Forbidden("origin_refused", "This page may not embed this widget; add its origin in the administration.")
	}
	g := collaborate.Guest{Widget: w.ID, Language: w.language(language)}
	if hash, ok := hashToken(token); ok {
		who, err := s.visitor(ctx, hash)
		if err != nil {
			return g, err
		}
		if who.Widget == w.ID && !who.Erased {
			g.Conversation = who.Conversation
		}
	}
	return g, nil
}
