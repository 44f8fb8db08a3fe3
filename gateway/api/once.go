package api

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

// once does a piece of work under the caller's Idempotency-Key, or gives the answer of
// the first time. The answer is committed with the work: whoever repeats a key after a
// time-out, or while the work is being done, waits for what became of it, and a refusal
// leaves the key unused. Commands, arrivals and texts have their own keys, in the
// transactions of their rooms; a call has its own way, see dial.
func once[out any](ctx context.Context, s *Server, by access.Caller, op string, do func(w *work) (out, error)) (answer out, err error) {
	key := answerKey(by, op, keyFrom(ctx))
	err = s.commit(ctx, func(w *work) error {
		body, err := w.answered(ctx, key)
		if err != nil {
			return err
		}
		if body != nil {
			return json.Unmarshal(body, &answer)
		}
		if answer, err = do(w); err != nil {
			return err
		}
		return w.answer(ctx, key, answer)
	})
	return answer, err
}

// answerKey is a caller's own key among everybody's; empty when the caller gave none.
func answerKey(by access.Caller, op, own string) string {
	if own == "" {
		return ""
	}
	return by.Login.String() + "/" + by.Key.String() + "/" + op + "/" + gateway.Clean(own)
}

// answered takes the key until the work is committed, or gives what was answered under it.
func (w *work) answered(ctx context.Context, key string) (body json.RawMessage, err error) {
	if key == "" {
		return nil, nil
	}
	// Whoever holds the key is waited for, and then its row is read.
	if _, err := w.tx.Exec(ctx, `
		insert into answer (key, asked_at) values ($1, now())
		on conflict (key) do nothing`, key); err != nil {
		return nil, fmt.Errorf("take an idempotency key: %w", err)
	}
	if err := w.tx.QueryRow(ctx, `select body from answer where key = $1 for update`, key).Scan(&body); err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	return body, nil
}

func (w *work) answer(ctx context.Context, key string, answer any) error {
	if key == "" {
		return nil
	}
	if _, err := w.tx.Exec(ctx, `update answer set body = $2 where key = $1`, key, mustJSON(answer)); err != nil {
		return fmt.Errorf("keep an answer: %w", err)
	}
	return nil
}
