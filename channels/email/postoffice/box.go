package postoffice

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

// box is one folder: a directory with a file "uid.FLAGS.eml" for each mail, and a
// file "state" with UIDVALIDITY and a UID that none given so far has reached.
//
// RFC 3501 §2.3.1.1: a UID is never given twice while UIDVALIDITY stands. The highest
// one is known from its file; before that file goes, state is written.
type box struct {
	dir string

	mu       sync.Mutex // guards all below
	validity uint32
	next     imap.UID
	mails    []mail        // by uid
	changed  chan struct{} // closed and replaced when mails change
}

type mail struct {
	uid   imap.UID
	flags string // letters of flagLetters, sorted
	size  int64
	at    time.Time
}

// flagLetters are the flags that last, as Maildir writes them.
var flagLetters = map[imap.Flag]string{
	imap.FlagSeen: "S", imap.FlagAnswered: "R", imap.FlagFlagged: "F", imap.FlagDeleted: "T", imap.FlagDraft: "D",
}

func (m mail) file() string { return fmt.Sprintf("%010d.%s.eml", m.uid, m.flags) }

func (m mail) has(f imap.Flag) bool {
	letter := flagLetters[canonical(f)]
	return letter != "" && strings.Contains(m.flags, letter)
}

func (m mail) flagList() []imap.Flag {
	list := []imap.Flag{}
	for f, letter := range flagLetters {
		if strings.Contains(m.flags, letter) {
			list = append(list, f)
		}
	}
	slices.Sort(list)
	return list
}

// canonical is a system flag as flagLetters spells it; RFC 3501 §2.3.2 ignores case.
func canonical(f imap.Flag) imap.Flag {
	for known := range flagLetters {
		if strings.EqualFold(string(known), string(f)) {
			return known
		}
	}
	return f
}

func lettersOf(flags []imap.Flag) string {
	var letters []string
	for _, f := range flags {
		if l := flagLetters[canonical(f)]; l != "" && !slices.Contains(letters, l) {
			letters = append(letters, l)
		}
	}
	slices.Sort(letters)
	return strings.Join(letters, "")
}

func openBox(dir string) (*box, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	b := &box{dir: dir, changed: make(chan struct{})}
	state, err := os.ReadFile(b.state())
	switch {
	case err == nil:
		_, err = fmt.Sscan(string(state), &b.validity, &b.next)
	case errors.Is(err, fs.ErrNotExist):
		b.validity, b.next = uint32(time.Now().Unix()), 1 // fits until 2106
		err = b.saveState()
	}
	if err != nil {
		return nil, err
	}
	return b, b.scan()
}

func (b *box) state() string { return filepath.Join(b.dir, "state") }

func (b *box) saveState() error {
	return writeFile(b.state(), []byte(fmt.Sprintln(b.validity, b.next)))
}

// scan reads the directory after a start. Mail that was cut short is still named ".tmp".
func (b *box) scan() error {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		parts := strings.Split(e.Name(), ".")
		uid, err := strconv.ParseUint(parts[0], 10, 32)
		if err != nil || len(parts) != 3 || parts[2] != "eml" {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		b.mails = append(b.mails, mail{imap.UID(uid), parts[1], info.Size(), info.ModTime()})
		b.next = max(b.next, imap.UID(uid)+1)
	}
	slices.SortFunc(b.mails, func(x, y mail) int { return cmp.Compare(x.uid, y.uid) })
	return nil
}

// add keeps a mail: when it returns, the mail is on disk under its UID.
func (b *box) add(raw []byte, flags []imap.Flag, at time.Time) (imap.UID, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m := mail{b.next, lettersOf(flags), int64(len(raw)), at}
	if err := writeFile(filepath.Join(b.dir, m.file()), raw); err != nil {
		return 0, fmt.Errorf("keep mail: %w", err)
	}
	_ = os.Chtimes(filepath.Join(b.dir, m.file()), at, at) // a wrong INTERNALDATE harms nobody
	b.next++
	b.mails = append(b.mails, m)
	b.tellLocked()
	return m.uid, nil
}

// tellLocked wakes everybody who waits for a change.
func (b *box) tellLocked() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// list is the mails now, and read one's bytes.
func (b *box) list() []mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

func (b *box) read(m mail) ([]byte, error) {
	b.mu.Lock()
	if i, ok := find(b.mails, m.uid); ok {
		m = b.mails[i] // its flags, and so its name, may have changed
	}
	defer b.mu.Unlock()
	return os.ReadFile(filepath.Join(b.dir, m.file()))
}

// find gives the place of a UID in mails.
func find(mails []mail, uid imap.UID) (int, bool) {
	return slices.BinarySearchFunc(mails, uid, func(m mail, uid imap.UID) int { return cmp.Compare(m.uid, uid) })
}

// store changes the flags of mails; one that has gone is skipped.
func (b *box) store(uids []imap.UID, change *imap.StoreFlags) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, uid := range uids {
		i, ok := find(b.mails, uid)
		if !ok {
			continue
		}
		old, m := b.mails[i], b.mails[i]
		m.flags = changeFlags(old.flagList(), change)
		if m.flags == old.flags {
			continue
		}
		if err := os.Rename(filepath.Join(b.dir, old.file()), filepath.Join(b.dir, m.file())); err != nil {
			return fmt.Errorf("store flags: %w", err)
		}
		b.mails[i] = m
	}
	return nil
}

func changeFlags(flags []imap.Flag, change *imap.StoreFlags) string {
	switch change.Op {
	case imap.StoreFlagsSet:
		flags = change.Flags
	case imap.StoreFlagsAdd:
		flags = append(flags, change.Flags...)
	case imap.StoreFlagsDel:
		flags = slices.DeleteFunc(flags, func(f imap.Flag) bool {
			return slices.ContainsFunc(change.Flags, func(d imap.Flag) bool { return canonical(d) == f })
		})
	}
	return lettersOf(flags)
}

// remove deletes mails for good.
func (b *box) remove(uids []imap.UID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.saveState(); err != nil { // or the highest UID could come again
		return fmt.Errorf("remove mail: %w", err)
	}
	for _, uid := range uids {
		if i, ok := find(b.mails, uid); ok {
			if err := os.Remove(filepath.Join(b.dir, b.mails[i].file())); err != nil {
				return fmt.Errorf("remove mail: %w", err)
			}
			b.mails = slices.Delete(b.mails, i, i+1)
		}
	}
	b.tellLocked()
	return nil
}

// writeFile has the bytes on disk under their name, whole or not at all.
func writeFile(path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
