package chat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
)

// picture is the smallest PNG that a browser shows.
var picture = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89" +
	"\x00\x00\x00\rIDATx\xdacd\xf8\xcf\xf0\x1f\x00\x05\x01\x01\x00\x1b\xb6\xee\x56\x00\x00\x00\x00IEND\xaeB`\x82")

// upload sends a file, and gives the answer's code: "" when it was taken.
func (c *client) upload(n *node, cid, name string, data []byte) (status int, code string) {
	c.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("token", c.token)
	_ = form.WriteField("cid", cid)
	file, _ := form.CreateFormFile("file", name)
	_, _ = file.Write(data)
	_ = form.Close()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, n.http.URL+"/w/files?key=nordvind", &body)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.Header.Set("Origin", "https://shop.example")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var f frame
	if err := json.NewDecoder(answer.Body).Decode(&f); err != nil {
		c.t.Fatal(err)
	}
	return answer.StatusCode, f.Code
}

func fetch(t *testing.T, address string) (int, http.Header, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, answer.Header, data
}

// A file is one entry however often it is sent, named by a row, and told by the stream, also
// to who resumes; its address opens it and no other.
func TestAFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c := n.dial(t)
	if c.begin("Hej"); len(c.lines) != 1 {
		t.Fatal(c.lines)
	}
	for range 2 {
		if status, code := c.upload(n, "file-1", "kvitto.png", picture); status != http.StatusCreated {
			t.Fatalf("answered %d %s", status, code)
		}
	}
	h.gives(t.Context(), conversation, "villkor.pdf", "application/pdf", []byte("%PDF-1.7"))
	c.line("villkor.pdf")
	c.pos, c.lines, c.conv = 0, nil, ""
	c.resume(n)
	var sent, given line
	for _, l := range c.lines {
		switch l.Text {
		case "kvitto.png":
			sent = l
		case "villkor.pdf":
			given = l
		}
	}
	if len(c.lines) != 3 || sent.From != "me" || sent.CID != "file-1" || sent.File.Type != "image/png" || sent.File.Size != int64(len(picture)) || given.From != "agent" {
		t.Fatalf("the stream has %+v", c.lines)
	}
	status, head, data := fetch(t, n.http.URL+"/w/"+sent.File.URL)
	if status != http.StatusOK || !bytes.Equal(data, picture) || head.Get("Content-Type") != "image/png" || !strings.HasPrefix(head.Get("Content-Disposition"), "inline") {
		t.Errorf("the picture is served %d %v, %d bytes", status, head, len(data))
	}
	status, head, _ = fetch(t, n.http.URL+"/w/"+given.File.URL)
	if status != http.StatusOK || head.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(head.Get("Content-Disposition"), "attachment") {
		t.Errorf("the document is served %d %v", status, head)
	}
	_, seal, _ := strings.Cut(sent.File.URL, "/2/")
	for _, wrong := range []string{"files/1/3/" + seal, "files/1/2/" + strings.Repeat("0", 32), "files/1/1/" + seal, "files/x/y/z"} {
		if status, _, _ := fetch(t, n.http.URL+"/w/"+wrong); status != http.StatusNotFound {
			t.Errorf("%s is answered %d", wrong, status)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.noted) != 1 || h.noted[0] != "kvitto.png" {
		t.Errorf("rows keep %q", h.noted)
	}
}

// What is too large, of no allowed type, not what it says or refused by the scanner is not
// taken, and told why; nor is anything from who has no chat.
func TestFilesRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	trouble := true
	h.setting = func(c *chat.Config) {
		c.Scan = func(_ context.Context, name string, body io.Reader) error {
			data, err := io.ReadAll(body)
			switch {
			case name == "trouble.txt" && trouble:
				return errors.Join(err, errors.New("the scanner is down"))
			case bytes.Contains(data, []byte("EICAR")):
				return gateway.Invalid("file_refused", "It may do harm.")
			}
			return err
		}
	}
	n := h.start()
	c := n.dial(t)
	c.hello()
	if status, code := c.upload(n, "early", "a.png", picture); status != http.StatusConflict || code != "no_chat" {
		t.Errorf("before the chat: %d %s", status, code)
	}
	c.send(m{"t": "form", "cid": "form-1", "text": "Hej"})
	c.until("ack")
	for _, f := range []struct {
		name, code string
		data       []byte
		status     int
	}{
		{"stor.txt", "file_too_large", bytes.Repeat([]byte("a"), 1<<20+1), 422},
		{"enorm.txt", "file_too_large", bytes.Repeat([]byte("a"), 3<<20), 422},
		{"tom.txt", "empty_file", nil, 422},
		{"program.exe", "file_type", []byte("MZ\x90\x00"), 422},
		{"sida.html", "file_type", []byte("<html><script>alert(1)</script>"), 422},
		{"bild.svg", "file_type", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), 422},
		{"bild.png", "file_type", []byte("<html><script>alert(1)</script>"), 422},
		{"virus.txt", "file_refused", []byte("EICAR"), 422},
		{"trouble.txt", "try_again", []byte("hej"), 503},
	} {
		if status, code := c.upload(n, f.name, f.name, f.data); status != f.status || code != f.code {
			t.Errorf("%s is answered %d %s", f.name, status, code)
		}
	}
	trouble = false
	if status, code := c.upload(n, "trouble.txt", "trouble.txt", []byte("hej")); status != http.StatusCreated {
		t.Errorf("once the scanner is up: %d %s", status, code)
	}
	c.line("trouble.txt")
	h.join(conversation)
	h.end(conversation)
	if status, code := c.upload(n, "late", "a.png", picture); status != http.StatusConflict || code != "chat_ended" {
		t.Errorf("after the end: %d %s", status, code)
	}
}

// Whoever sends file after file is refused for a while, alone.
func TestFloodOfFiles(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	n := h.start()
	c, other := n.dial(t), n.dial(t)
	c.begin("Hej")
	other.begin("Hej")
	for i := range 100 {
		if status, code := c.upload(n, string(rune('a'+i)), "a.png", picture); status == http.StatusTooManyRequests {
			if code != "too_many_files" || i < 10 {
				t.Errorf("file %d: %s", i, code)
			}
			if status, _ := other.upload(n, "f", "a.png", picture); status != http.StatusCreated {
				t.Errorf("the other one is answered %d", status)
			}
			return
		}
	}
	t.Error("a hundred files were taken")
}
