package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

type fileIn struct {
	ID   gateway.InteractionID `path:"id"`
	Key  string                `header:"Idempotency-Key" doc:"Your id of this write: repeated, it gives the first answer"`
	Body struct {
		ClientID string             `json:"client_id,omitempty" maxLength:"100" doc:"Your own id; the same id twice is one file"`
		File     gateway.Attachment `json:"file" doc:"As POST /attachments answered"`
	}
}

func (s *Server) registerSendFile() {
	add(s, operation{
		Method: http.MethodPost, Path: "/interactions/{id}/files", ID: "send-file", Summary: "Give the customer of a chat a file",
		Role: gateway.RoleAgent, Status: http.StatusCreated,
	}, s.sendFile)
}

// sendFile writes the entry, and names its blob, in one transaction.
func (s *Server) sendFile(ctx context.Context, by access.Caller, in *fileIn) (gateway.Entry, error) {
	id := cmp.Or(in.Body.ClientID, in.Key)
	i, before, err := s.mine(ctx, by, in.ID, id)
	if err != nil || before.Pos != 0 {
		return before, err
	}
	if i.Channel != gateway.Chat {
		return gateway.Entry{}, gateway.Conflict("not_a_chat", "only chats take files by themselves; attach it to your reply", nil)
	}
	file := in.Body.File
	file.CID = ""
	if err := s.stored(ctx, []gateway.Attachment{file}); err != nil {
		return gateway.Entry{}, err
	}
	e := gateway.Entry{
		Conversation: i.Conversation, Interaction: i.ID, Channel: i.Channel, Kind: gateway.EntryFile, Author: author(by),
		ClientID: cmp.Or(id, uuid.Must(uuid.NewV7()).String()), Text: file.Name, Body: mustJSON(file), At: time.Now().UTC(),
	}
	written := e
	err = s.commit(ctx, func(w *work) error {
		written = e
		return w.show(ctx, i.Case, &written, file)
	})
	if err != nil {
		return written, fmt.Errorf("send a file in conversation %d: %w", i.Conversation, err)
	}
	return written, nil
}

// show writes an entry that shows a file; one that was written before is news to nobody.
func (w *work) show(ctx context.Context, c gateway.CaseID, e *gateway.Entry, file gateway.Attachment) error {
	if err := w.s.Timeline.Append(ctx, w.tx, e); err != nil || e.Repeated {
		return err
	}
	if err := w.s.Blobs.Note(ctx, w.tx, file.Blob, file.Size, file.Type, file.Name); err != nil {
		return err
	}
	if err := w.s.Cases.Note(ctx, w.tx, c, *e); err != nil {
		return err
	}
	news := gateway.MessageCreated(*e)
	w.tells = append(w.tells, func() { w.s.Feed.Announce(news) })
	return w.s.Feed.Append(ctx, w.tx, news)
}
