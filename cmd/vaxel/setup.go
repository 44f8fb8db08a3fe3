package main

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/roster"
)

// settle brings the database to what the configuration says: the queues that it names
// exist, and its mailboxes, trunks and widgets are as it has them.
func (h *house) settle(ctx context.Context) error {
	queues, err := h.queues(ctx)
	if err != nil {
		return err
	}
	for _, m := range h.config.Mailboxes {
		if !h.config.does(roleChannels) {
			break
		}
		if err := h.settleMailbox(ctx, m, queues); err != nil {
			return fmt.Errorf("mailbox %s: %w", m.Address, err)
		}
	}
	for _, t := range h.config.Voice.Trunks {
		if h.voice == nil || t.Disabled {
			continue
		}
		if err := h.settleTrunk(ctx, t, queues); err != nil {
			return fmt.Errorf("trunk %s: %w", t.Name, err)
		}
	}
	for _, w := range h.config.Widgets {
		if err := h.settleWidget(ctx, w, queues); err != nil {
			return fmt.Errorf("widget %s: %w", w.Key, err)
		}
	}
	return nil
}

// dismiss ends what the configuration does not name any more. One that names none of a kind
// says nothing of them: another node's does.
func (h *house) dismiss(ctx context.Context) error {
	var boxes, trunks []string
	for _, m := range h.config.Mailboxes {
		boxes = append(boxes, m.Address)
	}
	for _, t := range h.config.Voice.Trunks {
		if !t.Disabled {
			trunks = append(trunks, t.Name)
		}
	}
	if h.config.does(roleChannels) && len(boxes) > 0 {
		gone, err := h.email.Dismiss(ctx, boxes)
		if err != nil {
			return err
		}
		for _, address := range gone {
			h.log.Info("mailbox is not in the configuration: no longer read", "mailbox", address)
		}
	}
	if h.voice == nil || len(h.config.Voice.Trunks) == 0 {
		return nil
	}
	gone, err := h.voice.Dismiss(ctx, trunks)
	for _, name := range gone {
		h.log.Info("trunk is not in the configuration: its calls are refused", "trunk", name)
	}
	return err
}

// settleMailbox makes the store's mailbox what the configuration says. Its cursor stays.
func (h *house) settleMailbox(ctx context.Context, m MailboxConfig, queues queueNames) error {
	queue, err := queues.get(ctx, h, m.Queue)
	if err != nil {
		return err
	}
	skills, err := h.skills(ctx, m.Skills)
	if err != nil {
		return err
	}
	backfill, err := m.backfill()
	if err != nil {
		return err
	}
	_, err = h.email.Save(ctx, email.Mailbox{
		Address: m.Address, Name: m.Name, Queue: queue, Skills: skills, User: m.User, Folder: m.Folder, Plus: m.Plus, Enabled: !m.Disabled,
		MoveTo: m.MoveTo, SentFolder: m.SentFolder, FromNow: m.FromNow, Backfill: backfill,
		IMAP:        email.Server{Address: m.IMAP.Address, TLS: email.TLSMode(m.IMAP.TLS)},
		SMTP:        email.Server{Address: m.SMTP.Address, TLS: email.TLSMode(m.SMTP.TLS)},
		OAuth:       email.OAuth(m.OAuth),
		Acknowledge: email.Acknowledgement{Open: m.Acknowledge, Closed: m.AcknowledgeClosed},
	}, m.Password)
	return err
}

// settleTrunk does the same for a trunk. One that names no sources is believed from this machine
// only.
func (h *house) settleTrunk(ctx context.Context, t TrunkConfig, queues queueNames) error {
	queue, err := queues.get(ctx, h, t.Queue)
	if err != nil {
		return err
	}
	skills, err := h.skills(ctx, t.Skills)
	if err != nil {
		return err
	}
	trunk := voice.Trunk{Name: t.Name, Number: t.Number, Queue: queue, Skills: skills, Language: t.Language, MaxWait: gateway.Seconds(t.MaxWait)}
	if trunk.Language == "" {
		trunk.Language = h.config.Language
	}
	from := t.From
	if len(from) == 0 {
		from = []string{"127.0.0.0/8"}
	}
	for _, f := range from {
		prefix, err := netip.ParsePrefix(f)
		if err != nil {
			return fmt.Errorf("from: %w", err)
		}
		trunk.Sources = append(trunk.Sources, prefix)
	}
	_, err = h.voice.PutTrunk(ctx, trunk)
	return err
}

// skills gives the skills that the configuration names, by whatever case; one that there is
// not is made, as queues are.
func (h *house) skills(ctx context.Context, names map[string]int) ([]gateway.SkillLevel, error) {
	if len(names) == 0 {
		return nil, nil
	}
	list, err := h.roster.Skills(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the skills: %w", err)
	}
	var needs []gateway.SkillLevel
	for _, name := range slices.Sorted(maps.Keys(names)) {
		i := slices.IndexFunc(list, func(k roster.Skill) bool { return strings.EqualFold(k.Name, name) })
		if i < 0 {
			k, err := h.roster.CreateSkill(ctx, roster.Skill{Name: name})
			if err != nil {
				return nil, fmt.Errorf("make skill %s: %w", name, err)
			}
			i, list = len(list), append(list, k)
		}
		needs = append(needs, gateway.SkillLevel{Skill: list[i].ID, Level: names[name]})
	}
	return needs, nil
}

// queueNames finds queues by what the configuration calls them, in any language.
type queueNames map[string]gateway.QueueID

func (h *house) queues(ctx context.Context) (queueNames, error) {
	list, err := h.roster.Queues(ctx, roster.QueueFilter{})
	if err != nil {
		return nil, fmt.Errorf("read the queues: %w", err)
	}
	names := queueNames{}
	for _, q := range list {
		for _, name := range q.Name {
			names[name] = q.ID
		}
	}
	return names, nil
}

// get gives the queue of a name, made if there is none: a configuration that names a
// queue wants it.
func (n queueNames) get(ctx context.Context, h *house, name string) (gateway.QueueID, error) {
	if id, ok := n[name]; ok {
		return id, nil
	}
	plans := map[gateway.Channel]gateway.ChannelPlan{}
	for _, c := range gateway.Channels {
		plans[c] = roster.DefaultPlan(c)
	}
	q, err := h.roster.CreateQueue(ctx, roster.Queue{
		Name: roster.Label{"en": name, "sv": name}, Band: roster.DefaultBand, Channels: plans, Active: true,
	})
	if err != nil {
		return 0, fmt.Errorf("make queue %s: %w", name, err)
	}
	n[name] = q.ID
	return q.ID, nil
}
