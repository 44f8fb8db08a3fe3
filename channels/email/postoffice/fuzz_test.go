package postoffice_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/channels/email/postoffice"
)

// FuzzIMAP: whatever a client who has logged in says, nothing breaks, and the connection
// ends when the client's side of it does.
func FuzzIMAP(f *testing.F) {
	for _, seed := range []string{
		"a APPEND inbox {55+}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n\r\n\r\nb SELECT inbox\r\nc FETCH 1:* (BODYSTRUCTURE ENVELOPE BODY[1.MIME] BODY.PEEK[HEADER.FIELDS (To)]<0.9> RFC822.SIZE FLAGS)\r\n",
		"a SELECT inbox\r\nb UID SEARCH OR (NOT SEEN) (SUBJECT \"x\" SINCE 1-Jan-2026) UID 4294967295:*\r\nc STORE 1:* +FLAGS (\\Seen \\x)\r\nd MOVE * \"&AOU-/..\"\r\ne EXPUNGE\r\n",
		"a SELECT inbox\r\nb IDLE\r\nDONE\r\nc UID FETCH 0 ALL\r\nd CLOSE\r\ne CREATE ../../x\r\nf LIST \"\" \"%/*\"\r\ng STATUS x (MESSAGES UIDNEXT)\r\nh RENAME inbox y\r\ni DELETE inbox\r\n",
		"a COPY 1 x\r\nb FETCH 1 BODY[]\r\n\r\n*\r\n{4294967296}\r\n", "a SELECT {3}\r\n\xff\x00", "",
	} {
		f.Add(seed)
	}
	dir, log := f.TempDir(), &journal{}
	at, _ := open(f, dir, log)
	var users atomic.Int64 // each with folders of their own, or these would grow without end
	f.Fuzz(func(t *testing.T, said string) {
		converse(t, at, fmt.Sprintf("0 LOGIN anna%d@kund.example secret\r\n%s\r\n", users.Add(1), said))
		log.wantCalm(t, said)
		wantInside(t, dir)
	})
}

// FuzzSMTP is the same for whoever brings mail.
func FuzzSMTP(f *testing.F) {
	for _, seed := range []string{
		"MAIL FROM:<a@kund.example>\r\nRCPT TO:<support@cyklar.example>\r\nDATA\r\nSubject: x\r\n\r\nHej\r\n.\r\nQUIT\r\n", "MAIL FROM:<>\r\nRCPT TO:<../../x@y>\r\nDATA\r\n\r\n.\r\n",
		"RCPT TO:<x>\r\nDATA\r\nRSET\r\nMAIL FROM:<å@ö> SMTPUTF8 BODY=8BITMIME SIZE=-1\r\nBDAT 5 LAST\r\nabc", "AUTH PLAIN\r\n*\r\nAUTH PLAIN AGEAc2VjcmV0\r\n", "\xff\x00\r\n", "",
	} {
		f.Add(seed)
	}
	dir, log := f.TempDir(), &journal{}
	_, at := open(f, dir, log)
	f.Fuzz(func(t *testing.T, said string) {
		converse(t, at, "EHLO kund.example\r\n"+said+"\r\n")
		log.wantCalm(t, said)
		wantInside(t, dir)
	})
}

// open runs an office in a folder of dir until the test ends.
func open(f *testing.F, dir string, log io.Writer) (imapAt, smtpAt string) {
	f.Helper()
	office, err := postoffice.Open(dir+"/office", "secret", slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		f.Fatal(err)
	}
	listeners := [2]net.Listener{}
	for i := range listeners {
		var lc net.ListenConfig
		if listeners[i], err = lc.Listen(f.Context(), "tcp", "127.0.0.1:0"); err != nil {
			f.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(f.Context()))
	ended := make(chan error, 1)
	go func() { ended <- office.Run(ctx, listeners[0], listeners[1]) }()
	f.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			f.Error(err)
		}
	})
	return listeners[0].Addr().String(), listeners[1].Addr().String()
}

// converse says everything, ends its own side and listens to the end of the other.
func converse(t *testing.T, at, said string) {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	go func() {
		_, _ = io.WriteString(conn, said) // the server may have hung up already
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	if _, err := io.Copy(io.Discard, conn); err != nil && os.IsTimeout(err) {
		t.Fatalf("%q: the connection does not end", said)
	}
}

// wantInside holds that nothing was written beside the office's own folder.
func wantInside(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("got %v, %v beside the office", entries, err)
	}
}

// journal keeps what the office logs.
type journal struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) wantCalm(t *testing.T, said string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if strings.Contains(j.text.String(), "panic") {
		t.Fatalf("%q: %s", said, &j.text)
	}
	j.text.Reset()
}
