package api

import (
	"context"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type deliveriesIn struct {
	ID gateway.ConversationID `path:"id"`
}

func (s *Server) registerDeliveries() {
	add(s, operation{Method: http.MethodGet, Path: "/conversations/{id}/deliveries", ID: "list-deliveries", Summary: "How far the mails that left have come, at each of their recipients", Role: gateway.RoleAgent}, s.deliveries)
}

// deliveries is for who was not there when message.updated told of them.
func (s *Server) deliveries(ctx context.Context, _ access.Caller, in *deliveriesIn) (page[gateway.Outbound], error) {
	if err := s.readable(ctx, in.ID); err != nil {
		return page[gateway.Outbound]{}, err
	}
	list, err := s.Outbox.Of(ctx, in.ID)
	return page[gateway.Outbound]{Items: orEmpty(list)}, err
}
