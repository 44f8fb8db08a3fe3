package letter

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"html"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/vaxelhq/vaxel/gateway"
)

// Reply is a mail to be written: an answer on a case, or the first mail of one.
type Reply struct {
	MessageID   string // without brackets; given once, kept over every attempt to send
	Date        time.Time
	From        gateway.Address
	ReplyTo     gateway.Address // where answers go; the plus-address of the case
	To          []gateway.Address
	Cc          []gateway.Address // Bcc is the envelope's alone
	Subject     string
	InReplyTo   string
	References  []string // oldest first, without brackets
	Text        string
	HTML        string // beside the text; empty for plain mail only
	Attachments []Attachment
	Calendar    []byte `json:",omitempty"` // an answer to an invitation, beside the text
	Automatic   bool   // marks it as RFC 3834 §3.1.7 asks, so that no machine answers it

	Leave    []string `json:",omitempty"` // where its reader asks for no more of its kind: URLs, the best first
	OneClick bool     `json:"-"`          // a POST there is enough; known when it is signed
}

// Compose writes the mail with CRLF line ends. The same Reply gives the same bytes,
// so that a mail that is sent twice is one mail to its reader.
func (r *Reply) Compose() ([]byte, error) {
	if r.MessageID == "" || r.From.Value == "" || r.Date.IsZero() {
		return nil, errors.New("compose mail: Message-ID, From and Date are required")
	}
	if len(r.To)+len(r.Cc) == 0 {
		return nil, gateway.Invalid("no_recipient", "The mail has no recipient; add an address to To.")
	}
	w := &writer{seed: r.MessageID}
	w.headers(r)
	w.part(r.tree())
	return w.Bytes(), nil
}

func (w *writer) headers(r *Reply) {
	w.addresses("From", []gateway.Address{r.From})
	w.addresses("To", r.To)
	w.addresses("Cc", r.Cc)
	if r.ReplyTo.Value != "" {
		w.addresses("Reply-To", []gateway.Address{r.ReplyTo})
	}
	w.field("Subject", mime.QEncoding.Encode("utf-8", oneLine(clean(r.Subject))))
	w.field("Date", r.Date.Format(time.RFC1123Z))
	w.field("Message-ID", "<"+r.MessageID+">")
	if r.InReplyTo != "" {
		w.field("In-Reply-To", "<"+r.InReplyTo+">")
	}
	if refs := trimReferences(r.References); len(refs) > 0 {
		w.field("References", "<"+strings.Join(refs, "> <")+">")
	}
	if r.Automatic {
		w.field("Auto-Submitted", submitted(r.InReplyTo))
		w.field("X-Auto-Response-Suppress", "All")
		w.field(OursHeader, "1")
	}
	if len(r.Leave) > 0 { // RFC 2369 §3.2
		w.field("List-Unsubscribe", "<"+strings.Join(r.Leave, ">, <")+">")
	}
	if r.OneClick { // RFC 8058 §3.1
		w.field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	}
	w.field("MIME-Version", "1.0")
}

// submitted tells an answer from what came of itself: RFC 3834 §5.
func submitted(inReplyTo string) string {
	if inReplyTo == "" {
		return "auto-generated"
	}
	return "auto-replied"
}

// trimReferences keeps the first and the newest twenty, as RFC 5537 §3.4.4 advises.
func trimReferences(refs []string) []string {
	if len(refs) <= 21 {
		return refs
	}
	return append([]string{refs[0]}, refs[len(refs)-20:]...)
}

// node is a part to be written: content, or a multipart's children.
type node struct {
	kind     string // "multipart/mixed", "text/plain; charset=utf-8"
	fields   [][2]string
	content  []byte
	children []node
}

// tree lays the parts out as clients expect them:
// mixed(alternative(text, related(html, inline images)), attachments).
func (r *Reply) tree() node {
	top := node{kind: "text/plain; charset=utf-8", content: []byte(clean(r.Text))}
	var inline, files []node
	for _, a := range r.Attachments {
		if a.CID != "" && r.HTML != "" {
			inline = append(inline, fileNode(a, "inline"))
		} else {
			files = append(files, fileNode(a, "attachment"))
		}
	}
	if r.HTML != "" {
		rich := node{kind: "text/html; charset=utf-8", content: []byte(clean(r.HTML))}
		if len(inline) > 0 {
			rich = node{kind: "multipart/related", children: append([]node{rich}, inline...)}
		}
		top = node{kind: "multipart/alternative", children: []node{top, rich}}
	}
	if len(r.Calendar) > 0 { // RFC 6047 §2.4: the method stands in the type, too
		answer := node{kind: `text/calendar; charset=utf-8; method=REPLY`, content: r.Calendar}
		top = node{kind: "multipart/alternative", children: append(alternatives(top), answer)}
	}
	if len(files) > 0 {
		top = node{kind: "multipart/mixed", children: append([]node{top}, files...)}
	}
	return top
}

