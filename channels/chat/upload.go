package chat

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Blobs keep what visitors send, and what agents send them.
type Blobs interface {
	Put(ctx context.Context, r io.Reader) (key string, size int64, err error)
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Note names a blob in the transaction of the entry that shows it, which keeps it.
	Note(ctx context.Context, tx pgx.Tx, key string, size int64, mediaType, name string) error
}

// Scan looks into a file before anybody is shown it. A *gateway.Error refuses it; another
// error is trouble of the scanner's, and the file is to be sent again.
type Scan func(ctx context.Context, name string, body io.Reader) error

const (
	fileMax        = 10 << 20 // bytes, unless set
	filesPerMinute = 20       // of one visitor
	maxFields      = 8 << 10  // bytes of a form beside its file
)

// upload is a visitor's file on its way in.
type upload struct {
	widget *Widget
	source netip.Prefix
	token  tokenHash
	who    visitor
	cid    string
	file   gateway.Attachment
}

// serveUpload takes a file: multipart/form-data with token, cid and then file. It is stored
// before its entry is written, and the entry before the answer; the same cid again is the
// same entry. The stream of the socket tells it.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	widget, ok := s.admit(w, r)
	if !ok {
		return
	}
	lang := widget.language(r.URL.Query().Get("lang"))
	pos, err := s.upload(r.Context(), widget, http.MaxBytesReader(w, r.Body, s.FileMax+maxFields), r)
	if err != nil {
		s.refuseUpload(w, lang, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
	writeJSON(w, map[string]int64{"pos": pos})
}

// refuseUpload answers as an error frame would.
func (s *Server) refuseUpload(w http.ResponseWriter, lang string, err error) {
	refusal, ours := answerTo(err, lang)
	if ours {
		s.Log.Warn("file not taken", "err", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(uploadStatus(refusal.Kind))
	_ = json.NewEncoder(w).Encode(frameOut{T: "error", Code: refusal.Code, Detail: refusal.Detail}) // the reader may be gone
}

func uploadStatus(k gateway.Kind) int {
	switch k { //nolint:exhaustive // the others are not for uploads
	case gateway.KindInvalid:
		return http.StatusUnprocessableEntity
	case gateway.KindConflict:
		return http.StatusConflict
	case gateway.KindTooMany:
		return http.StatusTooManyRequests
	case gateway.KindForbidden:
		return http.StatusForbidden
	}
	return http.StatusServiceUnavailable
}

func (s *Server) upload(ctx context.Context, widget *Widget, body io.ReadCloser, r *http.Request) (pos int64, err error) {
	if s.FileMax == 0 {
		return 0, gateway.Invalid("no_files", "Files are not taken here.")
	}
	r.Body = body
	parts, err := r.MultipartReader()
	if err != nil {
		return 0, badUpload()
	}
	u := upload{widget: widget, source: network(s.Source(r))}
	part, err := u.fields(parts)
	if err != nil {
		return 0, err
	}
	if err := s.mayUpload(ctx, &u); err != nil {
		return 0, err
	}
	if err := s.keepFile(ctx, &u, part); err != nil {
		return 0, err
	}
	return s.takeFile(ctx, u)
}

func badUpload() error {
	return gateway.Invalid("bad_upload", "Send multipart/form-data with token, cid and then file.")
}

// fields reads what stands before the file, and gives the file's part.
func (u *upload) fields(parts *multipart.Reader) (*multipart.Part, error) {
	var token string
	for {
		p, err := parts.NextPart()
		if err != nil {
			return nil, badUpload()
		}
		if p.FormName() == "file" {
			var ok bool
			if u.token, ok = hashToken(token); !ok || u.cid == "" || len(u.cid) > 64 {
				return nil, badUpload()
			}
			u.file.Name = clip(p.FileName(), maxName)
			return p, nil
		}
		value, err := io.ReadAll(io.LimitReader(p, maxFields))
		if err != nil {
			return nil, badUpload()
		}
		switch p.FormName() {
		case "token":
			token = string(value)
		case "cid":
			u.cid = gateway.Clean(string(value))
		}
	}
}

// mayUpload finds the visitor, who must be in a chat.
func (s *Server) mayUpload(ctx context.Context, u *upload) (err error) {
	if u.who, err = s.visitor(ctx, u.token); err != nil {
		return err
	}
	if u.who.Conversation == 0 || u.who.Erased || u.who.Widget != u.widget.ID {
		return gateway.Conflict("no_chat", "Begin the chat, then send files.", nil)
	}
	bars, err := s.blocks(ctx, time.Now())
	if err != nil {
		return err
	}
	if bars.holds(u.widget, u.token, u.who, u.source) {
		return errBlocked
	}
	if !s.byFile.get(u.token).Allow() {
		return &gateway.Error{Kind: gateway.KindTooMany, Code: "too_many_files", Detail: "That are many files; send the others in a minute."}
	}
	places, err := s.Board.Places(ctx, []gateway.ConversationID{u.who.Conversation})
	if err != nil {
		return err
	}
	if p, open := places[u.who.Conversation]; open && phaseOf(p.State) != phaseEnded {
		return nil
	}
	last, err := s.ending(ctx, u.who.Conversation, 0)
	if err == nil && !last.writtenSince {
		err = gateway.Conflict("chat_ended", "The chat has ended; begin a new one.", nil)
	}
	return err
}

// keepFile stores the bytes and has them looked into. What is refused here is named by no
// row, and swept.
func (s *Server) keepFile(ctx context.Context, u *upload, body io.Reader) error {
	start := bufio.NewReaderSize(body, sniffed)
	head, err := start.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return uploadErr(err, s.FileMax)
	}
	var ok bool
	if u.file.Type, ok = typeOf(u.file.Name, head); !ok {
		return gateway.Invalid("file_type", "Files of this type are not taken. Pictures, PDF, text and office documents are.")
	}
	u.file.Blob, u.file.Size, err = s.Blobs.Put(ctx, io.LimitReader(start, s.FileMax+1))
	switch {
	case err != nil:
		return uploadErr(err, s.FileMax)
	case u.file.Size == 0:
		return gateway.Invalid("empty_file", "The file is empty.")
	case u.file.Size > s.FileMax:
		return tooLarge(s.FileMax)
	case s.Scan == nil:
		return nil
	}
	stored, err := s.Blobs.Open(ctx, u.file.Blob)
	if err != nil {
		return err
	}
	return errors.Join(s.Scan(ctx, u.file.Name, stored), stored.Close())
}

func uploadErr(err error, limit int64) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return tooLarge(limit)
	}
	return err
}

