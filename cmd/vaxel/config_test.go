package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

func TestWhatAConfigurationIsRefusedFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		file    string
		environ []string
		want    string
	}{
		"an unknown key":            {file: `lisen = "127.0.0.1:1"`, want: `unknown key "lisen": did you mean "listen"?`},
		"an unknown key of a table": {file: "[voice]\nlissten = \"x\"", want: `did you mean "voice.listen"?`},
		"an unknown variable":       {environ: []string{"VAXEL_LISEN=127.0.0.1:1"}, want: "unknown variable VAXEL_LISEN: did you mean VAXEL_LISTEN?"},
		"a table not begun":         {environ: []string{"VAXEL_MAILBOX_1_PASSWORD=x"}, want: "VAXEL_MAILBOX_1_PASSWORD is for [[mailbox]] number 1, and the configuration file has 0 of them"},
		"a nested one not begun":    {environ: []string{"VAXEL_VOICE_TRUNK_2_HOST=x"}, want: "for [[voice.trunk]] number 2"},
		"a region that is none":     {file: `region = "Sweden"`, want: `region: "Sweden" is not a country`},
		"a zone that is none":       {file: `zone = "Stockholm"`, want: `zone: "Stockholm" is not a time zone`},
		"days too few to be safe":   {file: "[retention]\narrivals = 3", want: "retention.arrivals: 3 days are too few"},
		"an origin with a path":     {file: `origins = ["https://crm.example/"]`, want: `origins: "https://crm.example/": write scheme and host only`},
		"a bucket without a key":    {file: "[blobs]\nbucket = \"vaxel\"", want: "blobs: needs endpoint, bucket, access_key and secret_key"},
		"a bucket in the clear": {
			file: "[blobs]\nendpoint = \"s3.example:9000\"\nbucket = \"b\"\naccess_key = \"a\"\nsecret_key = \"s\"\nplain = true",
			want: "blobs.plain: s3.example is another machine",
		},
		"a chat that ends before it is asked":  {file: "[chat]\nnudge_after = 60\nsilent_after = 30", want: "chat.silent_after: 30 must be more seconds than nudge_after, which are 60"},
		"silence that lasts less than nothing": {file: "[chat]\nnudge_after = -1", want: "chat.nudge_after: -1 is below nothing"},
		"a topic that cannot be shown": {
			file: "[[widget]]\nkey = \"k\"\nqueue = \"q\"\n[[widget.form.topic]]\nid = \"invoice\"\nlabel = { sv = \"Faktura\" }",
			want: "widget 1 form.topic 1 label: it has none in en, which the widget speaks",
		},
		"a bot that is nowhere":          {file: "[[widget]]\nkey = \"k\"\nqueue = \"q\"\n[widget.bot]\nurl = \"bot\"", want: `widget 1 bot.url: "bot": write the whole address, such as https://bot.shop.example/chat`},
		"a form that asks too much":      {file: "[[widget]]\nkey = \"k\"\nqueue = \"q\"\nform = { name = \"yes\" }", want: `widget 1 form.name: "yes" is not one of optional, required, off`},
		"a widget without a queue":       {file: "[[widget]]\nkey = \"k\"", want: "widget 1: needs key and queue"},
		"files of less than nothing":     {file: "[chat]\nfile_max = -1", want: "chat.file_max: -1 is not a number of MB"},
		"fewer than no chats":            {file: "[chat]\nbegins_per_minute = -1", want: "chat.begins_per_minute: -1 is below nothing"},
		"a day that is none":             {file: "[[mailbox]]\nbackfill = \"last year\"", want: `mailbox 1 backfill: "last year" is not a day; write it as 2024-01-31`},
		"a level that nobody has":        {file: "[[mailbox]]\nskills = { Swedish = 6 }", want: "mailbox 1 skills: Swedish = 6: a skill is needed at a level from 1 to 5"},
		"a mailbox that moves to itself": {file: "[[mailbox]]\nmove_to = \"inbox\"", want: `mailbox 1 move_to: "inbox" is the folder that is read`},
		"fewer than no mails":            {file: "[mail_out]\nper_minute = -1", want: "mail_out.per_minute: -1 is below nothing"},
		"fewer than none of a mailbox":   {file: "[[mailbox]]\nsend_connections = -1", want: "mailbox 1 send_connections: -1 is below nothing"},
		"a provider of nobody":           {file: "[[mail_out.provider]]\nname = \"microsoft\"", want: "mail_out.provider: microsoft has no domains"},
		"a provider without a name":      {file: "[[mail_out.provider]]\ndomains = [\"outlook.com\"]", want: `mail_out.provider: "" is no name`},
		"a domain of two providers": {
			file: "[[mail_out.provider]]\nname = \"a\"\ndomains = [\"Outlook.com\"]\n[[mail_out.provider]]\nname = \"b\"\ndomains = [\"outlook.com\", \"nobody\"]",
			want: "mail_out.provider: outlook.com is of a and of b",
		},
		"a public address": {file: `listen = "0.0.0.0:80"`, want: "reachable from outside"},
		"any address":      {file: `listen = ":80"`, want: "reachable from outside"},
		"a password in the clear": {
			file: "[[mailbox]]\naddress = \"a@example.org\"\nqueue = \"Support\"\n" +
				"imap = { address = \"mail.example.org:143\", tls = \"none\" }\nsmtp = { address = \"localhost:25\", tls = \"none\" }",
			want: "mailbox 1 imap.tls: passwords would cross the network in the clear",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "vaxel.toml")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := loadConfig(path, tt.environ); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// Behind a proxy that does TLS the browser must keep the cookie to HTTPS all the same.
func TestCookiesAreSecureWhereverPagesAreHTTPS(t *testing.T) {
	t.Parallel()
	for want, c := range map[bool]Config{
		true:  {Listen: "10.0.0.1:80", PublicURL: "https://help.example", TrustedProxies: []string{"10.0.0.0/8"}},
		false: {Listen: "127.0.0.1:8080"},
	} {
		if got := c.secure(); got != want {
			t.Errorf("%s: got %v", c.publicURL(), got)
		}
	}
}

// What a running Växel is just writing belongs to no backup: it may be gone while we look.
func TestABackupLeavesOutWhatIsBeingWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"ab/abcd", "tmp/123"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var buffer bytes.Buffer
	archive := tar.NewWriter(&buffer)
	if err := errors.Join(addBlobs(archive, dir), archive.Close()); err != nil {
		t.Fatal(err)
	}
	head, err := tar.NewReader(&buffer).Next()
	if err != nil || head.Name != "blobs/ab/abcd" || bytes.Contains(buffer.Bytes(), []byte("tmp/")) {
		t.Errorf("the backup begins with %+v, %v", head, err)
	}
}

