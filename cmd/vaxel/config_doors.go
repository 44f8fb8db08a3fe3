package main

import (
	"crypto/tls"
	"net"
	"net/url"
	"strings"
)

// checkTLS reads the certificate as a start would: a wrong file is found by vaxel check.
func (c Config) checkTLS(bad func(key, why string, args ...any)) {
	switch {
	case (c.TLSCert == "") != (c.TLSKey == ""):
		bad("tls_cert", "needs tls_key beside it, and the other way round")
	case c.TLSCert != "":
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			bad("tls_cert", "%v; both are PEM files that Växel may read, the certificate with its chain", err)
		}
	}
}

func (c Config) checkPublicURL(bad func(key, why string, args ...any)) {
	if c.PublicURL == "" {
		return
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.Path != "" || u.RawQuery != "" {
		bad("public_url", "%q: write scheme and host only, such as https://help.example", c.PublicURL)
	}
}

// checkMetrics keeps figures to networks of one's own: there is no sign-in there.
func (c Config) checkMetrics(bad func(key, why string, args ...any)) {
	if c.Metrics == "" {
		return
	}
	host, _, err := net.SplitHostPort(c.Metrics)
	switch {
	case err != nil:
		bad("metrics", "write it as host:port, such as 127.0.0.1:9090")
	case host == "" || net.ParseIP(host).IsUnspecified():
		bad("metrics", "%s would show the figures to everybody: name one address of a network of yours", c.Metrics)
	case c.Metrics == c.Listen:
		bad("metrics", "%s is listen's: name another port", c.Metrics)
	}
}

// checkTwice refuses two of one name: the later would overwrite the earlier at each start.
func (c Config) checkTwice(bad func(key, why string, args ...any)) {
	seen := map[string]bool{}
	once := func(key, name string) {
		if name != "" && seen[key+name] {
			bad(key, "%q stands there twice", name)
		}
		seen[key+name] = true
	}
	for _, m := range c.Mailboxes {
		once("mailbox.address", strings.ToLower(strings.TrimSpace(m.Address)))
	}
	for _, w := range c.Widgets {
		once("widget.key", w.Key)
	}
	for _, t := range c.Voice.Trunks {
		once("voice.trunk.name", t.Name)
	}
}

// checkOrigins keeps to whole origins, as browsers send them (RFC 6454 §6.2).
func (c Config) checkOrigins(bad func(key, why string, args ...any)) {
	for _, o := range c.Origins {
		u, err := url.Parse(o)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.Scheme+"://"+u.Host != o {
			bad("origins", "%q: write scheme and host only, such as https://crm.example", o)
		}
	}
}

func (b BlobsConfig) check(bad func(key, why string, args ...any)) {
	if b == (BlobsConfig{}) {
		return
	}
	host, _, err := net.SplitHostPort(b.Endpoint)
	if err != nil {
		host = b.Endpoint
	}
	switch {
	case b.Bucket == "" || host == "" || b.AccessKey == "" || b.SecretKey == "":
		bad("blobs", "needs endpoint, bucket, access_key and secret_key; leave all out for the data directory")
	case b.Plain && !loopback(host):
		bad("blobs.plain", "%s is another machine: keys and files would go there readable; leave plain out", host)
	}
}
