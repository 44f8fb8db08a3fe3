package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/vaxelhq/vaxel/channels/chat"
	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/voice"
	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/tickets"
)

// seeding puts the sample there, once: each thing is looked up by its name first, so a
// seeding that was cut short is completed by the next start. When it is whole, demo.json
// says so, and what an administrator changes or removes stays that way.
type seeding struct {
	*demo
	queues map[string]gateway.QueueID
	groups map[string]gateway.GroupID
	skills map[string]gateway.SkillID
	agents map[string]gateway.AgentID // by login
}

func (d *demo) seed(ctx context.Context) error {
	logins, err := d.access.Logins(ctx)
	if err != nil {
		return fmt.Errorf("read the logins: %w", err)
	}
	if d.memory.Seeded == sampleEdition && len(logins) > 0 {
		return d.moveMailbox(ctx)
	}
	if err := d.maySeed(ctx, logins); err != nil {
		return err
	}
	s := &seeding{
		demo: d, queues: map[string]gateway.QueueID{}, groups: map[string]gateway.GroupID{},
		skills: map[string]gateway.SkillID{}, agents: map[string]gateway.AgentID{},
	}
	group, gctx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.importArticles(gctx) })
	group.Go(func() error { return s.house(gctx, logins) })
	if err := group.Wait(); err != nil {
		return err
	}
	d.memory.Seeded, d.memory.Renew = sampleEdition, false
	return d.memory.save()
}

// maySeed keeps the sample out of a house that is in use: it would get people with passwords
// that its page shows, and logins of their names would get these.
func (d *demo) maySeed(ctx context.Context, logins []access.Login) error {
	if !d.memory.fresh || len(logins) == 0 {
		return nil
	}
	boxes, err := d.email.Mailboxes(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(boxes, func(m email.Mailbox) bool { return m.Address == shopAddress }) {
		return nil // a demonstration that has lost its demo.json
	}
	return fmt.Errorf("there are logins already, of no demonstration: name another directory for it with VAXEL_DATA_DIR (%s is taken), "+
		"and no database of yours with VAXEL_DATABASE_URL", d.config.DataDir)
}

// house is everything but the articles, in the order in which one thing needs another.
// Nothing needs the logins, and hashing their passwords takes its time on purpose.
func (s *seeding) house(ctx context.Context, logins []access.Login) error {
	if err := inTurn(ctx, s.putQueues, s.putGroups, s.putSkills, s.putAgents); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.putLogins(ctx, logins) })
	group.Go(func() error {
		return inTurn(ctx, s.putStatusCodes, s.putLists, s.putMailbox, s.putWidget, s.putTrunks)
	})
	return group.Wait()
}