// A node that is frozen in a transaction must not hold up the others, and no statement is
// planned anew for each arrival.
func TestConnectionSettings(t *testing.T) {
	t.Parallel()
	config := defaults()
	config.DatabaseURL = pgtest.New(t).Config().ConnString()
	pool, done, err := database(t.Context(), config, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	for name, want := range map[string]string{"idle_in_transaction_session_timeout": "5s", "plan_cache_mode": "force_generic_plan"} {
		var got string
		if err := pool.QueryRow(t.Context(), "show "+name).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, %v; want %s", name, got, err, want)
		}
	}
}

// TestFilesLieWhereTheConfigurationSays, in a directory or in a bucket.
func TestFilesLieWhereTheConfigurationSays(t *testing.T) {
	t.Parallel()
	bucket := BlobsConfig{Endpoint: "127.0.0.1:9000", Bucket: "vaxel", AccessKey: "a", SecretKey: "s", Plain: true}
	for want, c := range map[string]Config{
		"*blob.Dir": {DataDir: t.TempDir()},
		"*blob.S3":  {DataDir: t.TempDir(), Blobs: bucket},
	} {
		if got, err := c.objects(); err != nil || fmt.Sprintf("%T", got) != want {
			t.Errorf("got %T, %v want %s", got, err, want)
		}
	}
}
