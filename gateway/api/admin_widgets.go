package api

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// Widgets are the chat widgets, as their channel keeps them.
type Widgets interface {
	Widget(ctx context.Context, id int64) (Widget, error)
	// KeepWidget adds one without an id, or changes one whose rev was read.
	KeepWidget(ctx context.Context, tx pgx.Tx, w Widget) (Widget, error)
	// SealKeys keeps the keys of the widget that has this key.
	SealKeys(ctx context.Context, tx pgx.Tx, widget string, keys WidgetKeys) error
}

// WidgetKeys are what we and a widget's website know each other by: nil leaves one as it is, an
// empty one takes it away.
type WidgetKeys struct {
	Secret []byte // that the website vouches for its visitors with
	Public []byte // the same, of a pair
	Bot    []byte // that we sign with what its bot is asked
}

// Widget is a chat widget that websites show.
type Widget struct {
	ID        string                 `json:"id"`
	Key       string                 `json:"key" doc:"Public; stands in the page, and stays as it is"`
	Name      string                 `json:"name"`
	Queue     gateway.QueueID        `json:"queue"`
	Origins   []string               `json:"origins" nullable:"false" doc:"Whose pages may show it: https://shop.example, https://*.shop.example"`
	Languages []string               `json:"languages" nullable:"false" doc:"sv, en, de, fi, nb, da, ar; the first is for those who speak none of them"`
	Form      WidgetForm             `json:"form"`
	Color     string                 `json:"color,omitempty" doc:"#rrggbb on which white can be read; ours unless set"`
	Texts     map[string]WidgetTexts `json:"texts,omitempty" doc:"By language"`
	Invites   []Invite               `json:"invites,omitempty" doc:"The first that fits the page is shown"`
	Identity  WidgetIdentity         `json:"identity"`
	Bot       WidgetBot              `json:"bot"`
	After     WidgetAfter            `json:"after"`
	Active    bool                   `json:"active"`
	Rev       int64                  `json:"rev"`
}

// WidgetForm is what is asked before a chat.
type WidgetForm struct {
	Question string        `json:"question,omitempty" enum:"asked,off"`
	Name     string        `json:"name,omitempty" enum:"off,optional,required"`
	Email    string        `json:"email,omitempty" enum:"off,optional,required"`
	Topics   []WidgetTopic `json:"topics,omitempty" doc:"Subjects to choose"`
	Fields   []WidgetField `json:"fields,omitempty" doc:"More questions, in this order"`
	Consent  string        `json:"consent,omitempty" enum:"ask" doc:"Ask whether the browser may keep the chat; left out, the page's script says"`
	Callback string        `json:"callback,omitempty" enum:"always" doc:"Visitors may ask to be called at any time; left out, where the queue offers it"`
	Privacy  string        `json:"privacy,omitempty" doc:"Address of the page that says what becomes of the data"`
	Months   int           `json:"months,omitempty" doc:"How long chats are kept, if customers are to be told"`
	Preview  bool          `json:"preview,omitempty" doc:"Agents see what customers are writing, and the widget tells them so"`
}

// WidgetTopic is a subject; it may lead to a queue and ask for skills of its own.
type WidgetTopic struct {
	ID     string               `json:"id"`
	Label  map[string]string    `json:"label" doc:"By language"`
	Queue  gateway.QueueID      `json:"queue,omitempty"`
	Skills []gateway.SkillLevel `json:"skills,omitempty"`
}

// WidgetField is a question of the website's own. Its answer stands in the first line.
type WidgetField struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind" enum:"text,choice,tick"`
	Label    map[string]string `json:"label" doc:"By language"`
	Required bool              `json:"required,omitempty"`
	Options  []string          `json:"options,omitempty" doc:"Of a choice"`
}

// WidgetTexts are a website's own words.
type WidgetTexts struct {
	Greeting string `json:"greeting,omitempty" doc:"Above the form"`
	Closed   string `json:"closed,omitempty" doc:"When nobody can chat"`
	Thanks   string `json:"thanks,omitempty" doc:"Below a chat that has ended"`
}

// Invite is when a page asks whether its visitor needs help. Browsers look at the rules.
type Invite struct {
	ID     string            `json:"id"`
	Text   map[string]string `json:"text" doc:"By language"`
	URL    string            `json:"url,omitempty" doc:"A pattern of addresses, * is anything; every page unless set"`
	After  int               `json:"after,omitempty" doc:"Seconds on the page"`
	Visits int               `json:"visits,omitempty" doc:"Pages looked at before, at least"`
}

