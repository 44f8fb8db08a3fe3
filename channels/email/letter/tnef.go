package letter

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"mime"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// Outlook packs what it sends to its own kind into one file, winmail.dat: MS-OXTNEF.
// https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxtnef
const (
	tnefSignature  = 0x223E9F78
	tnefBody       = 0x800C // attribute names, §2.1.3.2
	tnefData       = 0x800F
	tnefTitle      = 0x8010
	tnefRendering  = 0x9002 // begins an attachment
	tnefMessage    = 0x9003 // properties of the message
	tnefAttachment = 0x9005 // properties of the attachment
	tnefCodepage   = 0x9007

	propBody     = 0x1000 // properties, MS-OXPROPS
	propHTML     = 0x1013
	propData     = 0x3701
	propName     = 0x3704
	propLongName = 0x3707
	propType     = 0x370E
)

// isTNEF says whether a part is such a file, whatever its sender's server made of its type.
func isTNEF(kind, name string) bool {
	return kind == "application/ms-tnef" || kind == "application/vnd.ms-tnef" || strings.EqualFold(name, "winmail.dat")
}

// tnef is what such a file holds.
type tnef struct {
	files   []Attachment
	inner   []Attachment // of messages among them
	body    body
	charset string // of what is not UTF-16
	damaged bool
}

// readTNEF unpacks a file. What comes before any damage is given.
func readTNEF(data []byte, depth int) *tnef {
	t := &tnef{charset: "windows-1252"}
	r := &bytesReader{data: data}
	if r.u32() != tnefSignature {
		t.damaged = true
		return t
	}
	r.take(2) // a key that means nothing
	for len(r.data) > 0 && len(t.files) <= MaxParts {
		level, name, value := r.take(1), r.u32()&0xFFFF, r.take(r.u32())
		r.take(2) // a checksum; servers get it wrong
		if r.short || level[0] != 1 && level[0] != 2 {
			t.damaged = true
			break
		}
		t.attribute(int(name), value, depth)
	}
	t.finish()
	return t
}

func (t *tnef) attribute(name int, value []byte, depth int) {
	switch name {
	case tnefCodepage:
		if r := (&bytesReader{data: value}); len(value) >= 4 {
			t.charset = fmt.Sprint("windows-", r.u32())
		}
	case tnefBody:
		t.body.text = cmp.Or(t.body.text, t.string8(value))
	case tnefMessage:
		t.properties(value, nil, depth)
	case tnefRendering:
		t.files = append(t.files, Attachment{})
	case tnefTitle, tnefData, tnefAttachment:
		if len(t.files) == 0 {
			t.files = append(t.files, Attachment{})
		}
		switch f := &t.files[len(t.files)-1]; name {
		case tnefTitle:
			f.Name = cmp.Or(f.Name, t.string8(value))
		case tnefData:
			f.Data = value
		default:
			t.properties(value, f, depth)
		}
	}
}

// properties reads the message's properties (f is nil) or an attachment's: §2.1.3.4.
func (t *tnef) properties(data []byte, f *Attachment, depth int) {
	r := &bytesReader{data: data}
	for n := r.u32(); n > 0 && !r.short; n-- {
		kind, id := r.u16(), r.u16()
		if id >= 0x8000 { // a named one: whose, and its name
			r.take(16)
			if named := r.u32() == 1; named {
				r.padded(r.u32())
			} else {
				r.take(4)
			}
		}
		if value := r.property(kind); !r.short {
			t.property(id, kind, value, f, depth)
		}
	}
	t.damaged = t.damaged || r.short
}

func (t *tnef) property(id, kind int, value []byte, f *Attachment, depth int) {
	switch {
	case f == nil && id == propBody:
		t.body.text = t.text(kind, value)
	case f == nil && id == propHTML:
		t.body.html = t.text(kind, value)
	case f == nil:
	case id == propLongName, id == propName && f.Name == "":
		f.Name = t.text(kind, value)
	case id == propType:
		f.Type = strings.ToLower(t.text(kind, value))
	case id == propData && kind != typeObject:
		f.Data = value
	case id == propData && len(value) > 16: // after the interface's id comes a message, packed the same way
		f.Data = value[16:]
		if inner := readTNEF(f.Data, depth+1); depth < MaxDepth && !inner.damaged {
			f.Name, f.Type, f.Data = strings.TrimSuffix(f.Name, ".msg")+".txt", "text/plain", []byte(inner.body.asText())
			t.inner = append(t.inner, inner.files...)
		}
	}
}

// finish drops what is no file and names what has none.
func (t *tnef) finish() {
	kept := t.files[:0]
	for _, f := range t.files {
		if f.Name = fileName(f.Name); len(f.Data) == 0 && f.Name == "" {
			continue
		}
		kind, _, _ := mime.ParseMediaType(cmp.Or(f.Type, mime.TypeByExtension(filepath.Ext(f.Name)))) // "" when it is no type
		f.Type = cmp.Or(kind, "application/octet-stream")
		kept = append(kept, f)
	}
	t.files = append(kept, t.inner...)
}

func (t *tnef) string8(value []byte) string {
	text, _ := toUTF8(bytes.TrimRight(value, "\x00"), t.charset)
	return text
}

func (t *tnef) text(kind int, value []byte) string {
	if kind != typeUnicode {
		return t.string8(value)
	}
	units := make([]uint16, len(value)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(value[2*i:])
	}
	return clean(strings.TrimRight(string(utf16.Decode(units)), "\x00"))
}

// Types of properties, MS-OXCDATA §2.11.1.
const (
	typeString8 = 0x1E
	typeUnicode = 0x1F
	typeObject  = 0x0D
	typeBinary  = 0x102
	typeMany    = 0x1000
)

var typeSize = map[int]uint32{
	0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16,
}

// bytesReader reads little-endian numbers; short is set when there were too few bytes.
type bytesReader struct {
	data  []byte
	short bool
}

func (r *bytesReader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.data)) {
		r.data, r.short = nil, true
		return make([]byte, min(n, 16)) // whoever looks at the number finds zeros
	}
	some := r.data[:n]
	r.data = r.data[n:]
	return some
}

// padded reads what is filled up to a multiple of four.
func (r *bytesReader) padded(n uint32) []byte {
	value := r.take(n)
	if fill := -n & 3; !r.short {
		r.take(min(fill, uint32(len(r.data))))
	}
	return value
}

func (r *bytesReader) u32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }
func (r *bytesReader) u16() int    { return int(binary.LittleEndian.Uint16(r.take(2))) }

// property reads a value; of several, the last.
func (r *bytesReader) property(kind int) (value []byte) {
	many, kind := kind&typeMany != 0, kind&^typeMany
	size, fixed := typeSize[kind]
	count := uint32(1)
	if many || !fixed {
		count = r.u32()
	}
	for ; count > 0 && !r.short; count-- {
		switch {
		case many && kind == 0x02:
			value = r.take(2)
		case fixed:
			value = r.take(size)
		case kind == typeString8, kind == typeUnicode, kind == typeObject, kind == typeBinary:
			value = r.padded(r.u32())
		default:
			r.short = true // an unknown type: nobody knows where the next one begins
		}
	}
	return value
}
