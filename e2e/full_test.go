package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/vaxelhq/vaxel/channels/email/mailtest"
)

// smallDisk gives v a data directory of its own size. Nothing but a machine that forbids
// mounting is a reason to leave the test out.
func (v *vaxel) smallDisk(megabytes int) (data string) {
	v.t.Helper()
	data = filepath.Join(v.dir, "data")
	must(v.t, os.MkdirAll(data, 0o755))
	err := syscall.Mount("tmpfs", data, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=755", megabytes))
	if errors.Is(err, syscall.EPERM) {
		v.t.Skip("this machine lets nobody here mount a small disk: that takes CAP_SYS_ADMIN")
	}
	must(v.t, err)
	v.t.Cleanup(func() { _ = syscall.Unmount(data, syscall.MNT_DETACH) })
	return data
}

// fill takes all the room there is.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer func() { _ = f.Close() }()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		if _, err := f.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else {
			must(t, err)
		}
	}
}

// TestFullDisk: files and database lie on a disk that fills up under chats and mails. Each
// is told that it was not taken, the process goes on, and when there is room again all of
// it is there, once.
func TestFullDisk(t *testing.T) {
	dovecot := mailtest.StartDovecot(t)
	v := embedded(t, mailbox(dovecot.IMAP, dovecot.IMAP)+widget+"\n[chat]\nlines_per_second = 100\n")
	data := v.smallDisk(400)
	v.found()
	v.serve()
	v.agent.signIn()
	c := v.agent.openConsole()
	v.agent.available()
	guest := v.visit()
	guest.say("form", 0, map[string]any{"name": "Bo", "text": "Hej 0"})
	c.accept(t)

	dice := rand.New(rand.NewPCG(1, 2)) // nothing that PostgreSQL could make smaller
	fill(t, filepath.Join(data, "full"))
	const said, sent = 100, 5
	for n := 1; n <= said; n++ {
		guest.say("msg", n, map[string]any{"text": fmt.Sprintf("Hej %d %s", n, noise(dice, 4000))})
	}
	for n := range sent {
		dovecot.Deliver(t, support, mailtest.Mail(fmt.Sprintf("m%d", n), fmt.Sprintf("kund%d@kund.example", n), "Hej", strings.Repeat("Hej!\r\n", 2000)))
	}
	v.wait("the mail to find no room", func() bool { return strings.Contains(v.log.String(), "no room to store") })
	v.wait("a line to find no room", func() bool { return strings.Contains(v.log.String(), "chat line not taken") })
	if guest.allSaid() {
		t.Error("all lines were acknowledged without room for them")
	}
	must(t, os.Remove(filepath.Join(data, "full")))

	v.wait("acknowledgement", guest.allSaid)
	v.wait("all mails", func() bool { return v.entries("mail") >= sent })
	if m, l := v.entries("mail"), v.entries("message"); m != sent || l != said+1 {
		t.Errorf("got %d mails and %d lines, want %d and %d", m, l, sent, said+1)
	}
	if v.dead() {
		t.Errorf("the process ended:\n%s", v.log.tail())
	}
}

func noise(dice *rand.Rand, n int) string {
	letters := make([]byte, n)
	for i := range letters {
		letters[i] = 'a' + byte(dice.IntN(26))
	}
	return string(letters)
}

// entries counts what is stored of a kind; the database may be starting again.
func (v *vaxel) entries(kind string) (n int) {
	_ = v.pool.QueryRow(v.t.Context(), `select count(*) from entry where kind = $1`, kind).Scan(&n)
	return n
}
