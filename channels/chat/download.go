package chat

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// fileView is a file as its customer sees it.
type fileView struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int64  `json:"size"`
	URL  string `json:"url"` // below /w/
}

// seal proves that whoever has an address was given it by us: it is made of the visitor's
// token, which only they and we know, and opens one file. Any node can check it.
func (h tokenHash) seal(c gateway.ConversationID, pos int64) string {
	mac := hmac.New(sha256.New, h[:])
	fmt.Fprintf(mac, "file/%d/%d", c, pos)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// fileAt is where the visitor's browser finds an entry's file.
func (h tokenHash) fileAt(e gateway.Entry) string {
	return fmt.Sprintf("files/%d/%d/%s", e.Conversation, e.Pos, h.seal(e.Conversation, e.Pos))
}

// serveFile gives a file of a conversation to its visitor.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	file, err := s.fileOf(r)
	if err != nil {
		s.Log.Debug("file not served", "err", err)
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	body, err := s.Blobs.Open(r.Context(), file.Blob)
	if err != nil {
		s.unavailable(w, err)
		return
	}
	defer func() { _ = body.Close() }()
	how, as := "attachment", "application/octet-stream"
	if drawn(file.Type) {
		how, as = "inline", file.Type
	}
	h := w.Header()
	h.Set("Content-Type", as)
	h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": file.Name}))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // pictures stand in the website's page
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("Referrer-Policy", "no-referrer")
	http.ServeContent(w, r, "", time.Time{}, body)
}

// fileOf is the file that an address names, if it was sealed for a visitor of that
// conversation who is still known.
func (s *Server) fileOf(r *http.Request) (file gateway.Attachment, err error) {
	var c gateway.ConversationID
	var pos int64
	if err := c.UnmarshalText([]byte(r.PathValue("conversation"))); err != nil {
		return file, err
	}
	if _, err := fmt.Sscan(r.PathValue("pos"), &pos); err != nil {
		return file, err
	}
	ours, err := s.sealed(r.Context(), c, pos, r.PathValue("seal"))
	if err != nil || !ours {
		return file, fmt.Errorf("open conversation %d at %d: sealed %t: %w", c, pos, ours, err)
	}
	entries, err := s.Timeline.Entries(r.Context(), c, pos-1, 1)
	if err != nil || len(entries) == 0 || entries[0].Kind != gateway.EntryFile || entries[0].Internal {
		return file, fmt.Errorf("no file in conversation %d at %d: %w", c, pos, err)
	}
	return file, json.Unmarshal(entries[0].Body, &file)
}

// sealed says whether a seal is one of a visitor of the conversation.
func (s *Store) sealed(ctx context.Context, c gateway.ConversationID, pos int64, seal string) (bool, error) {
	rows, err := s.pool.Query(ctx, `
		select token_hash
		from visitor
		where conversation_id = $1 and erased_at is null`, c)
	if err != nil {
		return false, fmt.Errorf("read visitors: %w", err)
	}
	hashes, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return false, fmt.Errorf("read visitors: %w", err)
	}
	for _, h := range hashes {
		if hmac.Equal([]byte(tokenHash(h).seal(c, pos)), []byte(seal)) {
			return true, nil
		}
	}
	return false, nil
}
