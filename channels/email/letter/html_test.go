package letter_test

import (
	"strings"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/letter"
)

// White words on a ground that was taken away could not be read.
func TestSafeKeepsTheGroundUnderWords(t *testing.T) {
	got := letter.Safe(`<a href="https://a.example/1" style="background: #7a1f1f; color: #fff">Läs mer</a>`)
	if !strings.Contains(got, "background: #7a1f1f") || !strings.Contains(got, "color: #fff") {
		t.Errorf("got %s", got)
	}
	for _, fetches := range []string{"url(https://a.example/1.png)", "#fff url('//a.example/1.png')", `u\72l(https://a.example)`, "image-set('https://a.example' 1x)"} {
		if got := letter.Safe(`<p style="background: ` + fetches + `">Hej</p>`); strings.Contains(got, "a.example") {
			t.Errorf("%s: got %s", fetches, got)
		}
	}
}
