package tickets

import "testing"

func TestInternational(t *testing.T) {
	for _, c := range []struct{ region, dialled, want string }{
		{"SE", "070-174 06 05", "+46701740605"},
		{"SE", "+46 (0)70 174 06 05", "+46701740605"},
		{"SE", "0046701740605", "+46701740605"},
		{"SE", "46701740605", "+46701740605"},
		{"SE", "08-123 456", "+468123456"},
		{"NO", "22 00 00 00", "+4722000000"},
		{"SE", "+1 650 253 0000", "+16502530000"},
		{"US", "650 253 0000", "+16502530000"},
		{"SE", "2001", "2001"}, // an extension of the house
		{"SE", "112", "112"},
		{"SE", "+999123456", "+999123456"}, // no country
		{"", "0701740605", "0701740605"},
		{"SE", "anonymous", ""},
		{"SE", "", ""},
	} {
		if got := international(c.dialled, c.region); got != c.want {
			t.Errorf("%s in %q: got %q want %q", c.dialled, c.region, got, c.want)
		}
		if again := international(c.want, c.region); again != c.want {
			t.Errorf("%s in %q: became %q", c.want, c.region, again)
		}
	}
}
