package bench

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// web counts what browsers must load.
func web(ctx context.Context, b *Bench) error {
	h, err := b.newHouse(ctx, 1, nil)
	if err != nil {
		return err
	}
	shop := &shop{}
	if err := shop.open(ctx, b); err != nil {
		return err
	}
	if _, err := h.launch(ctx, widgets+fmt.Sprintf("origins = [%q]\n", shop.origin)); err != nil {
		return err
	}
	shop.base = h.base
	loader, err := h.packed(ctx, "/w/v1.js")
	if err != nil {
		return err
	}
	chat, err := h.packed(ctx, "/w/sv/chat.js")
	if err != nil {
		return err
	}
	const method = "gzip of what a running server sends, one request, body only"
	b.tell(Figure{Name: "web.widget_loader_bytes", Value: float64(loader), Unit: "B", Method: method})
	b.tell(Figure{Name: "web.widget_chat_bytes", Value: float64(chat), Unit: "B", Method: method})
	if err := b.browse(ctx, h, shop.origin+"/"); err != nil {
		return err
	}
	return h.stop()
}

// shop is a website of a customer's, of another origin.
type shop struct{ origin, base string }

func (s *shop) open(ctx context.Context, b *Bench) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{ReadHeaderTimeout: patience, Handler: s}
	go func() { _ = server.Serve(l) }()
	b.cleanup(func() { _ = server.Close() })
	s.origin = "http://" + l.Addr().String()
	return nil
}

// ServeHTTP gives the page.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, `<!doctype html><title>Shop</title><link rel=icon href="data:,"><h1>Shop</h1><script async src="%s/w/v1.js" data-key="%s"></script>`, s.base, widgetKey)
}

// packed is the size of an answer as it is on the wire.
func (h *house) packed(ctx context.Context, path string) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip") // ours, so the transport leaves it packed
	resp, err := h.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	n, err := io.Copy(io.Discard, resp.Body)
	switch {
	case err != nil:
		return 0, err
	case resp.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("%s: status %d; was the build made with make build?", path, resp.StatusCode)
	case resp.Header.Get("Content-Encoding") != "gzip":
		return 0, fmt.Errorf("%s comes without gzip", path)
	}
	return n, nil
}
