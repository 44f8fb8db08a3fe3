package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/voice"
)

// check finds every fault in a configuration, so that one look is enough.
func (c Config) check() error {
	var errs []error
	bad := func(key, why string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(why, args...)))
	}
	c.checkListen(bad)
	c.checkTLS(bad)
	c.checkPublicURL(bad)
	c.checkMetrics(bad)
	c.checkOrigins(bad)
	c.Blobs.check(bad)
	c.checkTwice(bad)
	if c.Language != "sv" && c.Language != "en" {
		bad("language", "%q is not one of sv, en", c.Language)
	}
	if c.Region != "" && phonenumbers.GetCountryCodeForRegion(c.Region) == 0 {
		bad("region", "%q is not a country such as SE or NO", c.Region)
	}
	if _, err := c.zone(); err != nil {
		bad("zone", "%q is not a time zone such as Europe/Stockholm", c.Zone)
	}
	if _, ok := logLevels[c.LogLevel]; !ok {
		bad("log_level", "%q is not one of debug, info, warn, error", c.LogLevel)
	}
	if c.DatabaseURL != "" {
		if u, err := url.Parse(c.DatabaseURL); err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			bad("database_url", "write it as postgres://user:password@host:5432/database")
		}
	}
	c.Chat.check(bad)
	c.MailIn.check(bad)
	c.MailOut.check(bad)
	c.checkNodes(bad)
	c.Voice.check(bad)
	c.Retention.check(bad)
	for i, m := range c.Mailboxes {
		m.check(func(key, why string, args ...any) { bad(fmt.Sprintf("mailbox %d %s", i+1, key), why, args...) })
	}
	for i, m := range c.Mailboxes {
		if m.IMAP == (MailServer{}) && c.MailIn.Listen == "" {
			bad(fmt.Sprintf("mailbox %d imap", i+1), "is not set, so no mail would come to %s: set it, or mail_in.listen to have mail handed in", m.Address)
		}
	}
	for i, w := range c.Widgets {
		w.check(func(key, why string, args ...any) { bad(fmt.Sprintf("widget %d%s", i+1, key), why, args...) })
	}
	return errors.Join(errs...)
}

// zone is where days are cut.
func (c Config) zone() (*time.Location, error) {
	if c.Zone == "" {
		return time.Local, nil
	}
	return time.LoadLocation(c.Zone) // roster brings the zones along
}

// checkListen refuses a public address without TLS or a trusted proxy in front.
func (c Config) checkListen(bad func(key, why string, args ...any)) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		bad("listen", "write it as host:port, such as 127.0.0.1:8080")
		return
	}
	if !loopback(host) && c.TLSCert == "" && len(c.TrustedProxies) == 0 {
		bad("listen", "%s is reachable from outside: set tls_cert and tls_key, or trusted_proxies if a proxy of yours does TLS", c.Listen)
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			bad("trusted_proxies", "%q is not a network such as 10.0.0.0/8", p)
		}
	}
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

func (c ChatConfig) check(bad func(key, why string, args ...any)) {
	if c.LinesPerSecond < 0 {
		bad("chat.lines_per_second", "%d is below nothing; leave it out for 5", c.LinesPerSecond)
	}
	if c.BeginsPerMinute < 0 {
		bad("chat.begins_per_minute", "%d is below nothing; leave it out for 60", c.BeginsPerMinute)
	}
	if c.WidgetBeginsPerMinute < 0 {
		bad("chat.widget_begins_per_minute", "%d is below nothing; leave it out for 1200", c.WidgetBeginsPerMinute)
	}
	if c.NudgeAfter < 0 {
		bad("chat.nudge_after", "%d is below nothing; write seconds, or 0 to ask nobody", c.NudgeAfter)
	}
	for _, n := range c.BotNetworks {
		if _, err := netip.ParsePrefix(n); err != nil {
			bad("chat.bot_networks", "%q is not a network such as 10.0.0.0/8", n)
		}
	}
	if c.FileMax < 0 || c.FileMax > 1000 {
		bad("chat.file_max", "%d is not a number of MB from 1 to 1000, or 0 to take no files", c.FileMax)
	}
	if c.SilentAfter < 0 || c.SilentAfter > 0 && c.SilentAfter <= c.NudgeAfter {
		bad("chat.silent_after", "%d must be more seconds than nudge_after, which are %d, or 0 to end no chat", c.SilentAfter, c.NudgeAfter)
	}
}

