package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Config is everything `vaxel serve` can be told: by a TOML file, and by VAXEL_ variables,
// which win. The names below are the file's; VAXEL_LISTEN sets listen, VAXEL_VOICE_LISTEN
// sets listen under [voice]. docs/operating.md shows a whole file.
type Config struct {
	Listen         string   `toml:"listen"`          // host:port of pages and API; loopback unless TLS or trusted_proxies are set
	Metrics        string   `toml:"metrics"`         // host:port of /metrics, private; empty: none
	PublicURL      string   `toml:"public_url"`      // what customers' browsers reach, for links; empty: from listen
	DataDir        string   `toml:"data_dir"`        // blobs, key file, search index, and the embedded PostgreSQL
	DatabaseURL    string   `toml:"database_url"`    // an external PostgreSQL 15 to 18; empty: the embedded one
	Node           string   `toml:"node"`            // this node's name, its own on this database; empty: the host's
	Roles          []string `toml:"roles"`           // what this node does: gateway, channels, router; all unless set
	NATS           string   `toml:"nats"`            // where several nodes meet: nats://10.0.0.5:4222, more with commas; empty: one node alone
	Language       string   `toml:"language"`        // sv or en: of what customers hear and read unless they say otherwise
	Region         string   `toml:"region"`          // ISO 3166: where phone numbers without a country code are from; empty: they stay as dialled
	Zone           string   `toml:"zone"`            // IANA name of the time zone that days are cut in; empty: the machine's
	TLSCert        string   `toml:"tls_cert"`        // PEM file
	TLSKey         string   `toml:"tls_key"`         // PEM file
	TrustedProxies []string `toml:"trusted_proxies"` // CIDRs whose X-Forwarded-For is believed
	Origins        []string `toml:"origins"`         // pages on other hosts of the site that may write and open the agent socket: https://crm.example
	LogLevel       string   `toml:"log_level"`       // debug, info, warn, error

	Blobs     BlobsConfig     `toml:"blobs"`
	Retention RetentionConfig `toml:"retention"`
	Chat      ChatConfig      `toml:"chat"`
	Voice     VoiceConfig     `toml:"voice"`
	MailIn    MailInConfig    `toml:"mail_in"`
	MailOut   MailOutConfig   `toml:"mail_out"`
	Mailboxes []MailboxConfig `toml:"mailbox"`
	Widgets   []WidgetConfig  `toml:"widget"`
}

// BlobsConfig is where attachments, recordings and raw mail lie: in the data directory
// unless a bucket is named, which several nodes share.
type BlobsConfig struct {
	Endpoint  string `toml:"endpoint"`   // S3's host or host:port
	Bucket    string `toml:"bucket"`     // must exist; empty: the data directory
	Prefix    string `toml:"prefix"`     // before each key, such as vaxel/
	Region    string `toml:"region"`     // found out unless set
	AccessKey string `toml:"access_key"` // better: VAXEL_BLOBS_ACCESS_KEY
	SecretKey string `toml:"secret_key"` // better: VAXEL_BLOBS_SECRET_KEY
	Plain     bool   `toml:"plain"`      // http; only for a server on this machine
}

// ChatConfig is how visitors are served.
type ChatConfig struct {
	LinesPerSecond        int `toml:"lines_per_second"`         // that one visitor may write, the rest waiting their turn; 5 unless set
	BeginsPerMinute       int `toml:"begins_per_minute"`        // chats and letters from one address, more are refused; 60 unless set
	WidgetBeginsPerMinute int `toml:"widget_begins_per_minute"` // the same of one widget on one node, from wherever; 1200 unless set
	NudgeAfter            int `toml:"nudge_after"`              // seconds without an answer to the agent; then the visitor is asked for one; 0: never
	SilentAfter           int `toml:"silent_after"`             // the same, until the chat is ended

	BotNetworks []string `toml:"bot_networks"` // CIDRs in which widgets' bots may be asked, by HTTP too; else public addresses by HTTPS only

	FileMax int      `toml:"file_max"` // MB that a visitor's file may hold; 0: none are taken
	Scan    []string `toml:"scan"`     // a program that looks into a visitor's file on its standard input: it ends with 0 (clean), 1 (refused) or else (try again)
}

