package letter

import (
	"regexp"
	"slices"
	"strings"
)

// Where the mail being answered begins, as clients write it. The line before quoted
// lines has one of these words and ends in a colon, or it ends in an address and one:
var attribution = regexp.MustCompile(`(?i)((^|\s)(wrote|writes|skrev|schrieb|a écrit|escribió|ha scritto|scrisse|schreef|kirjoitti|escreveu|napisał|написал)|のメール|写道).{0,200}[:：]\s*$|<[^<>\s]+@[^<>\s]+>\s*[:：]\s*$`)

// … or a separator or a copied header stands there, and all below is quoted.
var separator = regexp.MustCompile(`(?i)^(-{2,}\s*(original message|ursprungligt meddelande|originalmeddelande|ursprüngliche nachricht|message d'origine|mensaje original|forwarded message|vidarebefordrat meddelande|opprinnelig melding|oprindelig meddelelse|alkuperäinen viesti)\s*-{2,}|begin forwarded message:)\s*$`)

var copiedHeader = regexp.MustCompile(`(?i)^(from|från|von|de|fra|da|lähettäjä|от)\s*:\*?\s+\S`)

var copiedSecond = regexp.MustCompile(`(?i)^\*?(sent|date|skickat|datum|gesendet|envoyé|enviado|sendt|dato|to|till|an|à|para|subject|ämne|betreff|отправлено|кому|тема)\s*:\*?\s`)

// quotedFrom is the byte of text from where everything is quoted from earlier mails,
// 0 if nothing is. Answers written between quoted lines are not quoted, so the fold
// begins after the last of them.
func quotedFrom(text string) int {
	lines := splitLines(text)
	from := len(lines)
	for i, line := range slices.Backward(lines) { // the quoted lines at the end
		if s := strings.TrimSpace(line.text); s != "" && !strings.HasPrefix(s, ">") {
			break
		}
		from = i
	}
	if from < len(lines) && quotes(lines[from:]) {
		from = withAttribution(lines, from)
	} else {
		from = len(lines)
	}
	for i := 0; i < from; i++ {
		if startsQuote(lines, i) {
			from = i
		}
	}
	if from == len(lines) || strings.TrimSpace(text[:lines[from].at]) == "" {
		return 0 // nothing, or nothing but quoted text: then it is the message
	}
	return lines[from].at
}

type textLine struct {
	at   int
	text string
}

func splitLines(text string) []textLine {
	var lines []textLine
	at := 0
	for line := range strings.Lines(text) {
		lines = append(lines, textLine{at, strings.TrimRight(line, "\r\n")})
		at += len(line)
	}
	return lines
}

func quotes(lines []textLine) bool {
	for _, l := range lines {
		if strings.HasPrefix(strings.TrimSpace(l.text), ">") {
			return true
		}
	}
	return false
}

// withAttribution moves up over "On Monday, NN wrote:", which may be folded.
func withAttribution(lines []textLine, from int) int {
	for up := 1; up <= 4 && from-up >= 0; up++ {
		if strings.TrimSpace(lines[from-up].text) == "" {
			continue
		}
		if !attribution.MatchString(lines[from-up].text) {
			return from
		}
		top := from - up
		for n := 0; n < 2 && top > 0 && strings.TrimSpace(lines[top-1].text) != "" && !startsAttribution(lines[top].text); n++ {
			top--
		}
		if !startsAttribution(lines[top].text) {
			top = from - up
		}
		return top
	}
	return from
}

var attributionStart = regexp.MustCompile(`(?i)^\s*(on|den|am|le|el|il|op|em|på|måndag|tisdag|onsdag|torsdag|fredag|lördag|söndag|mån|tis|ons|tors|fre|lör|sön|\d{1,4}[-./])`)

func startsAttribution(line string) bool { return attributionStart.MatchString(line) }

// startsQuote says whether all from line i on was copied by the client.
func startsQuote(lines []textLine, i int) bool {
	line := strings.TrimLeft(lines[i].text, " \t>*")
	if len(line) > 300 || line == "" {
		return false
	}
	if (line[0] == '-' || line[0] == 'B' || line[0] == 'b') && separator.MatchString(line) {
		return true
	}
	colon := strings.IndexByte(line, ':')
	return colon > 0 && colon < 20 && copiedHeader.MatchString(line) && i+1 < len(lines) && copiedSecond.MatchString(lines[i+1].text) &&
		(i == 0 || strings.Trim(lines[i-1].text, " _-\t") == "")
}