func tooLarge(limit int64) error {
	return gateway.Invalid("file_too_large", fmt.Sprintf("A file holds at most %d MB.", limit>>20))
}

// takeFile writes the entry, which names the blob in its own transaction.
func (s *Server) takeFile(ctx context.Context, u upload) (int64, error) {
	body, err := json.Marshal(u.file)
	if err != nil {
		return 0, err
	}
	topic, now := u.widget.topic(u.who.Topic), time.Now()
	r, err := s.Intake.Receive(ctx, gateway.Arrival{
		Key:     "chat/" + u.token.name() + "/" + u.cid,
		Channel: gateway.Chat, Queue: u.widget.queueFor(topic), Conversation: u.who.Conversation,
		From:    gateway.Address{Kind: gateway.AddressVisitor, Value: u.token.name(), Name: u.who.Name},
		Subject: topic.Label[u.who.Language], Language: u.who.Language, Skills: topic.Skills, ArrivedAt: now,
		Entry: gateway.Entry{
			Kind: gateway.EntryFile, Channel: gateway.Chat, Text: u.file.Name, Body: body, ClientID: u.cid, At: now,
			Author: gateway.Author{Kind: gateway.ByCustomer, ID: int64(u.who.Customer), Name: u.who.Name},
		},
	}, func(ctx context.Context, tx pgx.Tx, r gateway.Received) error {
		if r.Repeated {
			return nil
		}
		return s.Blobs.Note(ctx, tx, u.file.Blob, u.file.Size, u.file.Type, u.file.Name)
	})
	if err != nil {
		return 0, fmt.Errorf("take a file in: %w", err)
	}
	return r.Pos, nil
}