func inTurn(ctx context.Context, steps ...func(context.Context) error) error {
	for _, do := range steps {
		if err := do(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeding) putQueues(ctx context.Context) error {
	have, err := s.roster.Queues(ctx, roster.QueueFilter{Former: true})
	if err != nil {
		return err
	}
	for _, q := range have {
		for _, want := range sampleQueues {
			if q.Name["sv"] == want.name["sv"] {
				s.queues[want.key] = q.ID
			}
		}
	}
	for _, want := range sampleQueues {
		if s.queues[want.key] != 0 {
			continue
		}
		q, err := s.roster.CreateQueue(ctx, roster.Queue{
			Name: want.name, Band: want.band, Channels: sampleChannels(), FromName: shopName,
		})
		if err != nil {
			return err
		}
		s.queues[want.key] = q.ID
	}
	for _, id := range s.queues {
		below := tickets.Words{Text: "Vänliga hälsningar\n{{agent.name}}, " + shopName}
		if _, err := s.tickets.SetSignature(ctx, tickets.SignatureOfQueue, int64(id), below); err != nil {
			return err
		}
	}
	return nil
}

// sampleChannels leaves a newcomer more time than a busy house would: to look around
// before an offer goes on, and to choose a transaction code. Mail is set aside for a call:
// nobody who tries the telephones with a mail open should wait in vain.
func sampleChannels() map[gateway.Channel]gateway.ChannelPlan {
	plans := map[gateway.Channel]gateway.ChannelPlan{}
	for _, c := range gateway.Channels {
		p := roster.DefaultPlan(c)
		p.OfferTimeout = max(p.OfferTimeout, 30)
		p.Decline = gateway.DeclineSoft
		p.Interruptible = c == gateway.Email || c == gateway.Voicemail // a call rings while a mail is open
		p.WrapUp = gateway.WrapUpPlan{Mode: gateway.WrapUpTimedExtendable, Seconds: 120}
		plans[c] = p
	}
	return plans
}

func (s *seeding) putGroups(ctx context.Context) error {
	have, err := s.roster.Groups(ctx)
	if err != nil {
		return err
	}
	for _, g := range have {
		s.groups[g.Name] = g.ID
	}
	for _, name := range sampleGroups {
		if s.groups[name] != 0 {
			continue
		}
		g, err := s.roster.CreateGroup(ctx, roster.Group{Name: name})
		if err != nil {
			return err
		}
		s.groups[name] = g.ID
	}
	return nil
}

func (s *seeding) putSkills(ctx context.Context) error {
	have, err := s.roster.Skills(ctx)
	if err != nil {
		return err
	}
	for _, k := range have {
		s.skills[k.Name] = k.ID
	}
	for _, name := range sampleSkills {
		if s.skills[name] != 0 {
			continue
		}
		k, err := s.roster.CreateSkill(ctx, roster.Skill{Name: name})
		if err != nil {
			return err
		}
		s.skills[name] = k.ID
	}
	return nil
}

func (s *seeding) putAgents(ctx context.Context) error {
	have, err := s.roster.Agents(ctx, roster.AgentFilter{Former: true, Limit: 1000})
	if err != nil {
		return err
	}
	named := map[string]gateway.AgentID{}
	for _, a := range have {
		named[a.Name] = a.ID
	}
	for _, p := range samplePeople {
		if s.agents[p.login] = named[p.name]; s.agents[p.login] != 0 {
			continue
		}
		a, err := s.roster.CreateAgent(ctx, s.agent(p))
		if err != nil {
			return err
		}
		s.agents[p.login] = a.ID
	}
	return nil
}

func (s *seeding) agent(p samplePerson) roster.Agent {
	a := roster.Agent{Name: p.name, Group: s.groups[p.group], Language: p.language, Email: p.login + "@nordvind.example"}
	for _, q := range sampleQueues {
		if level := p.queues[q.key]; level > 0 {
			a.Memberships = append(a.Memberships, gateway.Membership{Queue: s.queues[q.key], Enabled: true, Level: level})
		}
	}
	for _, name := range sampleSkills {
		if level := p.skills[name]; level > 0 {
			a.Skills = append(a.Skills, gateway.SkillLevel{Skill: s.skills[name], Level: level})
		}
	}
	if p.phone {
		a.Phones = []roster.Phone{{Kind: roster.PhoneSIP, Address: s.phoneURI(agentPhone)}}
	}
	return a
}

// putLogins works on several at once.
func (s *seeding) putLogins(ctx context.Context, have []access.Login) error {
	named := map[string]access.Login{}
	for _, l := range have {
		named[l.Name] = l
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range samplePeople {
		group.Go(func() error {
			l, there := named[p.login]
			switch {
			case !there:
				_, _, err := s.access.CreateLogin(ctx, access.System, access.Login{
					Name: p.login, Display: p.name, Agent: s.agents[p.login], Role: p.role,
				}, s.memory.Logins[p.login])
				return err
			case s.memory.Renew:
				return s.renewPassword(ctx, l.ID, s.memory.Logins[p.login])
			}
			return nil
		})
	}
	return group.Wait()
}

// renewPassword gives a login the password that demo.json has now, since its last one
// went with the file.
func (s *seeding) renewPassword(ctx context.Context, id gateway.LoginID, password string) error {
	once, err := s.access.ResetPassword(ctx, access.System, id)
	if err != nil {
		return err
	}
	return s.access.ChangePassword(ctx, access.Caller{Login: id}, once, password)
}

func (s *seeding) putMailbox(ctx context.Context) error {
	have, err := s.email.Mailboxes(ctx)
	if err != nil {
		return err
	}
	for _, m := range have {
		if m.Address == shopAddress {
			return s.moveMailbox(ctx)
		}
	}
	_, err = s.email.Save(ctx, email.Mailbox{
		Address: shopAddress, Name: shopName, Queue: s.queues["delivery"], User: shopAddress, Plus: true, Enabled: true,
		IMAP: email.Server{Address: local(s.memory.IMAP), TLS: email.NoTLS},
		SMTP: email.Server{Address: local(s.memory.SMTP), TLS: email.NoTLS},
	}, s.memory.MailPassword)
	return err
}

// moveMailbox follows the mail server to another port or password.
func (d *demo) moveMailbox(ctx context.Context) error {
	list, err := d.email.Mailboxes(ctx)
	if err != nil {
		return err
	}
	for _, m := range list {
		imap, smtp := local(d.memory.IMAP), local(d.memory.SMTP)
		if m.Address != shopAddress || m.IMAP.Address == imap && m.SMTP.Address == smtp && !d.memory.Renew {
			continue
		}
		m.IMAP.Address, m.SMTP.Address = imap, smtp
		if _, err := d.email.Save(ctx, m, d.memory.MailPassword); err != nil {
			return err
		}
	}
	return nil
}

func (s *seeding) putWidget(ctx context.Context) error {
	have, err := s.chat.Widgets(ctx)
	if err != nil {
		return err
	}
	for _, w := range have {
		if w.Key == widgetKey {
			return nil
		}
	}
	_, err = s.chat.SaveWidget(ctx, chat.Widget{
		Key: widgetKey, Name: shopName, Queue: s.queues["advice"], Languages: []string{"sv", "en"},
		Form: chat.Form{Topics: sampleTopics(s.queues), Months: 12},
	})
	return err
}

func (s *seeding) putTrunks(ctx context.Context) error {
	have := map[string]bool{}
	for _, t := range s.voice.Trunks() {
		have[t.Name] = true
	}
	for _, n := range sampleNumbers {
		if have[n.shown] {
			continue
		}
		if _, err := s.voice.PutTrunk(ctx, voice.Trunk{
			Name: n.shown, Number: n.number, Sources: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
			Queue: s.queues[n.queue], Language: n.language, MaxWait: n.maxWait,
		}); err != nil {
			return err
		}
	}
	return nil
}
