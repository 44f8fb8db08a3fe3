package mailtest

import (
	"context"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func need(t testing.TB, binary, pkg string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/bin/"} {
		if path, err := exec.LookPath(dir + binary); err == nil {
			return path
		}
	}
	t.Fatalf("%s is missing: install the package %s", binary, pkg)
	return ""
}

// serverDir is a directory that an unprivileged server may enter, unlike t.TempDir,
// whose parents are private.
func serverDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vaxel-mail-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for _, sub := range []string{"", "run", "state", "mail"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil { //nolint:gosec // must be entered by others
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, sub), 0o755); err != nil { //nolint:gosec // whatever the umask
			t.Fatal(err)
		}
	}
	return dir
}

func account(t testing.TB, name string) *user.User {
	t.Helper()
	var u *user.User
	var err error
	if name == "" {
		u, err = user.Current()
	} else {
		u, err = user.Lookup(name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func chown(t testing.TB, path string, u *user.User) {
	t.Helper()
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(path, uid, gid); err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil { //nolint:gosec // read by the server's own users
		t.Fatal(err)
	}
}

// run starts a server in the foreground and stops it, with its children, after the test.
func run(t testing.TB, dir, binary string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, args...)
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		_ = out.Close()
	})
}

// freePorts gives ports that nobody listens on now.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	var ports []int
	var lc net.ListenConfig
	for range n {
		l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// local is a loopback address.
func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// waitFor waits until a server accepts connections, and shows its log if it doesn't.
func waitFor(t testing.TB, address, dir string) {
	t.Helper()
	dialer := net.Dialer{Timeout: time.Second}
	for start := time.Now(); time.Since(start) < time.Minute; {
		if conn, err := dialer.DialContext(t.Context(), "tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		time.Sleep(5 * time.Millisecond) // the only sign of readiness is the port
	}
	for _, name := range []string{"out", "log"} {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		t.Logf("%s:\n%s", name, text)
	}
	t.Fatal("no server at", address)
}