// VoiceConfig turns telephony on and says who may ring and be rung.
type VoiceConfig struct {
	Listen    string        `toml:"listen"`    // host:port for SIP over UDP; empty: no telephony
	Advertise string        `toml:"advertise"` // the address in Contact and SDP; empty: from listen
	RTPPorts  string        `toml:"rtp_ports"` // "20000-29999"
	Prompts   string        `toml:"prompts"`   // directory of sound files in place of ours
	Trunks    []TrunkConfig `toml:"trunk"`
	DialPlan  []DialRule    `toml:"dial"` // empty: nobody dials out
}

// TrunkConfig is a line that calls come in on.
type TrunkConfig struct {
	Name     string         `toml:"name"`
	Number   string         `toml:"number"` // the called number or SIP user; empty takes any
	From     []string       `toml:"from"`   // networks that may call; empty: loopback only
	Queue    string         `toml:"queue"`
	Skills   map[string]int `toml:"skills"`   // that its callers need of an agent, and at which level
	Language string         `toml:"language"` // of what is spoken to callers: sv or en
	MaxWait  int            `toml:"max_wait"` // seconds, then voicemail, unless the queue says
	Disabled bool           `toml:"disabled"` // its calls are refused
}

// DialRule lets agents dial numbers that begin with Prefix. The longest prefix decides.
type DialRule struct {
	Prefix  string `toml:"prefix"`  // +46, 010 …
	Through string `toml:"through"` // address:port of the trunk; empty denies the prefix
	Strip   int    `toml:"strip"`   // characters taken off in front
	Add     string `toml:"add"`     // characters put there instead
	From    string `toml:"from"`    // the number shown to the called
}

// MailInConfig lets mail servers hand mail in, beside or instead of mailboxes that are read.
type MailInConfig struct {
	Listen string   `toml:"listen"` // host:port; empty: mail is only fetched
	LMTP   bool     `toml:"lmtp"`   // LMTP instead of SMTP
	From   []string `toml:"from"`   // networks that may hand in; empty: this machine only
	MaxMB  int      `toml:"max_mb"` // of one mail; 50 unless set
}

// MailOutConfig is how much mail leaves, over all nodes together.
type MailOutConfig struct {
	PerMinute           int            `toml:"per_minute"`           // from one mailbox, evenly spread; 0: as it comes
	Connections         int            `toml:"connections"`          // of one mailbox to its server at once; 0: as many as there are mails
	ProviderPerMinute   int            `toml:"provider_per_minute"`  // to one provider: a domain, or those that are one below
	ProviderConnections int            `toml:"provider_connections"` // mails to one provider that are under way at once
	Providers           []MailProvider `toml:"provider"`
}

// MailProvider is a provider with limits of its own. What is 0 is as for the others.
type MailProvider struct {
	Name        string   `toml:"name"`
	Domains     []string `toml:"domains"` // what customers' addresses end in there
	PerMinute   int      `toml:"per_minute"`
	Connections int      `toml:"connections"`
}

// MailboxConfig is a mailbox that is read by IMAP, or whose mail is handed in, and answered
// through SMTP.
type MailboxConfig struct {
	Address           string         `toml:"address"`
	Name              string         `toml:"name"` // beside the address in From
	Queue             string         `toml:"queue"`
	Skills            map[string]int `toml:"skills"` // that its mail needs of an agent, and at which level
	User              string         `toml:"user"`
	Password          string         `toml:"password"`           // better: VAXEL_MAILBOX_1_PASSWORD
	Folder            string         `toml:"folder"`             // INBOX unless set
	MoveTo            string         `toml:"move_to"`            // the folder that what was read goes to, made if there is none; empty: it stays, marked as seen
	SentFolder        string         `toml:"sent_folder"`        // where the provider itself files what it sends: looked into before anything is sent again
	FromNow           bool           `toml:"from_now"`           // what lies there at first contact is left alone
	Backfill          string         `toml:"backfill"`           // 2024-01-31: but for what came since then, which is taken into closed cases
	Plus              bool           `toml:"plus"`               // the server delivers name+anything to it: replies find their case by address
	Disabled          bool           `toml:"disabled"`           // neither read nor written from
	Acknowledge       string         `toml:"acknowledge"`        // answered by itself to first mails while the queue is open
	AcknowledgeClosed string         `toml:"acknowledge_closed"` // and while it is closed
	SendPerMinute     int            `toml:"send_per_minute"`    // in place of mail_out.per_minute
	SendConnections   int            `toml:"send_connections"`   // in place of mail_out.connections
	OAuth             MailOAuth      `toml:"oauth"`
	IMAP              MailServer     `toml:"imap"`
	SMTP              MailServer     `toml:"smtp"`
}

