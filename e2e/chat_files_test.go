package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"testing"

	"github.com/vaxelhq/vaxel/gateway"
)

// TestStoryChatFiles: a visitor sends a file, the agent opens it and gives one in return, which
// the visitor opens; each stands once on the conversation, however often it is sent, and
// outlives a kill.
func TestStoryChatFiles(t *testing.T) {
	t.Parallel()
	v := newVaxel(t, widget)
	v.start()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Karin", "text": "Jag skickar kvittot"})
	id := c.accept(t)
	receipt, terms := []byte("Order 20991, 1 495 kr"), []byte("%PDF-1.7 villkor")
	for range 2 {
		guest.upload(t, "file-1", "kvitto.txt", receipt)
	}
	v.kill()
	v.start()
	guest.upload(t, "file-1", "kvitto.txt", receipt)

	var i gateway.Interaction
	v.agent.must(http.MethodGet, "/interactions/"+id.String(), nil, &i)
	at := "/conversations/" + i.Conversation.String() + "/entries"
	sent := v.agent.filesOf(at)
	if len(sent) != 1 || sent[0].Author.Kind != gateway.ByCustomer || sent[0].Interaction != id {
		t.Fatalf("the agent sees the files %+v", sent)
	}
	var file gateway.Attachment
	must(t, json.Unmarshal(sent[0].Body, &file))
	if file.Type != "text/plain" || file.Name != "kvitto.txt" {
		t.Errorf("it is %+v", file)
	}
	path := v.base + "/api/v1/entries/" + i.Conversation.String() + "/" + strconv.FormatInt(sent[0].Pos, 10) + "/files/" + file.Blob
	if got := fetched(t, v.agent.client, path); !bytes.Equal(got, receipt) {
		t.Errorf("the agent reads %q", got)
	}

	given := v.agent.attach(t, "villkor.pdf", terms)
	for range 2 {
		v.agent.must(http.MethodPost, "/interactions/"+id.String()+"/files", map[string]any{"client_id": "terms", "file": given}, nil)
	}
	v.wait("the agent's file", func() bool { return guest.fileFrom("agent") != "" })
	if got := fetched(t, http.DefaultClient, v.base+"/w/"+guest.fileFrom("agent")); !bytes.Equal(got, terms) {
		t.Errorf("the visitor reads %q", got)
	}
	if n := len(v.agent.filesOf(at)); n != 2 {
		t.Errorf("the conversation has %d files, want 2", n)
	}
	if status := v.agent.call(http.MethodPost, "/interactions/"+id.String()+"/files", map[string]any{"client_id": "none", "file": gateway.Attachment{Blob: file.Blob[1:] + "0", Name: "x"}}, nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a file that nobody has uploaded is answered %d", status)
	}
	guest.wantWhole()
	c.finish(t, id)
}

// upload sends a file as the widget does, until it is taken.
func (c *visitor) upload(t *testing.T, cid, name string, data []byte) {
	t.Helper()
	c.v.wait("a file that is taken", func() bool {
		c.mu.Lock()
		token := c.token
		c.mu.Unlock()
		body, kind := multipartOf(t, name, data, "token", token, "cid", cid)
		resp, err := http.Post(c.v.base+"/w/files?key=shop", kind, body)
		if err != nil {
			return false
		}
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode == http.StatusCreated
	})
}

// fileFrom is where the visitor finds the file of a side; empty: there is none yet.
func (c *visitor) fileFrom(side string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.shown {
		if l.From == side && l.File != nil {
			return l.File.URL
		}
	}
	return ""
}

// attach uploads a file as the console does.
func (a *agent) attach(t *testing.T, name string, data []byte) (out gateway.Attachment) {
	t.Helper()
	body, kind := multipartOf(t, name, data)
	resp, err := a.client.Post(a.v.base+"/api/v1/attachments", kind, body)
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	must(t, json.NewDecoder(resp.Body).Decode(&out))
	return out
}

func (a *agent) filesOf(at string) (list []gateway.Entry) {
	var page struct{ Items []gateway.Entry }
	a.must(http.MethodGet, at, nil, &page)
	for _, e := range page.Items {
		if e.Kind == gateway.EntryFile {
			list = append(list, e)
		}
	}
	return list
}

// multipartOf is a form of fields, by name and value, and a file.
func multipartOf(t *testing.T, name string, data []byte, fields ...string) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		must(t, form.WriteField(fields[i], fields[i+1]))
	}
	file, err := form.CreateFormFile("file", name)
	must(t, err)
	_, err = file.Write(data)
	must(t, err)
	must(t, form.Close())
	return &body, form.FormDataContentType()
}

func fetched(t *testing.T, client *http.Client, address string) []byte {
	t.Helper()
	resp, err := client.Get(address)
	must(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return body
}
