package localpg

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who the server runs as. PostgreSQL refuses to run as root.
type account struct {
	uid, gid uint32
	drop     bool // we are root and become this account
}

// accountFor chooses: ourselves, or for root the owner of the directory if it is
// another, else the postgres user.
func accountFor(dir string) (account, error) {
	own, err := ownerOf(filepath.Join(dir, "data"), dir)
	if err != nil {
		return account{}, err
	}
	me := uint32(os.Geteuid())
	switch {
	case me == 0 && (own == nil || own.Uid == 0):
		return lookUp("postgres")
	case me == 0:
		return account{uid: own.Uid, gid: own.Gid, drop: true}, nil
	case own != nil && own.Uid != me:
		return account{}, fmt.Errorf("it belongs to user %d and this is user %d: start as that user, or choose another directory", own.Uid, me)
	}
	return account{uid: me, gid: uint32(os.Getegid())}, nil
}

// ownerOf is the owner of the first of the paths that exists, nil if none does.
func ownerOf(paths ...string) (*syscall.Stat_t, error) {
	for _, p := range paths {
		info, err := os.Stat(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return owner(info), nil
	}
	return nil, nil
}

func lookUp(name string) (account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, fmt.Errorf("we are root, PostgreSQL refuses to be, and there is no user %s to become: "+
			"run \"adduser --system --group %s\", or start as an ordinary user: %w", name, name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return account{}, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, err
	}
	return account{uid: uint32(uid), gid: uint32(gid), drop: true}, nil
}

func owner(info fs.FileInfo) *syscall.Stat_t { return info.Sys().(*syscall.Stat_t) }

// mkdir makes a directory that only the account (and root) can enter. One that is
// there already must be the account's: /tmp is open to all.
func (a account) mkdir(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil { //nolint:gosec // parents as others make them
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st := owner(info)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case st.Uid == a.uid:
	case st.Uid == 0 && a.drop:
		if err := os.Chown(dir, int(a.uid), int(a.gid)); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s belongs to user %d, but must belong to user %d", dir, st.Uid, a.uid)
	}
	return os.Chmod(dir, 0o700) //nolint:gosec // a directory is entered by x
}

// reaches says whether the account can enter every directory above dir.
func (a account) reaches(dir string) bool {
	if !a.drop {
		return true
	}
	for dir != "/" {
		dir = filepath.Dir(dir)
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		x := fs.FileMode(0o001)
		switch st := owner(info); {
		case st.Uid == a.uid:
			x = 0o100
		case st.Gid == a.gid:
			x = 0o010
		}
		if info.Mode()&x == 0 {
			return false
		}
	}
	return true
}

// sysProcAttr makes a child the account, in a process group of its own, so that ^C at
// the terminal reaches us only and the database outlives what we have yet to write.
func (a account) sysProcAttr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.drop {
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
	return attr
}
