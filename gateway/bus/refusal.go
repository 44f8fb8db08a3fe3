package bus

import (
	"encoding/json"
	"errors"

	"github.com/vaxelhq/vaxel/gateway"
)

// silent is said of a holder that did not answer in time.
var silent error = &gateway.Error{
	Kind: gateway.KindTryAgain, Code: "no_answer",
	Detail: "there was no answer in time; it may have been done: try again with the same key",
}

// nobody is said of a name that nobody held in time.
func nobody(name string) error {
	return &gateway.Error{
		Kind: gateway.KindTryAgain, Code: "no_holder",
		Detail: "nobody serves " + name + " at the moment; try again in a few seconds",
	}
}

// refusal is gateway.Error as it crosses; Data stays as the other side wrote it. An
// error that is no refusal has no kind, only its text.
type refusal struct {
	Kind   gateway.Kind    `json:"kind"`
	Code   string          `json:"code"`
	Detail string          `json:"detail"`
	Data   json.RawMessage `json:"data,omitempty"`
}

// encode is nil for no error.
func encode(err error) []byte {
	if err == nil {
		return nil
	}
	r := refusal{Detail: err.Error()}
	if e, ok := errors.AsType[*gateway.Error](err); ok {
		r = refusal{Kind: e.Kind, Code: e.Code, Detail: e.Detail}
		if e.Data != nil {
			if data, err := json.Marshal(e.Data); err == nil { // what cannot be written is left out
				r.Data = data
			}
		}
	}
	b, _ := json.Marshal(r) // texts and JSON: cannot fail
	return b
}

func decode(b []byte) error {
	var r refusal
	if err := json.Unmarshal(b, &r); err != nil {
		return err
	}
	if r.Kind == "" {
		return errors.New(r.Detail)
	}
	e := &gateway.Error{Kind: r.Kind, Code: r.Code, Detail: r.Detail}
	if r.Data != nil {
		e.Data = r.Data
	}
	return e
}

func isRefusal(err error) bool {
	var e *gateway.Error
	return errors.As(err, &e)
}
