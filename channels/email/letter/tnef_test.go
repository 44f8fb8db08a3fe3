package letter_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/vaxelhq/vaxel/channels/email/letter"
)

// packed is a mail of one part: what Outlook makes.
func packed(data []byte) []byte {
	return []byte("From: a@b.example\r\nSubject: x\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n" +
		"Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString(data))
}

// attribute is one of MS-OXTNEF §2.1.3.
func attribute(level byte, name uint32, value []byte) []byte {
	var b bytes.Buffer
	b.WriteByte(level)
	_ = binary.Write(&b, binary.LittleEndian, []uint32{name, uint32(len(value))}) // to memory
	b.Write(value)
	b.Write([]byte{0, 0})
	return b.Bytes()
}

func wide(s string) (b []byte) {
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// properties are values of one type each: identifier, type, bytes.
func property(id, kind uint16, value []byte) []byte {
	b := binary.LittleEndian.AppendUint16(nil, kind)
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint32(b, 1)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
	b = append(b, value...)
	return append(b, make([]byte, -len(value)&3)...)
}

func properties(list ...[]byte) []byte {
	return append(binary.LittleEndian.AppendUint32(nil, uint32(len(list))), slices.Concat(list...)...)
}

var signature = []byte{0x78, 0x9f, 0x3e, 0x22, 1, 0}

func tnef() []byte {
	return slices.Concat(signature,
		attribute(1, 0x9003, properties(property(0x1000, 0x1F, wide("Hej från Åsa")))),
		attribute(2, 0x9002, make([]byte, 14)),
		attribute(2, 0x8010, []byte("KVITTO~1.PDF\x00")),
		attribute(2, 0x800F, []byte("%PDF-1")),
		attribute(2, 0x9005, properties(property(0x3707, 0x1F, wide("kvitto å.pdf")), property(0x370E, 0x1F, wide("application/pdf")))),
		attribute(2, 0x9002, make([]byte, 14)),
		attribute(2, 0x8010, []byte("r\xe4kning.txt\x00")),
		attribute(2, 0x800F, []byte("100 kr")))
}

func TestWinmail(t *testing.T) {
	l := letter.Parse(packed(tnef()))
	if l.Text != "Hej från Åsa" || len(l.Attachments) != 2 || len(l.Defects) > 0 {
		t.Fatalf("got %q, %d attachments, defects %v", l.Text, len(l.Attachments), l.Defects)
	}
	if a := l.Attachments[0]; a.Name != "kvitto å.pdf" || a.Type != "application/pdf" || string(a.Data) != "%PDF-1" {
		t.Errorf("got %+v", a)
	}
	if a := l.Attachments[1]; a.Name != "räkning.txt" || a.Type != "text/plain" || string(a.Data) != "100 kr" {
		t.Errorf("got %+v", a)
	}
}

// A damaged one gives what came before the damage; one that gives nothing stays whole.
func TestDamagedWinmail(t *testing.T) {
	whole := tnef()
	l := letter.Parse(packed(whole[:len(whole)-20]))
	if len(l.Attachments) != 1 || !slices.Contains(l.Defects, "winmail.dat damaged") {
		t.Errorf("got %+v, defects %v", l.Attachments, l.Defects)
	}
	if l := letter.Parse(packed(signature)); len(l.Attachments) != 1 || l.Attachments[0].Name != "winmail.dat" {
		t.Errorf("an empty one: got %+v", l.Attachments)
	}
}

// TestCorporaWinmail unpacks the packages of a public collection beside their lists.
func TestCorporaWinmail(t *testing.T) {
	corpora(t)
	lists, _ := filepath.Glob(filepath.Join(os.Getenv("VAXEL_CORPORA"), "mail/mimekit/UnitTests/TestData/tnef/*.list"))
	if len(lists) == 0 {
		t.Fatal("no packages")
	}
	for _, list := range lists {
		names, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(strings.TrimSuffix(list, ".list") + ".tnef")
		if err != nil {
			continue // a list of a mail
		}
		l := letter.Parse(packed(data))
		for name := range strings.FieldsSeq(strings.ReplaceAll(string(names), "Untitled Attachment", "")) {
			has := func(a letter.Attachment) bool { return a.Name == name }
			if !strings.HasPrefix(name, "body.") && name != "Untitled_Attachment" && !slices.ContainsFunc(l.Attachments, has) {
				t.Errorf("%s: %s is missing", filepath.Base(list), name)
			}
		}
	}
}

func FuzzWinmail(f *testing.F) {
	f.Add(tnef())
	f.Fuzz(func(t *testing.T, data []byte) {
		checkLetter(t, "fuzz", letter.Parse(packed(data)))
	})
}
