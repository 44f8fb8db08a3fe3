package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/channels/chat"
)

func (w WidgetConfig) check(bad func(key, why string, args ...any)) {
	if w.Key == "" || w.Queue == "" {
		bad("", "needs key and queue")
	}
	if n := len(w.IdentitySecret); n > 0 && n < 32 {
		bad(" identity_secret", "it has %d bytes: 32 or more cannot be guessed (RFC 7518 §3.2); make one with openssl rand -hex 32", n)
	}
	if key, err := base64.StdEncoding.DecodeString(w.IdentityKey); w.IdentityKey != "" && (err != nil || len(key) != ed25519.PublicKeySize) {
		bad(" identity_key", "it is not an Ed25519 public key: 32 bytes in base64")
	}
	for _, l := range w.Languages {
		if !slices.Contains(chat.Languages, l) {
			bad(" languages", "%q is not one of %s", l, strings.Join(chat.Languages, ", "))
		}
	}
	w.Bot.check(bad)
	f := w.Form
	oneOf := func(key, value string, of ...string) {
		if value != "" && !slices.Contains(of, value) {
			bad(" form."+key, "%q is not one of %s", value, strings.Join(of, ", "))
		}
	}
	oneOf("question", f.Question, "asked", "off")
	oneOf("name", f.Name, "optional", "required", "off")
	oneOf("email", f.Email, "optional", "required", "off")
	if u, err := url.Parse(f.Privacy); f.Privacy != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		bad(" form.privacy", "%q: write the whole address of a page, such as https://shop.example/privacy", f.Privacy)
	}
	if f.Months < 0 {
		bad(" form.months", "%d is below nothing; leave it out to say nothing of it", f.Months)
	}
	w.checkTopics(bad)
}

func (b WidgetBot) check(bad func(key, why string, args ...any)) {
	if u, err := url.Parse(b.URL); b.URL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		bad(" bot.url", "%q: write the whole address, such as https://bot.shop.example/chat", b.URL)
	}
	if b.Timeout < 0 || b.Timeout > 30 {
		bad(" bot.timeout", "%d: 1 to 30 seconds, or leave it out for 10", b.Timeout)
	}
	if n := len(b.Secret); n > 0 && n < 32 {
		bad(" bot.secret", "it has %d bytes: 32 or more cannot be guessed; make one with openssl rand -hex 32", n)
	}
}

func (w WidgetConfig) checkTopics(bad func(key, why string, args ...any)) {
	seen := map[string]bool{}
	for i, t := range w.Form.Topics {
		at := fmt.Sprintf(" form.topic %d", i+1)
		if t.ID == "" || seen[t.ID] {
			bad(at+" id", "%q: give each topic an id of its own, such as invoice", t.ID)
		}
		seen[t.ID] = true
		for _, l := range w.spoken() {
			if t.Label[l] == "" {
				bad(at+" label", "it has none in %s, which the widget speaks", l)
			}
		}
		for _, s := range t.Skills {
			if s.Name == "" || s.Level < 1 || s.Level > 5 {
				bad(at+" skill", "%q, level %d: name it, with a level from 1 to 5", s.Name, s.Level)
			}
		}
	}
}

// spoken are the widget's languages.
func (w WidgetConfig) spoken() []string {
	if len(w.Languages) == 0 {
		return []string{"sv", "en"}
	}
	return w.Languages
}

// botNetworks are where widgets' bots may be asked beside public addresses; they were checked.
func (c ChatConfig) botNetworks() []netip.Prefix {
	return mapped(c.BotNetworks, netip.MustParsePrefix)
}