// WidgetIdentity says which keys are there; nobody can read them.
type WidgetIdentity struct {
	Secret bool `json:"secret" doc:"Shared with the website: HS256 and HMAC"`
	Key    bool `json:"key" doc:"The public one of a pair: EdDSA"`
	Bot    bool `json:"bot" doc:"That its bot knows us by; without it the bot is not asked"`
}

// WidgetBot is a program of the website's that answers before a person is asked.
type WidgetBot struct {
	URL     string `json:"url,omitempty" maxLength:"2000" doc:"Where it is asked, by HTTPS; left out, people alone answer"`
	Name    string `json:"name,omitempty" maxLength:"500" doc:"As visitors see it; the widget's unless set"`
	Timeout int    `json:"timeout,omitempty" minimum:"0" maximum:"30" doc:"Seconds that an answer may take, then a person is asked; 10 unless set"`

	Queues []gateway.QueueID `json:"queues,omitempty" maxItems:"100" doc:"It answers chats that would wait there; left out, all"`
}

// WidgetAfter is what goes to a visitor by mail, if they have left an address.
type WidgetAfter struct {
	Transcript bool `json:"transcript,omitempty" doc:"The chat, when it ends by their silence"`
	Continue   int  `json:"continue,omitempty" minimum:"0" maximum:"5" doc:"What their agent writes, once they are away for so many minutes; 0: never"`
}

type newWidgetIn struct {
	Body draft[Widget]
}

type changeWidgetIn struct {
	ID      gateway.CaseID `path:"id"`
	IfMatch string         `header:"If-Match" doc:"The rev that you have read; a stale one is refused with what is there"`
	Body    draft[Widget]
}

type widgetIn struct {
	ID gateway.CaseID `path:"id"`
}

type widgetKeyIn struct {
	ID   gateway.CaseID `path:"id"`
	Body struct {
		Key string `json:"key" maxLength:"100" doc:"Ed25519, 32 bytes in base64; empty: none any more"`
	}
}

// widgetSecret is shown once.
type widgetSecret struct {
	Secret string `json:"secret" doc:"Give it to the website; it is not shown again"`
}

func (s *Server) registerWidgets() {
	role, at := gateway.RoleAdministrator, "/admin/widgets"
	add(s, operation{Method: http.MethodGet, Path: at + "/{id}", ID: "admin-get-widgets", Summary: "One widget", Role: gateway.RoleSupervisor},
		func(ctx context.Context, _ access.Caller, in *widgetIn) (Widget, error) {
			return s.Widgets.Widget(ctx, int64(in.ID))
		})
	add(s, operation{Method: http.MethodPost, Path: at, ID: "admin-create-widgets", Summary: "Add a widget", Role: role, Status: http.StatusCreated, Once: true}, s.makeWidget)
	add(s, operation{Method: http.MethodPatch, Path: at + "/{id}", ID: "admin-change-widgets", Summary: "Change a widget; pages show it within seconds", Role: role}, s.changeWidget)
	add(s, operation{Method: http.MethodPost, Path: at + "/{id}/identity-secret", ID: "admin-make-widget-secret", Summary: "Make a new secret to share with the website, in place of the one before", Role: role, Status: http.StatusCreated}, s.makeWidgetSecret)
	addSilent(s, operation{Method: http.MethodDelete, Path: at + "/{id}/identity-secret", ID: "admin-drop-widget-secret", Summary: "Believe what the secret signs no more", Role: role}, s.dropWidgetSecret)
	add(s, operation{Method: http.MethodPut, Path: at + "/{id}/identity-key", ID: "admin-set-widget-key", Summary: "Say which pair the website signs with", Role: role}, s.setWidgetKey)
	add(s, operation{Method: http.MethodPost, Path: at + "/{id}/bot-secret", ID: "admin-make-bot-secret", Summary: "Make a new secret that the widget's bot knows us by, in place of the one before", Role: role, Status: http.StatusCreated}, s.makeBotSecret)
	addSilent(s, operation{Method: http.MethodDelete, Path: at + "/{id}/bot-secret", ID: "admin-drop-bot-secret", Summary: "Ask the widget's bot no more", Role: role}, s.dropBotSecret)
}

func (s *Server) makeWidget(ctx context.Context, by access.Caller, in *newWidgetIn) (Widget, error) {
	fresh, err := in.Body.over(Widget{Active: true}, nil)
	if err != nil {
		return fresh, err
	}
	if err := s.checkWidget(ctx, &fresh); err != nil {
		return fresh, err
	}
	return once(ctx, s, by, "admin-create-widgets", func(w *work) (Widget, error) {
		made, err := s.Widgets.KeepWidget(ctx, w.tx, fresh)
		if err != nil {
			return made, err
		}
		return made, w.audit(ctx, by, "widget.created", "widget:"+made.ID, map[string]any{"fields": in.Body.names()})
	})
}

