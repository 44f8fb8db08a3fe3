package email

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
)

// Key is a key with which the mail of a domain's mailboxes is signed (RFC 6376):
//
//	made ─▶ its record is published in the DNS ─▶ used ─▶ dropped, or another one is used
type Key struct {
	ID       int64
	Domain   string
	Selector string
	Record   string // the TXT record's text
	Used     bool
}

// Name is where the record belongs (RFC 6376 §3.6.2.1).
func (k Key) Name() string { return k.Selector + "._domainkey." + k.Domain }

func (k Key) secret() string { return fmt.Sprintf("dkim:%d", k.ID) }

// keyBits is what every verifier takes (RFC 8301 §3.2); Ed25519 is not known to many.
const keyBits = 2048

var (
	selectorPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	domainPattern   = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// MakeKey makes a key. It signs nothing until it is used.
func (e *Email) MakeKey(ctx context.Context, tx pgx.Tx, domain, selector string) (Key, error) {
	domain, selector = strings.ToLower(strings.TrimSpace(domain)), strings.ToLower(strings.TrimSpace(selector))
	if !domainPattern.MatchString(domain) || len(domain) > 253 {
		return Key{}, gateway.Invalid("bad_domain", fmt.Sprintf("%q is no domain; write the part of the address after @, as example.org", domain))
	}
	if !selectorPattern.MatchString(selector) {
		return Key{}, gateway.Invalid("bad_selector", "a selector is one word of letters, digits and hyphens, as vaxel1")
	}
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return Key{}, fmt.Errorf("make a DKIM key: %w", err)
	}
	sealed, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("write a DKIM key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		return Key{}, fmt.Errorf("write a DKIM record: %w", err)
	}
	k := Key{Domain: domain, Selector: selector, Record: "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)}
	err = tx.QueryRow(ctx, `
		insert into dkim_key (domain, selector, record)
		values ($1, $2, $3)
		on conflict do nothing
		returning id`, k.Domain, k.Selector, k.Record).Scan(&k.ID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return k, gateway.Conflict("key_exists", "there is a key of this selector; use it, or choose another selector", nil)
	case err != nil:
		return k, fmt.Errorf("keep a DKIM key: %w", err)
	}
	return k, e.in.Secrets.Put(ctx, tx, k.secret(), sealed)
}

const keyColumns = ` id, domain, selector, record, used `

// Keys lists the keys by domain.
func (e *Email) Keys(ctx context.Context) ([]Key, error) {
	rows, _ := e.pool.Query(ctx, `
		select`+keyColumns+`
		from dkim_key
		order by domain, selector`) // the error comes with the rows
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[Key])
	if err != nil {
		return nil, fmt.Errorf("list DKIM keys: %w", err)
	}
	return list, nil
}

// UseKey has a domain's mail signed with a key from now on, instead of another one.
func (e *Email) UseKey(ctx context.Context, tx pgx.Tx, id int64) (Key, error) {
	if _, err := tx.Exec(ctx, `
		update dkim_key
		set used = false
		where used and id <> $1 and domain = (select domain from dkim_key where id = $1)`, id); err != nil {
		return Key{}, fmt.Errorf("use DKIM key %d: %w", id, err)
	}
	rows, _ := tx.Query(ctx, `
		update dkim_key
		set used = true
		where id = $1
		returning`+keyColumns, id) // the error comes with the rows
	k, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Key])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return k, noKey()
	case err != nil:
		return k, fmt.Errorf("use DKIM key %d: %w", id, err)
	}
	return k, nil
}

// DropKey forgets a key. The mail of a domain without a used one goes out unsigned.
func (e *Email) DropKey(ctx context.Context, tx pgx.Tx, id int64) error {
	tag, err := tx.Exec(ctx, `delete from dkim_key where id = $1`, id)
	if err != nil {
		return fmt.Errorf("drop DKIM key %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return noKey()
	}
	return nil
}

func noKey() error {
	return gateway.NotFound("no_dkim_key", "there is no such key; somebody may have dropped it")
}

// signed are the fields that a signature covers (RFC 6376 §5.4.1), and From.
var signed = []string{
	"From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted",
	"List-Unsubscribe", "List-Unsubscribe-Post", // RFC 8058 §4
}

// keyFor is the key that a domain's mail is signed with; nil: none is used.
func (e *Email) keyFor(ctx context.Context, domain string) (*Key, error) {
	rows, _ := e.pool.Query(ctx, `
		select`+keyColumns+`
		from dkim_key
		where domain = $1 and used`, domain) // the error comes with the rows
	k, err := pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByName[Key])
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("find the DKIM key of %s: %w", domain, err)
	}
	return k, nil
}

// sign signs a mail with a key, if there is one.
func (e *Email) sign(ctx context.Context, k *Key, raw []byte) ([]byte, error) {
	if k == nil {
		return raw, nil
	}
	sealed, err := e.in.Secrets.Get(ctx, k.secret())
	if err != nil {
		return nil, fmt.Errorf("open DKIM key %s: %w", k.Name(), err)
	}
	private, err := x509.ParsePKCS8PrivateKey(sealed)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key %s: %w", k.Name(), err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("DKIM key %s does not sign", k.Name())
	}
	var out bytes.Buffer
	err = dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: k.Domain, Selector: k.Selector, Signer: signer, Hash: crypto.SHA256, HeaderKeys: signed,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, fmt.Errorf("sign with DKIM key %s: %w", k.Name(), err)
	}
	return out.Bytes(), nil
}