// MailOAuth is how a mailbox signs in by a token; its password is then the client secret.
type MailOAuth struct {
	TokenURL string `toml:"token_url"`
	ClientID string `toml:"client_id"`
	Scope    string `toml:"scope"`

	RefreshToken string `toml:"refresh_token"` // better: VAXEL_MAILBOX_1_OAUTH_REFRESH_TOKEN; without one the client secret alone gets tokens
}

// MailServer is one end of a mailbox.
type MailServer struct {
	Address string `toml:"address"` // host:port
	TLS     string `toml:"tls"`     // tls, starttls or none; none only on loopback
}

// WidgetConfig is a chat widget that a website shows.
type WidgetConfig struct {
	Key       string     `toml:"key"`  // the public data-key
	Name      string     `toml:"name"` // shown at the top
	Queue     string     `toml:"queue"`
	Origins   []string   `toml:"origins"`   // https://shop.example
	Languages []string   `toml:"languages"` // that it speaks, the first with visitors who speak none of them; sv and en unless set
	Form      WidgetForm `toml:"form"`

	IdentitySecret string `toml:"identity_secret"` // better: VAXEL_WIDGET_1_IDENTITY_SECRET; what the website signs its visitors' names with, HS256 or HMAC
	IdentityKey    string `toml:"identity_key"`    // or the public key of the pair that it signs with, EdDSA: 32 bytes in base64

	Bot WidgetBot `toml:"bot"`
}

// WidgetBot is a program of the website's that answers before a person is asked. What it leaves
// out stays as it was.
type WidgetBot struct {
	URL     string   `toml:"url"`
	Name    string   `toml:"name"`    // as visitors see it; the widget's unless set
	Timeout int      `toml:"timeout"` // seconds that an answer may take; 10 unless set
	Queues  []string `toml:"queues"`  // it answers chats that would wait there; all unless set
	Secret  string   `toml:"secret"`  // better: VAXEL_WIDGET_1_BOT_SECRET; what it is asked with is signed with it
}

// WidgetForm is what is asked before a chat. What it leaves out stays as it was.
type WidgetForm struct {
	Question string        `toml:"question"` // asked or off
	Name     string        `toml:"name"`     // optional, required or off
	Email    string        `toml:"email"`    // the same
	Privacy  string        `toml:"privacy"`  // address of the page that says what becomes of the data
	Months   int           `toml:"months"`   // how long chats are kept, if customers are to be told
	Preview  *bool         `toml:"preview"`  // agents see what customers are writing, and the widget tells them so
	Topics   []WidgetTopic `toml:"topic"`    // of which one is chosen
}

// WidgetTopic is a subject to choose; it may lead to a queue and ask for skills of its own.
type WidgetTopic struct {
	ID     string            `toml:"id"`    // by which a page names it: vaxel('set', { topic: 'invoice' })
	Label  map[string]string `toml:"label"` // in each language that the widget speaks
	Queue  string            `toml:"queue"` // the widget's unless set
	Skills []TopicSkill      `toml:"skill"`
}

// TopicSkill is what an agent must know, how well at least.
type TopicSkill struct {
	Name  string `toml:"name"` // lang:sv, billing; made if there is none of that name
	Level int    `toml:"level"`
}

