package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/tickets"
)

type draftsIn struct {
	ID gateway.ConversationID `path:"id"`
}

type mailDraftIn struct {
	ID      gateway.ConversationID `path:"id"`
	Kind    tickets.DraftKind      `path:"kind" enum:"reply,forward"`
	IfMatch string                 `header:"If-Match" doc:"The rev that you have read, 0 where there was none; a stale one is refused with what is there"`
}

type saveMailDraftIn struct {
	ID      gateway.ConversationID `path:"id"`
	Kind    tickets.DraftKind      `path:"kind" enum:"reply,forward"`
	IfMatch string                 `header:"If-Match" doc:"The rev that you have read, 0 where there was none; a stale one is refused with what is there"`
	Body    tickets.DraftWords
}

func (s *Server) registerDrafts() {
	agent := gateway.RoleAgent
	at := "/conversations/{id}/drafts"
	add(s, operation{Method: http.MethodGet, Path: at, ID: "list-drafts", Summary: "Mails that are being written in a conversation, by whomever", Role: agent}, s.drafts)
	add(s, operation{Method: http.MethodPut, Path: at + "/{kind}", ID: "save-draft", Summary: "Keep a mail while it is being written", Role: agent, MaxBody: mailMax}, s.saveDraft)
	addSilent(s, operation{Method: http.MethodDelete, Path: at + "/{kind}", ID: "drop-draft", Summary: "Throw away a mail that was being written", Role: agent}, s.dropDraft)
	s.mux.HandleFunc("GET "+Prefix+at+"/{kind}/files/{key}", s.draftFile)
}

// draftFile serves a file that a draft names: pictures of its text are seen by whoever goes on with it.
func (s *Server) draftFile(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	a, err := s.draftNames(ctx, r.PathValue("id"), tickets.DraftKind(r.PathValue("kind")), r.PathValue("key"))
	if err != nil {
		s.refuse(ctx, w, err)
		return
	}
	s.serve(w, r, a)
}

func (s *Server) draftNames(ctx context.Context, id string, kind tickets.DraftKind, key string) (gateway.Attachment, error) {
	if err := require(callerFrom(ctx), gateway.RoleAgent); err != nil {
		return gateway.Attachment{}, err
	}
	var conversation gateway.ConversationID
	if err := conversation.UnmarshalText([]byte(id)); err != nil {
		return gateway.Attachment{}, err
	}
	if err := s.readable(ctx, conversation); err != nil {
		return gateway.Attachment{}, err
	}
	list, err := s.Cases.Drafts(ctx, conversation)
	if err != nil {
		return gateway.Attachment{}, err
	}
	for _, d := range list {
		for _, a := range d.Attachments {
			if d.Kind == kind && a.Blob == key {
				return a, nil
			}
		}
	}
	return gateway.Attachment{}, gateway.NotFound("no_file", "the draft has no such file; it may have been sent")
}

func (s *Server) drafts(ctx context.Context, _ access.Caller, in *draftsIn) (page[tickets.Draft], error) {
	if err := s.readable(ctx, in.ID); err != nil {
		return page[tickets.Draft]{}, err
	}
	list, err := s.Cases.Drafts(ctx, in.ID)
	return page[tickets.Draft]{Items: orEmpty(list)}, err
}

// saveDraft is for any agent who has the case open: a draft belongs to the conversation, and
// whoever saved last is its writer. Its files are kept as long as it names them.
func (s *Server) saveDraft(ctx context.Context, by access.Caller, in *saveMailDraftIn) (now tickets.Draft, err error) {
	if err := needAgent(by); err != nil {
		return now, err
	}
	if err := s.readable(ctx, in.ID); err != nil {
		return now, err
	}
	rev, err := matched(in.IfMatch)
	if err != nil {
		return now, err
	}
	if err := s.stored(ctx, in.Body.Attachments); err != nil {
		return now, err
	}
	d := tickets.Draft{Conversation: in.ID, Kind: in.Kind, Agent: by.Agent, DraftWords: in.Body}
	err = s.commit(ctx, func(w *work) (err error) {
		var was tickets.DraftWords
		if now, was, err = w.cases().SaveDraft(ctx, d, rev); err != nil {
			return err
		}
		return w.keepFiles(ctx, was.Attachments, in.Body.Attachments)
	})
	if err != nil {
		return now, err
	}
	if list, err := s.Floor.Serving(ctx, in.ID); err == nil {
		s.touched(ctx, by, list...)
	}
	return now, nil
}

func (s *Server) dropDraft(ctx context.Context, by access.Caller, in *mailDraftIn) (none, error) {
	if err := needAgent(by); err != nil {
		return none{}, err
	}
	if err := s.readable(ctx, in.ID); err != nil {
		return none{}, err
	}
	rev, err := matched(in.IfMatch)
	if err != nil {
		return none{}, err
	}
	return none{}, s.commit(ctx, func(w *work) error {
		was, err := w.cases().DropDraft(ctx, in.ID, in.Kind, rev)
		if err != nil {
			return err
		}
		return w.keepFiles(ctx, was.Attachments, nil)
	})
}

// keepFiles names the files that a draft has now, and no longer those that it had.
func (w *work) keepFiles(ctx context.Context, had, has []gateway.Attachment) error {
	in := func(list []gateway.Attachment, a gateway.Attachment) bool {
		return slices.ContainsFunc(list, func(b gateway.Attachment) bool { return b.Blob == a.Blob })
	}
	for _, a := range has {
		if in(had, a) {
			continue
		}
		if err := w.s.Blobs.Note(ctx, w.tx, a.Blob, a.Size, a.Type, a.Name); err != nil {
			return err
		}
	}
	for _, a := range had {
		if in(has, a) {
			continue
		}
		if err := w.s.Blobs.Forget(ctx, w.tx, a.Blob); err != nil {
			return err
		}
	}
	return nil
}