func (s *Server) changeWidget(ctx context.Context, by access.Caller, in *changeWidgetIn) (kept Widget, err error) {
	was, err := s.Widgets.Widget(ctx, int64(in.ID))
	if err != nil {
		return was, err
	}
	rev, err := matched(in.IfMatch)
	if err != nil {
		return was, err
	}
	changed, err := in.Body.over(was, rev)
	if err != nil {
		return was, err
	}
	changed.ID, changed.Key = was.ID, was.Key
	if err := s.checkWidget(ctx, &changed); err != nil {
		return was, err
	}
	err = s.commit(ctx, func(w *work) error {
		if kept, err = s.Widgets.KeepWidget(ctx, w.tx, changed); err != nil {
			return err
		}
		kept.Identity = was.Identity
		return w.audit(ctx, by, "widget.changed", "widget:"+kept.ID, map[string]any{"fields": in.Body.names()})
	})
	return kept, err
}

// checkWidget refuses queues and skills that there are not: its chats would wait where nobody
// looks. The channel checks the rest.
func (s *Server) checkWidget(ctx context.Context, w *Widget) error {
	queues := []gateway.QueueID{w.Queue}
	for _, t := range w.Form.Topics {
		queues = append(queues, t.Queue)
		if err := s.checkSkills(ctx, t.Skills); err != nil {
			return err
		}
	}
	slices.Sort(queues)
	for _, q := range slices.Compact(queues) {
		if q == 0 {
			continue // a topic's own is the widget's; that one has none, the channel says
		}
		if _, err := s.Roster.Queue(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// makeWidgetSecret is not done under a key: its answer would be kept for a day.
func (s *Server) makeWidgetSecret(ctx context.Context, by access.Caller, in *widgetIn) (widgetSecret, error) {
	secret := freshSecret()
	_, err := s.sealWidget(ctx, by, in.ID, "widget.secret_made", WidgetKeys{Secret: []byte(secret)})
	return widgetSecret{secret}, err
}

func freshSecret() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}

func (s *Server) dropWidgetSecret(ctx context.Context, by access.Caller, in *widgetIn) (none, error) {
	_, err := s.sealWidget(ctx, by, in.ID, "widget.secret_dropped", WidgetKeys{Secret: []byte{}})
	return none{}, err
}

// makeBotSecret is not done under a key either.
func (s *Server) makeBotSecret(ctx context.Context, by access.Caller, in *widgetIn) (widgetSecret, error) {
	secret := freshSecret()
	_, err := s.sealWidget(ctx, by, in.ID, "widget.bot_secret_made", WidgetKeys{Bot: []byte(secret)})
	return widgetSecret{secret}, err
}

func (s *Server) dropBotSecret(ctx context.Context, by access.Caller, in *widgetIn) (none, error) {
	_, err := s.sealWidget(ctx, by, in.ID, "widget.bot_secret_dropped", WidgetKeys{Bot: []byte{}})
	return none{}, err
}

func (s *Server) setWidgetKey(ctx context.Context, by access.Caller, in *widgetKeyIn) (Widget, error) {
	key, err := base64.StdEncoding.DecodeString(in.Body.Key)
	if err != nil || len(key) != 0 && len(key) != ed25519.PublicKeySize {
		return Widget{}, gateway.Invalid("bad_key", "that is no Ed25519 public key: it has 32 bytes, written in base64")
	}
	return s.sealWidget(ctx, by, in.ID, "widget.key_set", WidgetKeys{Public: key})
}

func (s *Server) sealWidget(ctx context.Context, by access.Caller, id gateway.CaseID, what string, keys WidgetKeys) (Widget, error) {
	of, err := s.Widgets.Widget(ctx, int64(id))
	if err != nil {
		return of, err
	}
	err = s.commit(ctx, func(w *work) error {
		if err := s.Widgets.SealKeys(ctx, w.tx, of.Key, keys); err != nil {
			return err
		}
		return w.audit(ctx, by, what, "widget:"+of.ID, nil)
	})
	for _, k := range []struct {
		key   []byte
		there *bool
	}{{keys.Secret, &of.Identity.Secret}, {keys.Public, &of.Identity.Key}, {keys.Bot, &of.Identity.Bot}} {
		if k.key != nil {
			*k.there = len(k.key) > 0
		}
	}
	return of, err
}
