package email

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// TLSMode is how a connection to a mail server is protected.
type TLSMode string

// The TLS modes.
const (
	ImplicitTLS TLSMode = "tls"
	StartTLS    TLSMode = "starttls"
	NoTLS       TLSMode = "none" // loopback only
)

// Server is one end of a mailbox.
type Server struct {
	Address string // host:port
	TLS     TLSMode
}

// MailboxID is a mailbox's number.
type MailboxID int64

// Mailbox is an address that is read and answered.
type Mailbox struct {
	ID          MailboxID
	Address     string // lower case
	Name        string // beside the address in From
	Queue       gateway.QueueID
	Skills      []gateway.SkillLevel // that its mail needs of an agent
	User        string               // for both servers; empty: no sign-in at SMTP
	IMAP        Server               // without an address it is not read: its mail is handed in (Stand)
	SMTP        Server
	Folder      string    // that is read; INBOX unless set
	MoveTo      string    // where what was read goes; empty: it is marked \Seen
	SentFolder  string    // where the provider files what it sends, to look what has arrived; may be empty
	Plus        bool      // its server delivers name+anything to it: replies and bounces get an address of their case
	FromNow     bool      // what lay there at first contact is left alone
	Backfill    time.Time // but for what came since this day: that is taken in quietly; zero: nothing
	Enabled     bool
	Acknowledge Acknowledgement
	OAuth       OAuth
	Rev         int64
	CreatedAt   time.Time

	refreshes bool // it has a refresh token
}

func (m Mailbox) secret() string { return fmt.Sprintf("mailbox:%d:password", m.ID) }

func (m Mailbox) refreshSecret() string { return fmt.Sprintf("mailbox:%d:refresh", m.ID) }

func (m Mailbox) rotatedSecret() string { return fmt.Sprintf("mailbox:%d:rotated", m.ID) }

// read says that the mailbox's mail is fetched.
func (m Mailbox) read() bool { return m.IMAP.Address != "" }

// fromNow says that what lies there at first contact is not read as if it came now.
func (m Mailbox) fromNow() bool { return m.FromNow || !m.Backfill.IsZero() }

func (m Mailbox) domain() string {
	_, domain, _ := strings.Cut(m.Address, "@")
	return domain
}

// check refuses what can never work, or would send a password in the clear.
func (m Mailbox) check() error {
	if !strings.Contains(m.Address, "@") || strings.ContainsAny(m.Address, " <>,") {
		return gateway.Invalid("bad_address", fmt.Sprintf("%q is no mail address; write one like support@example.org", m.Address))
	}
	if m.Queue == 0 {
		return gateway.Invalid("no_queue", "mailbox "+m.Address+" needs a queue that its mail waits in")
	}
	if err := m.OAuth.Check(m.Address); err != nil {
		return err
	}
	for what, s := range map[string]Server{"IMAP": m.IMAP, "SMTP": m.SMTP} {
		if what == "IMAP" && !m.read() {
			continue
		}
		host, _, err := net.SplitHostPort(s.Address)
		if err != nil {
			return gateway.Invalid("bad_server", fmt.Sprintf("the %s server of %s is %q; write host:port", what, m.Address, s.Address))
		}
		switch s.TLS {
		case ImplicitTLS, StartTLS:
		case NoTLS:
			if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
				return gateway.Invalid("tls_needed", fmt.Sprintf("the %s server of %s is not on this machine; set tls or starttls", what, m.Address))
			}
		default:
			return gateway.Invalid("bad_tls", fmt.Sprintf("the %s server of %s has TLS %q; write tls, starttls or none", what, m.Address, s.TLS))
		}
	}
	return nil
}

const mailboxColumns = `
	id, address, name, queue_id, skills, username, imap_address, imap_tls, smtp_address, smtp_tls,
	folder, move_to, sent_folder, plus, from_now, backfill, enabled, acknowledge_open, acknowledge_closed,
	token_url, client_id, scope, refreshes, rev, created_at`

