package main

import (
	"cmp"
	"strings"

	"github.com/vaxelhq/vaxel/gateway/outbox"
)

// check refuses limits that nobody could keep, and providers that nobody could tell apart.
func (m MailOutConfig) check(bad func(key, why string, args ...any)) {
	notBelowNothing(bad, "mail_out.per_minute", m.PerMinute)
	notBelowNothing(bad, "mail_out.connections", m.Connections)
	notBelowNothing(bad, "mail_out.provider_per_minute", m.ProviderPerMinute)
	notBelowNothing(bad, "mail_out.provider_connections", m.ProviderConnections)
	const key = "mail_out.provider"
	named, of := map[string]bool{}, map[string]string{}
	for _, p := range m.Providers {
		notBelowNothing(bad, key+" "+p.Name+" per_minute", p.PerMinute)
		notBelowNothing(bad, key+" "+p.Name+" connections", p.Connections)
		switch {
		case p.Name == "" || strings.Contains(p.Name, "@"):
			bad(key, "%q is no name for a provider; write one word, such as microsoft", p.Name)
		case named[p.Name]:
			bad(key, "%s stands there twice; put its domains together", p.Name)
		case len(p.Domains) == 0:
			bad(key, "%s has no domains; name those of its addresses, such as outlook.com", p.Name)
		}
		named[p.Name] = true
		for _, d := range p.Domains {
			d = strings.ToLower(d)
			if strings.Contains(d, "@") || !strings.Contains(d, ".") {
				bad(key, "%s: %q is not a domain such as outlook.com", p.Name, d)
			}
			if other, twice := of[d]; twice {
				bad(key, "%s is of %s and of %s; leave it to one of them", d, other, p.Name)
			}
			of[d] = p.Name
		}
	}
}

// notBelowNothing refuses a count that is negative.
func notBelowNothing(bad func(key, why string, args ...any), key string, n int) {
	if n < 0 {
		bad(key, "%d is below nothing; write 0 for no limit", n)
	}
}

// limits are those of what leaves, as the outbox has them: by mailbox and by provider.
func (c Config) limits() outbox.Limits {
	m := c.MailOut
	l := outbox.Limits{
		Way:      outbox.Limit{PerMinute: m.PerMinute, Connections: m.Connections},
		Provider: outbox.Limit{PerMinute: m.ProviderPerMinute, Connections: m.ProviderConnections},
		Named:    map[string]outbox.Limit{}, Domains: map[string]string{},
	}
	for _, b := range c.Mailboxes {
		l.Named[strings.ToLower(strings.TrimSpace(b.Address))] = outbox.Limit{
			PerMinute: cmp.Or(b.SendPerMinute, l.Way.PerMinute), Connections: cmp.Or(b.SendConnections, l.Way.Connections),
		}
	}
	for _, p := range m.Providers {
		l.Named[p.Name] = outbox.Limit{
			PerMinute: cmp.Or(p.PerMinute, l.Provider.PerMinute), Connections: cmp.Or(p.Connections, l.Provider.Connections),
		}
		for _, d := range p.Domains {
			l.Domains[strings.ToLower(d)] = p.Name
		}
	}
	return l
}
