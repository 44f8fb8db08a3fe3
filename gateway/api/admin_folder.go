package api

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/kb"
)

// All articles as one folder, LANGUAGE/NUMBER-SLUG.md, in a zip file: what is exported can
// be edited with any tool and imported again.

// folderMax is the largest zip file, and folderRoom what it may hold unpacked.
const (
	folderMax  = 50 << 20
	folderRoom = 200 << 20
)

func (s *Server) registerFolder() {
	s.mux.HandleFunc("GET "+Prefix+"/admin/articles.zip", s.exportArticles)
	s.mux.HandleFunc("POST "+Prefix+"/admin/articles.zip", s.importArticles)
}

func (s *Server) exportArticles(w http.ResponseWriter, r *http.Request) {
	ctx, by := r.Context(), callerFrom(r.Context())
	folder, err := s.folder(ctx, by)
	if err != nil {
		s.refuse(ctx, w, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "articles.zip"}))
	_, _ = w.Write(folder)
}

// folder is made whole before its first byte is sent, so that an error can still be told.
func (s *Server) folder(ctx context.Context, by access.Caller) ([]byte, error) {
	if err := require(by, gateway.RoleSupervisor); err != nil {
		return nil, err
	}
	var body bytes.Buffer
	packed := zip.NewWriter(&body)
	err := s.KB.Export(ctx, func(name string, text []byte) error {
		f, err := packed.Create(name)
		if err == nil {
			_, err = f.Write(text)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := packed.Close(); err != nil {
		return nil, err
	}
	err = s.commit(ctx, func(w *work) error { return w.audit(ctx, by, "articles.exported", "articles", nil) })
	return body.Bytes(), err
}

func (s *Server) importArticles(w http.ResponseWriter, r *http.Request) {
	ctx, by := r.Context(), callerFrom(r.Context())
	done, err := s.unpack(ctx, by, http.MaxBytesReader(w, r.Body, folderMax))
	if err != nil {
		s.refuse(ctx, w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, done)
}

// unpack imports a zip file. What it would hold unpacked is added up first (folderRoom), because
// a small file may claim gigabytes.
func (s *Server) unpack(ctx context.Context, by access.Caller, body io.Reader) (done kb.Imported, err error) {
	if err := require(by, gateway.RoleSupervisor); err != nil {
		return done, err
	}
	text, err := io.ReadAll(body)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return done, gateway.Invalid("too_large", "a folder of articles has at most 50 MB; import it in parts")
	}
	if err != nil {
		return done, gateway.Invalid("bad_folder", "the file did not come whole; send it again")
	}
	folder, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		return done, gateway.Invalid("bad_folder", "send a zip file of LANGUAGE/NUMBER-SLUG.md files, as the export gives it")
	}
	var room uint64 // a file that lies about its size is refused when it is read
	for _, f := range folder.File {
		room += f.UncompressedSize64
	}
	if room > folderRoom {
		return done, gateway.Invalid("too_large", "a folder of articles holds at most 200 MB; import it in parts")
	}
	return noted(ctx, s, by, "", "articles.imported", "articles", map[string]any{"files": len(folder.File)}, func() (kb.Imported, error) {
		return s.KB.Import(ctx, by.Name, folder)
	})
}
