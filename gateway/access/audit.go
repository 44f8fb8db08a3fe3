package access

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Audit notes who did what to which thing ("queue.updated", "queue:3"), in the transaction
// that does it: neither is there without the other. Detail is anything that marshals to a
// JSON object; never a password or a customer's words.
func Audit(ctx context.Context, tx pgx.Tx, by Caller, what, subject string, detail any) error {
	body := []byte("{}")
	if detail != nil {
		var err error
		if body, err = json.Marshal(detail); err != nil {
			return fmt.Errorf("audit %s: %w", what, err)
		}
	}
	_, err := tx.Exec(ctx, `
		insert into audit (login, api_key, actor, what, subject, detail)
		values ($1, $2, $3, $4, $5, $6::text::jsonb)`,
		by.Login, by.Key, text(by.Name, 200), what, text(subject, 200), text(string(body), 1<<20))
	if err != nil {
		return fmt.Errorf("audit %s: %w", what, err)
	}
	return nil
}

// AuditOnce is Audit for what is done again and again, as reading is: there is one line of the
// same caller, what and subject in a time, however many ask at once.
func AuditOnce(ctx context.Context, tx pgx.Tx, by Caller, what, subject string, detail any, within time.Duration) error {
	key := fmt.Sprintf("audit %s %s %d %d", what, subject, by.Login, by.Key)
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended($1, 0))", key); err != nil {
		return fmt.Errorf("audit %s once: %w", what, err)
	}
	var noted bool // asked by a statement of its own: it sees what who had the lock before has committed
	err := tx.QueryRow(ctx, `
		select exists (
			select from audit
			where subject = $1 and what = $2 and login = $3 and api_key = $4 and at > now() - $5::interval)`,
		text(subject, 200), what, by.Login, by.Key, within).Scan(&noted)
	switch {
	case err != nil:
		return fmt.Errorf("audit %s once: %w", what, err)
	case noted:
		return nil
	}
	return Audit(ctx, tx, by, what, subject, detail)
}

// Audited is one line of the audit log.
type Audited struct {
	ID      int64           `json:"id,string"`
	At      time.Time       `json:"at"`
	Login   gateway.LoginID `json:"login,omitempty"`
	Key     KeyID           `json:"key,omitempty" db:"api_key"`
	Actor   string          `json:"actor"`
	What    string          `json:"what"`
	Subject string          `json:"subject,omitempty"`
	Detail  json.RawMessage `json:"detail"`
}

// AuditFilter narrows the audit log; what is zero does not.
type AuditFilter struct {
	Subject string
	Login   gateway.LoginID
	After   int64 // the last one of the page before
	Limit   int   // 100 unless set
}

// AuditLog lists what was done, newest first.
func (s *Store) AuditLog(ctx context.Context, f AuditFilter) ([]Audited, error) {
	if f.Limit <= 0 || f.Limit > 1000 {
		f.Limit = 100
	}
	return list[Audited](ctx, s.pool, `
		select id, at, login, api_key, actor, what, subject, detail
		from audit
		where ($1 = '' or subject = $1)
		and ($2::bigint = 0 or login = $2)
		and ($3::bigint = 0 or id < $3)
		order by id desc
		limit $4`, f.Subject, f.Login, f.After, f.Limit)
}
