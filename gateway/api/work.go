package api

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
	"github.com/vaxelhq/vaxel/gateway/retry"
	"github.com/vaxelhq/vaxel/gateway/roster"
	"github.com/vaxelhq/vaxel/gateway/staffchat"
	"github.com/vaxelhq/vaxel/tickets"
)

// work is one transaction over several rooms: what a caller does, its line in the audit
// log and its answer are there together or not at all. It reads through its own
// transaction only: a second connection for it might never come.
type work struct {
	s     *Server
	tx    pgx.Tx
	tells []func() // after the commit
}

// commit does a piece of work and tells of it after its commit. The work may be done
// several times, until it meets nobody else's.
func (s *Server) commit(ctx context.Context, do func(w *work) error) error {
	var w *work
	err := retry.Tx(ctx, s.Pool, func(tx pgx.Tx) error {
		w = &work{s: s, tx: tx}
		return do(w)
	})
	if err != nil {
		return err
	}
	for _, tell := range w.tells {
		tell()
	}
	return nil
}

func (w *work) roster() *roster.Store {
	in, hint := w.s.Roster.In(w.tx)
	w.tells = append(w.tells, hint)
	return in
}

func (w *work) cases() *tickets.Store {
	in, tell := w.s.Cases.In(w.tx)
	w.tells = append(w.tells, tell)
	return in
}

func (w *work) staff() *staffchat.Store {
	people, _ := w.s.Roster.In(w.tx) // only read
	in, tell := w.s.StaffChat.In(w.tx, people)
	w.tells = append(w.tells, tell)
	return in
}

// noted does what another room commits by itself: the line is in the audit log before, once
// for each of the caller's own keys, and a second one says if it was refused. A line without
// the deed may be; a deed without its line never is.
func noted[out any](ctx context.Context, s *Server, by access.Caller, own, what, subject string, detail any, do func() (out, error)) (out, error) {
	var none out
	key := answerKey(by, what+" "+subject, own)
	err := s.commit(ctx, func(w *work) error {
		if before, err := w.answered(ctx, key); before != nil || err != nil {
			return err
		}
		if err := w.audit(ctx, by, what, subject, detail); err != nil {
			return err
		}
		return w.answer(ctx, key, true)
	})
	if err != nil {
		return none, err
	}
	done, err := do()
	if definite(err) {
		refusal, _ := errors.AsType[*gateway.Error](err)
		return done, errors.Join(err, s.commit(ctx, func(w *work) error {
			if err := w.forget(ctx, key); err != nil { // tried again, it may be done
				return err
			}
			return w.audit(ctx, by, what+".refused", subject, map[string]string{"code": refusal.Code})
		}))
	}
	return done, err
}

// audit notes the work in the audit log.
func (w *work) audit(ctx context.Context, by access.Caller, what, subject string, detail any) error {
	return access.Audit(ctx, w.tx, by, what, subject, detail)
}
