package email_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/channels/email"
	"github.com/vaxelhq/vaxel/channels/email/mailtest"
	"github.com/vaxelhq/vaxel/gateway"
)

// TestSigned sends mail signed by the key that its domain uses, as a verifier sees it.
func TestSigned(t *testing.T) {
	t.Parallel()
	h, sink := newHouse(t), mailtest.StartSink(t)
	e := h.open(t, "a", nil)
	save(t, e, support(nobody, sink.Address))
	change := func(do func(tx pgx.Tx) error) error {
		return pgx.BeginFunc(t.Context(), h.pool, do)
	}
	makeKey := func(domain, selector string) (k email.Key, err error) {
		err = change(func(tx pgx.Tx) (err error) {
			k, err = e.MakeKey(t.Context(), tx, domain, selector)
			return err
		})
		return k, err
	}
	verified := func() []*dkim.Verification {
		t.Helper()
		out, _ := compose(t, e, reply())
		if d, err := e.Send(t.Context(), out); err != nil || d.State != gateway.OutboundSent {
			t.Fatalf("%+v %v", d, err)
		}
		all := sink.Mails()
		list, err := dkim.VerifyWithOptions(bytes.NewReader(all[len(all)-1].Raw), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
			keys, err := e.Keys(t.Context())
			for _, k := range keys {
				if k.Name() == name {
					return []string{k.Record}, nil
				}
			}
			return nil, errors.Join(err, errors.New("no such record: "+name))
		}})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	first, err := makeKey("Cyklar.example", "vaxel1")
	if err != nil {
		t.Fatal(err)
	}
	if list := verified(); len(list) != 0 {
		t.Errorf("before its use: got %d signatures", len(list))
	}
	second, err := makeKey("cyklar.example", "vaxel2")
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []email.Key{first, second} {
		if err := change(func(tx pgx.Tx) error { _, err := e.UseKey(t.Context(), tx, k.ID); return err }); err != nil {
			t.Fatal(err)
		}
		if list := verified(); len(list) != 1 || list[0].Err != nil || list[0].Domain != "cyklar.example" {
			t.Errorf("%s: got %+v", k.Selector, list)
		}
	}
	if err := change(func(tx pgx.Tx) error { return e.DropKey(t.Context(), tx, second.ID) }); err != nil {
		t.Fatal(err)
	}
	if list := verified(); len(list) != 0 {
		t.Errorf("after it was dropped: got %d signatures", len(list))
	}
	for _, c := range []struct {
		domain, selector string
		want             error
	}{{"cyklar.example", "vaxel1", gateway.ErrConflict}, {"cyklar", "a", gateway.ErrInvalid}, {"cyklar.example", "a b", gateway.ErrInvalid}} {
		if _, err := makeKey(c.domain, c.selector); !errors.Is(err, c.want) {
			t.Errorf("%+v: got %v", c, err)
		}
	}
}