func defaults() Config {
	host, err := os.Hostname()
	if err != nil {
		host = "vaxel"
	}
	return Config{
		Listen: "127.0.0.1:8080", DataDir: "data", Node: host, Language: "sv", Region: "SE", Zone: "Europe/Stockholm", LogLevel: "info",
		Roles:   slices.Clone(allRoles),
		MailOut: MailOutConfig{Connections: 8, ProviderConnections: 2},
		Chat:    ChatConfig{NudgeAfter: 300, SilentAfter: 600, FileMax: 10},
		Voice:   VoiceConfig{RTPPorts: "20000-29999"}, Retention: defaultRetention(),
	}
}

// loadConfig reads the file, if one is named, and then the environment. All faults are
// reported together, each with what to do.
func loadConfig(path string, environ []string) (Config, error) {
	c := defaults()
	if path != "" {
		meta, err := toml.DecodeFile(path, &c)
		if err != nil {
			return c, fmt.Errorf("read configuration %s: %w", path, plainly(err))
		}
		if err := unknownKeys(meta.Undecoded()); err != nil {
			return c, fmt.Errorf("read configuration %s: %w", path, err)
		}
	}
	if err := fromEnvironment(&c, environ); err != nil {
		return c, err
	}
	return c, c.check()
}

// fromEnvironment lets VAXEL_ variables win over the file. Lists of tables are reached by
// their place, from 1: VAXEL_MAILBOX_1_PASSWORD.
func fromEnvironment(c *Config, environ []string) error {
	own := map[string]bool{"VAXEL_CONFIG": true, "VAXEL_CRASH": true, "VAXEL_CORPORA": true}
	places := envPlaces{fields: map[string]reflect.Value{}, tables: map[string]int{}}
	places.gather(reflect.ValueOf(c).Elem(), "VAXEL")
	var errs []error
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "VAXEL_") || own[name] {
			continue
		}
		place, ok := places.fields[name]
		if !ok {
			errs = append(errs, places.unknown(name))
			continue
		}
		if err := assign(place, value); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// assign sets a setting of any kind that a Config has.
func assign(place reflect.Value, value string) error {
	switch place.Kind() { //nolint:exhaustive // the kinds of Config's fields
	case reflect.Slice:
		place.Set(reflect.ValueOf(strings.Split(value, ",")))
	case reflect.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("%q is not true or false", value)
		}
		place.SetBool(b)
	case reflect.Int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
		place.SetInt(int64(n))
	default:
		place.SetString(value)
	}
	return nil
}

// envPlaces are the settings by their variables, and how many tables each list has.
type envPlaces struct {
	fields map[string]reflect.Value
	tables map[string]int
}

func (p envPlaces) gather(v reflect.Value, prefix string) {
	for f, fv := range v.Fields() {
		name := prefix + "_" + strings.ToUpper(f.Tag.Get("toml"))
		switch {
		case fv.Kind() == reflect.Struct:
			p.gather(fv, name)
		case fv.Kind() == reflect.Slice && fv.Type().Elem().Kind() == reflect.Struct:
			p.tables[name] = fv.Len()
			for i := range fv.Len() {
				p.gather(fv.Index(i), name+"_"+strconv.Itoa(i+1))
			}
		default:
			p.fields[name] = fv
		}
	}
}

// unknown says what a variable may have been meant to be.
func (p envPlaces) unknown(name string) error {
	for table, there := range p.tables {
		place, ok := strings.CutPrefix(name, table+"_")
		place, _, _ = strings.Cut(place, "_")
		if n, err := strconv.Atoi(place); ok && err == nil && (n < 1 || n > there) {
			key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(table, "VAXEL_"), "_", "."))
			return fmt.Errorf("%s is for [[%s]] number %s, and the configuration file has %d of them: a variable fills in a table, the file begins it", name, key, place, there)
		}
	}
	return fmt.Errorf("unknown variable %s: did you mean %s?", name, nearest(name, sortedKeys(p.fields)))
}

// keyFile holds the key that secrets are sealed with.
func (c Config) keyFile() string { return filepath.Join(c.DataDir, "secret.key") }
