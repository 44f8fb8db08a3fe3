package access

import (
	"bytes"
	"context"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/retry"
)

// Vault seals what must be kept but never read in the database or a backup: passwords
// and OAuth secrets of mailboxes, keys that sign outgoing mail (DKIM).
//
// A sealed value is the eight-byte name of its key, a random nonce and the XChaCha20-Poly1305
// text, bound to the secret's name so that one cannot be put in another's place.
type Vault struct {
	pool *pgxpool.Pool
	path string

	mu   sync.Mutex // guards keys
	keys []sealKey  // the first one seals; all of them open
}

type sealKey struct {
	raw  []byte
	name [keyNameLength]byte
	aead cipher.AEAD
}

const keyNameLength = 8

// OpenVault reads the key file, or makes it on the first start (0600, directory 0700).
// A file that others may read is refused. Whoever has secrets in the database and no key
// file must restore it: a new one opens nothing.
func OpenVault(ctx context.Context, pool *pgxpool.Pool, path string) (*Vault, error) {
	v := &Vault{pool: pool, path: path}
	err := v.load()
	if errors.Is(err, fs.ErrNotExist) {
		if err = v.mayStart(ctx); err == nil {
			err = v.create()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the vault: %w", err)
	}
	return v, nil
}

func (v *Vault) mayStart(ctx context.Context) error {
	var n int
	if err := v.pool.QueryRow(ctx, "select count(*) from secret").Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		return fmt.Errorf("%s is missing, and %d secrets in the database are sealed with it: put it back from your backup of that file, or delete the rows of the table secret and enter the secrets again", v.path, n)
	}
	return nil
}

func (v *Vault) create() error {
	if err := os.MkdirAll(filepath.Dir(v.path), 0o700); err != nil {
		return err
	}
	k, err := newKey()
	if err != nil {
		return err
	}
	err = writeKeys(v.path, []sealKey{k}, os.Link) // Link: a second node that starts now must not lose its key
	if errors.Is(err, fs.ErrExist) {
		err = nil
	}
	if err != nil {
		return err
	}
	return v.load()
}

