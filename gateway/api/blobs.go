package api

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// A mail's HTML has its own document and its own CSP: no scripts, no requests. Remote
// images are allowed when the reader has asked for them.
const (
	mailCSP       = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
	mailCSPRemote = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)

// uploadMax is the largest file that an agent can attach.
const uploadMax = 50 << 20

func (s *Server) registerBlobs() {
	s.mux.HandleFunc("GET "+Prefix+"/entries/{conversation}/{pos}/html", s.mailHTML)
	s.mux.HandleFunc("GET "+Prefix+"/entries/{conversation}/{pos}/raw", s.mailRaw)
	s.mux.HandleFunc("GET "+Prefix+"/entries/{conversation}/{pos}/files/{key}", s.file)
	s.mux.HandleFunc("POST "+Prefix+"/attachments", s.upload)
}

// entryAt is the entry that a path names, if the caller may read it.
func (s *Server) entryAt(r *http.Request) (gateway.Entry, error) {
	if err := require(callerFrom(r.Context()), gateway.RoleAgent); err != nil {
		return gateway.Entry{}, err
	}
	var conversation gateway.ConversationID
	if err := conversation.UnmarshalText([]byte(r.PathValue("conversation"))); err != nil {
		return gateway.Entry{}, err
	}
	pos, err := strconv.ParseInt(r.PathValue("pos"), 10, 64)
	if err != nil {
		return gateway.Entry{}, gateway.Invalid("bad_pos", "a position is a number")
	}
	if err := s.readable(r.Context(), conversation); err != nil {
		return gateway.Entry{}, err
	}
	return s.Timeline.Entry(r.Context(), conversation, pos)
}

// mailHTML is a page of its own for a sandboxed frame: the mail was made safe when it came in,
// and the policy allows no script and, unless the reader asks, no picture of another server.
func (s *Server) mailHTML(w http.ResponseWriter, r *http.Request) {
	e, err := s.entryAt(r)
	var m gateway.Mail
	if err == nil && e.Kind == gateway.EntryMail {
		err = json.Unmarshal(e.Body, &m)
	}
	if err != nil {
		s.refuse(r.Context(), w, err)
		return
	}
	csp, html := mailCSP, m.HTML
	if r.URL.Query().Get("images") == "remote" {
		csp = mailCSPRemote
	} else {
		html = remoteSource.ReplaceAllString(html, "$1")
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", csp)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "private, max-age=3600")
	at := Prefix + "/entries/" + e.Conversation.String() + "/" + strconv.FormatInt(e.Pos, 10) + "/files/"
	_, _ = w.Write([]byte(`<!doctype html><meta charset="utf-8"><base target="_blank">` + inline(html, m.Attachments, at)))
}

// remoteSource is where a picture of another server would come from. One that the policy stops would
// be drawn as broken; one without a source is its words alone. letter.policy writes the attributes so.
var remoteSource = regexp.MustCompile(`(<img\b[^>]*?) src="https?:[^"]*"`)

// inline makes cid: links point to the attachments that they name.
func inline(html string, files []gateway.Attachment, at string) string {
	for _, a := range files {
		if a.CID != "" {
			html = strings.ReplaceAll(html, "cid:"+a.CID, at+a.Blob)
		}
	}
	return html
}

// mailRaw downloads a mail byte for byte, for who must show what really came.
func (s *Server) mailRaw(w http.ResponseWriter, r *http.Request) {
	e, err := s.entryAt(r)
	var m gateway.Mail
	if err == nil {
		err = json.Unmarshal(orNothing(e.Body), &m)
	}
	if err == nil && m.Raw == "" {
		err = gateway.NotFound("no_raw", "this entry did not come as a mail")
	}
	if err != nil {
		s.refuse(r.Context(), w, err)
		return
	}
	s.serve(w, r, gateway.Attachment{Blob: m.Raw, Name: "mail.eml", Type: "message/rfc822"})
}

// file serves an attachment or a recording of the entry; a key that the entry does not
// name is nobody's business.
func (s *Server) file(w http.ResponseWriter, r *http.Request) {
	e, err := s.entryAt(r)
	if err != nil {
		s.refuse(r.Context(), w, err)
		return
	}
	for _, a := range files(e) {
		if a.Blob == r.PathValue("key") {
			s.serve(w, r, a)
			return
		}
	}
	s.refuse(r.Context(), w, gateway.NotFound("no_file", "the entry has no such file"))
}

// files are all that an entry carries.
func files(e gateway.Entry) []gateway.Attachment {
	switch e.Kind {
	case gateway.EntryMail:
		var m gateway.Mail
		_ = json.Unmarshal(orNothing(e.Body), &m)
		return m.Attachments
	case gateway.EntryRecording:
		var r gateway.Recording
		_ = json.Unmarshal(orNothing(e.Body), &r)
		return []gateway.Attachment{{Blob: r.Blob, Name: "recording.wav", Type: "audio/wav"}}
	case gateway.EntryFile:
		var a gateway.Attachment
		_ = json.Unmarshal(orNothing(e.Body), &a)
		return []gateway.Attachment{a}
	case gateway.EntryMessage, gateway.EntryNote, gateway.EntryArticle, gateway.EntryEvent, gateway.EntryCall:
	}
	return nil
}

func orNothing(body json.RawMessage) json.RawMessage {
	if len(body) == 0 {
		return json.RawMessage("{}")
	}
	return body
}

// serve sends a blob. What could run in the browser is only ever downloaded.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, a gateway.Attachment) {
	body, err := s.Blobs.Open(r.Context(), a.Blob)
	if err != nil {
		s.refuse(r.Context(), w, err)
		return
	}
	defer func() { _ = body.Close() }()
	h := w.Header()
	h.Set("Content-Type", safeType(a.Type))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("Content-Disposition", mime.FormatMediaType(disposition(a.Type), map[string]string{"filename": a.Name}))
	http.ServeContent(w, r, "", time.Time{}, body)
}

func safeType(t string) string {
	if shown(t) {
		return t
	}
	return "application/octet-stream"
}

func disposition(t string) string {
	if shown(t) {
		return "inline"
	}
	return "attachment"
}

// shown says whether a type is harmless in the browser.
func shown(t string) bool {
	base, _, _ := strings.Cut(strings.ToLower(t), ";")
	switch strings.TrimSpace(base) {
	case "image/png", "image/jpeg", "image/gif", "image/webp", "audio/wav", "audio/mpeg", "audio/ogg", "application/pdf", "text/plain":
		return true
	}
	return false
}

// upload stores a file that an agent will attach: multipart/form-data with one "file".
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	if err := require(callerFrom(ctx), gateway.RoleAgent); err != nil {
		s.refuse(ctx, w, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, uploadMax)
	a, err := s.store(ctx, r)
	if err != nil {
		s.refuse(ctx, w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	writeJSON(w, a)
}

func (s *Server) store(ctx context.Context, r *http.Request) (gateway.Attachment, error) {
	file, head, err := r.FormFile("file")
	if err != nil {
		return gateway.Attachment{}, gateway.Invalid("bad_upload", fmt.Sprintf("send multipart/form-data with one part called file, of at most %d MB", uploadMax>>20))
	}
	defer func() { _ = file.Close() }()
	key, size, err := s.Blobs.Put(ctx, file)
	return gateway.Attachment{Blob: key, Name: gateway.Clean(head.Filename), Type: gateway.Clean(head.Header.Get("Content-Type")), Size: size}, err
}