func scanMailbox(row pgx.CollectableRow) (m Mailbox, err error) {
	var backfill *time.Time
	err = row.Scan(&m.ID, &m.Address, &m.Name, &m.Queue, &m.Skills, &m.User, &m.IMAP.Address, &m.IMAP.TLS, &m.SMTP.Address, &m.SMTP.TLS,
		&m.Folder, &m.MoveTo, &m.SentFolder, &m.Plus, &m.FromNow, &backfill, &m.Enabled, &m.Acknowledge.Open, &m.Acknowledge.Closed, &m.OAuth.TokenURL, &m.OAuth.ClientID, &m.OAuth.Scope, &m.refreshes, &m.Rev, &m.CreatedAt)
	if backfill != nil {
		m.Backfill = *backfill
	}
	return m, err
}

// Save keeps a mailbox, known by its address, and its password unless that is empty.
// Pollers take a change up within seconds; saving the same again disturbs none.
func (e *Email) Save(ctx context.Context, m Mailbox, password string) (Mailbox, error) {
	m.Address = strings.ToLower(strings.TrimSpace(m.Address))
	if m.Folder == "" {
		m.Folder = "INBOX"
	}
	if !m.read() {
		m.IMAP.TLS, m.SentFolder = NoTLS, ""
	}
	if err := m.check(); err != nil {
		return m, err
	}
	refresh := m.OAuth.RefreshToken
	err := pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
		rows, _ := tx.Query(ctx, `
			insert into mailbox (address, name, queue_id, username, imap_address, imap_tls, smtp_address, smtp_tls,
				folder, move_to, sent_folder, plus, from_now, enabled, acknowledge_open, acknowledge_closed,
				token_url, client_id, scope, backfill, skills, refreshes)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
			on conflict (address) do update set
				name = $2, queue_id = $3, username = $4, imap_address = $5, imap_tls = $6, smtp_address = $7, smtp_tls = $8,
				folder = $9, move_to = $10, sent_folder = $11, plus = $12, from_now = $13, enabled = $14,
				acknowledge_open = $15, acknowledge_closed = $16, token_url = $17, client_id = $18, scope = $19, backfill = $20, skills = $21, refreshes = $22,
				rev = mailbox.rev + case when (mailbox.name, mailbox.queue_id, mailbox.username, mailbox.imap_address,
						mailbox.imap_tls, mailbox.smtp_address, mailbox.smtp_tls, mailbox.folder, mailbox.move_to,
						mailbox.sent_folder, mailbox.plus, mailbox.from_now, mailbox.enabled,
						mailbox.acknowledge_open, mailbox.acknowledge_closed, mailbox.token_url, mailbox.client_id, mailbox.scope, mailbox.backfill, mailbox.skills, mailbox.refreshes)
					is distinct from (excluded.name, excluded.queue_id, excluded.username, excluded.imap_address,
						excluded.imap_tls, excluded.smtp_address, excluded.smtp_tls, excluded.folder, excluded.move_to,
						excluded.sent_folder, excluded.plus, excluded.from_now, excluded.enabled,
						excluded.acknowledge_open, excluded.acknowledge_closed, excluded.token_url, excluded.client_id, excluded.scope, excluded.backfill, excluded.skills, excluded.refreshes)
					then 1 else 0 end
			returning `+mailboxColumns,
			m.Address, m.Name, int64(m.Queue), m.User, m.IMAP.Address, string(m.IMAP.TLS), m.SMTP.Address, string(m.SMTP.TLS),
			m.Folder, m.MoveTo, m.SentFolder, m.Plus, m.FromNow, m.Enabled, m.Acknowledge.Open, m.Acknowledge.Closed,
			m.OAuth.TokenURL, m.OAuth.ClientID, m.OAuth.Scope, dayOf(m.Backfill), append([]gateway.SkillLevel{}, m.Skills...), refresh != "") // the error comes with the rows
		var err error
		if m, err = pgx.CollectExactlyOneRow(rows, scanMailbox); err != nil {
			return err
		}
		if refresh != "" {
			if err := e.in.Secrets.Put(ctx, tx, m.refreshSecret(), []byte(refresh)); err != nil {
				return err
			}
		}
		if password == "" {
			return nil
		}
		return e.in.Secrets.Put(ctx, tx, m.secret(), []byte(password))
	})
	if err != nil {
		return m, fmt.Errorf("save mailbox %s: %w", m.Address, err)
	}
	e.tell()
	return m, nil
}

