#!/bin/bash
# Speaks all the sentences that callers hear: A-law at 8 kHz, one file for each
# sentence and language, beside this script, the same each time. Needs espeak-ng and sox; run it after a change.
set -euo pipefail
cd "$(dirname "$0")"

say() { # name language words
	espeak-ng -v "$2" -s 140 -w /dev/stdout "$3" |
		sox -D -t wav - -t al -r 8000 -c 1 "$1-$2.al" silence 1 0.01 0.2% reverse silence 1 0.01 0.2% reverse gain -n -6 pad 0 0.08
}

say welcome en "Welcome. Thank you for calling. An agent will be with you as soon as possible."
say welcome sv "Välkommen. Tack för att du ringer. En medarbetare svarar så snart som möjligt."
say voicemail en "Nobody can answer right now. Please leave a message after the tone, with your name and your number, and we will call you back."
say voicemail sv "Ingen kan svara just nu. Lämna ett meddelande efter tonen, med namn och telefonnummer, så ringer vi upp dig."
say callback en "If you would rather be called back, press 1. You keep your place."
say callback sv "Vill du hellre bli uppringd, tryck 1. Du behåller din plats."
say promised en "Thank you. We will call you back. Goodbye."
say promised sv "Tack. Vi ringer upp dig. Hej då."
say sorry en "We cannot take your call now. Please call again later. Goodbye."
say sorry sv "Vi kan inte ta emot ditt samtal just nu. Ring gärna igen senare. Hej då."
say outside en "You are being connected."
say outside sv "Du kopplas vidare."
say place en "You are number"
say place sv "Du är nummer"
say wait en "The expected wait is about"
say wait sv "Den väntade tiden är ungefär"
say minute en "one minute."
say minute sv "en minut."
say minutes en "minutes."
say minutes sv "minuter."
say long en "more than ten minutes."
say long sv "mer än tio minuter."
for n in 1 2 3 4 5 6 7 8 9 10; do
	say "$n" en "$n"
	say "$n" sv "$n"
done
