// Package archive finds the mails in what other programs have kept: mbox files (RFC 4155),
// Maildir folders and files of one mail each.
//
// Scan reads everything once and remembers where each mail lies, so that mails can then be
// taken in the order in which they came, over all folders, and counted beforehand. It
// changes nothing, and holds some hundred bytes a mail.
package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Mail is where a mail lies, and when it came.
type Mail struct {
	Path string
	At   time.Time // of delivery, as far as the archive knows
	from int64     // of its bytes in the file
	size int64
	mbox bool // its lines that begin with "From " are quoted
}

// Size is that of its bytes where they lie.
func (m Mail) Size() int64 { return m.size }

// Scan finds the mails in a file, or in a directory and those below it, the oldest first.
// Other gives the files that are no mail.
func Scan(ctx context.Context, root string) (mails []Mail, other []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return cmp.Or(err, ctx.Err())
		}
		if !d.Type().IsRegular() {
			if d.IsDir() && d.Name() == "tmp" {
				return fs.SkipDir // of a Maildir: what is not delivered yet
			}
			return nil
		}
		found, err := scanFile(path)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			other = append(other, path)
		}
		mails = append(mails, found...)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("look for mails in %s: %w", root, err)
	}
	slices.SortStableFunc(mails, func(a, b Mail) int { return a.At.Compare(b.At) })
	return mails, other, nil
}

// scanFile finds the mails of one file.
func scanFile(path string) ([]Mail, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r := bufio.NewReaderSize(f, 64<<10)
	if head, _ := r.Peek(256); isSeparator(head) {
		return scanMbox(path, r)
	} else if !inMaildir(path) && !strings.EqualFold(filepath.Ext(path), ".eml") || info.Size() == 0 {
		return nil, nil
	}
	at := delivered(filepath.Base(path))
	if head, _ := r.Peek(r.Size()); at.IsZero() {
		at = dateOf(head)
	}
	if at.IsZero() {
		at = info.ModTime()
	}
	return []Mail{{Path: path, At: at, size: info.Size()}}, nil
}

// inMaildir says whether a file is a mail of a Maildir folder, by where it lies.
func inMaildir(path string) bool {
	in := filepath.Base(filepath.Dir(path))
	return in == "cur" || in == "new"
}

// delivered is when a Maildir's mail came: its name begins with the seconds since 1970.
func delivered(name string) time.Time {
	first, _, ok := strings.Cut(name, ".")
	seconds, err := strconv.ParseInt(first, 10, 64)
	if !ok || err != nil || len(first) < 8 || len(first) > 10 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// dateOf is the Date that the beginning of a mail tells; zero if it tells none.
func dateOf(head []byte) time.Time {
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte{':'}); ok && bytes.EqualFold(name, []byte("Date")) {
			at, _ := mail.ParseDate(strings.TrimSpace(string(value))) // zero if it is none
			return at
		}
	}
	return time.Time{}
}

// Read gives the bytes of a mail, the first so many of a larger one.
func (m Mail) Read(limit int64) ([]byte, error) {
	f, err := os.Open(m.Path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	raw := make([]byte, min(m.size, limit))
	if _, err := io.ReadFull(io.NewSectionReader(f, m.from, m.size), raw); err != nil {
		return nil, fmt.Errorf("read a mail of %s: %w; was it changed meanwhile?", m.Path, err)
	}
	if m.mbox {
		raw = unquote(raw)
	}
	return raw, nil
}

// Open opens the bytes of a mail as they lie. The caller closes it.
func (m Mail) Open() (io.ReadCloser, error) {
	f, err := os.Open(m.Path)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, m.from, m.size), f}, nil
}