// Dismiss disables the mailboxes whose addresses are not among those to keep, and gives
// their addresses. Their cursors stay: one that comes back is read from there.
func (e *Email) Dismiss(ctx context.Context, keep []string) ([]string, error) {
	for i, address := range keep {
		keep[i] = strings.ToLower(strings.TrimSpace(address))
	}
	rows, _ := e.pool.Query(ctx, `
		update mailbox
		set enabled = false, rev = rev + 1
		where enabled and address <> all($1)
		returning address`, keep) // the error comes with the rows
	gone, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("dismiss mailboxes: %w", err)
	}
	e.tell()
	return gone, nil
}

// dayOf is a day as PostgreSQL has it, null for none.
func dayOf(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	day := t.Format(time.DateOnly)
	return &day
}

// Mailboxes lists all mailboxes by address.
func (e *Email) Mailboxes(ctx context.Context) ([]Mailbox, error) {
	return mailboxes(ctx, e.pool)
}

type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func mailboxes(ctx context.Context, db querier) ([]Mailbox, error) {
	rows, _ := db.Query(ctx, `
		select `+mailboxColumns+`
		from mailbox
		order by address`) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanMailbox)
	if err != nil {
		return nil, fmt.Errorf("list mailboxes: %w", err)
	}
	return list, nil
}

// mailbox gives the mailbox of that number.
func (e *Email) mailbox(ctx context.Context, id MailboxID) (Mailbox, error) {
	rows, _ := e.pool.Query(ctx, `
		select `+mailboxColumns+`
		from mailbox
		where id = $1`, int64(id)) // the error comes with the rows
	m, err := pgx.CollectExactlyOneRow(rows, scanMailbox)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return m, gateway.NotFound("no_mailbox", fmt.Sprintf("mailbox %d does not exist", id))
	case err != nil:
		return m, fmt.Errorf("get mailbox %d: %w", id, err)
	}
	return m, nil
}

// password is a mailbox's password, "" if none was entered.
func (e *Email) password(ctx context.Context, m Mailbox) (string, error) {
	plain, err := e.in.Secrets.Get(ctx, m.secret())
	if errors.Is(err, gateway.ErrNotFound) {
		return "", nil
	}
	return string(plain), err
}

// Health is how a mailbox fares.
type Health struct {
	Mailbox  MailboxID
	Address  string
	Holder   string    // the node that reads it; empty: none
	SyncedAt time.Time // when it was last read to the end; zero: never
	Behind   int       // mails that were waiting then
	Problem  string    // why it is not read now; empty: it is
	Backfill Backfill
}

// Health gives the health of every enabled mailbox that is read.
func (e *Email) Health(ctx context.Context) ([]Health, error) {
	rows, _ := e.pool.Query(ctx, `
		select m.id as mailbox, m.address, case when m.held_until > now() then m.holder else '' end as holder,
			coalesce(c.synced_at, 'epoch') as synced_at, coalesce(c.behind, 0) as behind, coalesce(c.problem, '') as problem,
			case when m.backfill is null then 0 else coalesce(c.backfill_done, 0) end, case when m.backfill is null then 0 else coalesce(c.backfill_left, 0) end
		from mailbox m
		left join mailbox_cursor c on c.mailbox_id = m.id and c.folder = m.folder
		where m.enabled and m.imap_address <> ''
		order by m.address`) // the error comes with the rows
	list, err := pgx.CollectRows(rows, scanHealth)
	if err != nil {
		return nil, fmt.Errorf("read mailbox health: %w", err)
	}
	for i := range list {
		if list[i].SyncedAt.Unix() == 0 {
			list[i].SyncedAt = time.Time{}
		}
	}
	return list, nil
}

func scanHealth(row pgx.CollectableRow) (h Health, err error) {
	err = row.Scan(&h.Mailbox, &h.Address, &h.Holder, &h.SyncedAt, &h.Behind, &h.Problem, &h.Backfill.Done, &h.Backfill.Left)
	return h, err
}

// tell wakes Run after a change.
func (e *Email) tell() {
	e.mu.Lock()
	defer e.mu.Unlock()
	close(e.changed)
	e.changed, e.usAt = make(chan struct{}), time.Time{}
}

func (e *Email) change() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.changed
}
