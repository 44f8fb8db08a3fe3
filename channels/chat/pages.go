package chat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/vaxelhq/vaxel/gateway"
)

// site is what a page may know of a widget, and whether anybody answers.
func (s *Server) site(ctx context.Context, w *Widget) (siteView, error) {
	o, err := s.Board.Opening(ctx, w.Queue)
	if err != nil {
		return siteView{}, err
	}
	v := siteView{Name: w.Name, Languages: w.Languages, Form: publicForm(w.Form), Color: w.Color, Texts: w.Texts, Open: o.Open, Wait: seconds(o.Wait), Files: s.FileMax}
	if !o.Until.IsZero() {
		v.Until = o.Until.UnixMilli()
	}
	return v, nil
}

// publicForm leaves out where topics lead.
func publicForm(f Form) Form {
	topics := make([]Topic, len(f.Topics))
	for i, t := range f.Topics {
		topics[i] = Topic{ID: t.ID, Label: t.Label}
	}
	f.Topics = topics
	return f
}

func (s *Server) serveConfig(w http.ResponseWriter, r *http.Request) {
	widget, ok := s.admit(w, r)
	if !ok {
		return
	}
	site, err := s.site(r.Context(), widget)
	if err != nil {
		s.unavailable(w, err)
		return
	}
	site.Invites = widget.Invites
	writeJSON(w, site)
}

// serveArticles answers while the customer still types their question.
func (s *Server) serveArticles(w http.ResponseWriter, r *http.Request) {
	widget, ok := s.admit(w, r)
	if !ok {
		return
	}
	q := clip(r.FormValue("q"), maxName*2)
	cards := []cardView{}
	if q != "" {
		found, err := s.Articles.Search(r.Context(), q, widget.language(r.FormValue("lang")), articlesPerReply)
		if err != nil {
			s.unavailable(w, err)
			return
		}
		for _, c := range found {
			cards = append(cards, viewCard(c))
		}
	}
	writeJSON(w, map[string]any{"articles": cards})
}

// admit lets the pages of a widget's website in. A page of our own sends no Origin with a
// GET to itself.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (*Widget, bool) {
	w.Header().Add("Vary", "Origin")
	widget, err := s.widget(r.Context(), r.URL.Query().Get("key"))
	origin := r.Header.Get("Origin")
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		http.Error(w, "No widget has this key.", http.StatusNotFound)
		return widget, false
	case err != nil:
		s.unavailable(w, err)
		return widget, false
	case origin != "" && !widget.allows(origin, r.Host):
		http.Error(w, "This page may not embed this widget; add its origin in the administration.", http.StatusForbidden)
		return widget, false
	case origin != "":
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
	return widget, true
}

func (s *Server) unavailable(w http.ResponseWriter, err error) {
	s.Log.Warn("chat page not served", "err", err)
	w.Header().Set("Retry-After", "2")
	http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the reader may be gone
}
