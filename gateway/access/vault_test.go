package access_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/migrations/pgtest"
)

func TestVault(t *testing.T) {
	ctx, pool := t.Context(), pgtest.New(t)
	path := filepath.Join(t.TempDir(), "keys", "vaxel.key")
	v, err := access.OpenVault(ctx, pool, path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("key file's mode: got %o want 600", got)
	}
	if err := v.Put(ctx, pool, "mailbox:1:password", []byte("hemlig")); err != nil {
		t.Fatal(err)
	}
	other, err := access.OpenVault(ctx, pool, path) // another node, which reads the file before the rekey
	if err != nil {
		t.Fatal(err)
	}

	before := sealed(t, pool, "mailbox:1:password")
	if strings.Contains(before, "hemlig") {
		t.Error("the secret can be read in the database")
	}
	if n, err := v.Rekey(ctx); n != 1 || err != nil {
		t.Fatalf("Rekey: got %d, %v want 1, nil", n, err)
	}
	if sealed(t, pool, "mailbox:1:password") == before {
		t.Error("Rekey left the secret as it was")
	}
	for name, vault := range map[string]*access.Vault{"own": v, "other node": other} {
		got, err := vault.Get(ctx, "mailbox:1:password")
		if err != nil || string(got) != "hemlig" {
			t.Errorf("%s after rekey: got %q, %v want hemlig", name, got, err)
		}
	}
	if _, err := v.Open("mailbox:1:password", []byte(before)); err == nil {
		t.Error("the old key still opens after a rekey")
	}
	if _, err := pool.Exec(ctx, "update secret set sealed = 'garbled'"); err != nil {
		t.Fatal(err)
	}
	if known, err := v.Known(ctx, []string{"mailbox:1:password", "mailbox:2:password"}); err != nil || len(known) != 1 || !known["mailbox:1:password"] {
		t.Errorf("entered: got %v, %v", known, err)
	}
}

func TestVaultRefuses(t *testing.T) {
	ctx, pool := t.Context(), pgtest.New(t)
	path := filepath.Join(t.TempDir(), "vaxel.key")
	v, err := access.OpenVault(ctx, pool, path)
	if err != nil {
		t.Fatal(err)
	}
	secret := v.Seal("trunk:1", []byte("hemlig"))

	if _, err := v.Open("trunk:2", secret); err == nil {
		t.Error("a secret opened under another name")
	}
	secret[len(secret)-1] ^= 1
	if _, err := v.Open("trunk:1", secret); err == nil {
		t.Error("a changed secret opened")
	}
	if _, err := v.Open("trunk:1", secret[:5]); err == nil {
		t.Error("a cut secret opened")
	}

	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := access.OpenVault(ctx, pool, path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key file that others can read: got %v want the remedy", err)
	}

	if err := v.Put(ctx, pool, "trunk:1", []byte("hemlig")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := access.OpenVault(ctx, pool, path); err == nil || !strings.Contains(err.Error(), "put it back") {
		t.Errorf("a lost key file: got %v want the remedy", err)
	}
}
