package api

import (
	"context"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/timeline"
)

// readingNoted is how long one line in the audit log stands for all that somebody reads of a
// colleague's chat: pages are asked for by the dozen.
const readingNoted = time.Hour

// noteReading has it in the audit log, before anything is given, that the caller reads chats that
// colleagues have without looking on at them, which would be noted by itself (beside.go). Of
// what nobody has now, of one's own and of mail there is nothing to note.
func (s *Server) noteReading(ctx context.Context, by access.Caller, of ...timeline.Conversation) error {
	var open []gateway.ConversationID
	for _, c := range of {
		if c.Channel == gateway.Chat && c.Open != 0 {
			open = append(open, c.ID)
		}
	}
	list, err := s.overheard(ctx, by, open...)
	if err != nil || len(list) == 0 {
		return err
	}
	return s.commit(ctx, func(w *work) error {
		for _, i := range list {
			detail := map[string]any{"agent": i.Agent, "conversation": i.Conversation}
			if err := access.AuditOnce(ctx, w.tx, by, "interaction.read", "interaction:"+i.ID.String(), detail, readingNoted); err != nil {
				return err
			}
		}
		return nil
	})
}
