package gateway

import "errors"

// Kind is the class of a refusal; gateway/api maps it to an HTTP status and the
// channels to their own codes.
type Kind string

// The kinds of refusal.
const (
	KindInvalid     Kind = "invalid"     // the request can never work as it is
	KindDenied      Kind = "denied"      // not signed in
	KindForbidden   Kind = "forbidden"   // signed in, not allowed
	KindNotFound    Kind = "not_found"   // no such thing, or none that the caller may see
	KindConflict    Kind = "conflict"    // the thing has moved on; Data holds what is there
	KindUnprocessed Kind = "unprocessed" // understood, but something must be added
	KindTooMany     Kind = "too_many"    // slow down
	KindTryAgain    Kind = "try_again"   // not now; the same request may work soon
	KindInternal    Kind = "internal"    // our fault, and logged; the same request will not work
)

// Error is a refusal that a person or a program can act on. It crosses nodes as JSON.
type Error struct {
	Kind   Kind   `json:"kind"`
	Code   string `json:"code"`           // stable, snake_case: offer_gone
	Detail string `json:"detail"`         // what happened and what to do next, one sentence
	Data   any    `json:"data,omitempty"` // what is there now, or what is missing
}

// Error is the code and the sentence.
func (e *Error) Error() string { return e.Code + ": " + e.Detail }

// Is makes errors.Is(err, gateway.ErrNotFound) true for every error of that kind.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == "" && t.Kind == e.Kind
}

// For errors.Is: any refusal of the kind.
var (
	ErrInvalid   = &Error{Kind: KindInvalid}
	ErrDenied    = &Error{Kind: KindDenied}
	ErrForbidden = &Error{Kind: KindForbidden}
	ErrNotFound  = &Error{Kind: KindNotFound}
	ErrConflict  = &Error{Kind: KindConflict}
	ErrTryAgain  = &Error{Kind: KindTryAgain}
)

// Invalid refuses a request that can never work as it is.
func Invalid(code, detail string) *Error {
	return &Error{Kind: KindInvalid, Code: code, Detail: detail}
}

// NotFound refuses what does not exist, or not for this caller.
func NotFound(code, detail string) *Error {
	return &Error{Kind: KindNotFound, Code: code, Detail: detail}
}

// Forbidden refuses what this caller may not do.
func Forbidden(code, detail string) *Error {
	return &Error{Kind: KindForbidden, Code: code, Detail: detail}
}

// Conflict refuses what no longer fits; data is what is there now.
func Conflict(code, detail string, data any) *Error {
	return &Error{Kind: KindConflict, Code: code, Detail: detail, Data: data}
}
