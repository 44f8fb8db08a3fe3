//go:build unix && !linux

package localpg

import (
	"errors"
	"os/exec"
	"strconv"
	"syscall"
)

// startTied starts the server with a watchdog beside it: a shell that reads from a
// pipe only we hold, and tells the server to quit when the pipe ends, as it does when
// we die.
func startTied(cmd *exec.Cmd) (untie func(), err error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := strconv.Itoa(cmd.Process.Pid)
	dog := exec.Command("/bin/sh", "-c", `cat >/dev/null; kill -QUIT "$1" 2>/dev/null`, "watchdog", pid) //nolint:gosec,noctx // a number; it outlives us
	dog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	leash, err := dog.StdinPipe()
	if err == nil {
		err = dog.Start()
	}
	if err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	return func() {
		_ = dog.Process.Kill() // before the leash: the server's number may be another's by now
		leash.Close()
		_ = dog.Wait()
	}, nil
}

// syncAll flushes what is waiting to be written.
func syncAll(string) error {
	syscall.Sync()
	return nil
}
