package gateway

import "testing"

func TestMailAddress(t *testing.T) {
	for in, want := range map[string]string{
		`Anna@Kund.example`:          `anna@kund.example`,
		`"John Doe"@example.com`:     `"john doe"@example.com`,
		`"anna"@example.com`:         `anna@example.com`,
		`"anna.ek"@example.com`:      `anna.ek@example.com`,
		`"an\na"@example.com`:        `anna@example.com`,
		`"a\"b\\c"@example.com`:      `"a\"b\\c"@example.com`,
		`"a@b"@example.com`:          `"a@b"@example.com`,
		`"john..doe"@example.com`:    `"john..doe"@example.com`,
		`john..doe@example.com`:      `"john..doe"@example.com`, // as telephone companies gave them out
		`.anna@example.com`:          `".anna"@example.com`,
		`bo,hemma@example.com`:       `"bo,hemma"@example.com`,
		`"jörg"@example.com`:         `jörg@example.com`,
		`o'hara+x=1@example.com`:     `o'hara+x=1@example.com`,
		`""@example.com`:             `""@example.com`,
		`"a"b"@example.com`:          `"\"a\"b\""@example.com`, // one quoted string it is not
		`"a\"@example.com`:           `"\"a\\\""@example.com`,
		`@Example.com`:               `@example.com`,
		`anna`:                       `anna`,
		``:                           ``,
		"anna@[IPv6:2001:db8::1]":    "anna@[ipv6:2001:db8::1]",
		`"very.(),:;<>[]"@a.example`: `"very.(),:;<>[]"@a.example`,
	} {
		if got := MailAddress(in); got != want {
			t.Errorf("MailAddress(%s): got %s want %s", in, got, want)
		}
	}
}

func TestRequote(t *testing.T) {
	for in, want := range map[string]string{
		`"Anna"@Kund.example`:    `Anna@Kund.example`,
		`John..Doe@b.example`:    `"John..Doe"@b.example`,
		`"John Doe"@b.example`:   `"John Doe"@b.example`,
		`@b.example`:             `@b.example`,
		`Anna.Ek+x@Kund.example`: `Anna.Ek+x@Kund.example`,
	} {
		if got := Requote(in); got != want {
			t.Errorf("Requote(%s): got %s want %s", in, got, want)
		}
	}
}

func TestTypedMailAddress(t *testing.T) {
	for in, want := range map[string]string{
		` Anna@kund.example `:       `anna@kund.example`,
		`"John Doe"@kund.example`:   `"john doe"@kund.example`,
		`"anna"@kund.example`:       `anna@kund.example`,
		`john..doe@kund.example`:    `"john..doe"@kund.example`,
		`john doe@kund.example`:     "",
		`Anna <anna@kund.example>`:  "",
		`anna@kund.example, bo@b.c`: "",
		`bo,hemma@kund.example`:     "",
		"\"a\rb\"@kund.example":     "",
		`anna@kund example`:         "",
		`anna@`:                     "",
		`@kund.example`:             "",
		`anna`:                      "",
	} {
		if got, ok := TypedMailAddress(in); ok != (want != "") || ok && got != want {
			t.Errorf("TypedMailAddress(%s): got %s %v want %q", in, got, ok, want)
		}
	}
}

// FuzzMailAddress: what is written as it is kept stays so, however often that is done.
func FuzzMailAddress(f *testing.F) {
	for _, seed := range []string{`"john doe"@example.com`, `a"b@c`, `"a\"@b`, `""@x`, `"\\"@x`, `.@x`, "\xff\"@x", `"\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := MailAddress(s)
		if again := MailAddress(once); again != once {
			t.Errorf("%q: first %q, then %q", s, once, again)
		}
	})
}
