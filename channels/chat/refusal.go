package chat

import (
	"cmp"
	"errors"

	"github.com/vaxelhq/vaxel/gateway"
)

// answerTo is a refusal in the visitor's language, and for trouble of our own a reason to
// try again.
func answerTo(err error, language string) (answer *gateway.Error, ours bool) {
	refusal, ok := errors.AsType[*gateway.Error](err)
	if !ok {
		refusal = &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again", Detail: "Not stored; send it again in a moment."}
	}
	said := *refusal
	said.Detail = cmp.Or(voices[language].Refusals[refusal.Code], refusal.Detail)
	return &said, !ok
}
