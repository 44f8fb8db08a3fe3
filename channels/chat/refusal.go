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
	if language == "sv" {
		said.Detail = cmp.Or(swedish[refusal.Code], refusal.Detail)
	}
	return &said, !ok
}

// swedish is what visitors are told of refusals, by their codes. What only a wrong client
// meets is said in English.
var swedish = map[string]string{
	"empty_line":           "Skriv något först.",
	"line_too_long":        "Meddelandet är för långt; skicka det i delar.",
	"name_missing":         "Skriv ditt namn först.",
	"email_missing":        "Skriv din e-postadress först.",
	"field_missing":        "Svara på de frågor som måste besvaras.",
	"bad_email":            "Det är ingen e-postadress; rätta den.",
	"bad_number":           "Det är inget telefonnummer; skriv det med riktnummer.",
	"not_waiting":          "Du får redan svar, eller så har ingen erbjudit sig att ringa.",
	"too_many_begin":       "Fler skriver än vi hinner ta emot; skicka igen om en minut.",
	"try_again":            "Det gick inte att spara; skicka igen om en stund.",
	"not_ended":            "Chatten betygsätts när den är slut.",
	"not_served":           "Ingen har svarat än.",
	"too_many_transcripts": "Den är redan skickad flera gånger.",
	"no_mailbox":           "Det går inte att skicka mejl härifrån.",
	"identity_refused":     "Vi kunde inte avgöra vem du är.",
	"identity_expired":     "Du har varit inloggad för länge; logga in igen på webbplatsen.",
	"identity_unknown":     "Webbplatsen kan inte säga vem du är än.",
	"no_files":             "Här går det inte att skicka filer.",
	"no_chat":              "Börja chatta, skicka sedan filer.",
	"chat_ended":           "Chatten är avslutad; börja en ny.",
	"too_many_files":       "Det är många filer; skicka resten om en minut.",
	"file_type":            "Filer av den sorten tas inte emot. Bilder, PDF, text och kontorsdokument går bra.",
	"empty_file":           "Filen är tom.",
	"file_too_large":       "Filen är för stor.",
	"file_refused":         "Filen kan göra skada och tas inte emot.",
}
