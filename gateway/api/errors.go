package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

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
}

// Error is the code and the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes JSON problem+json, RFC 9457 §3.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

var statuses = map[gateway.Kind]int{
	gateway.KindInvalid:     http.StatusBadRequest,
	gateway.KindDenied:      http.StatusUnauthorized,
	gateway.KindForbidden:   http.StatusForbidden,
	gateway.KindNotFound:    http.StatusNotFound,
	gateway.KindConflict:    http.StatusConflict,
	gateway.KindUnprocessed: http.StatusUnprocessableEntity,
	gateway.KindTooMany:     http.StatusTooManyRequests,
	gateway.KindTryAgain:    http.StatusServiceUnavailable,
}

// problem makes any error one that may leave the house. What is no refusal of ours is
// logged and said to be our fault, without what it was.
func problem(ctx context.Context, log *slog.Logger, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	id := requestID(ctx)
	var refusal *gateway.Error
	if errors.As(err, &refusal) {
		status := statuses[refusal.Kind]
		return &Problem{
			Status: status, Title: http.StatusText(status), Code: refusal.Code, Detail: refusal.Detail,
			Data: refusal.Data, RequestID: id,
		}
	}
	if ctx.Err() == nil {
		log.ErrorContext(ctx, "answer a request", "request_id", id, "err", err)
	}
	return &Problem{
		Status: http.StatusInternalServerError, Title: "Internal Server Error", Code: "internal", RequestID: id,
		Detail: "Something broke on our side and was logged. Try again; if it stays, give the request id to your operator.",
	}
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
	return p
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
