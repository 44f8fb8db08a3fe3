package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// settleWidget saves a widget as the configuration has it. What that does not name stays
// as somebody else has set it.
func (h *house) settleWidget(ctx context.Context, c WidgetConfig, queues queueNames) (err error) {
	kept, err := h.chat.Widgets(ctx)
	if err != nil {
		return err
	}
	w := chat.Widget{Key: c.Key}
	if i := slices.IndexFunc(kept, func(k chat.Widget) bool { return k.Key == c.Key }); i >= 0 {
		w = kept[i]
	}
	if w.Queue, err = queues.get(ctx, h, c.Queue); err != nil {
		return err
	}
	w.Name = cmp.Or(c.Name, w.Name)
	if c.Origins != nil {
		w.Origins = c.Origins
	}
	if len(c.Languages) > 0 {
		w.Languages = c.Languages
	}
	f := &w.Form
	f.Question, f.Name, f.Email = cmp.Or(c.Form.Question, f.Question), cmp.Or(c.Form.Name, f.Name), cmp.Or(c.Form.Email, f.Email)
	f.Privacy, f.Months = cmp.Or(c.Form.Privacy, f.Privacy), cmp.Or(c.Form.Months, f.Months)
	if c.Form.Preview != nil {
		f.Preview = *c.Form.Preview
	}
	if len(c.Form.Topics) > 0 {
		if f.Topics, err = h.topics(ctx, c.Form.Topics, queues); err != nil {
			return err
		}
	}
	if err = h.botOf(ctx, &w.Bot, c.Bot, queues); err != nil {
		return err
	}
	if _, err = h.chat.SaveWidget(ctx, w); err != nil {
		return err
	}
	return h.sealIdentity(ctx, c)
}

func (h *house) botOf(ctx context.Context, b *chat.Bot, c WidgetBot, queues queueNames) error {
	b.URL, b.Name, b.Timeout = cmp.Or(c.URL, b.URL), cmp.Or(c.Name, b.Name), cmp.Or(c.Timeout, b.Timeout)
	if len(c.Queues) == 0 {
		return nil
	}
	b.Queues = nil
	for _, name := range c.Queues {
		id, err := queues.get(ctx, h, name)
		if err != nil {
			return err
		}
		b.Queues = append(b.Queues, id)
	}
	return nil
}

// sealIdentity keeps the keys by which a website vouches for its visitors, and its bot knows us.
func (h *house) sealIdentity(ctx context.Context, c WidgetConfig) error {
	public, err := base64.StdEncoding.DecodeString(c.IdentityKey)
	if err != nil {
		return fmt.Errorf("widget %s: identity_key: %w", c.Key, err)
	}
	for name, key := range map[string][]byte{chat.SharedKey(c.Key): []byte(c.IdentitySecret), chat.PublicKey(c.Key): public, chat.BotKey(c.Key): []byte(c.Bot.Secret)} {
		if len(key) == 0 {
			continue // as somebody else has set it
		}
		if err := h.vault.Put(ctx, h.pool, name, key); err != nil {
			return err
		}
	}
	return nil
}

func (h *house) topics(ctx context.Context, configured []WidgetTopic, queues queueNames) ([]chat.Topic, error) {
	var list []chat.Topic
	for _, c := range configured {
		t := chat.Topic{ID: c.ID, Label: c.Label}
		maps.DeleteFunc(t.Label, func(_, label string) bool { return label == "" })
		var err error
		if c.Queue != "" {
			if t.Queue, err = queues.get(ctx, h, c.Queue); err != nil {
				return nil, err
			}
		}
		for _, s := range c.Skills {
			id, err := h.skill(ctx, s.Name)
			if err != nil {
				return nil, err
			}
			t.Skills = append(t.Skills, gateway.SkillLevel{Skill: id, Level: s.Level})
		}
		list = append(list, t)
	}
	return list, nil
}

// skill gives the skill of a name, made if there is none, as queues are.
func (h *house) skill(ctx context.Context, name string) (gateway.SkillID, error) {
	list, err := h.roster.Skills(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the skills: %w", err)
	}
	if i := slices.IndexFunc(list, func(k roster.Skill) bool { return strings.EqualFold(k.Name, name) }); i >= 0 {
		return list[i].ID, nil
	}
	k, err := h.roster.CreateSkill(ctx, roster.Skill{Name: name})
	if err != nil {
		return 0, fmt.Errorf("make skill %s: %w", name, err)
	}
	return k.ID, nil
}
