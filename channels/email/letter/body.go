package letter

import (
	"bytes"
	"fmt"
	"html"
	"mime"
	"strings"
)

// body is what a person reads: text, HTML or both of the same.
type body struct{ text, html string }

func (b body) empty() bool { return b.text == "" && b.html == "" }

// asHTML shows text as it was typed, where HTML is joined to it.
func (b body) asHTML() string {
	if b.html != "" || b.text == "" {
		return b.html
	}
	return "<pre style=\"white-space: pre-wrap\">" + html.EscapeString(b.text) + "</pre>"
}

// asText is the text, or what the HTML says without its markup.
func (b body) asText() string {
	if b.text != "" {
		return b.text
	}
	return textOf(b.html)
}

// reader gathers a letter's body and attachments in the order of its parts.
type reader struct {
	*parser
	letter *Letter
	cids   []string // Content-IDs of the attachments, in step with letter.Attachments
	packed body     // that winmail.dat held
}

// readBody fills Text, HTML, Quoted, Attachments and Bounce.
func (p *parser) readBody(l *Letter, root *part) {
	r := &reader{parser: p, letter: l}
	b := r.render(root, nil)
	if b.empty() {
		b = r.packed // else it says the same
	}
	l.Text = strings.TrimSpace(strings.ReplaceAll(r.limit(b.asText(), MaxText), "\r\n", "\n"))
	l.HTML = r.limit(Safe(r.limit(b.html, MaxHTML)), MaxHTML)
	l.Quoted = quotedFrom(l.Text)
	for i := range l.Attachments {
		if cid := r.cids[i]; cid != "" && strings.Contains(l.HTML, "cid:"+cid) {
			l.Attachments[i].CID = cid // anything not shown by the HTML is an attachment
		}
	}
	l.Bounce = p.readBounce(l, root)
}

// limit cuts at n bytes, between two characters.
func (r *reader) limit(s string, n int) string {
	if len(s) <= n {
		return s
	}
	r.defect("long text cut")
	return strings.ToValidUTF8(s[:n], "")
}

// render walks the parts: multipart/alternative gives the same in two forms, every
// other multipart one thing after the other.
func (r *reader) render(e, parent *part) body {
	if e.children == nil {
		return r.leaf(e, parent)
	}
	var whole body
	for _, child := range e.children {
		b := r.render(child, e)
		switch {
		case b.empty():
		case e.kind == "multipart/alternative":
			if b.text != "" && (whole.text == "" || b.html == "") {
				whole.text = b.text
			}
			if b.html != "" {
				whole.html = b.html
			}
		case whole.empty():
			whole = b
		default:
			whole = join(whole, b)
		}
	}
	return whole
}

// join puts one after the other, in the forms that either has.
func join(a, b body) body {
	joined := body{text: strings.TrimRight(a.asText(), "\n") + "\n\n" + b.asText()}
	if a.html != "" || b.html != "" {
		joined.html = a.asHTML() + "<br>" + b.asHTML()
	}
	return joined
}

// leaf reads one part: a piece of the body, or an attachment.
func (r *reader) leaf(e, parent *part) body {
	content, _ := decodeTransfer(e.body, e.header.Get("Content-Transfer-Encoding"))
	if e.kind == "message/rfc822" || e.kind == "message/global" {
		content = bytes.TrimLeft(content, "\r\n") // or it would not open as a file
	}
	disposition, dparams := parseParams(e.header.Get("Content-Disposition"))
	name := fileName(dparams["filename"])
	if name == "" {
		name = fileName(e.params["name"])
	}
	shown := disposition != "attachment" && (e.kind == "text/plain" || e.kind == "text/html") &&
		(name == "" || parent == nil || parent.kind == "multipart/alternative")
	switch {
	case isTNEF(e.kind, name):
		r.unpack(e, name, content)
		return body{}
	case !shown:
		r.invitation(e, name, content)
		r.attach(e, name, content)
		return body{}
	}
	if e.kind == "text/html" {
		return body{html: r.text(e, content)}
	}
	files, rest := cutUU(content)
	for _, f := range files {
		f.Name = fileName(f.Name)
		r.keep(f, "")
	}
	text := r.text(e, rest)
	if e.params["format"] == "flowed" {
		text = unflow(text, e.params["delsp"] == "yes")
	}
	return body{text: text}
}

