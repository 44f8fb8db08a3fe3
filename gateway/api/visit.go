package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Visits say where the visitors of chats are, as their channel was told.
type Visits interface {
	Visit(ctx context.Context, c gateway.ConversationID) (Visit, error)
}

// Visit is where a chat's visitor is.
type Visit struct {
	Widget   string            `json:"widget" doc:"Its key; empty: nobody came by one, and there is nothing else"`
	Name     string            `json:"name,omitempty" doc:"As they wrote it"`
	Topic    string            `json:"topic,omitempty" doc:"The id of the subject that they chose"`
	Language string            `json:"language" doc:"That the widget speaks to them"`
	Identity string            `json:"identity,omitempty" doc:"The website's own name for them, which it has signed"`
	URL      string            `json:"url,omitempty" doc:"The page; what may be a secret or somebody is masked by ***"`
	Title    string            `json:"title,omitempty"`
	Referrer string            `json:"referrer,omitempty" doc:"Where they came from, masked too"`
	Facts    map[string]string `json:"facts,omitempty" doc:"What the website passes along; nobody has signed it"`
	Here     bool              `json:"here" doc:"Connected, as far as we know"`
	Began    time.Time         `json:"began"`
}

type visitIn struct {
	ID gateway.ConversationID `path:"id"`
}

func (s *Server) registerVisits() {
	add(s, operation{Method: http.MethodGet, Path: "/conversations/{id}/visit", ID: "get-visit", Summary: "Where the visitor of a chat is on the website", Role: gateway.RoleAgent},
		func(ctx context.Context, _ access.Caller, in *visitIn) (Visit, error) {
			if err := s.readable(ctx, in.ID); err != nil {
				return Visit{}, err
			}
			return s.Visits.Visit(ctx, in.ID)
		})
}
