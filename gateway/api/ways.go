package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Ways are the ways in, as their channels keep them. Settings of mailboxes and trunks come from the configuration.
type Ways interface {
	Mailboxes(ctx context.Context) ([]Mailbox, error)
	Widgets(ctx context.Context) ([]Widget, error)
	Trunks(ctx context.Context) ([]Trunk, error)
}

// Mailbox is a mailbox and how its reading goes.
type Mailbox struct {
	ID       string               `json:"id"`
	Address  string               `json:"address"`
	Name     string               `json:"name,omitempty" doc:"Beside the address in From"`
	Queue    gateway.QueueID      `json:"queue"`
	Skills   []gateway.SkillLevel `json:"skills" nullable:"false" doc:"That its mail needs of an agent"`
	Folder   string               `json:"folder"`
	Enabled  bool                 `json:"enabled"`
	IMAP     string               `json:"imap" doc:"host:port"`
	SMTP     string               `json:"smtp" doc:"host:port"`
	Node     string               `json:"node,omitempty" doc:"Which reads it now"`
	SyncedAt *time.Time           `json:"synced_at,omitempty" doc:"When it was last read to its end"`
	Behind   int                  `json:"behind" doc:"Mails that were waiting then"`
	Problem  string               `json:"problem,omitempty" doc:"Why it is not read now"`
	Backfill *Backfill            `json:"backfill,omitempty" doc:"What lay there before it was read for the first time"`
}

// Backfill is old mail of a mailbox that is taken into closed cases, oldest first.
type Backfill struct {
	Since string `json:"since" format:"date"`
	Done  int    `json:"done" doc:"Mails"`
	Left  int    `json:"left"`
}

// Trunk is a line that calls come in on.
type Trunk struct {
	ID       string               `json:"id"`
	Name     string               `json:"name"`
	Number   string               `json:"number,omitempty" doc:"Empty takes any"`
	Sources  []string             `json:"sources" nullable:"false" doc:"Networks that may call"`
	Queue    gateway.QueueID      `json:"queue"`
	Skills   []gateway.SkillLevel `json:"skills" nullable:"false" doc:"That its callers need of an agent"`
	Language string               `json:"language"`
	MaxWait  gateway.Seconds      `json:"max_wait"`
}

func (s *Server) registerWays() {
	s.registerQuarantine()
	s.registerDKIM()
	s.registerUnsubscribed()
	s.registerWidgets()
	way(s, "mailboxes", "The mailboxes, and how their reading goes", Ways.Mailboxes)
	way(s, "widgets", "The chat widgets", Ways.Widgets)
	way(s, "trunks", "The lines that calls come in on", Ways.Trunks)
}

func way[T any](s *Server, path, summary string, list func(ways Ways, ctx context.Context) ([]T, error)) {
	add(s, operation{Method: http.MethodGet, Path: "/admin/" + path, ID: "admin-list-" + path, Summary: summary, Role: gateway.RoleSupervisor},
		func(ctx context.Context, _ access.Caller, _ *none) (page[T], error) {
			all, err := list(s.Ways, ctx)
			return page[T]{Items: orEmpty(all)}, err
		})
}