// text is the content in UTF-8, by the charset that its part declares; HTML may declare its
// own.
func (r *reader) text(e *part, content []byte) string {
	declared := e.params["charset"]
	if declared == "" && e.kind == "text/html" {
		declared = metaCharset(content)
	}
	text, ok := toUTF8(content, declared)
	if !ok {
		r.defect("charset guessed or mended")
	}
	return text
}

// unpack keeps what Outlook has packed, or the package if nothing in it can be read.
func (r *reader) unpack(e *part, name string, content []byte) {
	t := readTNEF(content, 0)
	if t.damaged {
		r.defect("winmail.dat damaged")
	}
	if len(t.files) == 0 && t.body.empty() {
		r.attach(e, name, content)
	}
	for _, f := range t.files {
		r.keep(f, "")
	}
	if r.packed.empty() {
		r.packed = t.body
	}
}

// attach keeps a part as a file. Its Content-ID counts only if the HTML refers to it.
func (r *reader) attach(e *part, name string, content []byte) {
	if len(content) == 0 && name == "" {
		return // an empty part without a name is nothing
	}
	cid := strings.Trim(e.header.Get("Content-ID"), "<> ")
	r.keep(Attachment{Name: name, Type: e.kind, Data: content}, clean(cid))
}

// keep adds a file, which gets a name if it has none.
func (r *reader) keep(a Attachment, cid string) {
	if a.Name == "" {
		a.Name = r.nameFor(a)
	}
	r.letter.Attachments = append(r.letter.Attachments, a)
	r.cids = append(r.cids, cid)
}

// nameFor invents a name for a file that has none, an enclosed mail's from its subject.
func (r *reader) nameFor(a Attachment) string {
	if a.Type == "message/rfc822" {
		inner := parser{defects: map[string]bool{}}
		h, _ := inner.splitHeader(a.Data[:min(len(a.Data), 64<<10)], true)
		if name := fileName(strings.Map(noSlash, h.Text("Subject"))); name != "" {
			return name + ".eml"
		}
	}
	return fmt.Sprintf("attachment-%d%s", len(r.letter.Attachments)+1, extension(a.Type))
}

// noSlash keeps a subject from being read as a path.
func noSlash(c rune) rune {
	if strings.ContainsRune(`/\:`, c) {
		return '-'
	}
	return c
}

// The usual extensions; the system's own list differs from machine to machine.
var extensions = map[string]string{
	"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "text/csv": ".csv",
	"text/rfc822-headers": ".txt", "message/delivery-status": ".txt", "message/rfc822": ".eml",
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/tiff": ".tif",
	"application/pdf": ".pdf", "application/zip": ".zip", "application/ms-tnef": ".dat",
	"application/pgp-signature": ".asc", "application/pkcs7-signature": ".p7s",
	"application/pkcs7-mime": ".p7m", "application/x-pkcs7-signature": ".p7s",
}

// extension is the usual one of a media type, .bin for one that nobody knows.
func extension(kind string) string {
	if ext, ok := extensions[kind]; ok {
		return ext
	}
	if list, err := mime.ExtensionsByType(kind); err == nil && len(list) > 0 {
		return list[0]
	}
	return ".bin"
}

// unflow joins the soft-broken lines of RFC 3676 §4.
func unflow(text string, delsp bool) string {
	var out strings.Builder
	flowed := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		fixed := strings.HasPrefix(line, ">") || line == "-- "
		if (!flowed || fixed) && out.Len() > 0 {
			out.WriteByte('\n')
		}
		line = strings.TrimPrefix(line, " ") // §4.4 space-stuffing, of continuations too
		flowed = !fixed && strings.HasSuffix(line, " ")
		if flowed && delsp {
			line = line[:len(line)-1]
		}
		out.WriteString(line)
	}
	return out.String()
}
