package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vaxelhq/vaxel/gateway"
	"github.com/vaxelhq/vaxel/gateway/access"
)

const (
	answersKept  = 24 * time.Hour
	answerWithin = time.Minute // after which whoever was doing it is taken to have died
	forgetEvery  = time.Hour
)

// once does a write under the caller's Idempotency-Key, or gives the answer of the first
// time. Commands, arrivals and texts have their own keys, in the transactions of their
// rooms; this is for everything else. Only a server that dies between doing it and
// noting it may do it again.
func once[out any](ctx context.Context, s *Server, by access.Caller, op string, do func() (out, error)) (answer out, err error) {
	own := keyFrom(ctx)
	if own == "" {
		return do()
	}
	key := by.Login.String() + "/" + by.Key.String() + "/" + op + "/" + gateway.Clean(own)
	body, err := s.ask(ctx, key)
	if err != nil {
		return answer, err
	}
	if body != nil {
		return answer, json.Unmarshal(body, &answer)
	}
	answer, err = do()
	if err := s.noteAnswer(context.WithoutCancel(ctx), key, answer, err); err != nil {
		s.log.WarnContext(ctx, "note an answer", "request_id", requestID(ctx), "err", err)
	}
	return answer, err
}

// ask takes the key, or gives what was answered under it.
func (s *Server) ask(ctx context.Context, key string) (body json.RawMessage, err error) {
	now := time.Now()
	tag, err := s.Pool.Exec(ctx, `
		insert into answer as a (key, asked_at)
		values ($1, $2)
		on conflict (key) do update
		set asked_at = $2
		where a.body is null and a.asked_at < $3`, key, now, now.Add(-answerWithin))
	if err != nil {
		return nil, fmt.Errorf("take an idempotency key: %w", err)
	}
	if tag.RowsAffected() > 0 {
		return nil, nil
	}
	err = s.Pool.QueryRow(ctx, `select body from answer where key = $1`, key).Scan(&body)
	if body == nil && (err == nil || errors.Is(err, pgx.ErrNoRows)) {
		return nil, &gateway.Error{Kind: gateway.KindTryAgain, Code: "under_way", Detail: "the same request is being done; send it again for its answer"}
	}
	return body, err
}

// noteAnswer keeps an answer. What was refused has changed nothing and may be tried anew.
func (s *Server) noteAnswer(ctx context.Context, key string, answer any, refused error) error {
	if refused != nil {
		_, err := s.Pool.Exec(ctx, `delete from answer where key = $1`, key)
		return err
	}
	_, err := s.Pool.Exec(ctx, `update answer set body = $2 where key = $1`, key, mustJSON(answer))
	return err
}

// forgetAnswers removes what is older than a day, until ctx ends.
func (s *Server) forgetAnswers(ctx context.Context) {
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		_, err := s.Pool.Exec(ctx, `delete from answer where asked_at < $1`, time.Now().Add(-answersKept))
		if err != nil && ctx.Err() == nil {
			s.log.Warn("forget old answers", "err", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