func (v VoiceConfig) check(bad func(key, why string, args ...any)) {
	if v.Listen == "" {
		return
	}
	if _, err := netip.ParseAddrPort(v.Listen); err != nil {
		bad("voice.listen", "%q is not an address and a port such as 127.0.0.1:5060", v.Listen)
	}
	if _, err := netip.ParseAddr(v.Advertise); err != nil && v.Advertise != "" {
		bad("voice.advertise", "%q is not an address such as 192.0.2.10", v.Advertise)
	}
	if _, _, err := portRange(v.RTPPorts); err != nil {
		bad("voice.rtp_ports", "%v", err)
	}
	for _, t := range v.Trunks {
		if t.Name == "" || t.Queue == "" {
			bad("voice.trunk", "%q needs a name and a queue", t.Name)
		}
		if t.MaxWait < 0 {
			bad("voice.trunk", "%s: max_wait: %d seconds are below nothing", t.Name, t.MaxWait)
		}
		if t.Language != "" && t.Language != "sv" && t.Language != "en" {
			bad("voice.trunk", "%s: language: %q is not one of sv, en", t.Name, t.Language)
		}
		checkSkills(t.Skills, func(why string, args ...any) { bad("voice.trunk", t.Name+": skills: "+why, args...) })
		for _, from := range t.From {
			if _, err := netip.ParsePrefix(from); err != nil {
				bad("voice.trunk", "from: %q is not a network such as 192.0.2.0/24", from)
			}
		}
	}
	for _, d := range v.DialPlan {
		d.check(bad)
	}
}

// checkSkills refuses levels that no agent can have.
func checkSkills(skills map[string]int, bad func(why string, args ...any)) {
	for _, name := range slices.Sorted(maps.Keys(skills)) {
		if level := skills[name]; level < 1 || level > 5 {
			bad("%s = %d: a skill is needed at a level from 1 to 5", name, level)
		}
	}
}

func (d DialRule) check(bad func(key, why string, args ...any)) {
	const key = "voice.dial"
	if d.Prefix == "" || d.Prefix != voice.Number(d.Prefix) {
		bad(key, "prefix: %q is not how a number begins, such as +46 or 08", d.Prefix)
	}
	if d.Strip < 0 || d.Strip > len(d.Prefix) {
		bad(key, "%s: strip: %d characters can't be taken off the prefix", d.Prefix, d.Strip)
	}
	if d.Add != voice.Number(d.Add) {
		bad(key, "%s: add: %q is not how a number begins, such as +46 or 08", d.Prefix, d.Add)
	}
	if _, err := netip.ParseAddrPort(d.Through); err != nil && d.Through != "" {
		bad(key, "%s: through is an address and a port such as 192.0.2.7:5060", d.Prefix)
	}
}

// portRange reads "20000-29999"; both ends belong to it.
func portRange(s string) (first, last int, err error) {
	a, b, ok := strings.Cut(s, "-")
	first, err1 := strconv.Atoi(a)
	last, err2 := strconv.Atoi(b)
	if !ok || err1 != nil || err2 != nil || first < 1024 || last > 65535 || last-first < 3 {
		return 0, 0, fmt.Errorf("%q is not a range of ports such as 20000-29999", s)
	}
	return first, last, nil
}

func (m MailboxConfig) check(bad func(key, why string, args ...any)) {
	notBelowNothing(bad, "send_per_minute", m.SendPerMinute)
	notBelowNothing(bad, "send_connections", m.SendConnections)
	if !strings.Contains(m.Address, "@") {
		bad("address", "%q is not a mail address", m.Address)
	}
	if m.Queue == "" {
		bad("queue", "name the queue that its mail goes to")
	}
	checkSkills(m.Skills, func(why string, args ...any) { bad("skills", why, args...) })
	if m.MoveTo != "" && strings.EqualFold(m.MoveTo, cmp.Or(m.Folder, "INBOX")) {
		bad("move_to", "%q is the folder that is read: name another, or leave it out to have mails marked as seen", m.MoveTo)
	}
	if _, err := m.backfill(); err != nil {
		bad("backfill", "%q is not a day; write it as 2024-01-31", m.Backfill)
	}
	if err := email.OAuth(m.OAuth).Check(m.Address); err != nil {
		bad("oauth", "%v", err)
	}
	if m.IMAP != (MailServer{}) {
		m.IMAP.check("imap", bad)
	}
	m.SMTP.check("smtp", bad)
}

// backfill is the day that is meant, zero for none.
func (m MailboxConfig) backfill() (time.Time, error) {
	if m.Backfill == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, m.Backfill)
}

func (s MailServer) check(key string, bad func(key, why string, args ...any)) {
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		bad(key+".address", "write it as host:port")
		return
	}
	switch s.TLS {
	case "tls", "starttls":
	case "none":
		if !loopback(host) {
			bad(key+".tls", "passwords would cross the network in the clear: use tls or starttls")
		}
	default:
		bad(key+".tls", "%q is not one of tls, starttls, none", s.TLS)
	}
}
