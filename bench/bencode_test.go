package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBencode(t *testing.T) {
	got := bencode(map[string]any{"sdp": "v=0\r\n", "command": "offer", "replace": []string{"origin"}})
	if want := "d7:command5:offer7:replacel6:origine3:sdp5:v=0\r\ne"; got != want {
		t.Errorf("got %q want %q", got, want)
	}
	v, rest, err := bdecode("d6:resulti-4e4:tagsd1:ali1eeee!")
	if want := any(map[string]any{"result": -4, "tags": map[string]any{"a": []any{1}}}); err != nil || rest != "!" || !cmp.Equal(v, want) {
		t.Errorf("got %v, %q, %v want %v", v, rest, err, want)
	}
	for _, bad := range []string{"", "d", "l", "9:short", "-1:x", "x", "i1", "di1ei2ee", "ixe"} {
		if v, rest, err := bdecode(bad); err == nil {
			t.Errorf("%q: got %v, %q", bad, v, rest)
		}
	}
}
