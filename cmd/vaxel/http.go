package main

import (
	"context"
	_ "embed" // the notices
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vaxelhq/vaxel/channels/email"
	webconsole "github.com/vaxelhq/vaxel/web-console"
	webwidget "github.com/vaxelhq/vaxel/web-widget"
)

// listen opens the address of a setting.
func listen(ctx context.Context, setting, address string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: another program has %s (another Växel?): stop it, or set %[1]s to another port", setting, address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("%s: only root may open %s: set a port from 1024 on, or give the program CAP_NET_BIND_SERVICE", setting, address)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", setting, err)
	}
	return l, nil
}

func (h *house) serve(server *http.Server, l net.Listener) error {
	if h.config.TLSCert != "" {
		return server.ServeTLS(l, h.config.TLSCert, h.config.TLSKey)
	}
	return server.Serve(l)
}

// pages puts every door at its address: the API, the widget, the help centre, and the
// console for the rest. A node that is no gateway only says how it is.
func (h *house) pages() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	mux.HandleFunc("GET /readyz", h.ready)
	if !h.config.does(roleGateway) {
		return mux
	}
	mux.Handle("/api/", h.api)
	mux.Handle("/w/", h.chat.Handler())
	for _, path := range []string{"/w/collaborate", "/w/mirror.js"} {
		mux.Handle(path, h.shared.Handler())
	}
	mux.Handle(email.LeavePath, h.email.Leave())
	mux.Handle("/help/", h.kb.pages)
	mux.Handle("/help", http.RedirectHandler("/help/", http.StatusMovedPermanently))
	mux.HandleFunc("GET /licences.txt", notices(webconsole.Dist(), webwidget.Dist()))
	mux.Handle("/", webconsole.Handler(webconsole.Dist()))
	return mux
}

// ownNotices are those of the Go modules in this binary; a test in e2e writes them.
//
//go:embed notices.txt
var ownNotices []byte

// notices shows the notices of everything that is carried, here and in pages: most licences
// want them wherever their code goes.
func notices(apps ...fs.FS) http.HandlerFunc {
	text := slices.Clone(ownNotices)
	for _, app := range apps {
		of, err := fs.ReadFile(app, "licences.txt")
		if err != nil {
			continue // that app is not part of this binary
		}
		text = slices.Concat(text, []byte("\n"), of)
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write(text) // the reader may be gone
	}
}

// ready says whether this node can do its work: the database answers and somebody leads.
func (h *house) ready(w http.ResponseWriter, r *http.Request) {
	why := ""
	if h.redirects.Load() {
		why = "this node is drained: its work is done elsewhere"
	} else if err := h.pool.Ping(r.Context()); err != nil {
		why = "the database does not answer"
	} else if _, err := h.commands.Board(r.Context()); err != nil {
		why = "nobody leads the floor yet"
	}
	if why != "" {
		w.Header().Set("Retry-After", "1") // s; RFC 9110 §10.2.3. A takeover takes less
		http.Error(w, why, http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// metrics serves /metrics on a listener of its own until ctx ends.
func (h *house) metrics(ctx context.Context) error {
	if h.config.Metrics == "" {
		<-ctx.Done()
		return nil
	}
	l, err := listen(ctx, "metrics", h.config.Metrics)
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(h.feed.Collectors()...)
	registry.MustRegister(h.outbox.Collectors()...)
	registry.MustRegister(h.floor.Collectors()...)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: readHeader}
	var stopped atomic.Bool
	go func() {
		<-ctx.Done()
		stopped.Store(true)
		_ = server.Close()
	}()
	if err := server.Serve(l); !stopped.Load() {
		return fmt.Errorf("serve metrics: %w", err)
	}
	return nil
}
