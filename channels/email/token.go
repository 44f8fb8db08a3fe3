package email

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"

	"github.com/vaxelhq/vaxel/gateway"
)

// signer makes names that only we can make, so that a reply which quotes one belongs to
// its conversation whoever sends it: Message-IDs "CONVERSATION.NONCE.MAC@domain" and
// plus-addresses "support+CONVERSATION.MAC@domain".
type signer struct{ key []byte }

// macLength is in letters of base32: 16 are 80 bits. Addresses are short and lose their
// case on the way, hence no base64.
const macLength = 16

var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// mac signs text for one purpose, so that an address's is of no use in a Message-ID.
func (s signer) mac(purpose, text string) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(purpose + "\x00" + text))
	return letters.EncodeToString(h.Sum(nil))[:macLength]
}

// messageID makes a new Message-ID for a mail of the conversation.
func (s signer) messageID(c gateway.ConversationID, domain string) string {
	nonce := make([]byte, 10)
	_, _ = rand.Read(nonce) // never fails, see its documentation
	text := strconv.FormatInt(int64(c), 36) + "." + letters.EncodeToString(nonce)
	return text + "." + s.mac("message-id", text) + "@" + domain
}

// ofMessageID gives the conversation of a Message-ID that we have made.
func (s signer) ofMessageID(id string) (gateway.ConversationID, bool) {
	local, _, _ := strings.Cut(id, "@")
	i := strings.LastIndexByte(local, '.')
	if i < 0 || !hmac.Equal([]byte(s.mac("message-id", local[:i])), []byte(local[i+1:])) {
		return 0, false
	}
	number, _, _ := strings.Cut(local, ".")
	return conversation(number)
}

// address adds the conversation's tag to a mailbox's address (RFC 5233).
func (s signer) address(mailbox string, c gateway.ConversationID) string {
	local, domain, _ := strings.Cut(mailbox, "@")
	number := strconv.FormatInt(int64(c), 36)
	return local + "+" + number + "." + s.mac("address", number) + "@" + domain
}

// ofAddress gives the conversation of an address that we have tagged.
func (s signer) ofAddress(address string) (gateway.ConversationID, bool) {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	_, tag, _ := strings.Cut(local, "+")
	number, mac, ok := strings.Cut(tag, ".")
	if !ok || !hmac.Equal([]byte(s.mac("address", number)), []byte(mac)) {
		return 0, false
	}
	return conversation(number)
}

// leave is a token by which its holder ends what we send an address by ourselves. It names the
// conversation that it was sent in, too.
func (s signer) leave(c gateway.ConversationID, address string) string {
	text := strconv.FormatInt(int64(c), 36) + "." + letters.EncodeToString([]byte(strings.ToLower(address)))
	return text + "." + s.mac("leave", text)
}

// ofLeave reads a token that we have made so.
func (s signer) ofLeave(token string) (c gateway.ConversationID, address string, ok bool) {
	token = strings.ToLower(token)
	i := strings.LastIndexByte(token, '.')
	if i < 0 || !hmac.Equal([]byte(s.mac("leave", token[:i])), []byte(token[i+1:])) {
		return 0, "", false
	}
	number, coded, _ := strings.Cut(token[:i], ".")
	plain, err := letters.DecodeString(coded)
	c, ok = conversation(number)
	return c, string(plain), ok && err == nil
}

// conversation reads a number that was signed; ours are in base 36.
func conversation(number string) (gateway.ConversationID, bool) {
	n, err := strconv.ParseInt(number, 36, 64)
	return gateway.ConversationID(n), err == nil && n > 0
}
