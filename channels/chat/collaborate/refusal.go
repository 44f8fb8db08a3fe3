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
	own.Detail = cmp.Or(translated[language][refusal.Code], refusal.Detail)
	return &own, !ok
}

// translated are refusals by language and code; English stands where they are made.
var translated = map[string]map[string]string{
	"sv": {
		"unknown_code":     "Ingen väntar på den koden; kontrollera siffrorna eller be om en ny.",
		"too_many_codes":   "För många koder härifrån; vänta en minut och försök igen.",
		"no_collaboration": "Ingen har bett att få se den här sidan.",
		"try_again":        "Det gick inte; försök igen om en stund.",
	},
	"de": {
		"unknown_code":     "Niemand wartet auf diesen Code; prüfen Sie die Ziffern oder bitten Sie um einen neuen.",
		"too_many_codes":   "Zu viele Codes von hier; warten Sie eine Minute und versuchen Sie es noch einmal.",
		"no_collaboration": "Niemand hat gebeten, diese Seite zu sehen.",
		"try_again":        "Das ging nicht; versuchen Sie es gleich noch einmal.",
	},
	"fi": {
		"unknown_code":     "Kukaan ei odota tätä koodia; tarkista numerot tai pyydä uusi.",
		"too_many_codes":   "Liian monta koodia täältä; odota minuutti ja yritä uudelleen.",
		"no_collaboration": "Kukaan ei ole pyytänyt nähdä tätä sivua.",
		"try_again":        "Se ei onnistunut; yritä hetken päästä uudelleen.",
	},
	"nb": {
		"unknown_code":     "Ingen venter på den koden; sjekk sifrene eller be om en ny.",
		"too_many_codes":   "For mange koder herfra; vent et minutt og prøv igjen.",
		"no_collaboration": "Ingen har bedt om å se denne siden.",
		"try_again":        "Det gikk ikke; prøv igjen om litt.",
	},
	"da": {
		"unknown_code":     "Ingen venter på den kode; tjek cifrene eller bed om en ny.",
		"too_many_codes":   "For mange koder herfra; vent et minut og prøv igen.",
		"no_collaboration": "Ingen har bedt om at se denne side.",
		"try_again":        "Det gik ikke; prøv igen om lidt.",
	},
	"ar": {
		"unknown_code":     "لا أحد ينتظر هذا الرمز؛ تحقق من الأرقام أو اطلب رمزًا جديدًا.",
		"too_many_codes":   "رموز كثيرة من هنا؛ انتظر دقيقة ثم حاول مجددًا.",
		"no_collaboration": "لم يطلب أحد رؤية هذه الصفحة.",
		"try_again":        "لم ينجح ذلك؛ حاول مجددًا بعد قليل.",
	},
}
