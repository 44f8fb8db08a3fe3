package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vaxelhq/vaxel/gateway"
)

// Problem is every error that the API gives: RFC 9457 problem details, with a stable
// code, what to do next in Detail, and the request's id for the operator.
type Problem struct {
	Status    int                 `json:"status" example:"409" doc:"The HTTP status"`
	Title     string              `json:"title" example:"Conflict"`
	Code      string              `json:"code" example:"offer_gone" doc:"Stable: programs decide by it"`
	Detail    string              `json:"detail" doc:"What happened and what to do next"`
	RequestID string              `json:"request_id,omitempty" doc:"Name it when you ask for help"`
	Data      any                 `json:"data,omitempty" doc:"What is there now, or what is missing"`
	Errors    []*huma.ErrorDetail `json:"errors,omitempty" doc:"Each fault of a body or parameter"`

	retryAfter int // seconds; 0 for a refusal that waiting does not change
}

// Error is the code and the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes JSON problem+json, RFC 9457 §3.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells those to wait whom waiting helps, RFC 9110 §10.2.3.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

var statuses = map[gateway.Kind]int{
	gateway.KindInvalid:     http.StatusBadRequest,
	gateway.KindDenied:      http.StatusUnauthorized,
	gateway.KindForbidden:   http.StatusForbidden,
	gateway.KindNotFound:    http.StatusNotFound,
	gateway.KindConflict:    http.StatusConflict,
	gateway.KindUnprocessed: http.StatusUnprocessableEntity,
	gateway.KindTooMany:     http.StatusTooManyRequests,
	gateway.KindTryAgain:    http.StatusServiceUnavailable,
	gateway.KindInternal:    http.StatusInternalServerError,
}

// problem makes any error one that may leave the house. What is no refusal of ours is
// logged and said to be our fault, without what it was.
func problem(ctx context.Context, log *slog.Logger, err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	if refusal, ok := errors.AsType[*gateway.Error](err); ok {
		status := statuses[refusal.Kind]
		return &Problem{
			Status: status, Title: http.StatusText(status), Code: refusal.Code, Detail: refusal.Detail,
			Data: refusal.Data, RequestID: requestID(ctx), retryAfter: retryAfter(refusal),
		}
	}
	switch {
	case ctx.Err() != nil: // the caller has gone
	case away(err):
		log.WarnContext(ctx, "the database or the store of files does not answer", "request_id", requestID(ctx), "err", err)
		return problem(ctx, log, &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again", Detail: "the database or the store of files does not answer; send the same request again"})
	default:
		log.ErrorContext(ctx, "answer a request", "request_id", requestID(ctx), "err", err)
	}
	return broken(ctx)
}

// away says that what keeps things cannot be reached, stops or is full: nothing is wrong
// with the request. https://www.postgresql.org/docs/current/errcodes-appendix.html
func away(err error) bool {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P0")
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// broken is the problem of what is our fault.
func broken(ctx context.Context) *Problem {
	return &Problem{
		Status: http.StatusInternalServerError, Title: "Internal Server Error", Code: "internal", RequestID: requestID(ctx),
		Detail: "Something broke on our side and was logged. Try again; if it stays, give the request id to your operator.",
	}
}

// retryAfter is what the refusal says itself, else a second for what passes by itself.
func retryAfter(refusal *gateway.Error) int {
	switch data := refusal.Data.(type) {
	case map[string]int:
		return data["retry_after_s"]
	case map[string]any: // it came from another node
		s, _ := data["retry_after_s"].(float64)
		return int(s)
	}
	if refusal.Kind == gateway.KindTooMany || refusal.Kind == gateway.KindTryAgain {
		return 1
	}
	return 0
}

// validation is the problem that huma makes of a request that does not fit the contract.
func validation(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	p := &Problem{Status: status, Title: http.StatusText(status), Code: codeOf(status), Detail: message}
	if ctx != nil {
		p.RequestID = requestID(ctx.Context())
	}
	for _, err := range errs {
		var detail huma.ErrorDetailer
		switch {
		case errors.As(err, &detail):
			p.Errors = append(p.Errors, detail.ErrorDetail())
		case err != nil:
			p.Errors = append(p.Errors, &huma.ErrorDetail{Message: err.Error()})
		}
	}
	p.name()
	return p
}

// name says in one sentence what the faults of a request come to.
func (p *Problem) name() {
	if p.Code != "bad_request" || len(p.Errors) == 0 {
		return
	}
	first := p.Errors[0]
	p.Detail = "Mend the request: " + first.Location + ": " + first.Message
	if len(p.Errors) > 1 {
		p.Detail += fmt.Sprintf(", and %d more, see errors", len(p.Errors)-1)
	}
	if strings.HasPrefix(first.Location, "path.") {
		p.Status, p.Title, p.Code = http.StatusBadRequest, http.StatusText(http.StatusBadRequest), "bad_id"
		p.Detail = fmt.Sprintf("%q is not an id; use one that the API gave you", fmt.Sprint(first.Value))
	}
}

func codeOf(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "bad_request"
	case http.StatusRequestEntityTooLarge:
		return "too_large"
	case http.StatusUnsupportedMediaType:
		return "unsupported_media_type"
	case http.StatusNotFound:
		return "not_found"
	default:
		return "refused"
	}
}
