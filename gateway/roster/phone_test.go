package roster_test

import (
	"testing"

	"github.com/vaxelhq/vaxel/gateway/roster"
)

func TestCheckPhone(t *testing.T) {
	for _, c := range []struct {
		kind roster.PhoneKind
		in   string
		want string // the address, or the code of the refusal
	}{
		{"pstn", "+46 70-174 06 05", "+46701740605"},
		{"pstn", " 0046 (70) 174.06.05 ", "+46701740605"},
		{"pstn", "070-174 06 05", "bad_phone_number"},
		{"pstn", "+46 70 CALL ME", "bad_phone_number"},
		{"pstn", "+0701740605", "bad_phone_number"},
		{"pstn", "+46123", "bad_phone_number"},
		{"pstn", "+4612345678901234567", "bad_phone_number"},
		{"pstn", "", "bad_phone_number"},
		{"sip", "sip:anna@pbx.example", "sip:anna@pbx.example"},
		{"sip", "anna@pbx.example", "sip:anna@pbx.example"},
		{"sip", "SIPS:201@192.0.2.10:5061;transport=tls", "sips:201@192.0.2.10:5061;transport=tls"},
		{"sip", "sip:201@[2001:db8::1]:5060", "sip:201@[2001:db8::1]:5060"},
		{"sip", "sip:+46701740605@trunk.example;user=phone", "sip:+46701740605@trunk.example;user=phone"},
		{"sip", "sip:a%20b@pbx.example", "sip:a%20b@pbx.example"},
		{"sip", "sip:pbx.example", "bad_sip_uri"},
		{"sip", "anna", "bad_sip_uri"},
		{"sip", "tel:+46701740605", "bad_sip_uri"},
		{"sip", "sip:anna karlsson@pbx.example", "bad_sip_uri"},
		{"sip", "sip:anna@pbx.example:0", "bad_sip_uri"},
		{"sip", "sip:anna@pbx.example:70000", "bad_sip_uri"},
		{"sip", "sip:anna@-pbx", "bad_sip_uri"},
		{"sip", "sip:anna@pbx.example\r\nVia: x", "bad_sip_uri"},
		{"sip", "sip:anna@[pbx]", "bad_sip_uri"},
		{"sip", "sip:anna@pbx.example;=x", "bad_sip_uri"},
		{"fax", "1", "bad_phone_kind"},
	} {
		got, err := roster.CheckPhone(c.kind, c.in)
		if err != nil {
			got = code(err)
		}
		if got != c.want {
			t.Errorf("%s %q: got %s want %s", c.kind, c.in, got, c.want)
		}
	}
}

// What is accepted is kept in a form that is accepted again, unchanged.
func FuzzCheckPhone(f *testing.F) {
	for _, s := range []string{"+46 70-174 06 05", "anna@pbx.example", "sip:201@[2001:db8::1]:5060;lr", "sips:a@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, kind := range []roster.PhoneKind{roster.PhonePSTN, roster.PhoneSIP} {
			once, err := roster.CheckPhone(kind, s)
			if err != nil {
				continue
			}
			if twice, err := roster.CheckPhone(kind, once); err != nil || twice != once {
				t.Errorf("%s %q became %q and then %q, %v", kind, s, once, twice, err)
			}
		}
	})
}
