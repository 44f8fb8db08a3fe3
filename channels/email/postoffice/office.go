// Package postoffice is a small mail server over a directory: what `vaxel demo` puts
// beside the product, so that a newcomer can send and receive mail with nothing but
// one machine.
//
// Every address lives here: SMTP takes mail for anybody, gives it a mailbox and never
// sends it on. IMAP shows the mailboxes, with IDLE. A mail is a file that is on disk
// before the sender is told so; UIDVALIDITY and UIDs last over restarts. It asks for
// one password, keeps no secret and is meant for loopback only.
package postoffice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-smtp"
)

// maxMail is the largest mail that is taken, in bytes.
const maxMail = 64 << 20

// Inbox is the folder that mail is delivered to.
const Inbox = "INBOX"

// Office is the mail server of one directory.
type Office struct {
	dir      string
	password string
	log      *slog.Logger

	mu    sync.Mutex // guards boxes
	boxes map[string]*box
}

// Open opens the directory, which is made if need be. Every mailbox has this password.
func Open(dir, password string, log *slog.Logger) (*Office, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open post office: %w", err)
	}
	return &Office{dir: dir, password: password, log: log, boxes: map[string]*box{}}, nil
}

// Run serves IMAP and SMTP on the listeners until ctx ends, and closes them.
func (o *Office) Run(ctx context.Context, imapAt, smtpAt net.Listener) error {
	log := logWriter{o.log}
	receiver := o.smtpServer(log)
	reader := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{office: o}, &imapserver.GreetingData{}, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}, imap.CapLiteralPlus: {}},
		Logger:       log,
		InsecureAuth: true, // loopback
	})
	ended := make(chan error, 2)
	go func() { ended <- reader.Serve(imapAt) }()
	go func() { ended <- receiver.Serve(smtpAt) }()
	var err error
	running := 2
	select {
	case <-ctx.Done():
	case err = <-ended:
		running--
	}
	_ = reader.Close()
	_ = receiver.Close()
	_ = imapAt.Close() // a server that was closed before it began would take connections for ever
	_ = smtpAt.Close()
	for range running {
		err = errors.Join(err, <-ended)
	}
	if ctx.Err() == nil {
		return fmt.Errorf("serve mail: %w", err)
	}
	return nil // what the servers say of their closing is no error
}

func (o *Office) smtpServer(log smtp.Logger) *smtp.Server {
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &reception{office: o}, nil
	}))
	s.Domain = "localhost"
	s.AllowInsecureAuth = true // loopback
	s.EnableSMTPUTF8 = true
	s.MaxMessageBytes = maxMail
	s.MaxRecipients = 100
	s.ReadTimeout, s.WriteTimeout = 5*time.Minute, time.Minute
	s.ErrorLog = log
	return s
}

// box gives the folder of an address, made if need be.
func (o *Office) box(address, folder string) (*box, error) {
	dir := filepath.Join(o.dir, escape(owner(address)), escape(folder))
	o.mu.Lock()
	defer o.mu.Unlock()
	if b, ok := o.boxes[dir]; ok {
		return b, nil
	}
	b, err := openBox(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder %s of %s: %w", folder, address, err)
	}
	o.boxes[dir] = b
	return b, nil
}

// folders lists the folders of an address; the inbox is always there.
func (o *Office) folders(address string) []string {
	list := []string{Inbox}
	entries, _ := os.ReadDir(filepath.Join(o.dir, escape(owner(address)))) // none yet is fine
	for _, e := range entries {
		if name, err := url.PathUnescape(e.Name()); err == nil && e.IsDir() && name != Inbox {
			list = append(list, name)
		}
	}
	return list
}

// owner is whose mailbox an address is: "support+5.x@a.example" is support's (RFC 5233).
func owner(address string) string {
	address = strings.ToLower(strings.Trim(address, "<> "))
	local, domain, ok := strings.Cut(address, "@")
	if base, _, tagged := strings.Cut(local, "+"); ok && tagged && base != "" {
		return base + "@" + domain
	}
	return address
}

// escape makes any name one file name.
func escape(name string) string {
	if name = url.PathEscape(name); name == "." || name == ".." {
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return name
}

// Mail is one mail in a mailbox.
type Mail struct {
	UID uint32
	At  time.Time // when it was delivered
	Raw []byte
}

// Mails gives the newest mails in the inbox of an address, the newest first.
func (o *Office) Mails(address string, most int) ([]Mail, error) {
	b, err := o.box(address, Inbox)
	if err != nil {
		return nil, err
	}
	var list []Mail
	mails := b.list()
	for i := len(mails) - 1; i >= 0 && len(list) < most; i-- {
		raw, err := b.read(mails[i])
		if errors.Is(err, os.ErrNotExist) {
			continue // expunged meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("read mails of %s: %w", address, err)
		}
		list = append(list, Mail{uint32(mails[i].uid), mails[i].at, raw})
	}
	return list, nil
}

// logWriter takes what the protocol libraries print.
type logWriter struct{ log *slog.Logger }

// Printf implements the libraries' loggers.
func (l logWriter) Printf(format string, args ...any) {
	l.log.Debug("post office", "err", fmt.Sprintf(format, args...))
}

// Println implements the libraries' loggers.
func (l logWriter) Println(args ...any) { l.log.Debug("post office", "err", fmt.Sprint(args...)) }
