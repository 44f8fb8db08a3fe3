package collaborate

import (
	"cmp"
	"errors"

	"github.com/vaxelhq/vaxel/gateway"
)

// refusalOf is a refusal in the customer's language; for trouble of ours a reason to try again.
func refusalOf(err error, language string) (said *gateway.Error, ours bool) {
	refusal, ok := errors.AsType[*gateway.Error](err)
	if !ok {
		refusal = &gateway.Error{Kind: gateway.KindTryAgain, Code: "try_again", Detail: "That did not work; try again in a moment."}
	}
	own := *refusal
	if language == "sv" {
		own.Detail = cmp.Or(swedish[refusal.Code], refusal.Detail)
	}
	return &own, !ok
}

var swedish = map[string]string{
	"unknown_code":     "Ingen väntar på den koden; kontrollera siffrorna eller be om en ny.",
	"too_many_codes":   "För många koder härifrån; vänta en minut och försök igen.",
	"no_collaboration": "Ingen har bett att få se den här sidan.",
	"try_again":        "Det gick inte; försök igen om en stund.",
}
