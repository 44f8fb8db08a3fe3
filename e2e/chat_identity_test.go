package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// TestStoryChatIdentity: two browsers of one visitor, for whom the website vouches with a key
// that is sealed, are one customer; the key is nowhere in the database as it is.
func TestStoryChatIdentity(t *testing.T) {
	t.Parallel()
	const secret = "a website's own secret of 32 bytes or more"
	v := newVaxel(t, strings.Replace(widget, "queue =", "identity_secret = \""+secret+"\"\nqueue =", 1))
	v.start()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("user:4711"))
	for _, text := range []string{"Hej", "Hej igen"} {
		conn, _, err := websocket.Dial(t.Context(), strings.Replace(v.base, "http", "ws", 1)+"/w/socket", //nolint:bodyclose // Dial's is nil on success
			&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {v.base}}})
		must(t, err)
		must(t, write(t.Context(), conn, map[string]any{"t": "hello", "key": "shop", "user": "4711", "hash": hex.EncodeToString(mac.Sum(nil))}))
		must(t, write(t.Context(), conn, map[string]any{"t": "form", "cid": "c1", "name": "Karin", "text": text}))
		v.wait("the chat "+text, func() bool { return v.number(`select count(*) from entry where text = '`+text+`'`) == 1 })
		must(t, conn.CloseNow())
	}
	if n := v.number(`select count(*) from customer`); n != 1 {
		t.Errorf("they are %d customers, want 1", n)
	}
	if n := v.number(`select count(*) from customer_address where value like 'site/%/4711'`); n != 1 {
		t.Errorf("the customer is known by %d names of the website", n)
	}
	if n := v.number(`select count(*) from secret where name like 'widget:shop:%' and position('website' in encode(sealed, 'escape')) = 0`); n != 1 {
		t.Errorf("%d sealed keys, want 1", n)
	}
}
