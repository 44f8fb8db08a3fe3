package api_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/api"
	"github.com/vaxelhq/vaxel/gateway/blob"
	"github.com/vaxelhq/vaxel/gateway/floor"
)

// files is the blobs as the API wants them.
type files struct{ *blob.Store }

func (f files) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	info, err := f.Store.Put(ctx, r)
	return info.Key, info.Size, err
}

func (f files) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	body, _, err := f.Store.Open(ctx, key)
	return body, err
}

// library is two articles, one of them internal.
type library struct{}

func (library) all() []api.ArticleHit {
	return []api.ArticleHit{
		{ID: 1, Number: 11, Shortcut: "återköp", Language: "sv", Title: "Återköp", Snippet: "Du har 14 dagar"},
		{ID: 2, Number: 12, Shortcut: "svinn", Language: "sv", Title: "Svinn", Internal: true},
	}
}

func (l library) Find(context.Context, string, string, int) ([]api.ArticleHit, error) {
	return l.all(), nil
}

func (l library) Shortcut(_ context.Context, word, _ string) (api.ArticleHit, error) {
	for _, a := range l.all() {
		if a.Shortcut == word {
			return a, nil
		}
	}
	return api.ArticleHit{}, gateway.NotFound("no_shortcut", "no article has this shortcut")
}

func (l library) Read(_ context.Context, id gateway.ArticleID, _ string) (api.Article, error) {
	if id > 2 || id == 0 {
		return api.Article{}, gateway.NotFound("no_article", "there is no such article")
	}
	url := map[gateway.ArticleID]string{1: "https://help.example/11"}[id]
	return api.Article{ArticleHit: l.all()[id-1], Markdown: "# hej", HTML: "<h1>hej</h1>", URL: url, Tags: []string{}}, nil
}

func (l library) Suggest(_ context.Context, words []string, _ string, without []gateway.ArticleID) ([]api.ArticleHit, error) {
	if len(words) == 0 || len(without) > 0 {
		return nil, nil
	}
	return l.all()[:1], nil
}

func (l library) Card(_ context.Context, id gateway.ArticleID, language string, _ gateway.ConversationID, _ gateway.AgentID) (gateway.ArticleCard, error) {
	if id != 1 {
		return gateway.ArticleCard{}, gateway.NotFound("no_public_article", "this article is not public")
	}
	return gateway.ArticleCard{Article: id, Number: 11, Language: language, Title: "Återköp", URL: "https://help.example/11"}, nil
}

// post makes mails without a server.
type post struct{}

func (post) Compose(_ context.Context, _ pgx.Tx, r api.MailReply) (gateway.Outbound, gateway.Mail, error) {
	to, cc := r.To, r.Cc
	if len(to) == 0 {
		to = []gateway.Address{r.Answers.From}
		if r.All {
			cc = r.Answers.Cc
		}
	}
	id := fmt.Sprintf("%d.%s@vaxel.example", r.Conversation, rand.Text())
	out := gateway.Outbound{
		Kind: gateway.OutboundEmail, Conversation: r.Conversation, MessageID: id,
		Recipients: []gateway.Recipient{{Address: to[0].Value}}, Body: json.RawMessage(`{}`),
	}
	mail := gateway.Mail{
		MessageID: id, InReplyTo: r.Answers.MessageID, From: gateway.Address{Value: r.Sender.Value, Name: r.Sender.Name},
		Subject: "Re: " + r.Answers.Subject, To: to, Cc: cc, Bcc: r.Bcc, HTML: r.HTML, Attachments: r.Attachments, Defects: r.References,
	}
	if r.Invitation != nil {
		mail.Invitation = &gateway.Invitation{Method: "reply", Answer: r.Attend}
	}
	return out, mail, nil
}

func (post) Forward(r api.MailReply, e gateway.Entry) (api.MailReply, int, error) {
	quoted := len(r.Text)
	r.Text, r.Answers, r.References = r.Text+e.Text, gateway.Mail{}, nil
	return r, quoted, nil
}

func (post) Answer(_ context.Context, m gateway.Mail, _ []string) (author, all api.Recipients, err error) {
	return api.Recipients{To: []gateway.Address{m.From}}, api.Recipients{To: []gateway.Address{m.From}, Cc: m.Cc}, nil
}

// line is the bus as far as the floor, which can lose what is asked, or the answer.
type line struct {
	floor.Bus

	mu         sync.Mutex // guards what follows
	deaf, mute bool
}

func (l *line) cut(deaf, mute bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf, l.mute = deaf, mute
}

// Ask is described at floor.Bus.
func (l *line) Ask(ctx context.Context, holder, key string, body []byte) ([]byte, error) {
	l.mu.Lock()
	deaf, mute := l.deaf, l.mute
	l.mu.Unlock()
	lost := &gateway.Error{Kind: gateway.KindTryAgain, Code: "no_answer", Detail: "there was no answer in time"}
	if deaf {
		return nil, lost
	}
	answer, err := l.Bus.Ask(ctx, holder, key, body)
	if mute {
		return nil, lost
	}
	return answer, err
}

// ways are one mailbox that is not read.
type ways struct{}

func (ways) Mailboxes(context.Context) ([]api.Mailbox, error) {
	return []api.Mailbox{{ID: "1", Address: "faktura@example.se", Behind: 3, Problem: "the password is wrong"}}, nil
}

func (ways) Widgets(context.Context) ([]api.Widget, error) { return nil, nil }

func (ways) Trunks(context.Context) ([]api.Trunk, error) { return nil, nil }

// telephone allows one number.
type telephone struct {
	mu   sync.Mutex // guards what follows
	fail error      // of the next calls
	rung []gateway.InteractionID
	keys string // that were pressed
}

func (p *telephone) breaks(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

func (*telephone) MayDial(_ context.Context, _ gateway.AgentID, number string) error {
	if number != "+46701740605" {
		return gateway.Forbidden("not_in_dial_plan", "the dial plan does not allow this number")
	}
	return nil
}

func (p *telephone) Dial(_ context.Context, _ gateway.AgentID, _ string, i gateway.Interaction) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rung = append(p.rung, i.ID)
	return p.fail
}

func (*telephone) Control(context.Context, gateway.InteractionID, gateway.AgentID, api.CallControl) error {
	return nil
}

func (p *telephone) CallOutside(_ context.Context, i gateway.InteractionID, _ gateway.AgentID, _ string, _ bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rung = append(p.rung, i)
	return p.fail
}

func (p *telephone) Press(_ context.Context, _ gateway.InteractionID, _ gateway.AgentID, keys string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys += keys
	return p.fail
}

func (p *telephone) pressed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys
}

func (*telephone) Lines(context.Context, gateway.AgentID) ([]api.Line, error) {
	return []api.Line{{No: 1, State: "idle"}, {No: 2, State: "idle"}}, nil
}
