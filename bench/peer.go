package bench

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"time"
)

// peer is somebody else's program that runs beside us while something is measured.
type peer struct {
	cmd  *exec.Cmd
	said *tail
	gone chan struct{}
}

// notInstalled says what to install.
type notInstalled struct{ program, debian string }

// Error implements error.
func (n notInstalled) Error() string {
	return fmt.Sprintf("%s is not installed; it is in Debian's package %s (e2e/install.sh installs it)", n.program, n.debian)
}

// startPeer runs a program until the bench ends, or stop.
func (b *Bench) startPeer(ctx context.Context, program, debian string, args ...string) (*peer, error) {
	path, err := exec.LookPath(program)
	if err != nil { // what Debian keeps from whoever is not root
		if path, err = exec.LookPath("/usr/sbin/" + program); err != nil {
			return nil, notInstalled{program, debian}
		}
	}
	p := &peer{cmd: exec.CommandContext(context.WithoutCancel(ctx), path, args...), said: &tail{}, gone: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for us; we stop it
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = p.cmd.Wait(); close(p.gone) }()
	b.cleanup(p.stop)
	return p, nil
}

// stop ends it; again it does nothing.
func (p *peer) stop() {
	_ = p.cmd.Process.Kill()
	<-p.gone
}

// until waits for a fact.
func (p *peer) until(ctx context.Context, what string, fact func() error) error {
	for end := time.Now().Add(patience); ; {
		err := fact()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.gone:
			return fmt.Errorf("wait for %s: it ended: %s", what, p.said)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(end) {
			return fmt.Errorf("waited %v for %s: %w: %s", patience, what, err, p.said)
		}
	}
}

// startNATS runs a server that nodes meet at, and gives its address. It is not linked in:
// that costs each Växel 12 MB and 10 ms.
func (b *Bench) startNATS(ctx context.Context) (string, error) {
	at, err := freePort(ctx)
	if err != nil {
		return "", err
	}
	_, port, _ := net.SplitHostPort(at)
	p, err := b.startPeer(ctx, "nats-server", "nats-server", "--addr", "127.0.0.1", "--port", port)
	if err != nil {
		return "", err
	}
	return "nats://" + at, p.until(ctx, "nats-server", func() error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
}
