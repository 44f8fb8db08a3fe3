package mailtest

import (
	"cmp"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Sink is an SMTP server that keeps what it is sent and fails when it is told to.
type Sink struct {
	Address string
	Keeping func(Sent) // called with each mail before it is answered for; may be nil. Set it before the first

	mu    sync.Mutex // guards all below
	mails []Sent
	fail  map[string][]Failure
	came  chan struct{} // closed and replaced at each mail
}

// Sent is a mail that a Sink has taken.
type Sent struct {
	From string
	To   []string
	Raw  []byte
}

// Failure is what a Sink does instead of what it was asked.
type Failure struct {
	Code int  // an SMTP code, 451 or 550
	Cut  bool // the connection ends, without an answer
	Keep bool // with Cut, at "data": the mail is kept before the connection ends

	Enhanced [3]int // RFC 3463; none: 4.9.9 or 5.9.9
	Text     string // what it says; empty: that it was ordered to
}

// StartSink starts a Sink.
func StartSink(t testing.TB) *Sink {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Sink{Address: l.Addr().String(), fail: map[string][]Failure{}, came: make(chan struct{})}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &sinkSession{sink: s, conn: c}, nil
	}))
	server.Domain, server.AllowInsecureAuth = "sink.example", true
	server.ErrorLog = quiet{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // it ends by being closed
	}()
	t.Cleanup(func() { _ = server.Close(); <-ended })
	return s
}

// FailNext makes the next use of a step fail: "auth", "mail", "rcpt", "data" (before the
// body), "body" (after the final dot), or an address, at its RCPT.
func (s *Sink) FailNext(step string, f ...Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[step] = append(s.fail[step], f...)
}

// Mails gives what has come so far.
func (s *Sink) Mails() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.mails...)
}

// Wait waits until n mails have come.
func (s *Sink) Wait(t testing.TB, n int) []Sent {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		s.mu.Lock()
		mails, came := append([]Sent(nil), s.mails...), s.came
		s.mu.Unlock()
		if len(mails) >= n {
			return mails
		}
		select {
		case <-came:
		case <-limit:
			t.Fatalf("%d mails came, want %d", len(mails), n)
		}
	}
}

func (s *Sink) next(step string) (f Failure, fails bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.fail[step]; len(list) > 0 {
		f, s.fail[step] = list[0], list[1:]
		return f, true
	}
	return f, false
}

func (s *Sink) keep(m Sent) {
	if s.Keeping != nil {
		s.Keeping(m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	close(s.came)
	s.came = make(chan struct{})
}

type sinkSession struct {
	sink *Sink
	conn *smtp.Conn
	mail Sent
}

// obey does what was ordered for a step.
func (s *sinkSession) obey(step string) error {
	f, fails := s.sink.next(step)
	if !fails {
		return nil
	}
	if f.Cut {
		if f.Keep {
			s.sink.keep(s.mail)
		}
		_ = s.conn.Conn().Close()
	}
	code := cmp.Or(f.Code, 451)
	said := &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 9, 9}, Message: cmp.Or(f.Text, "ordered to fail")}
	if f.Enhanced != [3]int{} {
		said.EnhancedCode = f.Enhanced
	}
	return said
}

// AuthMechanisms offers what the sender speaks.
func (s *sinkSession) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth wants Password, unless it is ordered to fail.
func (s *sinkSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, _, password string) error {
		if err := s.obey("auth"); err != nil {
			return err
		}
		if password != Password {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// Mail begins a mail, unless it is ordered to fail.
func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	s.mail = Sent{From: from}
	return s.obey("mail")
}

// Rcpt takes any address that was not ordered to fail.
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.obey("rcpt"); err != nil {
		return err
	}
	if err := s.obey(to); err != nil {
		return err
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

// Data keeps the mail, unless it is ordered to fail before or after its body.
func (s *sinkSession) Data(r io.Reader) error {
	if err := s.obey("data"); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Raw = raw
	if err := s.obey("body"); err != nil {
		return err
	}
	s.sink.keep(s.mail)
	return nil
}

// Reset forgets a mail that was begun.
func (s *sinkSession) Reset() { s.mail = Sent{} }

// Logout has nothing to give back.
func (s *sinkSession) Logout() error { return nil }

type quiet struct{}

// Printf implements smtp.Logger.
func (quiet) Printf(string, ...any) {}

// Println implements smtp.Logger.
func (quiet) Println(...any) {}
