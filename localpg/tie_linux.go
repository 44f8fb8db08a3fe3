package localpg

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// startTied starts the server so that it dies with the calling thread. SIGQUIT is
// PostgreSQL's immediate shutdown: gone in milliseconds, and nothing committed is lost.
func startTied(cmd *exec.Cmd) (untie func(), err error) {
	cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT
	return func() {}, cmd.Start()
}

// syncAll brings everything under dir to disk in one call (it takes the whole file
// system with it), where a sync of each of initdb's thousand files takes seconds.
func syncAll(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
