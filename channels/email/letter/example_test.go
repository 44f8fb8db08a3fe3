package letter_test

import (
	"fmt"
	"strings"

	"github.com/vaxelhq/vaxel/channels/email/letter"
)

// Whatever the bytes are, there is a letter: this one's subject is encoded, its answer
// stands above what it quotes, and a line of its header is none.
func ExampleParse() {
	raw := strings.ReplaceAll(`From: =?utf-8?Q?Bj=C3=B6rn?= <bjorn@kund.example>
To: support@cyklar.example
Subject: =?utf-8?B?w4V0ZXJrw7Zw?=
Message-ID: <2@kund.example>
In-Reply-To: <1@cyklar.example>
this is no header
Date: Mon, 2 Mar 2026 18:00:00 +0100
Content-Type: text/plain; charset=utf-8

Ja tack!

On Mon, 2 Mar 2026, Support wrote:
> Vill du ha en ny?
`, "\n", "\r\n")
	l := letter.Parse([]byte(raw))
	fmt.Println("from:", l.From.Name, l.From.Value)
	fmt.Println("subject:", l.Subject)
	fmt.Println("answers:", l.InReplyTo)
	fmt.Println("new:", strings.TrimSpace(l.Text[:l.Quoted]))
	fmt.Println("mended:", l.Defects)
	// Output:
	// from: Björn bjorn@kund.example
	// subject: Återköp
	// answers: [1@cyklar.example]
	// new: Ja tack!
	// mended: [folded line not indented]
}
