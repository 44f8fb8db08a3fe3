package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"
)

// browse counts in Chromium what pages load: the console's first load, and a customer's
// page until the visitor can type.
func (b *Bench) browse(ctx context.Context, h *house, shop string) error {
	page, err := b.chromium(ctx)
	if err != nil {
		return err
	}
	first, err := page.load(ctx, h.base+"/", "document.querySelector('form input[type=password]') !== null")
	if err != nil {
		return fmt.Errorf("load the console: %w", err)
	}
	b.tell(Figure{
		Name: "web.console_first_load_bytes", Value: float64(first.bytes), Unit: "B",
		Method: fmt.Sprintf("Chromium, empty cache, until the sign-in form stands: bytes of %d answers as they were sent, with their headers", first.requests),
	})
	if err := h.work(ctx); err != nil { // somebody is there, so the chat is open
		return err
	}
	typing, err := page.load(ctx, shop, `(() => {
		const root = document.querySelector("vaxel-chat")?.shadowRoot;
		const button = root?.querySelector("button");
		if (button && !window.pressed) { window.pressed = true; button.click(); }
		return [...root?.querySelectorAll("textarea, input") ?? []].some((e) => e.getClientRects().length > 0);
	})()`)
	if err != nil {
		return fmt.Errorf("load a customer's page: %w", err)
	}
	b.tell(Figure{
		Name: "web.requests_to_typing", Value: float64(typing.ours), Unit: "requests",
		Method: fmt.Sprintf("Chromium, a customer's page with the script tag, until a field to type in stands; requests to Växel, the socket among them; %d bytes in all", typing.bytes),
	})
	return nil
}

// page is a tab, spoken to in Chromium's own protocol.
type page struct {
	conn *websocket.Conn
	mine string // host:port of the page itself, whose requests are not ours

	mu      sync.Mutex // guards what follows
	last    int
	waiting map[int]chan json.RawMessage
	seen    loaded
}

type loaded struct {
	bytes    int64
	requests int
	ours     int
}

var errNoChromium = errors.New("chromium is missing: install the package chromium-headless-shell")

// chromium starts a browser of the bench's own and opens a tab.
func (b *Bench) chromium(ctx context.Context) (*page, error) {
	binary, err := exec.LookPath("chromium-headless-shell")
	if err != nil {
		return nil, errNoChromium
	}
	profile := filepath.Join(b.dir, "chromium")
	cmd := exec.CommandContext(context.WithoutCancel(ctx), binary, "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", // our own arguments
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0", "--user-data-dir="+profile, "about:blank")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	said, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b.cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "DevTools listening on ws://"); ok {
			go func() { _, _ = bufio.NewReader(said).WriteTo(discard{}) }()
			host, _, _ := strings.Cut(url, "/")
			return openTab(ctx, host)
		}
	}
	return nil, errors.New("chromium did not say where it listens")
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// openTab drives the browser's first tab by the DevTools protocol over a WebSocket.
func openTab(ctx context.Context, host string) (*page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+"/json/list", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	var tabs []struct{ Type, WebSocketDebuggerURL string }
	if err := json.NewDecoder(resp.Body).Decode(&tabs); err != nil {
		return nil, err
	}
	for _, t := range tabs {
		if t.Type != "page" {
			continue
		}
		conn, _, err := websocket.Dial(ctx, t.WebSocketDebuggerURL, nil) //nolint:bodyclose // Dial's is nil on success
		if err != nil {
			return nil, err
		}
		conn.SetReadLimit(64 << 20)
		p := &page{conn: conn, waiting: map[int]chan json.RawMessage{}}
		go p.read(ctx)
		return p, p.tell(ctx, "Network.enable", nil, nil)
	}
	return nil, os.ErrNotExist
}

// read counts what the page asked for until the socket ends. Bytes are as they came over the
// wire (encodedDataLength), compressed and with headers.
func (p *page) read(ctx context.Context) {
	for {
		_, body, err := p.conn.Read(ctx)
		if err != nil {
			return
		}
		var m struct {
			ID     int
			Method string
			Result json.RawMessage
			Params struct {
				Request           struct{ URL string }
				URL               string
				EncodedDataLength float64
			}
		}
		if json.Unmarshal(body, &m) != nil {
			continue
		}
		p.mu.Lock()
		switch m.Method {
		case "Network.requestWillBeSent", "Network.webSocketCreated":
			url := m.Params.Request.URL + m.Params.URL
			if !strings.HasPrefix(url, "data:") {
				p.seen.requests++
				if !strings.Contains(url, p.mine) {
					p.seen.ours++
				}
			}
		case "Network.loadingFinished":
			p.seen.bytes += int64(m.Params.EncodedDataLength)
		}
		if wait := p.waiting[m.ID]; wait != nil {
			delete(p.waiting, m.ID)
			wait <- m.Result
		}
		p.mu.Unlock()
	}
}

// tell gives a command and waits for its result.
func (p *page) tell(ctx context.Context, method string, params, result any) error {
	p.mu.Lock()
	p.last++
	id, wait := p.last, make(chan json.RawMessage, 1)
	p.waiting[id] = wait
	p.mu.Unlock()
	body, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return err
	}
	if err := p.conn.Write(ctx, websocket.MessageText, body); err != nil {
		return err
	}
	select {
	case got := <-wait:
		if result != nil {
			return json.Unmarshal(got, result)
		}
		return nil
	case <-time.After(patience):
		return fmt.Errorf("%s: chromium did not answer", method)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// load opens an address with an empty cache and counts until a condition holds there.
func (p *page) load(ctx context.Context, url, until string) (loaded, error) {
	if err := p.tell(ctx, "Network.clearBrowserCache", nil, nil); err != nil {
		return loaded{}, err
	}
	p.mu.Lock()
	p.seen, p.mine = loaded{}, strings.TrimPrefix(url, "http://")
	p.mu.Unlock()
	if err := p.tell(ctx, "Page.navigate", map[string]string{"url": url}, nil); err != nil {
		return loaded{}, err
	}
	holds := func() bool {
		var got struct{ Result struct{ Value bool } }
		err := p.tell(ctx, "Runtime.evaluate", map[string]any{"expression": until, "returnByValue": true}, &got)
		return err == nil && got.Result.Value
	}
	if !soon(ctx, patience/2, holds) {
		return loaded{}, fmt.Errorf("%s: what was waited for did not come", url)
	}
	time.Sleep(100 * time.Millisecond) // the last answers' ends are still told
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen, nil
}