// alternatives are the forms that a body has so far.
func alternatives(body node) []node {
	if body.kind == "multipart/alternative" {
		return body.children
	}
	return []node{body}
}

func fileNode(a Attachment, disposition string) node {
	kind, params, err := mime.ParseMediaType(a.Type)
	if err != nil || !strings.Contains(kind, "/") || strings.HasPrefix(kind, "multipart/") {
		kind, params = "application/octet-stream", nil
	}
	n := node{kind: mime.FormatMediaType(kind, params), content: a.Data}
	name := map[string]string{"filename": fileName(a.Name)}
	n.fields = append(n.fields, [2]string{"Content-Disposition", mime.FormatMediaType(disposition, name)})
	if a.CID != "" {
		n.fields = append(n.fields, [2]string{"Content-ID", "<" + a.CID + ">"})
	}
	return n
}

// writer writes fields and parts; its boundaries follow from the Message-ID.
type writer struct {
	bytes.Buffer
	seed  string
	count byte
}

// field writes one field, folded at blanks before column 78 (RFC 5322 §2.1.1) and
// safe from line ends in its value.
func (w *writer) field(name, value string) { w.folded(name, strings.Fields(value)) }

// folded writes a field of words, and breaks its lines between them.
func (w *writer) folded(name string, words []string) {
	w.WriteString(name + ":")
	column := len(name) + 1
	for _, word := range words {
		if column+1+len(word) > 78 && column > len(name)+1 {
			w.WriteString("\r\n")
			column = 0
		}
		w.WriteString(" " + word)
		column += 1 + len(word)
	}
	w.WriteString("\r\n")
}

// addresses writes a list of them: the blanks in quotes are the address's own.
func (w *writer) addresses(name string, list []gateway.Address) {
	var words []string
	for i, a := range list {
		bare := mail.Address{Address: unquotedAddress(cleanAddress(a.Value))}
		whole := mail.Address{Name: oneLine(clean(a.Name)), Address: bare.Address}
		words = append(words, strings.Fields(strings.TrimSuffix(whole.String(), bare.String()))...)
		words = append(words, bare.String())
		if i < len(list)-1 {
			words[len(words)-1] += ","
		}
	}
	if len(words) > 0 {
		w.folded(name, words)
	}
}

// unquotedAddress is an address as net/mail holds it, which sets the quotes by itself.
func unquotedAddress(address string) string {
	at := max(0, strings.LastIndexByte(address, '@'))
	return gateway.UnquoteLocal(address[:at]) + address[at:]
}

func (w *writer) boundary() string {
	w.count++
	sum := sha256.Sum256(append([]byte(w.seed), w.count))
	return "=_" + hex.EncodeToString(sum[:15]) // quoted-printable never writes "=_"
}

func (w *writer) part(n node) {
	if n.children == nil {
		w.leaf(n)
		return
	}
	boundary := w.boundary()
	w.field("Content-Type", n.kind+"; boundary=\""+boundary+"\"")
	for _, child := range n.children {
		w.WriteString("\r\n--" + boundary + "\r\n")
		w.part(child)
	}
	w.WriteString("\r\n--" + boundary + "--\r\n")
}

func (w *writer) leaf(n node) {
	w.field("Content-Type", n.kind)
	for _, f := range n.fields {
		w.field(f[0], f[1])
	}
	if strings.HasPrefix(n.kind, "text/") && n.fields == nil {
		w.field("Content-Transfer-Encoding", "quoted-printable")
		w.WriteString("\r\n")
		q := quotedprintable.NewWriter(&w.Buffer)
		_, _ = io.WriteString(q, strings.ReplaceAll(strings.ReplaceAll(string(n.content), "\r\n", "\n"), "\n", "\r\n"))
		_ = q.Close() // a Buffer takes everything
		return
	}
	w.field("Content-Transfer-Encoding", "base64")
	w.WriteString("\r\n")
	line := make([]byte, 76)
	for b := n.content; len(b) > 0; {
		k := min(len(b), 57) // RFC 2045 §6.8: 76 columns
		base64.StdEncoding.Encode(line, b[:k])
		w.Write(line[:base64.StdEncoding.EncodedLen(k)])
		w.WriteString("\r\n")
		b = b[k:]
	}
}

var webLink = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]]`)

// RichText is plain text as simple HTML: its lines kept, its links made links.
func RichText(text string) string {
	var out strings.Builder
	out.WriteString(`<div style="white-space: pre-wrap">`)
	at := 0
	for _, m := range webLink.FindAllStringIndex(text, 1000) {
		link := html.EscapeString(text[m[0]:m[1]])
		out.WriteString(html.EscapeString(text[at:m[0]]) + `<a href="` + link + `">` + link + `</a>`)
		at = m[1]
	}
	out.WriteString(html.EscapeString(text[at:]) + `</div>`)
	return out.String()
}
