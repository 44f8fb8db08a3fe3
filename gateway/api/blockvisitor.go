package api

import (
	"context"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// VisitorBlocks keep visitors of websites from chatting.
type VisitorBlocks interface {
	// BlockedVisitors are the latest before an id, 0 for all.
	BlockedVisitors(ctx context.Context, before int64, limit int) ([]BlockedVisitor, error)
	// BlockVisitor blocks whom it names, or the visitor of its conversation. Who may not lift
	// a block does not have one end sooner either.
	BlockVisitor(ctx context.Context, tx pgx.Tx, b BlockedVisitor, mayLift bool) (BlockedVisitor, error)
	UnblockVisitor(ctx context.Context, tx pgx.Tx, id int64) error
}

// BlockedVisitor is one who may not chat.
type BlockedVisitor struct {
	ID           string                 `json:"id"`
	By           string                 `json:"by" enum:"browser,identity,network" doc:"What they are known by: their browser, who the website has signed that they are, or where they come from"`
	Who          string                 `json:"who" doc:"The browser's id, widget/name, or a range of addresses"`
	Reason       string                 `json:"reason"`
	Agent        gateway.AgentID        `json:"agent" doc:"Who blocked them; 0: a program"`
	Conversation gateway.ConversationID `json:"conversation" doc:"In which they did; 0: none"`
	Until        *time.Time             `json:"until,omitempty" doc:"Left out: until it is lifted"`
	At           time.Time              `json:"at"`
}

type blockVisitorIn struct {
	ID   gateway.ConversationID `path:"id"`
	Body struct {
		By     string     `json:"by" enum:"browser,identity,network" doc:"By the network only supervisors do"`
		Reason string     `json:"reason" minLength:"1" maxLength:"500"`
		Until  *time.Time `json:"until,omitempty" doc:"When it ends by itself; left out: when it is lifted. Of one who is blocked already only supervisors bring it forward"`
	}
}

type blockNetworkIn struct {
	Body struct {
		Network string     `json:"network" minLength:"2" maxLength:"50" example:"203.0.113.0/24" doc:"An address, or a range: /16 or more, of IPv6 /32; a part of an IPv6 /64 is kept as that /64"`
		Reason  string     `json:"reason" minLength:"1" maxLength:"500"`
		Until   *time.Time `json:"until,omitempty"`
	}
}

func (s *Server) registerVisitorBlocks() {
	role, at := gateway.RoleSupervisor, "/admin/blocked-visitors"
	add(s, operation{Method: http.MethodPost, Path: "/conversations/{id}/block-visitor", ID: "block-visitor", Summary: "Keep the visitor of a chat from chatting; what was said stays", Role: gateway.RoleAgent, Status: http.StatusCreated}, s.blockVisitor)
	add(s, operation{Method: http.MethodGet, Path: at, ID: "admin-list-blocked-visitors", Summary: "Who may not chat, the latest first", Role: role}, s.blockedVisitors)
	add(s, operation{Method: http.MethodPost, Path: at, ID: "admin-block-network", Summary: "Keep all who come from a network from chatting", Role: role, Status: http.StatusCreated}, s.blockNetwork)
	addSilent(s, operation{Method: http.MethodDelete, Path: at + "/{id}", ID: "admin-unblock-visitor", Summary: "Let them chat again", Role: role}, s.unblockVisitor)
}

func (s *Server) blockVisitor(ctx context.Context, by access.Caller, in *blockVisitorIn) (BlockedVisitor, error) {
	if err := s.readable(ctx, in.ID); err != nil {
		return BlockedVisitor{}, err
	}
	if in.Body.By == "network" {
		if err := require(by, gateway.RoleSupervisor); err != nil {
			return BlockedVisitor{}, err
		}
	}
	return s.blockOne(ctx, by, BlockedVisitor{By: in.Body.By, Reason: in.Body.Reason, Conversation: in.ID, Until: in.Body.Until})
}

func (s *Server) blockNetwork(ctx context.Context, by access.Caller, in *blockNetworkIn) (BlockedVisitor, error) {
	return s.blockOne(ctx, by, BlockedVisitor{By: "network", Who: in.Body.Network, Reason: in.Body.Reason, Until: in.Body.Until})
}

// blockOne writes whom and why into the audit log: there it stays when the block is over.
func (s *Server) blockOne(ctx context.Context, by access.Caller, b BlockedVisitor) (kept BlockedVisitor, err error) {
	if b.Until != nil && !b.Until.After(time.Now()) {
		return b, gateway.Invalid("bad_until", "a block ends in the future, or is left without an end")
	}
	b.Agent = by.Agent
	err = s.commit(ctx, func(w *work) error {
		if kept, err = s.VisitorBlocks.BlockVisitor(ctx, w.tx, b, by.Can(gateway.RoleSupervisor)); err != nil {
			return err
		}
		return w.audit(ctx, by, "visitor.blocked", "blocked-visitor:"+kept.ID, map[string]any{"by": kept.By, "who": kept.Who, "reason": kept.Reason, "conversation": kept.Conversation, "until": kept.Until})
	})
	return kept, err
}

func (s *Server) blockedVisitors(ctx context.Context, _ access.Caller, in *latestIn) (page[BlockedVisitor], error) {
	list, err := s.VisitorBlocks.BlockedVisitors(ctx, int64(in.After), in.Limit)
	return latest(list, in.Limit, func(b BlockedVisitor) string { return b.ID }), err
}

func (s *Server) unblockVisitor(ctx context.Context, by access.Caller, in *oneIn) (none, error) {
	return s.taken(ctx, by, in.ID, "visitor.unblocked", "blocked-visitor", s.VisitorBlocks.UnblockVisitor)
}
