package api

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vaxelhq/vaxel/gateway/floor"
)

var errStopping = errors.New("stopping")

// farewell is how long closing sockets may take; their clients have that long to agree.
const farewell = 3 * time.Second

// Run keeps the floor told of consoles, and consoles of boards, ends those whose callers may be
// here no longer, forgets old answers, and ends what nobody looks on at any more, until ctx
// ends; then it closes every socket with "restarting" and waits for them.
func (s *Server) Run(ctx context.Context) error {
	defer s.Bus.Subscribe(floor.SubjectBoard, s.boardTick)()
	defer s.Bus.Subscribe(floor.SubjectPlan, s.names.Forget)()
	defer s.Bus.Subscribe(floor.SubjectLed, s.consoles.Forget)()
	var aside sync.WaitGroup
	aside.Go(func() { s.forgetAnswers(ctx) })
	aside.Go(func() { s.tellBoards(ctx) })
	aside.Go(func() { s.endLapsed(ctx) })
	aside.Go(func() { s.askStill(ctx) })
	defer aside.Wait()
	s.consoles.Run(ctx)
	s.consoles.Close()
	close(s.stopping)
	s.sayFarewell()
	return nil
}

// sayFarewell waits for the sockets, which have been told.
func (s *Server) sayFarewell() {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		s.consoles.Wait()
	}()
	limit := time.NewTimer(farewell)
	defer limit.Stop()
	select {
	case <-gone:
	case <-limit.C: // a client that does not answer is cut off with the listener
	}
}
