package localpg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	poll      = 2 * time.Millisecond  // between looks at postmaster.pid
	again     = 50 * time.Millisecond // between starts while an earlier server leaves
	leaveTime = 15 * time.Second      // for a server whose Växel has died
	fastTime  = 20 * time.Second      // for Stop; after that without a checkpoint
	maxFalls  = 5                     // in a row, each within steady of its start
	steady    = time.Minute
)

// process is one run of a child.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{}
	err    error // read after exited
}

// launch starts a child that dies with us. Its parent, to the kernel, is the thread that forked
// it: prctl(2) PR_SET_PDEATHSIG fires when that thread ends, so the goroutine stays
// locked to its thread for as long as the child lives.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		untie, err := startTied(cmd)
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		untie()
		close(p.exited)
	}()
	return p, <-started
}

// begin starts the server and waits until it takes connections.
func (s *Server) begin(ctx context.Context) (*process, error) {
	if err := s.awaitLeaver(ctx); err != nil {
		return nil, err
	}
	until := time.Now().Add(leaveTime)
	for {
		s.tail.reset()
		p, err := s.beginOnce(ctx)
		if err == nil || !s.leaving() {
			return p, err
		}
		if time.Now().After(until) {
			return nil, fmt.Errorf("%w; if no PostgreSQL serves this directory, remove data/postmaster.pid", err)
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(again):
		}
	}
}

// leaving says whether PostgreSQL refused to start because of an earlier one that was
// killed: its sessions go when they notice, and its number is free when its parent, or
// the machine's first process, has asked for its end.
func (s *Server) leaving() bool {
	said := s.tail.last()
	return strings.Contains(said, "pre-existing shared memory block") ||
		strings.Contains(said, `lock file "postmaster.pid" already exists`)
}

func (s *Server) beginOnce(ctx context.Context) (*process, error) {
	cmd := s.command(context.WithoutCancel(ctx), "postgres", s.serverArgs()...)
	cmd.Stderr = s.tail
	cmd.WaitDelay = leaveTime // sessions of a killed postmaster keep stderr open until they are gone
	p, err := launch(cmd)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if pid, ready := s.home.postmaster(); ready && pid == cmd.Process.Pid {
			return p, nil
		}
		select {
		case <-p.exited:
			return nil, fmt.Errorf("the server ended at once (%w): %s", p.err, s.tail.last())
		case <-ctx.Done():
			s.quit(p, syscall.SIGQUIT)
			<-p.exited
			return nil, fmt.Errorf("the server was not ready in time: %w: %s", context.Cause(ctx), s.tail.last())
		case <-tick.C:
		}
	}
}

// awaitLeaver waits for a server whose Växel was killed: its death is on its way.
func (s *Server) awaitLeaver(ctx context.Context) error {
	until := time.Now().Add(leaveTime)
	for {
		pid, _ := s.home.postmaster()
		if pid == 0 || !isPostgres(pid) {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("%w: PostgreSQL process %d still serves it without a Växel; end it with \"kill -INT %d\"",
				ErrInUse, pid, pid)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("process %d still serves the directory: %w", pid, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

// isPostgres says whether the process lives and is a PostgreSQL: numbers are used
// again, and a dead child that nobody has waited for still has one.
func isPostgres(pid int) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat") // "4711 (postgres) S 1 …", proc(5)
	return err != nil || strings.Contains(string(b), " (postgres) ") && !strings.Contains(string(b), ") Z ")
}

// keep is the server's life: it starts a server that fell again, and ends it on Stop.
func (s *Server) keep(ctx context.Context, p *process) {
	defer close(s.done)
	defer s.close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { <-s.stopping; cancel() }()
	for began, falls := time.Now(), 0; ; began = time.Now() {
		select {
		case <-s.stopping:
			s.end(p)
			return
		case <-p.exited:
		}
		if falls++; time.Since(began) > steady {
			falls = 1
		}
		s.opts.Logger.Error("the database server ended and is started again", "err", p.err, "falls", falls)
		if falls > maxFalls {
			s.err = fmt.Errorf("the server ended %d times in a row: %s", falls, s.tail.last())
			return
		}
		var err error
		if p, err = s.begin(ctx); err != nil {
			if ctx.Err() == nil {
				s.err = fmt.Errorf("start the database again: %w", err)
			}
			return
		}
	}
}

// end stops the server: fast (SIGINT), and if that takes too long at once (SIGQUIT),
// which leaves work for the next start's recovery but loses nothing.
func (s *Server) end(p *process) {
	s.tail.ending()
	s.quit(p, syscall.SIGINT)
	select {
	case <-p.exited:
	case <-time.After(fastTime):
		s.quit(p, syscall.SIGQUIT)
		<-p.exited
	}
}

func (s *Server) quit(p *process, sig syscall.Signal) {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.opts.Logger.Error("the database server could not be told to end", "err", err)
	}
}