// load reads the key file: one key a line, in hex.
func (v *Vault) load() error {
	info, err := os.Stat(v.path)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by others: chmod 600 it, and run `vaxel admin rekey` if somebody may have read it", v.path)
	}
	text, err := os.ReadFile(v.path)
	if err != nil {
		return err
	}
	var keys []sealKey
	for line := range strings.Lines(string(text)) {
		raw, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("%s is not a key file: %w", v.path, err)
		}
		k, err := makeKey(raw)
		if err != nil {
			return fmt.Errorf("%s is not a key file: %w", v.path, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return fmt.Errorf("%s is empty: put it back from your backup of that file", v.path)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys = keys
	return nil
}

func newKey() (sealKey, error) {
	raw := make([]byte, chacha20poly1305.KeySize)
	_, _ = rand.Read(raw) // never fails, see its documentation
	return makeKey(raw)
}

func makeKey(raw []byte) (sealKey, error) {
	aead, err := chacha20poly1305.NewX(raw)
	if err != nil {
		return sealKey{}, err
	}
	k := sealKey{raw: raw, aead: aead}
	sum := sha256.Sum256(append([]byte("vaxel key name\x00"), raw...))
	copy(k.name[:], sum[:])
	return k, nil
}

// writeKeys writes a new file, has it on disk, and then puts it in its place with one step.
func writeKeys(path string, keys []sealKey, place func(from, to string) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new*") // CreateTemp: 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already after a rename
	var text strings.Builder
	for _, k := range keys {
		text.WriteString(hex.EncodeToString(k.raw) + "\n")
	}
	_, err = f.WriteString(text.String())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := place(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Seal seals a value for the name; only Open with the same name gives it back.
func (v *Vault) Seal(name string, plain []byte) []byte {
	v.mu.Lock()
	k := v.keys[0]
	v.mu.Unlock()
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	_, _ = rand.Read(nonce)
	sealed := append(bytes.Clone(k.name[:]), nonce...)
	return k.aead.Seal(sealed, nonce, plain, []byte(name))
}

// Open gives back what Seal sealed. It reads the key file again when it does not know
// the key: another node may have changed it.
func (v *Vault) Open(name string, sealed []byte) ([]byte, error) {
	const head = keyNameLength + chacha20poly1305.NonceSizeX
	if len(sealed) < head {
		return nil, fmt.Errorf("open secret %s: it is cut short", name)
	}
	k, ok := v.key(sealed[:keyNameLength])
	if !ok {
		if err := v.load(); err != nil {
			return nil, fmt.Errorf("open secret %s: %w", name, err)
		}
		if k, ok = v.key(sealed[:keyNameLength]); !ok {
			return nil, fmt.Errorf("open secret %s: it is sealed with a key that is not in %s", name, v.path)
		}
	}
	plain, err := k.aead.Open(nil, sealed[keyNameLength:head], sealed[head:], []byte(name))
	if err != nil {
		return nil, fmt.Errorf("open secret %s: it was changed or belongs to another name: %w", name, err)
	}
	return plain, nil
}

func (v *Vault) key(name []byte) (sealKey, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, k := range v.keys {
		if bytes.Equal(k.name[:], name) {
			return k, true
		}
	}
	return sealKey{}, false
}

// Executor is a pool, or the transaction that a secret is a part of.
type Executor interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Put keeps a secret under its name ("mailbox:3:password"), in the caller's transaction
// or on a pool. An empty value forgets it.
func (v *Vault) Put(ctx context.Context, db Executor, name string, plain []byte) error {
	var err error
	if len(plain) == 0 {
		_, err = db.Exec(ctx, "delete from secret where name = $1", name)
	} else {
		_, err = db.Exec(ctx, `
			insert into secret (name, sealed) values ($1, $2)
			on conflict (name) do update set sealed = excluded.sealed, changed_at = now()`, name, v.Seal(name, plain))
	}
	if err != nil {
		return fmt.Errorf("keep secret %s: %w", name, err)
	}
	return nil
}

// Get gives a secret that Put kept.
func (v *Vault) Get(ctx context.Context, name string) ([]byte, error) {
	var sealed []byte
	err := v.pool.QueryRow(ctx, "select sealed from secret where name = $1", name).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, gateway.NotFound("secret_not_found", "the secret "+name+" has not been entered")
	}
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return v.Open(name, sealed)
}

// Known says which of some secrets have been entered. It opens none of them.
func (v *Vault) Known(ctx context.Context, names []string) (map[string]bool, error) {
	rows, _ := v.pool.Query(ctx, "select name from secret where name = any($1)", names) // the error comes with the rows
	known := map[string]bool{}
	var name string
	_, err := pgx.ForEachRow(rows, []any{&name}, func() error {
		known[name] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for secrets: %w", err)
	}
	return known, nil
}

// Rekey makes a new key, seals every secret with it and forgets the old keys. Cut short
// at any moment it leaves a key file that opens everything.
func (v *Vault) Rekey(ctx context.Context) (secrets int, err error) {
	if err := v.load(); err != nil {
		return 0, fmt.Errorf("rekey: %w", err)
	}
	k, err := newKey()
	if err != nil {
		return 0, fmt.Errorf("rekey: %w", err)
	}
	v.mu.Lock()
	both := append([]sealKey{k}, v.keys...)
	v.mu.Unlock()
	if err := v.replace(both); err != nil {
		return 0, fmt.Errorf("rekey: %w", err)
	}
	if secrets, err = v.reseal(ctx); err != nil {
		return 0, fmt.Errorf("rekey: %w", err)
	}
	if err := v.replace([]sealKey{k}); err != nil {
		return secrets, fmt.Errorf("rekey: %w", err)
	}
	return secrets, nil
}

func (v *Vault) replace(keys []sealKey) error {
	if err := writeKeys(v.path, keys, os.Rename); err != nil {
		return err
	}
	return v.load()
}

func (v *Vault) reseal(ctx context.Context) (int, error) {
	type row struct {
		Name   string
		Sealed []byte
	}
	n := 0
	err := retry.Tx(ctx, v.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "lock table secret in share row exclusive mode"); err != nil {
			return err
		}
		rows, err := list[row](ctx, tx, "select name, sealed from secret order by name")
		if err != nil {
			return err
		}
		n = len(rows)
		for _, r := range rows {
			plain, err := v.Open(r.Name, r.Sealed)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "update secret set sealed = $2 where name = $1", r.Name, v.Seal(r.Name, plain)); err != nil {
				return err
			}
		}
		return Audit(ctx, tx, System, "secrets.rekeyed", "secrets", map[string]int{"secrets": n})
	})
	return n, err
}
