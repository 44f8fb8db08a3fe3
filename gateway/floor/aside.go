package floor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/crash"
	"github.com/vaxelhq/vaxel/gateway/lazy"
	"github.com/vaxelhq/vaxel/gateway/routing"
)

// One admission or command that can't be stored must not stop the floor for everybody.
//
//	batch refused → the core as stored → each part alone ─┬→ stored, told
//	                                                      └→ refused again → set aside
//
// An admission that is set aside stays in floor_inbox with the reason; a command is
// answered `internal`. A batch that fails for want of the store (no connection, a lost
// term) is nobody's fault and is not sifted.

// faulty says that what a batch holds was refused: by the store (a value, a constraint, a
// limit), by a neighbour, or by a panic of routing. The same again would be refused again.
func faulty(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code[:2] {
		case "21", "22", "23", "44", "54", "P0": // PostgreSQL, appendix A: errors of data
			return true
		}
		return false
	}
	if refusal, ok := errors.AsType[*gateway.Error](err); ok {
		return refusal.Kind != gateway.KindTryAgain
	}
	_, ok := errors.AsType[*panicked](err)
	return ok
}

// panicked is a bug of routing's that one event has met.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("routing panicked: %v\n%s", p.value, p.stack) }

// decide is Apply, with a panic made an error: the core is then of no more use, but the
// store is whole, and the next event must not meet the same end.
func decide(core *routing.Core, at time.Time, ev routing.Event) (r routing.Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{v, debug.Stack()}
		}
	}()
	return core.Apply(at, ev), nil
}

// sift takes the parts of a refused batch one by one. Whatever of it is refused again
// when it is alone is set aside; the rest is done and told as ever.
func (l *leader) sift(ctx context.Context, whole *batch, why error) error {
	l.f.log.Warn("the floor's batch was refused; each part is taken alone", "term", l.term, "admissions", len(whole.taken), "commands", len(whole.asks), "err", why)
	if err := l.load(ctx); err != nil {
		return err
	}
	for _, part := range whole.parts() {
		crash.At("floor.sifting")
		err := l.work(ctx, part)
		if !faulty(err) {
			if err != nil {
				return err
			}
			continue
		}
		if err := l.load(ctx); err != nil {
			return err
		}
		if err := l.refuse(ctx, part, err); err != nil {
			return err
		}
	}
	return nil
}

// parts are what was done together, each alone. The first is the floor's own part: the
// plan, and whatever is due.
func (b *batch) parts() []*batch {
	parts := []*batch{{came: came{replan: b.replan, lost: b.lost}, part: true, own: true}}
	for _, a := range b.taken {
		parts = append(parts, &batch{came: came{taken: []admitted{a}}, part: true})
	}
	for _, a := range b.asks {
		parts = append(parts, &batch{came: came{asks: []*ask{a}}, part: true})
	}
	return parts
}

// refuse takes a part out of the way. Nobody can be relieved of the floor's own.
func (l *leader) refuse(ctx context.Context, part *batch, why error) error {
	for _, a := range part.taken {
		return l.setAside(ctx, a.id, why)
	}
	for _, a := range part.asks {
		return l.refuseCommand(ctx, a, why)
	}
	return fmt.Errorf("the floor's own part of a batch: %w", why)
}

// setAside takes one admission out of the way until an operator has it taken again. It
// commits by itself, under the term: the rest of the batch may yet fail.
func (l *leader) setAside(ctx context.Context, id int64, why error) error {
	err := l.fenced(ctx, func(tx *lazy.Tx) error {
		if _, err := tx.Exec(ctx, `
			update floor_inbox
			set set_aside_at = now(), fault = $2
			where id = $1`, id, gateway.Clean(why.Error())); err != nil {
			return err
		}
		return tx.Crash(ctx, "floor.aside.committing")
	})
	if err != nil {
		return fmt.Errorf("set admission %d aside: %w", id, err)
	}
	crash.At("floor.aside.committed")
	l.f.metrics.refused.WithLabelValues("admission").Inc()
	l.f.log.Error("an admission is set aside: vaxel admin inbox shows it and has it taken again", "admission", id, "err", why)
	return nil
}

// refuseCommand answers that it is our fault, and to the same key for ever after, unless
// it is the key that cannot be stored.
func (l *leader) refuseCommand(ctx context.Context, a *ask, why error) error {
	l.f.metrics.refused.WithLabelValues("command").Inc()
	l.f.log.Error("a command cannot be stored", "command", string(a.body), "err", why)
	body, err := answerOf(routing.Result{Err: &gateway.Error{
		Kind: gateway.KindInternal, Code: "internal", Detail: "Something broke on our side and was logged; ask your operator to look for it.",
	}})
	if err != nil {
		return err
	}
	if a.key != "" {
		err = l.fenced(ctx, func(tx *lazy.Tx) error { return l.keepAnswer(ctx, tx, a.key, body) })
		if err != nil && !faulty(err) {
			return fmt.Errorf("keep the answer to a command: %w", err)
		}
	}
	a.tell(reply{body: body})
	return nil
}

// keepAnswer stores an answer that no batch will store.
func (l *leader) keepAnswer(ctx context.Context, tx pgx.Tx, key string, body json.RawMessage) error {
	q := &pgx.Batch{}
	store(q, insertAnswers, ofAnswer, []answerRow{{Key: key, Answer: body, At: l.time()}})
	return send(ctx, tx, q)
}
