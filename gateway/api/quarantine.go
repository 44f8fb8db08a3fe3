package api

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Quarantine is where mail waits that could not be read, or whose sender is blocked.
type Quarantine interface {
	Quarantined(ctx context.Context, before int64, limit int) ([]Quarantined, error)
	// Source opens the mail as it came. The caller closes it.
	Source(ctx context.Context, id int64) (io.ReadSeekCloser, error)
	// Release reads a mail again and takes it in.
	Release(ctx context.Context, id int64) (gateway.Received, error)
}

// Blocks are the senders whose mail goes there.
type Blocks interface {
	// Blocked are the latest before an id, 0 for all.
	Blocked(ctx context.Context, before int64, limit int) ([]BlockedSender, error)
	Block(ctx context.Context, tx pgx.Tx, who, note string) (BlockedSender, error)
	Unblock(ctx context.Context, tx pgx.Tx, id int64) error
}

// Quarantined is a mail in quarantine.
type Quarantined struct {
	ID      string    `json:"id"`
	Mailbox string    `json:"mailbox" doc:"Its address"`
	From    string    `json:"from" doc:"The sender, as far as that could be read"`
	Subject string    `json:"subject"`
	Reason  string    `json:"reason"`
	Held    bool      `json:"held" doc:"The sender is blocked: there is no case and nobody was asked"`
	At      time.Time `json:"at"`
}

// BlockedSender is an address, or a whole domain, whose mail is held.
type BlockedSender struct {
	ID   string    `json:"id"`
	Who  string    `json:"who" doc:"An address, or @example.org for all of a domain"`
	Note string    `json:"note,omitempty"`
	At   time.Time `json:"at"`
}

type blockIn struct {
	Body struct {
		Who  string `json:"who" minLength:"3" maxLength:"320" doc:"An address, or @example.org for all of a domain"`
		Note string `json:"note,omitempty" maxLength:"500"`
	}
}

type released struct {
	Case         gateway.CaseID         `json:"case"`
	Conversation gateway.ConversationID `json:"conversation"`
	Pos          int64                  `json:"pos"`
}

func (s *Server) registerQuarantine() {
	role, at := gateway.RoleSupervisor, "/admin/quarantine"
	add(s, operation{Method: http.MethodGet, Path: at, ID: "admin-list-quarantine", Summary: "Mail that could not be read or is held, the latest first", Role: role}, s.quarantine)
	s.mux.HandleFunc("GET "+Prefix+at+"/{id}/source", s.quarantineSource)
	add(s, operation{Method: http.MethodPost, Path: at + "/{id}/release", ID: "admin-release", Summary: "Read a mail in quarantine again and take it in", Role: role}, s.release)
	add(s, operation{Method: http.MethodGet, Path: "/admin/blocked-senders", ID: "admin-list-blocked-senders", Summary: "Whose mail is held, the latest first", Role: role}, s.blocked)
	add(s, operation{Method: http.MethodPost, Path: "/admin/blocked-senders", ID: "admin-block-sender", Summary: "Hold a sender's mail from now on", Role: role, Status: http.StatusCreated}, s.block)
	addSilent(s, operation{Method: http.MethodDelete, Path: "/admin/blocked-senders/{id}", ID: "admin-unblock-sender", Summary: "Let a sender's mail in again", Role: role}, s.unblock)
}

func (s *Server) quarantine(ctx context.Context, _ access.Caller, in *latestIn) (page[Quarantined], error) {
	list, err := s.Quarantine.Quarantined(ctx, int64(in.After), in.Limit)
	return latest(list, in.Limit, func(q Quarantined) string { return q.ID }), err
}

// quarantineSource gives the mail as a file: nothing of it is for a browser to show. It may
// be as large as the mailbox allows, so it is never held whole.
func (s *Server) quarantineSource(w http.ResponseWriter, r *http.Request) {
	f, err := s.quarantinedAt(r)
	if err != nil {
		s.refuse(r.Context(), w, err)
		return
	}
	defer func() { _ = f.Close() }() // only read
	h := w.Header()
	h.Set("Content-Type", "message/rfc822")
	h.Set("Content-Disposition", `attachment; filename="mail.eml"`)
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, f)
}

// quarantinedAt opens the mail that a path names, if the caller may read it.
func (s *Server) quarantinedAt(r *http.Request) (io.ReadSeekCloser, error) {
	if err := require(callerFrom(r.Context()), gateway.RoleSupervisor); err != nil {
		return nil, err
	}
	var id gateway.CaseID
	if err := id.UnmarshalText([]byte(r.PathValue("id"))); err != nil {
		return nil, err
	}
	return s.Quarantine.Source(r.Context(), int64(id))
}

func (s *Server) release(ctx context.Context, by access.Caller, in *oneIn) (released, error) {
	return noted(ctx, s, by, "", "mail.released", "quarantine:"+in.ID.String(), nil, func() (released, error) {
		r, err := s.Quarantine.Release(ctx, int64(in.ID))
		return released{r.Case, r.Conversation, r.Pos}, err
	})
}

func (s *Server) blocked(ctx context.Context, _ access.Caller, in *latestIn) (page[BlockedSender], error) {
	list, err := s.Blocks.Blocked(ctx, int64(in.After), in.Limit)
	return latest(list, in.Limit, func(b BlockedSender) string { return b.ID }), err
}

func (s *Server) block(ctx context.Context, by access.Caller, in *blockIn) (b BlockedSender, err error) {
	err = s.commit(ctx, func(w *work) error {
		if b, err = s.Blocks.Block(ctx, w.tx, in.Body.Who, in.Body.Note); err != nil {
			return err
		}
		return w.audit(ctx, by, "sender.blocked", "sender:"+b.ID, map[string]string{"who": b.Who})
	})
	return b, err
}

func (s *Server) unblock(ctx context.Context, by access.Caller, in *oneIn) (none, error) {
	return s.taken(ctx, by, in.ID, "sender.unblocked", "sender", s.Blocks.Unblock)
}
