package localpg_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vaxelhq/vaxel/localpg"
)

// TestMain is also a second Växel: with LOCALPG_TEST_DIR it starts the server of that
// directory, prints its URL or the error, and stops it at the end of its stdin.
func TestMain(m *testing.M) {
	dir := os.Getenv("LOCALPG_TEST_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := localpg.Start(context.Background(), localpg.Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := s.Stop(); err != nil {
		fmt.Println(err)
	}
	os.Exit(0)
}

// other is a second Växel under way.
type other struct {
	cmd   *exec.Cmd
	said  string // its URL
	stdin io.Closer
}

// startOther runs one on dir, as another user if who is not nil.
func startOther(t *testing.T, dir string, who *syscall.Credential) *other {
	t.Helper()
	cmd := exec.Command(publicBinary(t))
	cmd.Env = append(os.Environ(), "LOCALPG_TEST_DIR="+dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(stdout).ReadString('\n')
	o := &other{cmd, strings.TrimSpace(line), stdin}
	t.Cleanup(o.end)
	return o
}

// end lets it stop in good order.
func (o *other) end() {
	o.stdin.Close()
	_ = o.cmd.Wait()
}

// publicBinary is this test binary where every user can run it.
func publicBinary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(newDir(t)), "vaxel.test")
	b, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func postmaster(t *testing.T, dir string) int {
	t.Helper()
	b, err := os.ReadFile(dir + "/data/postmaster.pid")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// await waits for a fact, for a minute at most.
func await(t *testing.T, fact func() bool) {
	t.Helper()
	for until := time.Now().Add(time.Minute); !fact(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("waited a minute in vain")
		}
	}
}

func TestParentKilledTakesTheServerWithIt(t *testing.T) {
	dir := newDir(t)
	o := startOther(t, dir, nil)
	query(t, o.said, keep)
	server := postmaster(t, dir)
	if err := o.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	o.end()
	// At once, while the old server may still be on its way out.
	if got := query(t, start(t, dir).URL(), kept); got != "42" {
		t.Errorf("got %q", got)
	}
	if now := postmaster(t, dir); now == server {
		t.Errorf("the killed one's server %d still serves", now)
	}
}

func TestBothKilledTogether(t *testing.T) {
	dir := newDir(t)
	o := startOther(t, dir, nil)
	query(t, o.said, keep)
	for _, pid := range []int{postmaster(t, dir), o.cmd.Process.Pid} {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
	}
	o.end()
	if got := query(t, start(t, dir).URL(), kept); got != "42" {
		t.Errorf("got %q", got)
	}
}

func TestKilledDuringItsFirstStart(t *testing.T) {
	dir := newDir(t)
	bin := publicBinary(t)
	for _, ms := range []int{20, 100, 200, 300, 500} {
		cmd := exec.Command(bin)
		cmd.Env = append(os.Environ(), "LOCALPG_TEST_DIR="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		killed := time.AfterFunc(time.Duration(ms)*time.Millisecond, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		killed.Stop()
	}
	query(t, start(t, dir).URL(), "select 1")
}

func TestSecondProcessIsToldWhoHasIt(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	o := startOther(t, dir, nil)
	if want := fmt.Sprintf("process %d has it", os.Getpid()); !strings.Contains(o.said, want) {
		t.Errorf("got %q, want %q", o.said, want)
	}
	query(t, s.URL(), "select 1")
}

// uid is whom a process belongs to.
func uid(t *testing.T, pid int) uint32 {
	t.Helper()
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}

func TestRunsAsItsUserAndNeverAsRoot(t *testing.T) {
	dir := newDir(t)
	s := start(t, dir)
	if got, me := uid(t, postmaster(t, dir)), uint32(os.Getuid()); got == 0 || (me != 0 && got != me) {
		t.Errorf("got user %d", got)
	}
	stop(t, s)
}

func TestOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		return // the other tests are this one
	}
	const nobody = 65534
	dir := newDir(t)
	if err := os.Chmod(filepath.Dir(dir), 0o777); err != nil {
		t.Fatal(err)
	}
	o := startOther(t, dir, &syscall.Credential{Uid: nobody, Gid: nobody})
	query(t, o.said, keep)
	if got := uid(t, postmaster(t, dir)); got != nobody {
		t.Errorf("got user %d, want %d", got, nobody)
	}
	o.end()

	// Root goes on as whoever owns the data; a third user is refused.
	s := start(t, dir)
	if got := query(t, s.URL(), kept); got != "42" || uid(t, postmaster(t, dir)) != nobody {
		t.Errorf("got %q as user %d, want 42 as %d", got, uid(t, postmaster(t, dir)), nobody)
	}
	stop(t, s)
	third := startOther(t, dir, &syscall.Credential{Uid: 4711, Gid: 4711})
	if !strings.Contains(third.said, "permission denied") && !strings.Contains(third.said, "start as that user") {
		t.Errorf("got %q", third.said)
	}
}

func TestDirectoryBelowOneThatIsClosedToTheAccount(t *testing.T) {
	dir := newDir(t)
	if err := os.Chmod(filepath.Dir(dir), 0o700); err != nil { // as /root is
		t.Fatal(err)
	}
	s := start(t, dir)
	query(t, s.URL(), keep)
	if err := syscall.Kill(postmaster(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, func() bool {
		got, err := tryQuery(t.Context(), s.URL(), kept)
		return err == nil && got == "42"
	})
	stop(t, s)
}
